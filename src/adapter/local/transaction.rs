//! Several statements that hold together. Knows nothing of what they do.

use futures::future::BoxFuture;
use serde_json::Value;

use crate::{
    adapter::{
        DbResult, SqlValue, TransactionClient,
        local::{
            learn::{Place, deallocate},
            pool::Lease,
            statements,
        },
        mode_adapter::Statement,
    },
    domain::{Action, DbError, ErrorKind},
};

/// Begins a transaction that may write.
const BEGIN: &str = "begin";
/// Begins one that may not. After its first statement a transaction cannot be
/// made writing any more.
pub(super) const BEGIN_READ_ONLY: &str = "begin read only; select 1";
/// A server answers COMMIT of a broken transaction with a silent rollback;
/// any other statement it answers with the truth.
const IS_STILL_WHOLE: &str = "select 1";

/// The server's word for a broken transaction.
const BROKEN: &str = "25P02";

/// Whether a transaction may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    ReadWrite,
    ReadOnly,
}

/// The callback's side of a transaction.
struct Statements<'a> {
    lease: &'a mut Lease,
    access: Access,
    /// What began the transaction.
    opening: String,
    /// The first statement that failed: the cause, should the server roll back.
    first_failure: Option<DbError>,
}

/// Runs the callback between begin and commit. The session is clean after
/// every return, unless the return is the failure of a rollback.
pub(super) async fn transaction<T, F>(lease: &mut Lease, access: Access, work: F) -> DbResult<T>
where
    T: Send,
    F: for<'c> FnOnce(&'c mut dyn TransactionClient) -> BoxFuture<'c, DbResult<T>> + Send,
{
    let own = lease.target().own_settings();
    let opening = match access {
        Access::ReadWrite => format!("{BEGIN}{own}"),
        Access::ReadOnly => format!("{BEGIN_READ_ONLY}{own}"),
    };
    simple(lease, &opening).await?;
    let mut statements = Statements {
        lease,
        access,
        opening,
        first_failure: None,
    };
    let result = work(&mut statements).await;
    let first_failure = statements.first_failure.take();
    match result {
        Err(error) => {
            roll_back(lease, &error).await;
            Err(error)
        }
        Ok(value) => {
            if let Some(cause) = first_failure {
                ensure_whole(lease, cause).await?;
            }
            let end = format!("{}commit", deallocate(lease.left()));
            simple(lease, &end).await?;
            Ok(value)
        }
    }
}

/// A callback may have caught an error that broke the transaction all the same.
async fn ensure_whole(lease: &mut Lease, cause: DbError) -> DbResult<()> {
    if simple(lease, IS_STILL_WHOLE).await.is_ok() {
        return Ok(());
    }
    roll_back(lease, &cause).await;
    Err(rolled_back(cause))
}

/// What a caller is told whose transaction a statement of its own had broken.
pub(in crate::adapter) fn rolled_back(cause: DbError) -> DbError {
    let mut error = DbError::new(Action::Transaction, ErrorKind::TransactionRolledBack)
        .with_details(cause.details().unwrap_or(cause.kind().name()));
    if let Some(code) = cause.code() {
        error = error.with_code(code);
    }
    error.with_source(cause)
}

/// The server rolls back by itself when the session is gone, so a failure here
/// must not hide the error that led here.
async fn roll_back(lease: &mut Lease, cause: &DbError) {
    let end = format!("rollback; {}", deallocate(lease.left()));
    if let Err(error) = simple(lease, &end).await {
        tracing::debug!(%error, %cause, "rollback was not answered");
    }
}

async fn simple(lease: &mut Lease, sql: &str) -> DbResult<()> {
    match lease.client().batch_execute(sql).await {
        Ok(()) => Ok(()),
        Err(error) => Err(lease.classify(error, Action::Transaction).await),
    }
}

impl Statements<'_> {
    /// A callback may end the transaction, and what it runs then would stand
    /// outside of it, or in the next one, which can be made writing before its
    /// first statement. Neither a session's default nor the callback is relied on.
    async fn keep_read_only(&mut self) -> DbResult<()> {
        if self.lease.is_idle() {
            return simple(self.lease, &self.opening).await;
        }
        match simple(self.lease, IS_STILL_WHOLE).await {
            // Broken: only its end, or the way back to a savepoint, is taken now.
            Err(error) if error.code() == Some(BROKEN) => Ok(()),
            decided => decided,
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
            let statement = Statement {
                sql,
                params,
                action: Action::Transaction,
            };
            if self.access == Access::ReadOnly {
                statements::refuse_prepare_transaction(statement)?;
                self.keep_read_only().await?;
            }
            let mut rows = Vec::new();
            let mut take = |row| {
                rows.push(row);
                Ok(())
            };
            let done = statements::query(self.lease, Place::Within, statement, &mut take).await;
            if let Err(error) = &done
                && self.first_failure.is_none()
            {
                self.first_failure = Some(error.clone());
            }
            done.map(|_| rows)
        })
    }
}
