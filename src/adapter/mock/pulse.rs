//! Signs of life of the embedded database. Knows nothing of when they are due.

use std::future::pending;

use crate::{
    adapter::{DbResult, mock::mock_database::MockDatabase, vigil::Pulse},
    domain::DbError,
};

/// A guard's view of the embedded database.
#[derive(Debug)]
pub(in crate::adapter) struct MockPulse<'a>(pub(super) &'a MockDatabase);

impl Pulse for MockPulse<'_> {
    async fn beat(&mut self) -> DbResult<()> {
        self.0.beat().await
    }

    /// There is no connection that could end.
    async fn end(&mut self) -> DbError {
        pending().await
    }
}
