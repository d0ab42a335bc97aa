//! The snapshot: everything that is true now, in one value that never changes.

use std::{path::PathBuf, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};

use crate::domain::{
    Alternatives, Chosen, ConfigReview, DatabaseConnection, DatabaseOperation, DbError,
    DiagnosisProgress, ErrorEntry, HealthCheckResult, HealthPolicy, Lamps, MigrationLook,
    MigrationProgress, Rehearsed, Target, Verdict, is_production,
};

/// What holds until something else is watched, or another configuration holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// When the program started.
    pub started_at: DateTime<Utc>,
    /// What is watched.
    pub target: Target,
    /// The database that SQL and migrations go to, where it is another address
    /// than what is watched.
    pub direct: Option<Target>,
    /// Why this mode: "Mode chosen because …".
    pub mode_reason: String,
    /// Present when a reader has chosen what is watched.
    pub chosen: Option<Chosen>,
    /// What was watched before, oldest first; of very many the newest.
    pub former: Vec<Former>,
    /// What must stay on the screen, e.g. that nothing is persisted.
    pub warnings: Vec<String>,
    /// The profile in use.
    pub profile: Option<String>,
    /// The free label of the environment.
    pub environment: Option<String>,
    /// The configuration file in use.
    pub config_file: Option<PathBuf>,
    /// Our own configuration forbids writing.
    pub read_only: bool,
    /// Time between two health checks.
    pub health_check_interval: Duration,
    /// Time that one health check may take.
    pub health_check_timeout: Duration,
    /// What is expected of the database.
    pub policy: HealthPolicy,
}

/// What was watched before something else was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Former {
    /// Its mode, address and database, in words.
    pub name: String,
    /// When it was left.
    pub until: DateTime<Utc>,
}

impl Session {
    /// What migrations are carried out on: its name is asked for before a write.
    #[must_use]
    pub fn written(&self) -> &Target {
        self.direct.as_ref().unwrap_or(&self.target)
    }

    /// Whether the environment is labelled as production, where every write
    /// asks for the target's name first.
    #[must_use]
    pub fn is_production(&self) -> bool {
        self.environment.as_deref().is_some_and(is_production)
    }
}

/// True now. Published whole; a reader keeps the `Arc` and never sees half a change.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Counts up with every change.
    pub revision: u64,
    /// What holds for the time being.
    pub session: Arc<Session>,
    /// The connection.
    pub connection: DatabaseConnection,
    /// Health, and each reason why it is not better.
    pub verdict: Verdict,
    /// How far up a new client would get.
    pub lamps: Lamps,
    /// Present from the first failure until the connection is established again.
    pub outage: Option<Outage>,
    /// Since when an answer is overdue, while connected.
    pub suspect_since: Option<DateTime<Utc>>,
    /// Present while new clients cannot get in although the connection lives.
    pub refusal: Option<Refusal>,
    /// When the check or attempt that is under way began.
    pub busy_since: Option<DateTime<Utc>>,
    /// When the next health check is due, while connected.
    pub next_check: Option<DateTime<Utc>>,
    /// The newest successful check: its details stay on screen, with their age.
    pub last_good: Option<Arc<HealthCheckResult>>,
    /// Health checks, oldest first.
    pub checks: Arc<[Arc<HealthCheckResult>]>,
    /// Health checks that were dropped from the list to make room.
    pub checks_dropped: u64,
    /// Operations, oldest first; those that still run are at the end.
    pub operations: Arc<[Arc<DatabaseOperation>]>,
    /// Operations that were dropped from the list to make room.
    pub operations_dropped: u64,
    /// Errors, folded, oldest first.
    pub errors: Arc<[ErrorEntry]>,
    /// Errors that were dropped from the list to make room.
    pub errors_dropped: u64,
    /// The newest diagnosis, as far as it has come.
    pub diagnosis: Option<Arc<DiagnosisProgress>>,
    /// Where the rehearsal stands: what is seen then is no real failure.
    pub rehearsal: Option<Rehearsed>,
    /// How the migrations stood at the newest look, with the time of that look.
    pub migrations: Option<Arc<MigrationLook>>,
    /// The newest run of migrations, as far as it has come.
    pub migration: Option<Arc<MigrationProgress>>,
    /// The newest list of what could be watched instead.
    pub alternatives: Option<Arc<Alternatives>>,
    /// The newest reading of the configuration.
    pub review: Option<Arc<ConfigReview>>,
}

/// A time without connection.
#[derive(Debug, Clone)]
pub struct Outage {
    /// When it began.
    pub since: DateTime<Utc>,
    /// The newest cause.
    pub error: Arc<DbError>,
    /// Attempts to connect that failed since it began.
    pub failed_tries: u32,
    /// How the next attempt comes about.
    pub lane: Lane,
    /// When the next attempt is due; `None` while one is under way or retries are paused.
    pub next_try: Option<DateTime<Utc>>,
}

/// A time in which the connection lives and new clients cannot get in.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// When the first of the checks that have failed in a row since ended.
    pub since: DateTime<Utc>,
    /// The newest cause.
    pub error: Arc<DbError>,
}

/// How retries are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Quick retries, each after twice the delay of the one before.
    Quick {
        /// This retry, from 1.
        retry: u32,
        /// Quick retries in all (`max_retries`).
        of: u32,
    },
    /// One attempt each health check interval, for ever.
    Slow,
    /// Paused by the user; resumed by `reconnect`.
    Paused,
}
