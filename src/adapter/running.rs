//! One statement of a person, whose rows are handed on as they come: with every
//! column, in order, and in bounded memory. Knows no driver.

use std::time::Duration;

use tokio::sync::mpsc;

use crate::{
    adapter::{Database, DbResult, NoticeSink},
    domain::{DbError, ErrorKind, OperationType},
};

/// A statement and how it is to be run.
#[derive(Debug, Clone, Copy)]
pub struct RunOrder<'a> {
    /// One statement, without parameters.
    pub sql: &'a str,
    /// What it may do.
    pub access: RunAccess,
    /// How values are written.
    pub form: CellForm,
    /// Rows that are handed on at most; `None` for all.
    pub limit: Option<u64>,
    /// The statement's deadline, where it is not the configured one.
    pub timeout: Option<Duration>,
    /// Where the server's remarks go; nowhere but into the log without it.
    pub notices: Option<&'a NoticeSink>,
}

/// What a statement may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunAccess {
    /// Read: it runs in a transaction that the server lets not write and that is
    /// rolled back at the end.
    ReadOnly,
    /// What its role may, unless `read_only` is configured.
    Full,
}

/// How the values of a result are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellForm {
    /// As the database writes them.
    Text,
    /// As JSON: numbers and truth values as such, documents as they are, times
    /// by RFC 3339, arrays as arrays; everything else is a text.
    Json,
}

/// A piece of a result, in order: the columns come once, before all rows, and
/// only where the statement has a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// The columns.
    Columns(Vec<ResultColumn>),
    /// One row: a value a column, `None` for null.
    Row(Vec<Option<String>>),
}

/// A column of a result. Names may occur twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultColumn {
    /// The name that the statement gives it.
    pub name: String,
    /// Its type in the database's words, where that is known.
    pub type_name: Option<String>,
    /// Whether its values are numbers.
    pub is_number: bool,
}

/// How a statement ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ran {
    /// Rows returned or changed, as the database counts them.
    pub affected: u64,
    /// Whether that counts rows: of many kinds of statements it is a zero that
    /// means nothing.
    pub counts_rows: bool,
    /// Whether there were more rows than were handed on.
    pub has_more: bool,
    /// Whether it changed a database that ends with the program.
    pub is_lost: bool,
    /// From sending the statement to its end, without the login.
    pub took: Duration,
}

impl Database {
    /// Runs one statement on a session of its own and hands on what it returns.
    /// Works also while not connected, and is recorded as a query.
    ///
    /// When `stop` is done first, the server is told to cancel the statement,
    /// and its answer is what this returns. The same is done at the deadline.
    /// Who stops listening to `pieces` stops nothing that writes: the rest is
    /// read and dropped.
    ///
    /// # Errors
    /// [`DbError`] of the login or the statement. `ReadOnly`: it would write, and
    /// may not. `Cancelled`: it was stopped, and what became of it is not known.
    pub async fn run(
        &self,
        order: RunOrder<'_>,
        pieces: mpsc::Sender<Piece>,
        stop: impl Future<Output = ()> + Send,
    ) -> DbResult<Ran> {
        let recording = self.record(OperationType::Query, None);
        let is_read_only = self.is_read_only();
        let order = RunOrder {
            access: if is_read_only {
                RunAccess::ReadOnly
            } else {
                order.access
            },
            ..order
        };
        let ran = self.mode_adapter().run(order, &pieces, stop).await;
        recording.finish(&ran, |ran| Some(ran.affected));
        ran
    }
}

/// Codes of what cannot be done in a transaction that is read-only and rolled
/// back, beside writing: what must be outside of a transaction, and what ends
/// transactions itself.
const NEEDS_MORE: [&str; 2] = ["25001", "2D000"];

/// The error of a statement that may only read: what it needs more than that is
/// told as one kind, with the database's own words.
pub(super) fn as_read_only(error: DbError) -> DbError {
    match (error.kind(), error.code(), error.details()) {
        (ErrorKind::ReadOnly, ..) => error,
        (_, Some(code), details) if NEEDS_MORE.contains(&code) => {
            DbError::new(error.action(), ErrorKind::ReadOnly)
                .with_code(code)
                .with_details(details.unwrap_or_default())
                .with_source(error)
        }
        _ => error,
    }
}
