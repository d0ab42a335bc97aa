//! How the guard of a connection stands, and what its end may mean. Knows
//! nothing of checks and knocks.

use std::{sync::Arc, time::Duration};

use crate::{
    backend::machine::watching::LATE_AFTER,
    domain::{Action, DbError, ErrorKind},
};

/// A guard that could not be posted is not tried again before this.
pub(super) const GUARD_AGAIN: Duration = Duration::from_secs(5);

/// The guard of a connection that is established.
#[derive(Debug, Clone)]
pub(super) enum Guard {
    /// Its login is under way.
    Posting,
    /// The same, for longer than a connection may be left unwatched.
    Tardy(Arc<DbError>),
    /// It stands; when its newest heartbeat was answered.
    Stands { answered: Option<Duration> },
    /// It could not be posted.
    Missing(Arc<DbError>),
    /// There is nothing to guard: each request stands for itself.
    Needless,
}

impl Guard {
    /// Why there is none.
    pub(super) fn missing(&self) -> Option<&Arc<DbError>> {
        match self {
            Self::Tardy(error) | Self::Missing(error) => Some(error),
            Self::Posting | Self::Stands { .. } | Self::Needless => None,
        }
    }
}

/// Whether the server itself, by its code, lets nobody in any more.
pub(super) fn is_shutting_down(error: &DbError) -> bool {
    error.kind() == ErrorKind::ServerNotReady && error.code().is_some()
}

/// What is said of a guard that is being posted for too long.
pub(super) fn tardy_guard() -> DbError {
    let after_ms = u64::try_from(LATE_AFTER.as_millis()).unwrap_or(u64::MAX);
    DbError::new(Action::Connect, ErrorKind::Timeout { after_ms })
        .with_details("the login of the connection that watches is not answered")
}
