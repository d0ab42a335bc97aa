//! The one SQLite connection that is the whole mock database. Knows nothing of
//! statements.

use std::time::Duration;

use sqlx::{ConnectOptions, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::{Mutex, MutexGuard};

use crate::{
    adapter::{DbResult, RunAccess, mock::classify::from_sqlite},
    config::MockSection,
    domain::Action,
};

/// The embedded database. It lives as long as the adapter, across disconnects:
/// what was written is there after a reconnect, as in a real one.
#[derive(Debug)]
pub(super) struct Engine {
    connection: Mutex<Option<SqliteConnection>>,
    section: MockSection,
}

/// The connection in a caller's hands; callers take turns.
pub(super) type Turn<'a> = MutexGuard<'a, Option<SqliteConnection>>;

impl Engine {
    pub(super) fn new(section: MockSection) -> Self {
        Self {
            connection: Mutex::default(),
            section,
        }
    }

    pub(super) fn timeout(&self) -> Duration {
        self.section.timeout
    }

    /// What statements may do, as configured.
    pub(super) fn access(&self) -> RunAccess {
        if self.section.read_only {
            RunAccess::ReadOnly
        } else {
            RunAccess::Full
        }
    }

    /// Waits for the turn and opens the database when it is the first one.
    pub(super) async fn turn(&self, action: Action) -> DbResult<Turn<'_>> {
        let mut turn = self.connection.lock().await;
        if turn.is_none() {
            let opened = SqliteConnectOptions::new()
                .in_memory(true)
                .foreign_keys(true)
                .disable_statement_logging()
                .connect()
                .await
                .map_err(|error| from_sqlite(error, action))?;
            *turn = Some(opened);
        }
        if let Some(connection) = turn.as_mut() {
            // Each time: the caller before may have changed it.
            set_access(connection, self.access(), action).await?;
        }
        Ok(turn)
    }
}

/// Lets the database refuse writes, or take them, until it is told otherwise.
pub(super) async fn set_access(
    connection: &mut SqliteConnection,
    access: RunAccess,
    action: Action,
) -> DbResult<()> {
    let pragma = match access {
        RunAccess::ReadOnly => "pragma query_only = on",
        RunAccess::Full => "pragma query_only = off",
    };
    sqlx::query(pragma)
        .execute(connection)
        .await
        .map(drop)
        .map_err(|error| from_sqlite(error, action))
}
