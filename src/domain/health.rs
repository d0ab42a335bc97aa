//! HealthCheckResult of the data model, with typed diagnostic details.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::{ConnectionId, InvalidEntity, MigrationSummary, Pooler, RestDetails, millis};

/// The result of one health check. Valid by construction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub struct HealthCheckResult(Fields);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    connection_id: ConnectionId,
    timestamp: DateTime<Utc>,
    success: bool,
    #[serde(with = "millis")]
    latency: Duration,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    details: Option<HealthDetails>,
}

/// The parts of a health check before they are checked.
#[derive(Debug, Clone, PartialEq)]
pub struct HealthCheckDraft {
    /// Associated connection.
    pub connection_id: ConnectionId,
    /// When the check began.
    pub timestamp: DateTime<Utc>,
    /// One bare round trip of a statement; for a failed check, the time until it failed.
    pub latency: Duration,
    /// `Err` holds the error message; it must not be empty.
    pub outcome: Result<(), String>,
    /// Additional diagnostic information.
    pub details: Option<HealthDetails>,
}

/// What a health check learned beside success. What was not learned is absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HealthDetails {
    /// Where the time went. A phase that was not reached is null.
    pub phases: PhaseTimings,
    /// The database server's version as it gives it, e.g. `15.18`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_version: Option<String>,
    /// The role that we are logged in as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The database that we are logged in to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// Client connections on the server, ours included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_connections: Option<u64>,
    /// Connections that the server allows at most (`max_connections`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_connections: Option<u64>,
    /// Who holds most connections, largest first, at most five.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub slot_holders: Vec<SlotHolder>,
    /// True on a standby or during recovery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_recovery: Option<bool>,
    /// True when a new session cannot write, whatever the cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
    /// Size of the database on disk, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_size_bytes: Option<u64>,
    /// Server clock minus ours, in ms; half the round trip is its uncertainty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_skew_ms: Option<f64>,
    /// TLS version and cipher, or `off`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<String>,
    /// System identifier and database oid: which database this is, whatever its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The pooler in between; absent where none is seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pooler: Option<Pooler>,
    /// Our statement pool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<PoolGauge>,
    /// The required tables that do not exist; absent where none are required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_tables: Option<Vec<String>>,
    /// How our migrations stand; absent where no tables are required, and where
    /// the ledger may not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migrations: Option<MigrationSummary>,
    /// What a check over a REST interface learns; absent in the other modes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest: Option<RestDetails>,
    /// What the server did not tell, each with the cause: the fields that it
    /// would have filled are absent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
}

/// The five phases of a fresh login, each with its duration in ms.
///
/// A phase that there was nothing to do for (no name to resolve, TLS switched
/// off) has 0; a phase that was not reached or did not end has none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PhaseTimings {
    /// Host name → addresses.
    #[serde(with = "millis::option")]
    pub dns: Option<Duration>,
    /// TCP (or Unix socket) connection.
    #[serde(with = "millis::option")]
    pub tcp: Option<Duration>,
    /// TLS negotiation, also when its result is plain text.
    #[serde(with = "millis::option")]
    pub tls: Option<Duration>,
    /// Startup message and authentication, until the server is ready for queries.
    /// Over REST there is none: the key goes with each request.
    #[serde(with = "millis::option")]
    pub login: Option<Duration>,
    /// One bare statement, there and back; over REST the request of one row,
    /// until the first byte of its answer.
    #[serde(with = "millis::option")]
    pub query: Option<Duration>,
}

/// The statement pool at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolGauge {
    /// Open connections.
    pub size: u64,
    /// Open connections that nobody uses.
    pub idle: u64,
    /// Callers that wait for a connection.
    pub waiting: u64,
    /// Connections at most.
    pub max: u64,
}

/// One application and how many connections it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SlotHolder {
    /// The client's `application_name`, or its role when it set none.
    pub name: String,
    /// Its connections.
    pub connections: u64,
}

// === impl HealthCheckResult ===

impl HealthCheckResult {
    /// Checks a draft against the clock that is passed.
    ///
    /// # Errors
    /// [`InvalidEntity`] when the timestamp lies after `now` or a failure has no message.
    pub fn try_new(draft: HealthCheckDraft, now: DateTime<Utc>) -> Result<Self, InvalidEntity> {
        if draft.timestamp > now {
            return Err(InvalidEntity::InTheFuture);
        }
        let error = draft.outcome.err();
        let fields = Fields {
            connection_id: draft.connection_id,
            timestamp: draft.timestamp,
            success: error.is_none(),
            latency: draft.latency,
            error,
            details: draft.details,
        };
        Self::try_from(fields)
    }

    /// Associated connection.
    #[must_use]
    pub fn connection_id(&self) -> ConnectionId {
        self.0.connection_id
    }

    /// Check execution time: when it began.
    #[must_use]
    pub fn timestamp(&self) -> DateTime<Utc> {
        self.0.timestamp
    }

    /// Whether the check succeeded.
    #[must_use]
    pub fn success(&self) -> bool {
        self.0.success
    }

    /// Response time.
    #[must_use]
    pub fn latency(&self) -> Duration {
        self.0.latency
    }

    /// Error message if failed.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }

    /// Additional diagnostic information.
    #[must_use]
    pub fn details(&self) -> Option<&HealthDetails> {
        self.0.details.as_ref()
    }

    /// True for a stored record that lies ahead of now: another process, or a
    /// clock that was stepped back. Such a record is loaded and flagged.
    #[must_use]
    pub fn is_ahead_of(&self, now: DateTime<Utc>) -> bool {
        self.0.timestamp > now
    }
}

impl TryFrom<Fields> for HealthCheckResult {
    type Error = InvalidEntity;

    fn try_from(fields: Fields) -> Result<Self, Self::Error> {
        match (&fields.error, fields.success) {
            (Some(_), true) => Err(InvalidEntity::SuccessWithError),
            (None, false) => Err(InvalidEntity::FailureWithoutError),
            (Some(text), false) if text.is_empty() => Err(InvalidEntity::FailureWithoutError),
            (Some(_), false) | (None, true) => Ok(Self(fields)),
        }
    }
}

impl From<HealthCheckResult> for Fields {
    fn from(result: HealthCheckResult) -> Self {
        result.0
    }
}

// === impl PhaseTimings ===

impl PhaseTimings {
    /// The phases in order, each with its name.
    #[must_use]
    pub const fn named(&self) -> [(&'static str, Option<Duration>); 5] {
        [
            ("dns", self.dns),
            ("tcp", self.tcp),
            ("tls", self.tls),
            ("login", self.login),
            ("query", self.query),
        ]
    }

    /// The phases of a request over REST, in order, each with its name.
    #[must_use]
    pub const fn of_request(&self) -> [(&'static str, Option<Duration>); 4] {
        [
            ("dns", self.dns),
            ("tcp", self.tcp),
            ("tls", self.tls),
            ("first byte", self.query),
        ]
    }
}
