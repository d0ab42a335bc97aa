//! What goes into the machine and what comes out of it.

use std::{sync::Arc, time::Duration};

use crate::{
    adapter::Beat,
    domain::{AutoMigrate, Backoff, Command, CommandOutcome, DbError},
};

/// How often is checked and how retries are spaced.
#[derive(Debug, Clone, Copy)]
pub(in crate::backend) struct Rhythm {
    /// Time between two health checks, and between two tries of the slow lane.
    pub(in crate::backend) interval: Duration,
    /// What a check may take, and a heartbeat.
    pub(in crate::backend) timeout: Duration,
    /// Time between two heartbeats; `None` when there are none.
    pub(in crate::backend) heartbeat: Option<Duration>,
    /// Whether there is something to guard: a connection that stands, or
    /// heartbeats that are sent.
    pub(in crate::backend) is_guarded: bool,
    /// Delays of the quick lane.
    pub(in crate::backend) backoff: Backoff,
    /// Tries in the quick lane.
    pub(in crate::backend) max_retries: u32,
    /// Time between two knocks; `None` where nobody can knock.
    pub(in crate::backend) knock_pace: Option<Duration>,
    /// Whether pending migrations are applied as soon as a connection stands.
    pub(in crate::backend) auto_migrate: AutoMigrate,
}

/// What can be done with migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::backend) enum MigrationTask {
    /// Look how they stand.
    Look,
    /// Apply what is pending.
    Migrate,
    /// Record what others have made.
    Adopt,
}

/// What happens to the machine.
#[derive(Debug, Clone)]
pub(in crate::backend) enum Input {
    /// The program starts.
    Open,
    /// The attempt to connect ended; when well, so did the first health check.
    AttemptEnded(Result<(), Arc<DbError>>),
    /// The health check ended.
    CheckEnded(Result<(), Arc<DbError>>),
    /// The disconnect ended; its failure changes nothing here.
    DisconnectEnded,
    /// The guard has something to tell.
    Beat(Beat),
    /// The guard's connection ended, or could not be opened.
    GuardEnded(Arc<DbError>),
    /// The knock was answered or not.
    KnockEnded(Result<(), Arc<DbError>>),
    /// A run of migrations ended: what there is to see may have changed.
    MigrationEnded,
    /// What was due is due now.
    Due,
    /// Something else is to be watched, by another machine.
    Leave,
    /// Another rhythm holds.
    Retuned(Rhythm),
    /// A reader's wish.
    Wished(Command),
}

/// What is to be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::backend) enum Effect {
    /// Try to connect once.
    StartAttempt,
    /// Run a health check.
    StartCheck,
    /// End the connection.
    StartDisconnect,
    /// Leave the attempt or check that is under way; its result is void.
    AbandonJob,
    /// Post a guard.
    StartGuard,
    /// Take the guard away.
    StopGuard,
    /// Knock at the address.
    StartKnock,
    /// Leave the knock that is under way.
    StopKnock,
    /// Begin a diagnosis, which changes nothing here.
    StartDiagnosis,
    /// Begin a task of the migrations, which changes nothing here.
    StartMigration(MigrationTask),
    /// Tell what became of a wish.
    Answer(Command, CommandOutcome),
}
