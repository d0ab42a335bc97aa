//! Several statements that hold together, on the embedded database. Knows
//! nothing of what they do.

use futures::future::BoxFuture;
use serde_json::Value;
use sqlx::{Connection, SqliteConnection};

use crate::{
    adapter::{
        DbResult, RunAccess, SqlValue, TransactionClient,
        mock::{classify::from_sqlite, engine::set_access, statements},
    },
    domain::Action,
};

/// The callback's side of a transaction.
struct Statements<'a> {
    connection: &'a mut SqliteConnection,
    access: RunAccess,
}

/// Runs the callback between begin and commit. Dropped halfway, it rolls back.
pub(super) async fn transaction<T, F>(
    connection: &mut SqliteConnection,
    access: RunAccess,
    work: F,
) -> DbResult<T>
where
    T: Send,
    F: for<'c> FnOnce(&'c mut dyn TransactionClient) -> BoxFuture<'c, DbResult<T>> + Send,
{
    let classify = |error| from_sqlite(error, Action::Transaction);
    let mut transaction = connection.begin().await.map_err(classify)?;
    let mut statements = Statements {
        connection: &mut transaction,
        access,
    };
    match work(&mut statements).await {
        Ok(value) => {
            transaction.commit().await.map_err(classify)?;
            Ok(value)
        }
        Err(error) => {
            if let Err(failed) = transaction.rollback().await {
                tracing::debug!(%failed, cause = %error, "rollback failed");
            }
            Err(error)
        }
    }
}

impl TransactionClient for Statements<'_> {
    fn query<'a>(
        &'a mut self,
        sql: &'a str,
        params: &'a [SqlValue],
    ) -> BoxFuture<'a, DbResult<Vec<Value>>> {
        Box::pin(async move {
            // Each time: the statement before may have changed it.
            set_access(self.connection, self.access, Action::Transaction).await?;
            statements::query(self.connection, sql, params, Action::Transaction)
                .await
                .map(|answer| answer.rows)
        })
    }
}
