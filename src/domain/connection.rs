//! DatabaseConnection of the data model: one connection instance, its status
//! and the six steps that change it. There is no seventh.

use std::{error::Error, fmt};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::{ConnectionId, InvalidEntity, Mode};

/// One connection instance. Its status changes by [`DatabaseConnection::apply`] alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub struct DatabaseConnection(Fields);

/// The fields under the data model's names, `since` beside them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    id: ConnectionId,
    mode: Mode,
    status: ConnectionStatus,
    /// When the present status began.
    since: DateTime<Utc>,
    created_at: DateTime<Utc>,
    last_health_check: Option<DateTime<Utc>>,
    error_count: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
}

/// The four statuses of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConnectionStatus {
    /// An attempt is under way.
    Connecting,
    /// The last attempt succeeded and nothing has contradicted it.
    Connected,
    /// Ended on request, or not begun.
    Disconnected,
    /// The last attempt failed, or the connection was lost.
    Error,
}

/// A step from one status to the next. Each step has exactly one pair of ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// disconnected → connecting, on a (re)connect attempt.
    Open,
    /// connecting → connected, on success.
    Established,
    /// connecting → error, on connection failure or when the attempt is left.
    Failed(Failure),
    /// connected → disconnected, on graceful disconnect.
    Closed,
    /// connected → error, on unexpected failure.
    Lost(Failure),
    /// error → connecting, on a retry attempt.
    Retry,
}

/// What went wrong, for `lastError` and `errorCount`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// A failure of the database or the way to it: it counts.
    Counted(String),
    /// An attempt that was left by us (switch, quit): it does not count.
    Cancelled(String),
}

/// A step that does not begin at the present status. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IllegalTransition {
    /// The status that was kept.
    pub status: ConnectionStatus,
    /// The step that was refused.
    pub step: &'static str,
}

// === impl ConnectionStatus ===

impl ConnectionStatus {
    /// All statuses, in the data model's order.
    pub const ALL: [Self; 4] = [
        Self::Connecting,
        Self::Connected,
        Self::Disconnected,
        Self::Error,
    ];

    /// The word used in JSON and on the screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Disconnected => "disconnected",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for ConnectionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

// === impl Step ===

impl Step {
    /// The status at which the step begins and the one at which it ends.
    #[must_use]
    pub const fn ends(&self) -> (ConnectionStatus, ConnectionStatus) {
        use ConnectionStatus::{Connected, Connecting, Disconnected, Error};
        match self {
            Self::Open => (Disconnected, Connecting),
            Self::Established => (Connecting, Connected),
            Self::Failed(_) => (Connecting, Error),
            Self::Closed => (Connected, Disconnected),
            Self::Lost(_) => (Connected, Error),
            Self::Retry => (Error, Connecting),
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Established => "established",
            Self::Failed(_) => "failed",
            Self::Closed => "closed",
            Self::Lost(_) => "lost",
            Self::Retry => "retry",
        }
    }
}

// === impl DatabaseConnection ===

impl DatabaseConnection {
    /// A connection that was not opened yet: status `disconnected`.
    #[must_use]
    pub fn new(id: ConnectionId, mode: Mode, now: DateTime<Utc>) -> Self {
        Self(Fields {
            id,
            mode,
            status: ConnectionStatus::Disconnected,
            since: now,
            created_at: now,
            last_health_check: None,
            error_count: 0,
            last_error: None,
        })
    }

    /// Takes a step, or refuses it and changes nothing.
    ///
    /// # Errors
    /// [`IllegalTransition`] when the step does not begin at the present status.
    pub fn apply(&mut self, step: Step, now: DateTime<Utc>) -> Result<(), IllegalTransition> {
        let (from, to) = step.ends();
        if self.0.status != from {
            return Err(IllegalTransition {
                status: self.0.status,
                step: step.name(),
            });
        }
        self.0.status = to;
        self.0.since = now.max(self.0.since);
        match step {
            Step::Established => self.0.error_count = 0,
            Step::Failed(failure) | Step::Lost(failure) => self.fail(failure),
            Step::Open | Step::Closed | Step::Retry => {}
        }
        Ok(())
    }

    /// Notes a successful health check: it zeroes the count of errors.
    pub fn note_success(&mut self, at: DateTime<Utc>) {
        self.0.last_health_check = Some(at);
        self.0.error_count = 0;
    }

    /// Notes a failed health check that does not change the status.
    pub fn note_failure(&mut self, message: impl Into<String>) {
        self.fail(Failure::Counted(message.into()));
    }

    fn fail(&mut self, failure: Failure) {
        self.0.last_error = Some(match failure {
            Failure::Counted(message) => {
                self.0.error_count = self.0.error_count.saturating_add(1);
                message
            }
            Failure::Cancelled(message) => message,
        });
    }

    /// Unique connection identifier.
    #[must_use]
    pub fn id(&self) -> ConnectionId {
        self.0.id
    }

    /// Connection mode.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.0.mode
    }

    /// Current status.
    #[must_use]
    pub fn status(&self) -> ConnectionStatus {
        self.0.status
    }

    /// When the current status began.
    #[must_use]
    pub fn since(&self) -> DateTime<Utc> {
        self.0.since
    }

    /// Connection creation time.
    #[must_use]
    pub fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Last successful health check, if there was one.
    #[must_use]
    pub fn last_health_check(&self) -> Option<DateTime<Utc>> {
        self.0.last_health_check
    }

    /// Consecutive error count.
    #[must_use]
    pub fn error_count(&self) -> u64 {
        self.0.error_count
    }

    /// Last error message, kept after recovery.
    #[must_use]
    pub fn last_error(&self) -> Option<&str> {
        self.0.last_error.as_deref()
    }
}

impl TryFrom<Fields> for DatabaseConnection {
    type Error = InvalidEntity;

    fn try_from(fields: Fields) -> Result<Self, Self::Error> {
        if fields.last_error.is_none() {
            if fields.status == ConnectionStatus::Error {
                return Err(InvalidEntity::ErrorWithoutMessage);
            }
            if fields.error_count > 0 {
                return Err(InvalidEntity::CountWithoutMessage);
            }
        }
        if fields.since < fields.created_at {
            return Err(InvalidEntity::SinceBeforeCreation);
        }
        Ok(Self(fields))
    }
}

impl From<DatabaseConnection> for Fields {
    fn from(connection: DatabaseConnection) -> Self {
        connection.0
    }
}

impl fmt::Display for IllegalTransition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "step '{}' cannot be taken while {}",
            self.step, self.status
        )
    }
}

impl Error for IllegalTransition {}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(status: ConnectionStatus) -> DatabaseConnection {
        let now = DateTime::UNIX_EPOCH;
        let mut connection =
            DatabaseConnection::new(ConnectionId(uuid::Uuid::nil()), Mode::Mock, now);
        let failed = || Step::Failed(Failure::Counted("down".into()));
        let path = match status {
            ConnectionStatus::Disconnected => vec![],
            ConnectionStatus::Connecting => vec![Step::Open],
            ConnectionStatus::Connected => vec![Step::Open, Step::Established],
            ConnectionStatus::Error => vec![Step::Open, failed()],
        };
        for step in path {
            connection.apply(step, now).unwrap();
        }
        connection
    }

    #[test]
    fn of_all_status_and_step_pairs_six_succeed() {
        let failure = || Failure::Counted("down".into());
        let steps = || {
            [
                Step::Open,
                Step::Established,
                Step::Failed(failure()),
                Step::Closed,
                Step::Lost(failure()),
                Step::Retry,
            ]
        };
        let mut taken = Vec::new();
        for status in ConnectionStatus::ALL {
            for step in steps() {
                let mut connection = at(status);
                let before = connection.clone();
                let name = step.name();
                match connection.apply(step, DateTime::UNIX_EPOCH) {
                    Ok(()) => taken.push(format!("{status} {name} {}", connection.status())),
                    Err(refused) => {
                        assert_eq!(connection, before, "{refused}");
                    }
                }
            }
        }
        assert_eq!(
            taken,
            [
                "connecting established connected",
                "connecting failed error",
                "connected closed disconnected",
                "connected lost error",
                "disconnected open connecting",
                "error retry connecting",
            ]
        );
    }

    #[test]
    fn a_cancelled_attempt_is_not_counted_and_a_success_zeroes() {
        let mut connection = at(ConnectionStatus::Connecting);
        let cancelled = Failure::Cancelled("left".into());
        connection
            .apply(Step::Failed(cancelled), DateTime::UNIX_EPOCH)
            .unwrap();
        assert_eq!(
            (connection.error_count(), connection.last_error()),
            (0, Some("left"))
        );

        let mut connection = at(ConnectionStatus::Error);
        assert_eq!(connection.error_count(), 1);
        connection.apply(Step::Retry, DateTime::UNIX_EPOCH).unwrap();
        assert_eq!(connection.error_count(), 1);
        connection
            .apply(Step::Established, DateTime::UNIX_EPOCH)
            .unwrap();
        assert_eq!(
            (connection.error_count(), connection.last_error()),
            (0, Some("down"))
        );
    }
}
