//! Who holds a lock that we wait for, as the server tells it. Knows nothing of
//! what is done about it.

use chrono::{DateTime, Utc};
use tokio_postgres::Row;

use crate::{
    adapter::{DbResult, local::schema_state::column},
    domain::{Action, LockHolder, excerpt},
};

/// Who keeps others from reading the ledger in the schema of this name: at most one row.
pub(super) const LEDGER_HOLDER: &str = include_str!("sql/ledger_holder.sql");

/// The server's way of saying that a lock was not had in time.
pub(super) const LOCK_TIMEOUT: &str = "55P03";

/// The holder that a row tells of.
pub(super) fn read_holder(row: &Row, action: Action) -> DbResult<LockHolder> {
    let application: &str = column(row, 1, action)?;
    let (role, client): (Option<&str>, Option<&str>) =
        (column(row, 2, action)?, column(row, 3, action)?);
    let since: Option<DateTime<Utc>> = column(row, 4, action)?;
    Ok(LockHolder {
        pid: column(row, 0, action)?,
        application_name: excerpt(application),
        role: role.map(excerpt),
        client: client.map(excerpt),
        since,
    })
}
