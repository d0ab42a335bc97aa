//! An adapter that cannot run SQL, with a witness beside it that can: so the
//! same cases can look at what it has written.

use std::sync::Arc;

use dbvitals::{
    adapter::{Database, DatabaseAdapter, DbResult, HealthReport, SqlValue, TransactionClient},
    domain::{DatabaseConnection, Mode},
};
use futures::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};

/// Everything goes to the adapter; SQL, while it is connected, to the witness.
pub(crate) struct Witnessed {
    pub(crate) adapter: Arc<Database>,
    pub(crate) witness: Database,
}

impl DatabaseAdapter for Witnessed {
    async fn connect(&self) -> DbResult<()> {
        self.adapter.connect().await
    }

    async fn disconnect(&self) -> DbResult<()> {
        self.adapter.disconnect().await
    }

    fn mode(&self) -> Mode {
        self.adapter.mode()
    }

    async fn health_check(&self) -> HealthReport {
        self.adapter.health_check().await
    }

    fn connection_status(&self) -> DatabaseConnection {
        self.adapter.connection_status()
    }

    async fn query<T: DeserializeOwned + Send>(
        &self,
        sql: &str,
        params: &[SqlValue],
    ) -> DbResult<Vec<T>> {
        if self.adapter.is_connected() {
            return self.witness.query(sql, params).await;
        }
        self.adapter.query(sql, params).await
    }

    async fn insert<T: DeserializeOwned + Send, D: Serialize + Sync>(
        &self,
        table: &str,
        data: &D,
    ) -> DbResult<T> {
        self.adapter.insert(table, data).await
    }

    async fn update<T: DeserializeOwned + Send, D: Serialize + Sync>(
        &self,
        table: &str,
        id: &str,
        data: &D,
    ) -> DbResult<T> {
        self.adapter.update(table, id, data).await
    }

    async fn delete(&self, table: &str, id: &str) -> DbResult<()> {
        self.adapter.delete(table, id).await
    }

    async fn transaction<T, F>(&self, callback: F) -> DbResult<T>
    where
        T: Send,
        F: for<'c> FnOnce(&'c mut dyn TransactionClient) -> BoxFuture<'c, DbResult<T>> + Send,
    {
        self.adapter.transaction(callback).await
    }
}
