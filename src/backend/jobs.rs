//! The jobs: one call on the watched adapter each, under a deadline. A job
//! that panics is a failure of our own side, not silence.

use std::{any::Any, future::Future, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt;
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

use crate::{
    adapter::{
        Beat, DbResult, DiagnosisOptions, GuardSettings, HealthReport, MigrateOptions,
        MigrationSink,
    },
    backend::watched::Watched,
    config::{Candidates, Catalogue, Choice, Complaints, Loaded},
    domain::{
        Action, AlternativeKind, DbError, Diagnosis, ErrorKind, Finding, MigrationEvent,
        MigrationRun, MigrationState,
    },
};

/// The adapter keeps its own deadline; this is what a job may take beyond it
/// before the adapter itself is taken to hang.
const GRACE: Duration = Duration::from_millis(250);

/// Who does not answer a knock within this time is taken not to answer.
const KNOCK: Duration = Duration::from_millis(900);

/// Counts jobs, so that the answer of one that was left can be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Epoch(u64);

/// What a job gives.
#[derive(Debug)]
pub(super) enum JobResult {
    Attempted(Result<Box<HealthReport>, Arc<DbError>>),
    Checked(Result<Box<HealthReport>, Arc<DbError>>),
    Disconnected(Result<(), Arc<DbError>>),
    Knocked(Result<(), Arc<DbError>>),
    GuardEnded(Arc<DbError>),
    Diagnosed(Result<Box<Diagnosis>, Arc<DbError>>),
    Looked(Result<Box<MigrationState>, Arc<DbError>>),
    Migrated(Result<MigrationRun, Arc<DbError>>),
    Listed(Listing),
    Reread(Result<Box<Loaded>, Vec<String>>),
}

/// What could be watched instead, or in words why that is not known.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) kind: AlternativeKind,
    pub(super) candidates: Result<Candidates, Vec<String>>,
}

/// A job that has ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) epoch: Epoch,
    pub(super) result: JobResult,
}

// === impl Epoch ===

impl Epoch {
    /// Begins a new epoch and gives it.
    pub(super) fn next(&mut self) -> Self {
        self.0 += 1;
        *self
    }
}

// === impl JobResult ===

impl JobResult {
    /// Logs a failure that nobody waits for.
    pub(super) fn log_failure(&self) {
        if let Self::Disconnected(Err(error)) = self {
            tracing::warn!(target: "dbvitals::backend", "disconnect failed: {}", error.message());
        }
    }
}

/// Runs a job as a task of its own, which sends its result once.
pub(super) fn spawn(
    work: impl Future<Output = JobResult> + Send + 'static,
    epoch: Epoch,
    done: mpsc::Sender<Ended>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let result = work.await;
        // The supervisor is gone when this fails: nobody is left to be told.
        done.send(Ended { epoch, result }).await.ok();
    })
}

pub(super) async fn attempt<A: Watched>(watched: Arc<A>, limit: Duration) -> JobResult {
    JobResult::Attempted(
        bounded(Action::Connect, limit, watched.attempt())
            .await
            .map(Box::new),
    )
}

pub(super) async fn check<A: Watched>(watched: Arc<A>, limit: Duration) -> JobResult {
    JobResult::Checked(
        bounded(Action::HealthCheck, limit, watched.health_check())
            .await
            .map(Box::new),
    )
}

pub(super) async fn disconnect<A: Watched>(watched: Arc<A>, limit: Duration) -> JobResult {
    JobResult::Disconnected(part(watched, limit).await)
}

/// Ends a connection, within the limit.
pub(super) async fn part<A: Watched>(watched: Arc<A>, limit: Duration) -> Result<(), Arc<DbError>> {
    bounded(Action::Disconnect, limit, watched.disconnect())
        .await
        .and_then(|ended| ended.map_err(Arc::new))
}

pub(super) async fn knock<A: Watched>(watched: Arc<A>) -> JobResult {
    let knock = bounded(Action::Connect, KNOCK, watched.knock(KNOCK)).await;
    JobResult::Knocked(knock.and_then(|answered| answered.map_err(Arc::new)))
}

/// Examines the way and the database, which takes twice the deadline at most.
pub(super) async fn diagnose<A: Watched>(
    watched: Arc<A>,
    options: DiagnosisOptions,
    limit: Duration,
    told: mpsc::Sender<Finding>,
) -> JobResult {
    let diagnosis = watched.diagnose(options, told);
    let ended = bounded(Action::HealthCheck, limit * 2, diagnosis).await;
    JobResult::Diagnosed(ended.map(Box::new))
}

/// Stands until the guard's connection ends; a guard that panics has ended, too.
pub(super) async fn guard<A: Watched>(
    watched: Arc<A>,
    settings: GuardSettings,
    beats: mpsc::Sender<Beat>,
) -> JobResult {
    let standing = AssertUnwindSafe(watched.stand_guard(settings, beats)).catch_unwind();
    JobResult::GuardEnded(Arc::new(match standing.await {
        Ok(error) => error,
        Err(panic) => panicked(Action::HealthCheck, panic.as_ref()),
    }))
}

/// Looks how the migrations stand: a login and a few statements.
pub(super) async fn look<A: Watched>(watched: Arc<A>, limit: Duration) -> JobResult {
    let looked = bounded(Action::Migrate, limit * 4, watched.migration_state()).await;
    JobResult::Looked(looked.and_then(|state| state.map(Box::new).map_err(Arc::new)))
}

/// Applies what is pending, however long that takes.
pub(super) async fn migrate<A: Watched>(
    watched: Arc<A>,
    options: MigrateOptions,
    told: mpsc::Sender<MigrationEvent>,
) -> JobResult {
    let progress: MigrationSink = Arc::new(move |event| {
        // The report tells what holds, also where this was not heard.
        if let Err(missed) = told.try_send(event) {
            tracing::debug!(target: "dbvitals::backend", %missed, "nobody heard of a migration");
        }
    });
    let report = unbounded(watched.migrate(options, progress)).await;
    JobResult::Migrated(report.map(|report| MigrationRun::Migrated(Arc::new(report))))
}

/// Compares and records, however long that takes.
pub(super) async fn adopt<A: Watched>(watched: Arc<A>, options: MigrateOptions) -> JobResult {
    let adoption = unbounded(watched.adopt(options)).await;
    JobResult::Migrated(adoption.map(|adoption| MigrationRun::Adopted(Arc::new(adoption))))
}

/// Lists what could be watched instead.
pub(super) async fn list(
    catalogue: Catalogue,
    kind: AlternativeKind,
    choice: Choice,
    limit: Duration,
) -> JobResult {
    let reading = move || catalogue.candidates(kind, &choice);
    let candidates = read(limit, reading).await;
    JobResult::Listed(Listing { kind, candidates })
}

/// Reads the whole configuration again.
pub(super) async fn reread(catalogue: Catalogue, choice: Choice, limit: Duration) -> JobResult {
    let reading = move || catalogue.load(&choice).map(Box::new);
    JobResult::Reread(read(limit, reading).await)
}

/// Reads configuration on a thread that may wait for a disk.
async fn read<T: Send + 'static>(
    limit: Duration,
    reading: impl FnOnce() -> Result<T, Complaints> + Send + 'static,
) -> Result<T, Vec<String>> {
    let words = match timeout(limit, tokio::task::spawn_blocking(reading)).await {
        Ok(Ok(Ok(read))) => return Ok(read),
        Ok(Ok(Err(complaints))) => return Err(worded(&complaints)),
        Ok(Err(error)) => format!("reading the configuration failed: {error}"),
        Err(_) => format!(
            "the configuration was not read within {} ms",
            limit.as_millis()
        ),
    };
    Err(vec![words])
}

/// Every complaint in a line of its own.
pub(super) fn worded(complaints: &Complaints) -> Vec<String> {
    complaints.to_string().lines().map(str::to_owned).collect()
}

/// Awaits a run of migrations; a panic becomes an error.
async fn unbounded<T>(run: impl Future<Output = DbResult<T>>) -> Result<T, Arc<DbError>> {
    match AssertUnwindSafe(run).catch_unwind().await {
        Ok(ended) => ended.map_err(Arc::new),
        Err(panic) => Err(Arc::new(panicked(Action::Migrate, panic.as_ref()))),
    }
}

/// Awaits a call within the limit; time over and panic become errors.
async fn bounded<T>(
    action: Action,
    limit: Duration,
    call: impl Future<Output = T>,
) -> Result<T, Arc<DbError>> {
    let after_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
    match timeout(limit + GRACE, AssertUnwindSafe(call).catch_unwind()).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(panic)) => Err(Arc::new(panicked(action, panic.as_ref()))),
        Err(elapsed) => {
            let error = DbError::new(action, ErrorKind::Timeout { after_ms });
            Err(Arc::new(error.with_source(elapsed)))
        }
    }
}

fn panicked(action: Action, panic: &(dyn Any + Send)) -> DbError {
    let words = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    DbError::new(action, ErrorKind::OwnSide).with_details(&format!("a job panicked: {words}"))
}
