//! The interface that all modes share.

use std::future::Future;

use futures::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::domain::{DatabaseConnection, DbError, HealthCheckResult, Mode};

/// What a call on a database gives.
pub type DbResult<T> = Result<T, DbError>;

/// A parameter of a statement, with its type.
#[derive(Debug, Clone, PartialEq)]
pub enum SqlValue {
    /// SQL's null.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A JSON value.
    Json(Value),
    /// A UUID.
    Uuid(uuid::Uuid),
    /// A point in time.
    Timestamp(chrono::DateTime<chrono::Utc>),
    /// An array. Its elements are of one kind, or null.
    Array(Vec<SqlValue>),
}

/// The data model's database adapter: eleven methods, the same in every mode.
///
/// One adapter is made from one configuration and is one connection instance;
/// a changed configuration needs a new adapter. All methods take `&self`: an
/// adapter is shared by the watcher and the services. Every method has a
/// deadline of its own and returns.
pub trait DatabaseAdapter: Send + Sync + 'static {
    /// Opens the connection, with at most `max_retries` retries of failures that may pass.
    ///
    /// # Errors
    /// The error of the last attempt.
    fn connect(&self) -> impl Future<Output = DbResult<()>> + Send;

    /// Ends the connection. Ending one that is not open is no error.
    ///
    /// # Errors
    /// When the end could not be brought about within the deadline.
    fn disconnect(&self) -> impl Future<Output = DbResult<()>> + Send;

    /// Whether the status is connected.
    fn is_connected(&self) -> bool {
        self.connection_status().status() == crate::domain::ConnectionStatus::Connected
    }

    /// The mode.
    fn mode(&self) -> Mode;

    /// Logs in afresh, asks, and reports. Works also while not connected.
    fn health_check(&self) -> impl Future<Output = HealthReport> + Send;

    /// The connection as this adapter's own calls have left it.
    fn connection_status(&self) -> DatabaseConnection;

    /// Runs one statement and gives its rows, each as a `T` by column name.
    ///
    /// # Errors
    /// [`DbError`] of the statement, or of a row that is no `T`.
    fn query<T: DeserializeOwned + Send>(
        &self,
        sql: &str,
        params: &[SqlValue],
    ) -> impl Future<Output = DbResult<Vec<T>>> + Send;

    /// Adds one row from the given columns and gives it as stored, defaults included.
    ///
    /// # Errors
    /// [`DbError`] of the statement; a `data` that is no JSON object is refused.
    fn insert<T: DeserializeOwned + Send, D: Serialize + Sync>(
        &self,
        table: &str,
        data: &D,
    ) -> impl Future<Output = DbResult<T>> + Send;

    /// Changes the given columns of the row with this `id` and gives it as stored.
    ///
    /// # Errors
    /// [`DbError`] of the statement; `RowNotFound` when no row has the id.
    fn update<T: DeserializeOwned + Send, D: Serialize + Sync>(
        &self,
        table: &str,
        id: &str,
        data: &D,
    ) -> impl Future<Output = DbResult<T>> + Send;

    /// Removes the row with this `id`.
    ///
    /// # Errors
    /// [`DbError`] of the statement; `RowNotFound` when no row has the id.
    fn delete(&self, table: &str, id: &str) -> impl Future<Output = DbResult<()>> + Send;

    /// Runs the callback's statements so that all of them hold or none.
    ///
    /// The callback's error rolls back and is returned as it is; a server that
    /// rolls back by itself is a `TransactionRolledBack`.
    ///
    /// # Errors
    /// The callback's, or [`DbError`] of begin and commit.
    fn transaction<T, F>(&self, callback: F) -> impl Future<Output = DbResult<T>> + Send
    where
        T: Send,
        F: for<'c> FnOnce(&'c mut dyn TransactionClient) -> BoxFuture<'c, DbResult<T>> + Send;
}

/// What the callback of a transaction can do. Rows are JSON objects by column name.
pub trait TransactionClient: Send {
    /// Runs one statement within the transaction and gives its rows.
    ///
    /// # Errors
    /// [`DbError`] of the statement.
    fn query<'a>(
        &'a mut self,
        sql: &'a str,
        params: &'a [SqlValue],
    ) -> BoxFuture<'a, DbResult<Vec<Value>>>;
}

/// A health check as the data model has it, with the error as a value beside its text.
#[derive(Debug, Clone)]
pub struct HealthReport {
    /// The result, valid by construction.
    pub result: HealthCheckResult,
    /// The error, exactly when the result is a failure.
    pub error: Option<std::sync::Arc<DbError>>,
}
