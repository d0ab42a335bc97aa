//! What the supervisor needs of an adapter: three calls. Small, so that tests
//! can script it.

use std::future::Future;

use crate::adapter::{DbResult, HealthReport};

/// Something that can be connected to, checked and left.
pub trait Watched: Send + Sync + 'static {
    /// One attempt to connect, without retries.
    ///
    /// # Errors
    /// Why it failed.
    fn attempt(&self) -> impl Future<Output = DbResult<()>> + Send;

    /// One health check with a fresh login.
    fn health_check(&self) -> impl Future<Output = HealthReport> + Send;

    /// Ends the connection.
    ///
    /// # Errors
    /// When its end could not be brought about in time.
    fn disconnect(&self) -> impl Future<Output = DbResult<()>> + Send;
}
