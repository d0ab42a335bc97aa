//! The one SQLite connection that is the whole mock database. Knows nothing of
//! statements.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions,
};
use tokio::sync::{Mutex, MutexGuard};

#[cfg(test)]
use crate::adapter::mock::clock_hold::ClockHold;
use crate::{
    adapter::{
        DbResult, RunAccess,
        mock::{
            catalogue::Catalogue,
            classify::from_sqlite,
            schema::{Tables, make_tables},
        },
    },
    config::MockSection,
    domain::{Action, DbError, ErrorKind},
};

/// SQLite looks this often, in steps of its virtual machine, whether a
/// statement has been left: some hundred times a millisecond.
const STEPS: i32 = 1_000;

/// The engine takes this much memory at most, for tables and answers: a statement
/// that wants more fails. As much as a server's session may send.
const MEMORY: u64 = 256 << 20;

/// The embedded database. It lives as long as the adapter, across disconnects:
/// what was written is there after a reconnect, as in a real one.
#[derive(Debug)]
pub(super) struct Engine {
    opened: Mutex<Option<Opened>>,
    /// Whether the caller whose statement runs has gone.
    is_left: Arc<AtomicBool>,
    section: MockSection,
    tables: Tables,
}

#[derive(Debug)]
struct Opened {
    connection: SqliteConnection,
    catalogue: Catalogue,
}

/// The connection in a caller's hands; callers take turns. A statement that
/// still runs when the turn is let go is ended.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    opened: MutexGuard<'a, Option<Opened>>,
    is_left: &'a AtomicBool,
    #[cfg(test)]
    _hold: ClockHold,
}

/// What statements work with.
#[derive(Debug)]
pub(super) struct Session<'a> {
    pub(super) connection: &'a mut SqliteConnection,
    pub(super) catalogue: &'a mut Catalogue,
}

// === impl Engine ===

impl Engine {
    /// A database that opens with these tables.
    pub(super) fn new(section: MockSection, tables: Tables) -> Self {
        Self {
            opened: Mutex::default(),
            is_left: Arc::default(),
            section,
            tables,
        }
    }

    /// Waits for the turn and opens the database when it is the first one.
    pub(super) async fn turn(&self, action: Action) -> DbResult<Turn<'_>> {
        let mut opened = self.opened.lock().await;
        #[cfg(test)]
        let hold = ClockHold::new();
        let readied = match opened.as_mut() {
            // A statement that was left may still be on its way to its end.
            Some(opened) => opened.connection.ping().await,
            None => self.open().await.map(|new| *opened = Some(new)),
        };
        readied.map_err(|error| from_sqlite(error, action))?;
        self.is_left.store(false, Ordering::Release);
        let mut turn = Turn {
            opened,
            is_left: &self.is_left,
            #[cfg(test)]
            _hold: hold,
        };
        // Each time: the caller before may have changed it.
        let connection = turn.session(action)?.connection;
        set_access(connection, self.access(), action).await?;
        Ok(turn)
    }

    /// What statements may do, as configured.
    pub(super) fn access(&self) -> RunAccess {
        if self.section.read_only {
            RunAccess::ReadOnly
        } else {
            RunAccess::Full
        }
    }

    async fn open(&self) -> Result<Opened, sqlx::Error> {
        let mut connection = SqliteConnectOptions::new()
            .in_memory(true)
            .foreign_keys(true)
            .disable_statement_logging()
            .connect()
            .await?;
        // Can be made narrower from then on, and not wider. The limit is the whole
        // program's, and nothing else here asks SQLite for as much.
        let limit = format!("pragma hard_heap_limit = {MEMORY}");
        sqlx::raw_sql(AssertSqlSafe(limit))
            .execute(&mut connection)
            .await?;
        make_tables(&mut connection, self.tables).await?;
        let is_left = Arc::clone(&self.is_left);
        connection
            .lock_handle()
            .await?
            .set_progress_handler(STEPS, move || !is_left.load(Ordering::Acquire));
        Ok(Opened {
            connection,
            catalogue: Catalogue::default(),
        })
    }
}

// === impl Turn ===

impl Turn<'_> {
    /// The database.
    pub(super) fn session(&mut self, action: Action) -> DbResult<Session<'_>> {
        match self.opened.as_mut() {
            Some(opened) => Ok(Session {
                connection: &mut opened.connection,
                catalogue: &mut opened.catalogue,
            }),
            None => Err(DbError::new(action, ErrorKind::NotConnected)),
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.is_left.store(true, Ordering::Release);
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
