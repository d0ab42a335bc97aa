//! One statement of a person on the embedded database, its rows handed on as
//! they come. Knows nothing of how they are shown.

use futures::TryStreamExt;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Column, Either, Executor, SqlSafeStr, TypeInfo};
use tokio::{sync::mpsc, time::Instant};

use crate::{
    adapter::{
        CellForm, DbResult, Piece, Ran, ResultColumn, RunOrder,
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
        Ok((affected, has_more)) => Ok(Ran {
            affected,
            has_more,
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

async fn rows(
    session: &mut Session<'_>,
    order: &RunOrder<'_>,
    pieces: &mpsc::Sender<Piece>,
) -> Result<(u64, bool), sqlx::Error> {
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
    let before = total_changes(session).await?;
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
    if total_changes(session).await? == before {
        // The engine repeats the number of the statement before.
        changed = 0;
    }
    Ok((changed.max(returned), has_more))
}

/// Rows changed since the database was opened.
async fn total_changes(session: &mut Session<'_>) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select total_changes()")
        .fetch_one(&mut *session.connection)
        .await
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
