//! The transactions around a statement. Knows nothing of rows.

use tokio_postgres::SimpleQueryMessage;

use crate::{
    adapter::{DbResult, RunAccess, local::session::Session},
    domain::{Action, DbError, ErrorKind},
};

const BEGIN: &str = "begin";

/// After its first statement a transaction cannot be made writing any more. The
/// mark ends with it.
const BEGIN_READ_ONLY: &str =
    "begin read only; select pg_catalog.set_config('dbvitals.transaction', 'ours', true)";

/// Gives a row while the transaction is the one that we have begun.
const IS_OURS: &str = "select 1 where pg_catalog.current_setting('dbvitals.transaction', true) \
    operator(pg_catalog.=) 'ours'";

/// Gives a row when the transaction has written anything; asked in full names,
/// as others may have made functions that fit better.
const HAS_WRITTEN: &str = "select 1 where pg_catalog.txid_current_if_assigned() is not null";

/// Begins a transaction with this access.
pub(super) async fn begin(session: &mut Session, access: RunAccess) -> DbResult<()> {
    let sql = match access {
        RunAccess::ReadOnly => BEGIN_READ_ONLY,
        RunAccess::Full => BEGIN,
    };
    execute(session, sql).await
}

/// Ends a transaction: what could write is kept. What could not has nothing to
/// keep; what it may do beside reading, and what the server lets through by
/// mistake, goes with it, and the latter is told.
pub(super) async fn end(session: &mut Session, access: RunAccess) -> DbResult<()> {
    if access == RunAccess::Full {
        return execute(session, "commit").await;
    }
    let is_ours = gives_a_row(session, IS_OURS).await?;
    let has_written = has_written(session).await?;
    roll_back(session).await?;
    let refused = |words| Err(DbError::new(Action::Query, ErrorKind::ReadOnly).with_details(words));
    match (is_ours, has_written) {
        (false, _) => refused("it has ended its read-only transaction: what it did may hold"),
        (true, true) => {
            refused("it wrote although its transaction was read-only, and was rolled back")
        }
        (true, false) => Ok(()),
    }
}

/// Whether the transaction has written anything.
pub(super) async fn has_written(session: &mut Session) -> DbResult<bool> {
    gives_a_row(session, HAS_WRITTEN).await
}

async fn gives_a_row(session: &mut Session, sql: &str) -> DbResult<bool> {
    match session.client().simple_query(sql).await {
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
