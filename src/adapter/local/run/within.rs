//! The transactions around a statement. Knows nothing of rows.

use tokio_postgres::SimpleQueryMessage;

use crate::{
    adapter::{
        DbResult, RunAccess,
        local::{session::Session, transaction::BEGIN_READ_ONLY},
    },
    domain::{Action, DbError, ErrorKind},
};

const BEGIN: &str = "begin";

/// Gives a row when the transaction has written anything; asked in full names,
/// as others may have made functions that fit better.
const HAS_WRITTEN: &str = "select 1 where pg_catalog.txid_current_if_assigned() is not null";

/// Begins a transaction with this access and these settings of its own.
pub(super) async fn begin(
    session: &mut Session,
    access: RunAccess,
    own_settings: &str,
) -> DbResult<()> {
    let sql = match access {
        RunAccess::ReadOnly => BEGIN_READ_ONLY,
        RunAccess::Full => BEGIN,
    };
    execute(session, &format!("{sql}{own_settings}")).await
}

/// Ends a transaction: what could write is kept. What could not has nothing to
/// keep; what it may do beside reading, and what the server lets through by
/// mistake, goes with it, and the latter is told.
pub(super) async fn end(session: &mut Session, access: RunAccess) -> DbResult<()> {
    if access == RunAccess::Full {
        return execute(session, "commit").await;
    }
    let has_written = has_written(session).await?;
    roll_back(session).await?;
    if has_written {
        return Err(DbError::new(Action::Query, ErrorKind::ReadOnly)
            .with_details("it wrote although its transaction was read-only, and was rolled back"));
    }
    Ok(())
}

/// Whether the transaction has written anything. A statement that has ended it
/// has left nothing to be asked about.
pub(super) async fn has_written(session: &mut Session) -> DbResult<bool> {
    match session.client().simple_query(HAS_WRITTEN).await {
        Ok(messages) => Ok(messages
            .iter()
            .any(|message| matches!(message, SimpleQueryMessage::Row(_)))),
        Err(error) => Err(session.classify(error, Action::Query).await),
    }
}

/// Ends a transaction of which nothing is to be kept.
pub(super) async fn roll_back(session: &mut Session) -> DbResult<()> {
    execute(session, "rollback").await
}

/// Runs SQL of our own whose result is of no interest.
pub(super) async fn execute(session: &mut Session, sql: &str) -> DbResult<()> {
    match session.client().batch_execute(sql).await {
        Ok(()) => Ok(()),
        Err(error) => Err(session.classify(error, Action::Query).await),
    }
}
