//! The sentence in the last line that stays for some seconds: what a key did, or
//! why it did nothing. It goes sooner when what it tells of is over. Knows nothing
//! of drawing.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    domain::{
        Command, CommandOutcome, ConnectionStatus, DbError, Event, HealthCheckResult, Snapshot,
        clean,
    },
    tui::{
        text::{self, Words},
        words,
    },
};

/// How long a notice stays.
const STAYS: TimeDelta = TimeDelta::seconds(5);

/// The notice that is seen, and the check that a reader waits for.
#[derive(Clone, Default)]
pub(super) struct Notices {
    seen: Option<Notice>,
    check: Wanted,
}

#[derive(Clone)]
struct Notice {
    words: Words,
    until: DateTime<Utc>,
    /// What is under way, where the words say that something is.
    begun: Option<Command>,
}

/// A check that was asked for by key.
#[derive(Clone, Default)]
enum Wanted {
    /// None is.
    #[default]
    Nothing,
    /// It is under way.
    Asked,
    /// It has ended; what it means for the health comes with a snapshot.
    Ended(Arc<HealthCheckResult>, Option<Arc<DbError>>),
}

impl Notices {
    /// The words to be seen.
    pub(super) fn words(&self) -> Option<&Words> {
        self.seen.as_ref().map(|notice| &notice.words)
    }

    /// Says something from now on.
    pub(super) fn say(&mut self, words: Words, now: DateTime<Utc>) {
        self.put(words, now, None);
    }

    /// Takes away what was said: the reader has gone elsewhere.
    pub(super) fn dismiss(&mut self) {
        self.seen = None;
    }

    /// Takes away what has been seen for long enough.
    pub(super) fn advance(&mut self, now: DateTime<Utc>) {
        self.seen.take_if(|notice| notice.until <= now);
    }

    /// Takes over what happened. True when another sentence is to be seen, or none.
    pub(super) fn hear(&mut self, event: &Event, now: DateTime<Utc>) -> bool {
        match event {
            Event::CommandDone { command, outcome } => self.answer(*command, *outcome, now),
            Event::Diagnosed(_) => self.is_over(|begun| begun == Command::Diagnose),
            Event::StatusChanged { to, .. } => self.status(*to),
            Event::CheckFinished { result, error } => {
                if let Wanted::Asked = self.check {
                    self.check = Wanted::Ended(Arc::clone(result), error.clone());
                }
                false
            }
            Event::Switched { .. } => {
                *self = Self::default();
                true
            }
            Event::HealthChanged { .. }
            | Event::OwnSideAway { .. }
            | Event::Rehearsed { .. }
            | Event::Migrating { .. }
            | Event::MigrationEnded(_)
            | Event::Sampled(_)
            | Event::Left { .. }
            | Event::Configured { .. }
            | Event::OperationFinished(_) => false,
        }
    }

    /// Tells how the check ended that was asked for, once the snapshot knows of
    /// it. True when it does.
    pub(super) fn tell_check(&mut self, snapshot: &Snapshot, now: DateTime<Utc>) -> bool {
        let Wanted::Ended(result, error) = &self.check else {
            return false;
        };
        let newest = snapshot.checks.last();
        if newest.is_none_or(|newest| newest.timestamp() < result.timestamp()) {
            return false;
        }
        let took = words::latency(result.latency());
        let words = match error {
            Some(error) => text::check_failed(&short(error)),
            None => text::check_done(&took, snapshot.verdict.health.as_str()),
        };
        self.check = Wanted::Nothing;
        self.put(words, now, None);
        true
    }

    fn answer(&mut self, command: Command, outcome: CommandOutcome, now: DateTime<Utc>) -> bool {
        let (words, begun) = match outcome {
            CommandOutcome::Begun => (text::begun(command), Some(command)),
            CommandOutcome::Needless(reason) => (Some(text::needless(command, reason)), None),
        };
        if begun == Some(Command::CheckNow) {
            self.check = Wanted::Asked;
        }
        let Some(words) = words else { return false };
        self.put(words, now, begun);
        true
    }

    /// The header tells where the connection has come to.
    fn status(&mut self, to: ConnectionStatus) -> bool {
        match to {
            ConnectionStatus::Connecting => false,
            ConnectionStatus::Disconnected => {
                // The check was left with the connection.
                self.check = Wanted::Nothing;
                self.is_over(|begun| matches!(begun, Command::Disconnect | Command::CheckNow))
            }
            ConnectionStatus::Connected | ConnectionStatus::Error => {
                self.is_over(|begun| matches!(begun, Command::Disconnect | Command::Reconnect))
            }
        }
    }

    fn is_over(&mut self, which: impl Fn(Command) -> bool) -> bool {
        let over = self.seen.take_if(|notice| notice.begun.is_some_and(&which));
        over.is_some()
    }

    fn put(&mut self, words: Words, now: DateTime<Utc>, begun: Option<Command>) {
        let until = now + STAYS;
        self.seen = Some(Notice {
            words,
            until,
            begun,
        });
    }
}

/// Kind and code first, then the server's words or the fixed message.
fn short(error: &DbError) -> String {
    let code = error.code().map(|code| format!(" {}", clean(code)));
    let (kind, code) = (error.kind().name(), code.unwrap_or_default());
    format!("{kind}{code}: {}", clean(&error.headline()))
}
