//! What the supervisor needs of an adapter: three calls. Small, so that tests
//! can script it.

use std::future::Future;

use crate::adapter::{Database, DatabaseAdapter, DbResult, HealthReport};

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
}
