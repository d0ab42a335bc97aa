//! What a client that has logged in learns about the embedded database. Knows
//! nothing of when it is asked.

use sqlx::SqliteConnection;

use crate::{
    adapter::{DbResult, mock::classify::from_sqlite},
    domain::{Action, REQUIRED_TABLES},
};

/// The one bare statement of a health check.
const LOOK: &str = "select sqlite_version(), \
    (select page_count * page_size from pragma_page_count(), pragma_page_size()), \
    (select query_only from pragma_query_only())";

/// The tables that there are.
const TABLES: &str = "select name from sqlite_schema where type = 'table'";

/// What the bare statement tells.
#[derive(Debug)]
pub(super) struct Seen {
    /// SQLite's version.
    pub(super) version: String,
    /// Size in memory.
    pub(super) bytes: i64,
    /// Not 0 when nothing can be written.
    pub(super) query_only: i64,
}

/// Asks the bare statement.
pub(super) async fn look(connection: &mut SqliteConnection, action: Action) -> DbResult<Seen> {
    let (version, bytes, query_only) = sqlx::query_as(LOOK)
        .fetch_one(connection)
        .await
        .map_err(|error| from_sqlite(error, action))?;
    Ok(Seen {
        version,
        bytes,
        query_only,
    })
}

/// The required tables that are not there.
pub(super) async fn missing_tables(
    connection: &mut SqliteConnection,
    action: Action,
) -> DbResult<Vec<String>> {
    let present: Vec<String> = sqlx::query_scalar(TABLES)
        .fetch_all(connection)
        .await
        .map_err(|error| from_sqlite(error, action))?;
    let is_missing = |table: &&str| !present.iter().any(|name| name == table);
    let missing = REQUIRED_TABLES.into_iter().filter(is_missing);
    Ok(missing.map(str::to_owned).collect())
}
