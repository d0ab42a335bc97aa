//! The three calls on a database, recorded like every other. Knows no mode.

use std::{future::pending, sync::Arc, time::Duration};

use crate::{
    adapter::{Database, DbResult, mode_adapter::ModeAdapter},
    domain::{
        Action, Adoption, DbError, ErrorKind, LEDGER_TABLE, MigrationEvent, MigrationRefusal,
        MigrationReport, MigrationState, OperationType, Unwritable,
    },
};

/// The service that these calls are recorded under.
const MIGRATE: &str = "migrate";

/// Where the events of a run go, from any task. It must not block.
pub type MigrationSink = Arc<dyn Fn(MigrationEvent) + Send + Sync>;

/// How a run behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MigrateOptions {
    /// How long a lock is waited for: that of another run, and any that a
    /// file's statement needs. What takes long without waiting is not limited.
    pub lock_deadline: Duration,
}

impl Default for MigrateOptions {
    fn default() -> Self {
        Self {
            lock_deadline: Duration::from_secs(10),
        }
    }
}

/// The migrations. All three work without an open connection: each opens a
/// session of its own, named `…-migrate`.
impl Database {
    /// How the database stands with our migrations. Only reads.
    ///
    /// # Errors
    /// When it cannot be read: the login failed, or a right is missing. What
    /// speaks against applying files is no error but part of the state.
    pub async fn migration_state(&self) -> DbResult<MigrationState> {
        let recording = self.record_as(MIGRATE, OperationType::Query, Some(LEDGER_TABLE));
        let state = match self.mode_adapter() {
            ModeAdapter::Supabase(supabase) => supabase.migration_state().await,
            ModeAdapter::Local(local) => local.migration_state().await,
            ModeAdapter::Mock(mock) => mock.migration_state().await,
        };
        recording.finish(&state, |state| u64::try_from(state.applied.len()).ok());
        state
    }

    /// Applies what is pending, in order, each file with its ledger row in one
    /// transaction. Nothing pending is a success that applies nothing.
    ///
    /// There is no deadline for a file. Dropped, the call rolls back the file
    /// that is being applied; those before it hold.
    ///
    /// # Errors
    /// `MigrationRefused`, `MigrationLocked` (after the lock's deadline, with
    /// its holder), `ReadOnlyConfigured`, `ReadOnly`, or why a file failed: its
    /// name begins the details. The files that were applied before hold; they
    /// were told to `progress`.
    pub async fn migrate(
        &self,
        options: MigrateOptions,
        progress: MigrationSink,
    ) -> DbResult<MigrationReport> {
        self.migrate_until(options, progress, pending()).await
    }

    /// The same until `stop` is done: then the server is told to cancel the file
    /// that is being applied, it is rolled back, and no further one is begun. The
    /// embedded database takes no time that could be cut short.
    ///
    /// # Errors
    /// As [`Self::migrate`]. `StatementCancelled`: it was stopped in a file, which
    /// was rolled back. `Cancelled`: it was stopped between files, or the server
    /// has not answered; the details say which.
    pub async fn migrate_until(
        &self,
        options: MigrateOptions,
        progress: MigrationSink,
        stop: impl Future<Output = ()> + Send,
    ) -> DbResult<MigrationReport> {
        let recording = self.record_as(MIGRATE, OperationType::Transaction, Some(LEDGER_TABLE));
        let report = match self.mode_adapter() {
            ModeAdapter::Supabase(supabase) => supabase.migrate(options, &progress, stop).await,
            ModeAdapter::Local(local) => local.migrate(options, &progress, stop).await,
            ModeAdapter::Mock(mock) => mock.migrate(&progress).await,
        };
        recording.finish(&report, |report| u64::try_from(report.applied.len()).ok());
        report
    }

    /// Compares tables that others made with what our files make, and records
    /// the files that match. Nothing but the ledger is changed.
    ///
    /// # Errors
    /// As [`Self::migrate`]; besides, the comparison needs the right to make a
    /// schema, which is rolled back.
    pub async fn adopt(&self, options: MigrateOptions) -> DbResult<Adoption> {
        let recording = self.record_as(MIGRATE, OperationType::Transaction, Some(LEDGER_TABLE));
        let adoption = match self.mode_adapter() {
            ModeAdapter::Supabase(supabase) => supabase.adopt(options).await,
            ModeAdapter::Local(local) => local.adopt(options).await,
            ModeAdapter::Mock(mock) => mock.adopt().await,
        };
        recording.finish(&adoption, |adoption| {
            u64::try_from(adoption.recorded.len()).ok()
        });
        adoption
    }
}

/// The error of a refusal, which stays its cause.
pub(in crate::adapter) fn refused(refusal: MigrationRefusal) -> DbError {
    DbError::new(Action::Migrate, ErrorKind::MigrationRefused)
        .with_details(&refusal.to_string())
        .with_hint(refusal.hint())
        .with_source(refusal)
}

/// The error of a database that cannot be written.
pub(in crate::adapter) fn unwritable(why: Unwritable) -> DbError {
    let kind = match why {
        Unwritable::Configured => ErrorKind::ReadOnlyConfigured,
        Unwritable::InRecovery | Unwritable::ReadOnly => ErrorKind::ReadOnly,
    };
    DbError::new(Action::Migrate, kind)
        .with_details(why.as_str())
        .with_hint(why.hint())
}
