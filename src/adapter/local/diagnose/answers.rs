//! One flight of statements, each an answer of its own: all are sent before
//! the first is awaited. Knows what is asked, not what it means.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tokio_postgres::{
    Client, Error, Row,
    types::{ToSql, Type},
};

use crate::{
    adapter::local::{
        fence::{Fence, Params, Path, fenced},
        schema_state::{Asked, STATE},
        session::Session,
    },
    domain::{Action, DbError, ErrorKind, Exam, Finding, REQUIRED_COLUMNS, REQUIRED_TABLES},
};

const DATABASE: &str = include_str!("sql/database.sql");
const PERMISSION: &str = include_str!("sql/permission.sql");
const SCHEMA: &str = include_str!("sql/schema.sql");
const WRITE: &str = include_str!("sql/write.sql");
const SLOTS: &str = include_str!("sql/slots.sql");
const BLOCKING: &str = include_str!("sql/blocking.sql");
const POOLER: &str = include_str!("sql/pooler.sql");
const STANDBY: &str = include_str!("sql/standby.sql");

/// What became of one statement.
pub(super) struct Answer {
    pub(super) took: Duration,
    row: Option<Result<Row, Error>>,
}

/// An answer that can be read, or why there is none.
pub(super) enum Read {
    Row(Row, Duration),
    /// The server did not tell; the session goes on.
    Untold(DbError),
    /// Nothing came in time.
    Late,
    /// The session has ended.
    Ended(DbError),
}

/// The answers of the flight.
pub(super) struct Answers {
    pub(super) database: Answer,
    /// Absent where no tables are required.
    pub(super) permission: Option<Answer>,
    /// Absent where no tables are required.
    pub(super) schema: Option<Answer>,
    /// What the catalogue says of the ledger; absent where no tables are required.
    pub(super) ledger: Option<Answer>,
    pub(super) write: Answer,
    pub(super) slots: Answer,
    pub(super) blocking: Answer,
    pub(super) pooler: [Answer; 2],
    pub(super) standby: Answer,
}

/// Asks everything; `asked` is what is required of the schema, where anything is.
pub(super) async fn ask(
    client: &Client,
    fence: Fence,
    asked: Option<Asked<'_>>,
    until: Instant,
) -> Answers {
    let requires_schema = asked.is_some();
    let asked = asked.unwrap_or_else(|| Asked::about(None));
    let of_ledger = asked.params();
    let owners: Vec<&str> = REQUIRED_COLUMNS
        .iter()
        .flat_map(|(table, columns)| columns.iter().map(|_| *table))
        .collect();
    let columns: Vec<&str> = REQUIRED_COLUMNS
        .iter()
        .flat_map(|(_, columns)| columns.iter().copied())
        .collect();
    let tables: &[&str] = &REQUIRED_TABLES;
    let list = |list: &'static Type| list.clone();
    let tables: (&(dyn ToSql + Sync), Type) = (&tables, list(&Type::TEXT_ARRAY));
    let some: &Params<'_> = &[tables];
    let all: &Params<'_> = &[
        (&REQUIRED_TABLES.as_slice(), list(&Type::TEXT_ARRAY)),
        (&owners, list(&Type::TEXT_ARRAY)),
        (&columns, list(&Type::TEXT_ARRAY)),
    ];
    let pinned = |sql| timed(until, fenced(client, (fence, Path::Pinned), sql, &[]));
    let (database, permission, schema, ledger, write, slots, blocking, first, second, standby) = tokio::join!(
        biased;
        pinned(DATABASE),
        required(requires_schema, timed(until, fenced(client, (fence, Path::Clients), PERMISSION, some))),
        required(requires_schema, timed(until, fenced(client, (fence, Path::Clients), SCHEMA, all))),
        required(requires_schema, timed(until, fenced(client, (fence, Path::Clients), STATE, &of_ledger))),
        // Not fenced: a transaction of ours would answer for the server.
        timed(until, client.query_typed_one(WRITE, &[])),
        pinned(SLOTS),
        pinned(BLOCKING),
        // Twice and not in one transaction: a pooler may serve each elsewhere.
        timed(until, client.query_typed_one(POOLER, &[])),
        timed(until, client.query_typed_one(POOLER, &[])),
        pinned(STANDBY),
    );
    Answers {
        database,
        permission,
        schema,
        ledger,
        write,
        slots,
        blocking,
        pooler: [first, second],
        standby,
    }
}

async fn required(is_required: bool, answer: impl Future<Output = Answer>) -> Option<Answer> {
    if is_required {
        Some(answer.await)
    } else {
        None
    }
}

async fn timed(until: Instant, asking: impl Future<Output = Result<Row, Error>>) -> Answer {
    let began = Instant::now();
    let row = timeout_at(until, asking).await.ok();
    Answer {
        took: began.elapsed(),
        row,
    }
}

// === impl Answer ===

impl Answer {
    /// What the answer comes to.
    pub(super) async fn read(self, session: &mut Session) -> Read {
        let error = match self.row {
            None => return Read::Late,
            Some(Ok(row)) => return Read::Row(row, self.took),
            Some(Err(error)) => session.classify(error, Action::HealthCheck).await,
        };
        let has_ended = error.code().is_none() || error.kind() == ErrorKind::ConnectionLost;
        if has_ended {
            Read::Ended(error)
        } else {
            Read::Untold(error)
        }
    }
}

/// What is told of an examination whose statement gave nothing.
pub(super) fn untold(exam: Exam, error: &DbError) -> Finding {
    let code = error.code().unwrap_or("no code");
    let words = format!("the server does not tell: {} {code}", error.kind().name());
    let mut finding = Finding::skipped(exam, words);
    if let Some(details) = error.details() {
        finding.note(details);
    }
    finding
}
