//! When to knock at the address between tries, and while a try hangs.

use std::time::Duration;

use crate::domain::{DbError, ErrorKind};

/// A try that is not answered for this long is helped by knocking.
const HANGS_AFTER: Duration = Duration::from_millis(900);

/// Knocks of one phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Knocking {
    pace: Option<Duration>,
    state: State,
    /// A knock of this phase was not answered.
    was_unanswered: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Not,
    At(Duration),
    UnderWay,
}

impl Knocking {
    /// While waiting after this error. An error that was an answer is not
    /// mended by somebody answering.
    pub(super) fn after(error: &DbError, pace: Option<Duration>, now: Duration) -> Self {
        let pace = pace.filter(|_| is_about_reaching(error.kind()));
        Self::first_at(pace, now, Duration::ZERO)
    }

    /// While an attempt is under way.
    pub(super) fn during_attempt(pace: Option<Duration>, now: Duration) -> Self {
        Self::first_at(pace, now, HANGS_AFTER)
    }

    fn first_at(pace: Option<Duration>, now: Duration, wait: Duration) -> Self {
        let state = pace.map_or(State::Not, |pace| State::At(now + pace.max(wait)));
        Self {
            pace,
            state,
            was_unanswered: false,
        }
    }

    /// When the next knock is due.
    pub(super) fn due(&self) -> Option<Duration> {
        match self.state {
            State::At(at) => Some(at),
            State::Not | State::UnderWay => None,
        }
    }

    /// Whether a knock is under way.
    pub(super) fn is_under_way(&self) -> bool {
        self.state == State::UnderWay
    }

    /// Begins a knock when one is due.
    pub(super) fn begin_if_due(&mut self, now: Duration) -> bool {
        let is_due = self.due().is_some_and(|at| at <= now);
        if is_due {
            self.state = State::UnderWay;
        }
        is_due
    }

    /// A knock ended; true when somebody answers now who did not before.
    pub(super) fn ended(&mut self, was_answered: bool, now: Duration) -> bool {
        let is_news = was_answered && self.was_unanswered;
        self.was_unanswered |= !was_answered;
        self.state = self.pace.map_or(State::Not, |pace| State::At(now + pace));
        is_news
    }
}

/// Whether the failure was in reaching the server, not in what it answered.
fn is_about_reaching(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionLost
            | ErrorKind::ConnectionForbidden
            | ErrorKind::HostNotFound
            | ErrorKind::HostUnreachable
            | ErrorKind::Timeout { .. }
    )
}
