//! DatabaseOperation of the data model: one call on the database, for audit
//! and debugging.

use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::{ConnectionId, InvalidEntity, OperationId, millis};

/// The error text of an operation that has not ended: it has not succeeded either.
const NOT_FINISHED: &str = "not finished";

/// One database operation. Valid by construction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub struct DatabaseOperation {
    id: OperationId,
    connection_id: ConnectionId,
    kind: OperationType,
    service: String,
    table: Option<String>,
    start_time: DateTime<Utc>,
    outcome: Outcome,
}

/// How an operation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was sent and no answer has come.
    Running,
    /// It ended well.
    Succeeded {
        /// How long it took; `endTime` is the start plus this, at least 1 µs.
        duration: Duration,
        /// Number of rows affected or returned, where that is known.
        affected_rows: Option<u64>,
    },
    /// It ended badly.
    Failed {
        /// How long it took until it failed.
        duration: Duration,
        /// Error message.
        error: String,
    },
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OperationType {
    /// Reads.
    Query,
    /// Adds rows.
    Insert,
    /// Changes rows.
    Update,
    /// Removes rows.
    Delete,
    /// Several statements that hold together.
    Transaction,
}

/// The parts of an operation that are known when it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationDraft {
    /// Operation identifier.
    pub id: OperationId,
    /// Connection used.
    pub connection_id: ConnectionId,
    /// Operation type.
    pub kind: OperationType,
    /// Name of the service that asked.
    pub service: String,
    /// Target table name, where there is one.
    pub table: Option<String>,
    /// Operation start time.
    pub start_time: DateTime<Utc>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    id: OperationId,
    connection_id: ConnectionId,
    #[serde(rename = "type")]
    kind: OperationType,
    service: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    table: Option<String>,
    start_time: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end_time: Option<DateTime<Utc>>,
    #[serde(
        default,
        with = "millis::option",
        skip_serializing_if = "Option::is_none"
    )]
    duration_ms: Option<Duration>,
    success: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    affected_rows: Option<u64>,
}

// === impl OperationType ===

impl OperationType {
    /// The word used in JSON and on the screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Transaction => "transaction",
        }
    }
}

// === impl DatabaseOperation ===

impl DatabaseOperation {
    /// An operation that has just been sent.
    ///
    /// # Errors
    /// [`InvalidEntity::InTheFuture`] when the start lies after `now`.
    pub fn start(draft: OperationDraft, now: DateTime<Utc>) -> Result<Self, InvalidEntity> {
        if draft.start_time > now {
            return Err(InvalidEntity::InTheFuture);
        }
        Ok(Self {
            id: draft.id,
            connection_id: draft.connection_id,
            kind: draft.kind,
            service: draft.service,
            table: draft.table,
            start_time: draft.start_time.trunc_subsecs(6),
            outcome: Outcome::Running,
        })
    }

    /// The operation with its end. An operation ends once.
    ///
    /// # Errors
    /// [`InvalidEntity::FailureWithoutError`] when a failure has an empty message.
    pub fn finish(self, outcome: Outcome) -> Result<Self, InvalidEntity> {
        let outcome = match outcome {
            Outcome::Running => Outcome::Running,
            Outcome::Succeeded {
                duration,
                affected_rows,
            } => Outcome::Succeeded {
                duration: at_least_1_us(duration),
                affected_rows,
            },
            Outcome::Failed { error, .. } if error.is_empty() => {
                return Err(InvalidEntity::FailureWithoutError);
            }
            Outcome::Failed { duration, error } => Outcome::Failed {
                duration: at_least_1_us(duration),
                error,
            },
        };
        Ok(Self { outcome, ..self })
    }

    /// Operation identifier.
    #[must_use]
    pub fn id(&self) -> OperationId {
        self.id
    }

    /// Connection used.
    #[must_use]
    pub fn connection_id(&self) -> ConnectionId {
        self.connection_id
    }

    /// Operation type.
    #[must_use]
    pub fn kind(&self) -> OperationType {
        self.kind
    }

    /// Name of the service that asked.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// Target table name.
    #[must_use]
    pub fn table(&self) -> Option<&str> {
        self.table.as_deref()
    }

    /// Operation start time.
    #[must_use]
    pub fn start_time(&self) -> DateTime<Utc> {
        self.start_time
    }

    /// Operation end time, once it has ended: always after the start.
    #[must_use]
    pub fn end_time(&self) -> Option<DateTime<Utc>> {
        self.duration().map(|duration| self.start_time + duration)
    }

    /// How long it took, once it has ended: at least 1 µs.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        match self.outcome {
            Outcome::Running => None,
            Outcome::Succeeded { duration, .. } | Outcome::Failed { duration, .. } => {
                Some(duration)
            }
        }
    }

    /// How it stands.
    #[must_use]
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// True for a stored record whose start lies ahead of now.
    #[must_use]
    pub fn is_ahead_of(&self, now: DateTime<Utc>) -> bool {
        self.start_time > now
    }
}

/// Whole microseconds, at least one: what a timestamp can hold.
fn at_least_1_us(duration: Duration) -> Duration {
    let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(micros.clamp(1, MAX_DURATION_US))
}

/// A hundred years: no operation of ours outlives it, and no sum overflows.
const MAX_DURATION_US: u64 = 100 * 366 * 86_400 * 1_000_000;

impl TryFrom<Fields> for DatabaseOperation {
    type Error = InvalidEntity;

    fn try_from(fields: Fields) -> Result<Self, Self::Error> {
        let duration = match fields.end_time {
            None => None,
            Some(end) => {
                let duration = (end - fields.start_time).to_std().unwrap_or(Duration::ZERO);
                if duration.is_zero() {
                    return Err(InvalidEntity::EndNotAfterStart);
                }
                Some(duration)
            }
        };
        let outcome = match (fields.success, duration, fields.error) {
            (true, Some(duration), None) => Outcome::Succeeded {
                duration,
                affected_rows: fields.affected_rows,
            },
            (true, _, Some(_)) => return Err(InvalidEntity::SuccessWithError),
            (true, None, None) => return Err(InvalidEntity::SuccessWithoutEnd),
            (false, _, None) => return Err(InvalidEntity::FailureWithoutError),
            (false, _, Some(error)) if error.is_empty() => {
                return Err(InvalidEntity::FailureWithoutError);
            }
            (false, Some(duration), Some(error)) => Outcome::Failed { duration, error },
            (false, None, Some(_)) => Outcome::Running,
        };
        Ok(Self {
            id: fields.id,
            connection_id: fields.connection_id,
            kind: fields.kind,
            service: fields.service,
            table: fields.table,
            start_time: fields.start_time,
            outcome,
        })
    }
}

impl From<DatabaseOperation> for Fields {
    fn from(operation: DatabaseOperation) -> Self {
        let (end_time, duration_ms) = (operation.end_time(), operation.duration());
        let (success, error, affected_rows) = match operation.outcome {
            Outcome::Running => (false, Some(NOT_FINISHED.to_owned()), None),
            Outcome::Succeeded { affected_rows, .. } => (true, None, affected_rows),
            Outcome::Failed { error, .. } => (false, Some(error), None),
        };
        Self {
            id: operation.id,
            connection_id: operation.connection_id,
            kind: operation.kind,
            service: operation.service,
            table: operation.table,
            start_time: operation.start_time,
            end_time,
            duration_ms,
            success,
            error,
            affected_rows,
        }
    }
}
