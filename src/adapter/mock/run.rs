//! One statement of a person on the embedded database, its rows handed on as
//! they come. Knows nothing of how they are shown.

use futures::TryStreamExt;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Column, Either, Executor, SqlSafeStr, TypeInfo};
use tokio::{sync::mpsc, time::Instant};

use crate::{
    adapter::{
        CellForm, DbResult, Piece, Ran, ResultColumn, RunOrder,
        leading::{counts_rows, leading_word},
        mock::{
            classify::from_sqlite, decode::Columns, engine::Session, no_files::no_files,
            one_statement::only_one, statements,
        },
        mode_adapter::Statement,
    },
    domain::Action,
};

const ACTION: Action = Action::Query;

/// Runs the statement to its end; rows that nobody wants are dropped.
pub(super) async fn run(
    session: &mut Session<'_>,
    order: &RunOrder<'_>,
    pieces: &mpsc::Sender<Piece>,
) -> DbResult<Ran> {
    only_one(order.sql, ACTION)?;
    no_files(order.sql, ACTION)?;
    let began = Instant::now();
    if let Err(error) = session.catalogue.refresh(session.connection).await {
        return Err(from_sqlite(error, ACTION));
    }
    match rows(session, order, pieces).await {
        Ok(done) => Ok(Ran {
            affected: done.affected,
            counts_rows: counts_rows(&leading_word(order.sql)),
            has_more: done.has_more,
            is_lost: done.has_changed,
            took: began.elapsed(),
        }),
        Err(error) => {
            let statement = Statement {
                sql: order.sql,
                params: &[],
                action: ACTION,
            };
            Err(statements::named(session, error, statement).await)
        }
    }
}

/// What became of a statement.
struct Done {
    affected: u64,
    has_more: bool,
    /// Whether the database is another one now.
    has_changed: bool,
}

/// What the engine counts of its changes: rows of all tables since the database
/// was opened, and which tables there are, the temporary ones, too.
const CHANGES: [&str; 3] = [
    "select total_changes()",
    "pragma main.schema_version",
    "pragma temp.schema_version",
];

async fn rows(
    session: &mut Session<'_>,
    order: &RunOrder<'_>,
    pieces: &mpsc::Sender<Piece>,
) -> Result<Done, sqlx::Error> {
    // The statement is the caller's own.
    let sql = || AssertSqlSafe(order.sql.to_owned()).into_sql_str();
    let prepared = session.connection.prepare(sql()).await?;
    let columns = sqlx::Statement::columns(&prepared);
    if !columns.is_empty() {
        let columns = columns.iter().map(column).collect();
        // Who does not listen any more misses nothing that was wanted.
        pieces.send(Piece::Columns(columns)).await.ok();
    }
    drop(prepared);
    let before = changes(session).await?;
    let (mut returned, mut changed, mut has_more) = (0, 0, false);
    let catalogue = &*session.catalogue;
    let mut declared = None;
    #[expect(deprecated, reason = "the one call that gives rows and count together")]
    let mut answers = sqlx::query(sql())
        .persistent(false)
        .fetch_many(&mut *session.connection);
    while let Some(answer) = answers.try_next().await? {
        let row = match answer {
            Either::Left(done) => {
                changed += done.rows_affected();
                continue;
            }
            Either::Right(row) => row,
        };
        if order.limit == Some(returned) {
            has_more = true;
            continue;
        }
        returned += 1;
        let declared = declared.get_or_insert_with(|| Columns::of(&row, catalogue));
        let cells = declared
            .values(&row)?
            .into_iter()
            .map(|value| cell(value, order.form))
            .collect();
        pieces.send(Piece::Row(cells)).await.ok();
    }
    drop(answers);
    let after = changes(session).await?;
    if after[0] == before[0] {
        // The engine repeats the number of the statement before.
        changed = 0;
    }
    Ok(Done {
        affected: changed.max(returned),
        has_more,
        has_changed: after != before,
    })
}

async fn changes(session: &mut Session<'_>) -> Result<[i64; CHANGES.len()], sqlx::Error> {
    let mut counts = [0; CHANGES.len()];
    for (count, question) in counts.iter_mut().zip(CHANGES) {
        *count = sqlx::query_scalar(question)
            .fetch_one(&mut *session.connection)
            .await?;
    }
    Ok(counts)
}

fn column(column: &sqlx::sqlite::SqliteColumn) -> ResultColumn {
    let type_name = match column.type_info().name() {
        "NULL" => None,
        name => Some(name.to_ascii_lowercase()),
    };
    ResultColumn {
        name: column.name().to_owned(),
        is_number: matches!(
            type_name.as_deref(),
            Some("integer" | "real" | "numeric" | "int4" | "int8" | "bigint")
        ),
        type_name,
    }
}

fn cell(value: Value, form: CellForm) -> Option<String> {
    match (value, form) {
        (Value::Null, _) => None,
        (Value::String(text), CellForm::Text) => Some(text),
        (value, _) => Some(value.to_string()),
    }
}
