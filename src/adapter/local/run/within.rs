//! The transactions around a statement. Knows nothing of rows.

use tokio_postgres::SimpleQueryMessage;

use crate::{
    adapter::{
        DbResult, RunAccess,
        local::{session::Session, transaction::BEGIN_READ_ONLY},
        migrations::LOCK,
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
    let refused = |words| Err(DbError::new(Action::Query, ErrorKind::ReadOnly).with_details(words));
    if session.notes().is_idle() {
        return refused("it has ended its read-only transaction: what it did is not known");
    }
    let has_written = has_written(session).await?;
    leave_nothing(session).await?;
    if has_written {
        return refused("it wrote although its transaction was read-only, and was rolled back");
    }
    Ok(())
}

/// Ends a transaction that could not write. A lock for migrations that its
/// statement has taken for the session goes, too: behind a pooler that lives on.
pub(super) async fn leave_nothing(session: &mut Session) -> DbResult<()> {
    let key = "(classid::pg_catalog.int8 operator(pg_catalog.<<) 32) operator(pg_catalog.|) \
        objid::pg_catalog.int8";
    let sql = format!(
        "rollback; select pg_catalog.pg_advisory_unlock_all() where exists ( \
         select from pg_catalog.pg_locks where locktype operator(pg_catalog.=) 'advisory' \
         and pid operator(pg_catalog.=) pg_catalog.pg_backend_pid() \
         and ({key}) operator(pg_catalog.=) {LOCK})"
    );
    execute(session, &sql).await
}

/// Whether the transaction has written anything.
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
