//! What the supervisor needs of an adapter: a few calls. Small, so that tests
//! can script it.

use std::{future::Future, time::Duration};

use tokio::sync::mpsc;

use crate::{
    adapter::{
        Beat, Database, DatabaseAdapter, DbResult, DiagnosisOptions, GuardSettings, HealthReport,
        MigrateOptions, MigrationSink, Rehearsing,
    },
    domain::{Adoption, DbError, Diagnosis, Finding, MigrationReport, MigrationState, Mode},
};

/// Time between two knocks at a server on this machine.
const NEAR: Duration = Duration::from_millis(250);

/// Time between two knocks at a server elsewhere.
const FAR: Duration = Duration::from_secs(1);

/// Something that can be connected to, checked and left.
pub trait Watched: Send + Sync + 'static {
    /// One attempt to connect, without retries, and the first health check on
    /// the same server connection.
    fn attempt(&self) -> impl Future<Output = HealthReport> + Send;

    /// One health check with a fresh login.
    fn health_check(&self) -> impl Future<Output = HealthReport> + Send;

    /// Ends the connection.
    ///
    /// # Errors
    /// When its end could not be brought about in time.
    fn disconnect(&self) -> impl Future<Output = DbResult<()>> + Send;

    /// Watches over a connection of its own, tells its beats, and ends with it.
    fn stand_guard(
        &self,
        settings: GuardSettings,
        beats: mpsc::Sender<Beat>,
    ) -> impl Future<Output = DbError> + Send;

    /// Asks whether somebody answers at the address, without logging in.
    ///
    /// # Errors
    /// Why nobody did.
    fn knock(&self, limit: Duration) -> impl Future<Output = DbResult<()>> + Send;

    /// Examines the way and the database, telling each finding as it is made.
    fn diagnose(
        &self,
        options: DiagnosisOptions,
        told: mpsc::Sender<Finding>,
    ) -> impl Future<Output = Diagnosis> + Send;

    /// How the database stands with our migrations.
    ///
    /// # Errors
    /// When that cannot be read.
    fn migration_state(&self) -> impl Future<Output = DbResult<MigrationState>> + Send;

    /// Applies the migrations that are pending.
    ///
    /// # Errors
    /// Why none or not all of them were applied.
    fn migrate(
        &self,
        options: MigrateOptions,
        progress: MigrationSink,
    ) -> impl Future<Output = DbResult<MigrationReport>> + Send;

    /// Records what others have made as our files would.
    ///
    /// # Errors
    /// Why nothing could be compared or recorded.
    fn adopt(&self, options: MigrateOptions) -> impl Future<Output = DbResult<Adoption>> + Send;

    /// Time between two knocks; `None` where there is nothing to knock at.
    fn knock_pace(&self) -> Option<Duration>;

    /// Where the rehearsal stands that it plays, if it plays one.
    fn rehearsing(&self) -> Option<Rehearsing> {
        None
    }
}

impl Watched for Database {
    async fn attempt(&self) -> HealthReport {
        self.first_check().await
    }

    async fn health_check(&self) -> HealthReport {
        DatabaseAdapter::health_check(self).await
    }

    async fn disconnect(&self) -> DbResult<()> {
        DatabaseAdapter::disconnect(self).await
    }

    async fn stand_guard(&self, settings: GuardSettings, beats: mpsc::Sender<Beat>) -> DbError {
        Self::stand_guard(self, settings, beats).await
    }

    async fn knock(&self, limit: Duration) -> DbResult<()> {
        Self::knock(self, limit).await
    }

    async fn diagnose(&self, options: DiagnosisOptions, told: mpsc::Sender<Finding>) -> Diagnosis {
        Self::diagnose(self, options, told).await
    }

    async fn migration_state(&self) -> DbResult<MigrationState> {
        Self::migration_state(self).await
    }

    async fn migrate(
        &self,
        options: MigrateOptions,
        progress: MigrationSink,
    ) -> DbResult<MigrationReport> {
        Self::migrate(self, options, progress).await
    }

    async fn adopt(&self, options: MigrateOptions) -> DbResult<Adoption> {
        Self::adopt(self, options).await
    }

    fn knock_pace(&self) -> Option<Duration> {
        match self.mode() {
            Mode::Local | Mode::Mock if self.is_near() => Some(NEAR),
            Mode::Local | Mode::Mock => Some(FAR),
            Mode::Supabase => None,
        }
    }

    fn rehearsing(&self) -> Option<Rehearsing> {
        Self::rehearsing(self)
    }
}
