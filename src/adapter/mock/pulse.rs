//! Signs of life of the embedded database. Knows nothing of when they are due.

use crate::{
    adapter::{
        DbResult,
        mock::{faults::Client, mock_database::MockDatabase},
        vigil::Pulse,
    },
    domain::DbError,
};

/// A guard's session with the embedded database.
#[derive(Debug)]
pub(in crate::adapter) struct MockPulse<'a> {
    pub(super) database: &'a MockDatabase,
    pub(super) client: Client,
}

impl Pulse for MockPulse<'_> {
    async fn beat(&mut self) -> DbResult<()> {
        self.database.beat(&mut self.client).await
    }

    async fn end(&mut self) -> DbError {
        self.database.end(&mut self.client).await
    }
}
