//! The transactions around a statement. Knows nothing of rows.

use crate::{
    adapter::{DbResult, RunAccess, local::session::Session},
    domain::Action,
};

/// After its first statement a transaction cannot be made writing any more.
const BEGIN_READ_ONLY: &str = "begin read only; select 1";
const BEGIN: &str = "begin";

/// Begins a transaction with this access.
pub(super) async fn begin(session: &mut Session, access: RunAccess) -> DbResult<()> {
    let sql = match access {
        RunAccess::ReadOnly => BEGIN_READ_ONLY,
        RunAccess::Full => BEGIN,
    };
    execute(session, sql).await
}

/// Ends a transaction: what could write is kept, what could not has nothing to
/// keep, and takes with it what a read-only transaction may do beside reading.
pub(super) async fn end(session: &mut Session, access: RunAccess) -> DbResult<()> {
    match access {
        RunAccess::ReadOnly => roll_back(session).await,
        RunAccess::Full => execute(session, "commit").await,
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
