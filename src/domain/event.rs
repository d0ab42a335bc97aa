//! Events: what happened, once, in order.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};

use crate::domain::{
    Command, ConfigChange, ConnectionId, ConnectionStatus, DatabaseOperation, DbError,
    DiagnosisProgress, HealthCheckResult, LatencySample, MigrationEvent, MigrationProgress,
    Rehearsed, Target, Verdict,
};

/// Something that happened. Who reads too slowly is told how many were missed.
#[derive(Debug, Clone)]
pub enum Event {
    /// The connection took a step.
    StatusChanged {
        /// Where it came from.
        from: ConnectionStatus,
        /// Where it is now.
        to: ConnectionStatus,
        /// When.
        at: DateTime<Utc>,
        /// The failure that caused it, if one did.
        error: Option<Arc<DbError>>,
    },
    /// The health of a connection is known for the first time, or changed while
    /// its status stayed.
    HealthChanged {
        /// What it is now.
        verdict: Verdict,
        /// When.
        at: DateTime<Utc>,
    },
    /// Our own side was away: the machine slept, or the program was starved.
    OwnSideAway {
        /// What it was.
        reason: &'static str,
        /// How long.
        length: Duration,
        /// When it was over.
        at: DateTime<Utc>,
    },
    /// A health check ended, well or badly.
    CheckFinished {
        /// What it found.
        result: Arc<HealthCheckResult>,
        /// Why it failed, if it did.
        error: Option<Arc<DbError>>,
    },
    /// A diagnosis ended.
    Diagnosed(Arc<DiagnosisProgress>),
    /// Something happened in a run of migrations.
    Migrating {
        /// What.
        event: MigrationEvent,
        /// When.
        at: DateTime<Utc>,
    },
    /// A run of migrations ended, well or badly.
    MigrationEnded(Arc<MigrationProgress>),
    /// A call on the database ended, well or badly.
    OperationFinished(Arc<DatabaseOperation>),
    /// One latency measurement, for charts.
    Sampled(LatencySample),
    /// Another condition of a rehearsal holds.
    Rehearsed {
        /// Which, and what comes next.
        rehearsed: Rehearsed,
        /// When.
        at: DateTime<Utc>,
    },
    /// Something else is watched from now on: a new connection begins.
    Switched {
        /// What was watched before.
        from: Target,
        /// What is watched now.
        to: Target,
        /// The new connection.
        id: ConnectionId,
        /// When.
        at: DateTime<Utc>,
    },
    /// A connection that was left has ended, or could not be ended in its time.
    Left {
        /// What was watched by it.
        target: Target,
        /// Why it did not end well; its sockets are closed all the same.
        error: Option<Arc<DbError>>,
        /// When.
        at: DateTime<Utc>,
    },
    /// Another configuration holds from now on; each key that differs.
    Configured {
        /// What differs.
        changes: Arc<[ConfigChange]>,
        /// When.
        at: DateTime<Utc>,
    },
    /// A command was carried out or refused.
    CommandDone {
        /// Which.
        command: Command,
        /// What became of it.
        outcome: CommandOutcome,
    },
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandOutcome {
    /// It is being carried out.
    Begun,
    /// There was nothing to do, for the reason given.
    Needless(&'static str),
}
