//! The data model and the pure rules: what a connection, a health check, an
//! operation and an error are, and how they change.
//!
//! Nothing in here performs input or output, reads a clock, draws a random
//! number or knows a driver: time, randomness and ids are arguments.

mod api_key;
mod backoff;
mod clean;
mod command;
mod conclusion;
mod condition;
mod connection;
mod database_config;
mod degraded;
mod diagnosis;
mod diagnosis_progress;
mod durations;
mod error;
mod error_kind;
mod error_log;
mod error_words;
mod event;
mod fault_script;
mod health;
mod id;
mod invalid;
mod lamp;
mod latency;
mod migration;
mod millis;
mod mode;
mod operation;
mod pooler;
mod rehearsal;
mod rest;
mod rest_reasons;
mod ring;
mod round_trip;
mod scenario;
mod schema;
mod secret;
mod snapshot;
mod switching;
mod target;
mod verdict;

pub use api_key::KeyKind;
pub use backoff::{Backoff, BackoffError};
pub use clean::{clean, excerpt, is_unsafe};
pub use command::Command;
pub use conclusion::Conclusion;
pub use condition::Condition;
pub use connection::{ConnectionStatus, DatabaseConnection, Failure, IllegalTransition, Step};
pub use database_config::{DatabaseConfig, DatabaseConfigDraft, InvalidConfig, RuleViolation};
pub use degraded::{Asked, DegradedReason};
pub use diagnosis::{Diagnosis, Exam, Fact, FactValue, Finding, FindingStatus, cause_words};
pub use diagnosis_progress::DiagnosisProgress;
pub use durations::Durations;
pub use error::{Action, DbError, Source};
pub use error_kind::{ErrorKind, Layer};
pub use error_log::{ErrorEntry, ErrorLog};
pub use event::{CommandOutcome, Event};
pub use fault_script::{AfterLast, FaultScript, FaultStep, ScriptError, Situation};
pub use health::{
    HealthCheckDraft, HealthCheckResult, HealthDetails, PhaseTimings, PoolGauge, SlotHolder,
};
pub use id::{ConnectionId, OperationId};
pub use invalid::InvalidEntity;
pub use lamp::{Lamp, LampState, Lamps};
pub use latency::{LatencyBook, LatencySample, LatencyStats, SampleOutcome, Window};
pub use migration::{
    Adoption, AppliedMigration, AutoMigrate, Compared, Comparison, Difference, FoundLedger,
    FoundSchema, LEDGER_TABLE, LedgerFault, LedgerStanding, LedgerTool, LockHolder,
    MIGRATIONS_UNREAD, Migration, MigrationEnd, MigrationEvent, MigrationFile, MigrationFileState,
    MigrationLook, MigrationName, MigrationProgress, MigrationRefusal, MigrationReport,
    MigrationRun, MigrationState, MigrationSummary, MissingRight, SchemaDescription, SchemaObject,
    Unwritable, compare, is_production, pending, recordable, tool_of,
};
pub use mode::{Mode, UnknownMode};
pub use operation::{DatabaseOperation, OperationDraft, OperationType, Outcome};
pub use pooler::{PoolMode, Pooler};
pub use rehearsal::{OWN_SCRIPT, Rehearsal, Rehearsed};
pub use rest::{RestDetails, SeenTable, TableSight};
pub(crate) use rest_reasons::less_than_expected;
pub use ring::Ring;
pub use round_trip::RoundTrip;
pub use scenario::Scenario;
pub use schema::{OLDER_NAME, REQUIRED_COLUMNS, REQUIRED_TABLES};
pub use secret::Secret;
pub use snapshot::{Former, Lane, Outage, Refusal, Session, Snapshot};
pub use switching::{
    Alternative, AlternativeKind, Alternatives, Chosen, ConfigChange, ConfigDifference,
    ConfigReview, Destination, Fate, Pick, Scene, Taking, Use,
};
pub use target::{Target, TransportSecurity};
pub use verdict::{Evidence, Health, HealthPolicy, Verdict};

#[cfg(test)]
mod property_tests;
