//! Several statements that hold together, on the embedded database. Knows
//! nothing of what they do.

use futures::future::BoxFuture;
use serde_json::Value;
use sqlx::Connection;

use crate::{
    adapter::{
        DbResult, RunAccess, SqlValue, TransactionClient,
        local::rolled_back,
        mock::{
            classify::from_sqlite,
            engine::{Session, set_access},
            faults::Gate,
            statements,
        },
        mode_adapter::Statement,
    },
    domain::{Action, DbError, ErrorKind},
};

/// The callback's side of a transaction.
struct Statements<'a> {
    session: Session<'a>,
    gate: &'a Gate,
    access: RunAccess,
    /// The first statement that failed and was not undone by a rollback to a
    /// savepoint. From then on PostgreSQL takes nothing else, and so do we.
    failure: Option<DbError>,
}

/// Runs the callback between begin and commit. Dropped halfway, it rolls back.
pub(super) async fn transaction<T, F>(
    session: Session<'_>,
    gate: &Gate,
    access: RunAccess,
    work: F,
) -> DbResult<T>
where
    T: Send,
    F: for<'c> FnOnce(&'c mut dyn TransactionClient) -> BoxFuture<'c, DbResult<T>> + Send,
{
    let classify = |error| from_sqlite(error, Action::Transaction);
    let mut transaction = session.connection.begin().await.map_err(classify)?;
    let mut statements = Statements {
        session: Session {
            connection: &mut transaction,
            catalogue: session.catalogue,
        },
        gate,
        access,
        failure: None,
    };
    let result = work(&mut statements).await;
    let failure = statements.failure.take();
    match (result, failure) {
        (Ok(value), None) => {
            gate.answer().await;
            transaction.commit().await.map_err(classify)?;
            Ok(value)
        }
        // A callback may have caught an error that broke the transaction all the same.
        (Ok(_), Some(cause)) => {
            transaction.rollback().await.map_err(classify)?;
            Err(rolled_back(cause))
        }
        (Err(error), _) => {
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
            let action = Action::Transaction;
            let returns = is_rollback(sql);
            if self.failure.is_some() && !returns {
                return Err(DbError::new(action, ErrorKind::StatementInvalid).with_details(
                    "a statement of this transaction has failed: nothing but a rollback follows",
                ));
            }
            let statement = Statement {
                sql,
                params,
                action,
            };
            let mut rows = Vec::new();
            let mut take = |row| {
                rows.push(row);
                Ok(())
            };
            self.gate.answer().await;
            // Each time: the statement before may have changed it.
            set_access(self.session.connection, self.access, action).await?;
            match statements::query(&mut self.session, statement, &mut take).await {
                Ok(_) => {
                    if returns {
                        self.failure = None;
                    }
                    Ok(rows)
                }
                Err(error) => {
                    self.failure.get_or_insert(error.clone());
                    Err(error)
                }
            }
        })
    }
}

/// Whether the statement goes back, in a transaction: to a savepoint.
fn is_rollback(sql: &str) -> bool {
    let first = sql.split_whitespace().next();
    first.is_some_and(|word| word.eq_ignore_ascii_case("rollback"))
}
