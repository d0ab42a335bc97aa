//! A guard over the connection: a connection of its own that is watched and
//! asked for signs of life. Knows no driver and decides nothing about status.

use std::time::Duration;

use tokio::sync::mpsc;

use crate::{
    adapter::{
        Database, DbResult,
        local::Sentinel,
        mock::MockPulse,
        supabase::RestPulse,
        vigil::{Pulse, keep},
    },
    domain::{DbError, ErrorKind, OperationType},
};

/// The service that the opening of a guard's connection is recorded under.
const SENTINEL: &str = "sentinel";

/// What a guard expects of its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuardSettings {
    /// Time between two heartbeats. `None` or zero: only the socket is watched.
    pub heartbeat: Option<Duration>,
    /// A heartbeat unanswered for this long is told of as late. One that is
    /// not shorter than `timeout` never is.
    pub late_after: Duration,
    /// A heartbeat unanswered for this long ends the guard; the login must be
    /// done within this time, too.
    pub timeout: Duration,
}

/// What a guard tells while it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beat {
    /// The guard's own login succeeded.
    Opened,
    /// A heartbeat was answered after this bare round trip, also when it was
    /// late before.
    Answered(Duration),
    /// A heartbeat is unanswered for `late_after`. Told once for each.
    Late,
}

/// The connection of a guard, in one of the modes.
pub(super) enum Guard<'a> {
    Local(Box<Sentinel>),
    Mock(MockPulse<'a>),
    Supabase(RestPulse<'a>),
}

impl Database {
    /// Opens a connection of its own, watches its socket and sends heartbeats;
    /// returns only when that connection has ended or could not be opened,
    /// with the cause. It never connects again by itself.
    ///
    /// An end is noticed at once, whatever the heartbeat. A heartbeat that is
    /// not answered within `timeout` is `Timeout`; the next one is sent only
    /// after the answer. Dropping the future ends the connection and leaves
    /// nothing behind, also while the server is frozen.
    ///
    /// The guard never waits for the reader of `beats`: while the channel is
    /// full `Answered` is lost (counted, and said in the log), `Opened` and
    /// `Late` are told as soon as there is room, the latter while it is still
    /// true. A closed channel does not end the guard.
    ///
    /// The opening is recorded as one operation of the service `sentinel`,
    /// heartbeats are not recorded. An end by the server or on the way to it
    /// counts for [`connection_status`](crate::adapter::DatabaseAdapter::connection_status)
    /// as the loss of an open connection; a `Timeout` does not, as it proves
    /// less.
    pub async fn stand_guard(&self, settings: GuardSettings, beats: mpsc::Sender<Beat>) -> DbError {
        let recording = self.record_as(SENTINEL, OperationType::Query, None);
        let posted = self.mode_adapter().post_guard(settings.timeout).await;
        recording.finish(&posted, |_| None);
        let guard = match posted {
            Ok(guard) => guard,
            Err(error) => return error,
        };
        let error = keep(guard, settings, beats).await;
        if error.kind() == ErrorKind::ConnectionLost {
            self.status().lose(&error);
        }
        error
    }

    /// Asks whether a login would be asked for, without logging in: the way is
    /// opened, TLS negotiated, the role named, and the first word about it read.
    /// A refusal is an answer; "not yet", an end and silence are none. A frozen
    /// server, or a network that swallows everything, accepts and never answers.
    /// No password is ever said.
    ///
    /// While it waits it costs a frozen server one place in its queue, and its
    /// answer comes at once when the server goes on: one knock with a long
    /// limit is better than many with a short one. It is not recorded.
    ///
    /// # Errors
    /// Why nobody answered; `ServerNotReady` while the server lets nobody in
    /// yet or any more, `Timeout` after `limit`.
    pub async fn knock(&self, limit: Duration) -> DbResult<()> {
        self.mode_adapter().knock(limit).await
    }

    /// True when the server is on this machine: a socket, or a loopback address.
    #[must_use]
    pub fn is_near(&self) -> bool {
        self.mode_adapter().is_near()
    }
}

impl Pulse for Guard<'_> {
    async fn beat(&mut self) -> DbResult<()> {
        match self {
            Self::Local(sentinel) => sentinel.beat().await,
            Self::Mock(pulse) => pulse.beat().await,
            Self::Supabase(pulse) => pulse.beat().await,
        }
    }

    async fn end(&mut self) -> DbError {
        match self {
            Self::Local(sentinel) => sentinel.end().await,
            Self::Mock(pulse) => pulse.end().await,
            Self::Supabase(pulse) => pulse.end().await,
        }
    }
}
