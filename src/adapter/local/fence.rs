//! Asks the server on our own account: in a transaction that can neither write
//! nor be led astray by what others have made. Knows nothing of what is asked.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio_postgres::{
    Client, Error, Row,
    types::{ToSql, Type},
};

use crate::{
    adapter::{
        DbResult,
        local::{session::Session, target::Target},
    },
    domain::{Action, DbError, ErrorKind, PoolMode, excerpt},
};

/// The parameters of a statement, with their types.
pub(super) type Params<'a> = [(&'a (dyn ToSql + Sync), Type)];

/// A role that may create functions, operators or types in a schema of the
/// search path can have them run by whoever looks at the database. Our
/// statements name all of theirs in full; this is the second line of defence.
const PINNED: &str = "begin transaction read only; set local search_path = pg_catalog, pg_temp";

/// For the one statement that must see tables as a client sees them.
const CLIENTS_PATH: &str = "begin transaction read only";

/// Nothing is to be kept, and the session may belong to a pooler.
const END: &str = "rollback";

/// Through which schemas a fenced statement finds names without a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path {
    /// The system's own.
    Pinned,
    /// Those of every client of this role and database.
    Clients,
}

/// Whether there can be a fence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fence {
    /// A transaction around each statement.
    Transaction,
    /// None: a pooler in between takes no transactions. What is asked names
    /// everything in full all the same.
    None,
}

/// One statement that gives one row. All three requests are sent before the
/// first answer is awaited, and nothing is sent later, so that many such
/// statements make one flight.
pub(super) async fn fenced(
    client: &Client,
    (fence, path): (Fence, Path),
    sql: &str,
    params: &Params<'_>,
) -> Result<Row, Error> {
    if fence == Fence::None {
        return client.query_typed_one(sql, params).await;
    }
    let (begun, row, ended) = tokio::join!(
        biased;
        client.batch_execute(path.fence()),
        client.query_typed_one(sql, params),
        client.batch_execute(END),
    );
    // Without a fence an answer is not to be trusted.
    begun?;
    let row = row?;
    ended?;
    Ok(row)
}

// === impl Fence ===

impl Fence {
    /// The one that this target takes.
    pub(super) fn of(target: &Target) -> Self {
        match target.pooler() {
            Some(PoolMode::Statement) => Self::None,
            Some(PoolMode::Transaction | PoolMode::Session | PoolMode::Unknown) | None => {
                Self::Transaction
            }
        }
    }
}

// === impl Path ===

impl Path {
    const fn fence(self) -> &'static str {
        match self {
            Self::Pinned => PINNED,
            Self::Clients => CLIENTS_PATH,
        }
    }
}

/// Fenced statements of one session, one behind the other. The end of one goes
/// with the beginning of the next in one message, so that looking costs the
/// server few messages, and its log few lines.
#[derive(Debug)]
pub(super) struct Flight {
    fence: Fence,
    is_open: AtomicBool,
}

impl Flight {
    /// A flight with this fence around each statement.
    pub(super) fn with(fence: Fence) -> Self {
        Self {
            fence,
            is_open: AtomicBool::new(false),
        }
    }

    /// Whether nothing can be set for a statement alone.
    pub(super) fn is_bare(&self) -> bool {
        self.fence == Fence::None
    }

    /// One statement that gives one row, sent at once, as [`fenced`] sends it.
    pub(super) async fn ask(
        &self,
        client: &Client,
        path: Path,
        sql: &str,
        params: &Params<'_>,
    ) -> Result<Row, Error> {
        self.behind(client, path.fence(), sql, params).await
    }

    /// The same with the system's path, for what others may keep locked: it is
    /// not waited for longer than this.
    pub(super) async fn ask_past_locks(
        &self,
        client: &Client,
        patience_ms: u128,
        sql: &str,
    ) -> Result<Row, Error> {
        let fence = format!("{PINNED}; set local lock_timeout = {patience_ms}");
        self.behind(client, &fence, sql, &[]).await
    }

    /// The same with the system's path and a limit that the server keeps itself.
    pub(super) async fn ask_for(
        &self,
        client: &Client,
        limit_ms: u128,
        sql: &str,
    ) -> Result<Row, Error> {
        let fence = format!("{PINNED}; set local statement_timeout = {limit_ms}");
        self.behind(client, &fence, sql, &[]).await
    }

    /// Ends the last fence.
    pub(super) async fn land(&self, client: &Client) -> Result<(), Error> {
        if self.is_open.swap(false, Ordering::Relaxed) {
            client.batch_execute(END).await?;
        }
        Ok(())
    }

    async fn behind(
        &self,
        client: &Client,
        fence: &str,
        sql: &str,
        params: &Params<'_>,
    ) -> Result<Row, Error> {
        if self.is_bare() {
            return client.query_typed_one(sql, params).await;
        }
        let message = if self.is_open.swap(true, Ordering::Relaxed) {
            format!("{END}; {fence}")
        } else {
            fence.to_owned()
        };
        let (begun, row) = tokio::join!(
            biased;
            client.batch_execute(&message),
            client.query_typed_one(sql, params),
        );
        begun?;
        row
    }
}

/// Takes answers, and notes which could not be had.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    session: &'a mut Session,
    action: Action,
    unread: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(session: &'a mut Session, action: Action) -> Self {
        Self {
            session,
            action,
            unread: Vec::new(),
        }
    }

    /// The row, or `None` where the server answered that it will not tell.
    /// The end of the session is the check's failure.
    pub(super) async fn row(
        &mut self,
        what: &str,
        answer: Result<Row, Error>,
    ) -> DbResult<Option<Row>> {
        let error = match answer {
            Ok(row) => return Ok(Some(row)),
            Err(error) => self.session.classify(error, self.action).await,
        };
        let Some(code) = error
            .code()
            .filter(|_| error.kind() != ErrorKind::ConnectionLost)
        else {
            return Err(error);
        };
        tracing::debug!(
            what,
            code,
            words = error.details(),
            "a detail cannot be read"
        );
        self.unread
            .push(format!("{what}: {} {code}", error.kind().name()));
        Ok(None)
    }

    /// Notes something that was answered and says nothing.
    pub(super) fn note(&mut self, words: &str) {
        self.unread.push(excerpt(words));
    }

    /// What could not be read.
    pub(super) fn finish(self) -> Vec<String> {
        self.unread
    }
}

/// A row of our own statement that is not what the statement gives.
pub(super) fn unlike_us(error: Error, action: Action) -> DbError {
    let words = format!("the answer to a statement of ours: {error}");
    DbError::new(action, ErrorKind::ProtocolViolation)
        .at_layer(crate::domain::Layer::Statement)
        .with_details(&words)
        .with_source(error)
}
