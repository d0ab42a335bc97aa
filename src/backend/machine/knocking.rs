//! When to knock at the address between tries, while a try hangs, and in the
//! place of a guard.

use std::time::Duration;

use crate::domain::{DbError, ErrorKind, Layer};

/// A try that is not answered for this long is helped by knocking.
const HANGS_AFTER: Duration = Duration::from_millis(900);

/// The shortest time between the end of a knock and the next one. A pace is
/// counted from beginning to beginning, so that a knock which was swallowed
/// delays the next one by no more than it lasted.
const BREATH: Duration = Duration::from_millis(50);

/// Knocks of one phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Knocking {
    pace: Option<Duration>,
    state: State,
    /// An answer would be news: what was asked before was not answered.
    would_be_news: bool,
    /// A knock of this phase was not answered.
    went_unanswered: bool,
    /// Of an attempt: from then on it is one that hangs.
    hangs_from: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Not,
    At(Duration),
    UnderWay { since: Duration },
}

impl Knocking {
    /// Nobody knocks.
    pub(super) fn never() -> Self {
        Self::first_at(None, Duration::ZERO)
    }

    /// In the place of a guard, from `first` on.
    pub(super) fn in_place_of_guard(pace: Option<Duration>, first: Duration) -> Self {
        Self::first_at(pace, first)
    }

    /// While waiting after this error, from `earliest` on. An error that was an
    /// answer is not mended by somebody answering; where the login itself was
    /// answered, a knock must go unanswered before an answer is news.
    pub(super) fn after(
        error: &DbError,
        pace: Option<Duration>,
        now: Duration,
        earliest: Duration,
    ) -> Self {
        let pace = pace.filter(|_| is_about_reaching(error.kind()));
        let first = pace.map_or(earliest, |pace| earliest.max(now + pace));
        Self {
            would_be_news: !is_within_login(error),
            ..Self::first_at(pace, first)
        }
    }

    /// While an attempt is under way.
    pub(super) fn during_attempt(pace: Option<Duration>, now: Duration) -> Self {
        let wait = pace.unwrap_or_default().max(HANGS_AFTER);
        Self {
            hangs_from: now + HANGS_AFTER,
            ..Self::first_at(pace, now + wait)
        }
    }

    /// While the attempt that is made in the place of this one is under way.
    pub(super) fn during_another(&self, now: Duration) -> Self {
        Self::during_attempt(self.pace, now)
    }

    /// Whether the attempt is one that hangs.
    pub(super) fn hangs(&self, now: Duration) -> bool {
        self.hangs_from <= now
    }

    fn first_at(pace: Option<Duration>, first: Duration) -> Self {
        Self {
            pace,
            state: pace.map_or(State::Not, |_| State::At(first)),
            would_be_news: false,
            went_unanswered: false,
            hangs_from: Duration::ZERO,
        }
    }

    /// When the next knock is due.
    pub(super) fn due(&self) -> Option<Duration> {
        match self.state {
            State::At(at) => Some(at),
            State::Not | State::UnderWay { .. } => None,
        }
    }

    /// Whether a knock is under way.
    pub(super) fn is_under_way(&self) -> bool {
        matches!(self.state, State::UnderWay { .. })
    }

    /// Whether a knock of this phase was not answered.
    pub(super) fn went_unanswered(&self) -> bool {
        self.went_unanswered
    }

    /// Begins a knock when one is due.
    pub(super) fn begin_if_due(&mut self, now: Duration) -> bool {
        let is_due = self.due().is_some_and(|at| at <= now);
        if is_due {
            self.state = State::UnderWay { since: now };
        }
        is_due
    }

    /// The next answer is news: a connection that stood was lost.
    pub(super) fn expect_news(&mut self) {
        self.would_be_news = true;
    }

    /// A knock ended; true when somebody answers now who did not before, and
    /// `may_try` says that a try may follow. Where it may not yet, it is still
    /// news later.
    pub(super) fn ended(&mut self, was_answered: bool, may_try: bool, now: Duration) -> bool {
        let State::UnderWay { since } = self.state else {
            return false;
        };
        let is_news = was_answered && self.would_be_news && may_try;
        self.would_be_news = !was_answered || self.would_be_news && !may_try;
        self.went_unanswered |= !was_answered;
        self.state = self.pace.map_or(State::Not, |pace| {
            State::At((since + pace).max(now + BREATH))
        });
        is_news
    }
}

/// Whether the failure was in reaching a login, not in what it answered.
fn is_about_reaching(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionLost
            | ErrorKind::ConnectionForbidden
            | ErrorKind::HostNotFound
            | ErrorKind::HostUnreachable
            | ErrorKind::ServerNotReady
            | ErrorKind::OwnSide
            | ErrorKind::LoginFailed
            | ErrorKind::Timeout { .. }
    )
}

/// Whether somebody took the login up and had trouble then.
fn is_within_login(error: &DbError) -> bool {
    error.layer() == Layer::Statement || error.kind() == ErrorKind::LoginFailed
}
