//! The four calls that are one statement each, on the embedded database. Knows
//! nothing of status and recording.

use futures::TryStreamExt;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Either, SqliteConnection};

use crate::{
    adapter::{
        DbResult, SqlValue,
        mock::{
            classify::from_sqlite,
            decode::row_to_json,
            one_statement::only_one,
            params::{bind, of_json},
            table::{Table, names_missing_table},
        },
        mode_adapter::{Record, Rows},
    },
    domain::{Action, DbError, ErrorKind},
};

/// Runs any one statement.
pub(super) async fn query(
    connection: &mut SqliteConnection,
    sql: &str,
    params: &[SqlValue],
    action: Action,
) -> DbResult<Rows> {
    only_one(sql, action)?;
    match run(connection, sql, params).await {
        Ok((rows, affected)) => {
            let rows = rows
                .iter()
                .map(|row| row_to_json(row, action))
                .collect::<DbResult<_>>()?;
            Ok(Rows { rows, affected })
        }
        Err(error) => Err(named(connection, sql, error, action).await),
    }
}

/// Classifies the error of a statement that a caller wrote. That a table is
/// missing is found out by looking: SQLite has no code of its own for it.
pub(super) async fn named(
    connection: &mut SqliteConnection,
    sql: &str,
    error: sqlx::Error,
    action: Action,
) -> DbError {
    let error = from_sqlite(error, action);
    if error.kind() != ErrorKind::StatementInvalid {
        return error;
    }
    match names_missing_table(connection, sql).await {
        Ok(false) => error,
        Ok(true) => {
            let mut missing = DbError::new(action, ErrorKind::SchemaMissing);
            if let (Some(code), Some(words)) = (error.code(), error.details()) {
                missing = missing.with_code(code).with_details(words);
            }
            missing.with_source(error)
        }
        Err(failed) => from_sqlite(failed, action),
    }
}

/// Adds one row; what is not given takes the column's default.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    table: &str,
    data: &Record,
) -> DbResult<Value> {
    let action = Action::Insert;
    let table = Table::find(connection, table, action).await?;
    let (names, params) = columns(&table, data, action)?;
    let quoted = &table.quoted;
    let sql = if names.is_empty() {
        format!("insert into {quoted} default values returning *")
    } else {
        let places: Vec<_> = (1..=names.len()).map(|n| format!("${n}")).collect();
        let (names, places) = (names.join(", "), places.join(", "));
        format!("insert into {quoted} ({names}) values ({places}) returning *")
    };
    changed_row(connection, &sql, &params, action).await
}

/// Changes the given columns of one row.
pub(super) async fn update(
    connection: &mut SqliteConnection,
    table: &str,
    id: &str,
    data: &Record,
) -> DbResult<Value> {
    let action = Action::Update;
    let table = Table::find(connection, table, action).await?;
    let (names, mut params) = columns(&table, data, action)?;
    if names.is_empty() {
        return Err(DbError::new(action, ErrorKind::InvalidData)
            .with_details("no column is given to change"));
    }
    let key = table.column("id", action)?;
    let sets: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(index, name)| format!("{name} = ${}", index + 1))
        .collect();
    params.push(SqlValue::Text(id.to_owned()));
    let sql = format!(
        "update {} set {} where {key} = ${} returning *",
        table.quoted,
        sets.join(", "),
        params.len()
    );
    changed_row(connection, &sql, &params, action).await
}

/// Removes one row.
pub(super) async fn delete(
    connection: &mut SqliteConnection,
    table: &str,
    id: &str,
) -> DbResult<u64> {
    let action = Action::Delete;
    let table = Table::find(connection, table, action).await?;
    let key = table.column("id", action)?;
    let sql = format!("delete from {} where {key} = $1", table.quoted);
    match run(connection, &sql, &[SqlValue::Text(id.to_owned())]).await {
        Ok((_, 0)) => Err(DbError::new(action, ErrorKind::RowNotFound)),
        Ok((_, affected)) => Ok(affected),
        Err(error) => Err(from_sqlite(error, action)),
    }
}

/// The data's columns, each of which exists, and their values in the same order.
fn columns(table: &Table, data: &Record, action: Action) -> DbResult<(Vec<String>, Vec<SqlValue>)> {
    let names = data
        .keys()
        .map(|name| table.column(name, action))
        .collect::<DbResult<_>>()?;
    Ok((names, data.values().map(of_json).collect()))
}

async fn changed_row(
    connection: &mut SqliteConnection,
    sql: &str,
    params: &[SqlValue],
    action: Action,
) -> DbResult<Value> {
    let (rows, _) = run(connection, sql, params)
        .await
        .map_err(|error| from_sqlite(error, action))?;
    match rows.first() {
        Some(row) => row_to_json(row, action),
        None => Err(DbError::new(action, ErrorKind::RowNotFound)),
    }
}

/// Runs a statement to its end and gives its rows and how many it changed.
async fn run(
    connection: &mut SqliteConnection,
    sql: &str,
    params: &[SqlValue],
) -> Result<(Vec<sqlx::sqlite::SqliteRow>, u64), sqlx::Error> {
    // The statement is the caller's own, or built from checked names alone.
    let mut query = sqlx::query(AssertSqlSafe(sql.to_owned())).persistent(false);
    for value in params {
        query = bind(query, value);
    }
    let (mut rows, mut changed) = (Vec::new(), 0);
    #[expect(deprecated, reason = "the one call that gives rows and count together")]
    let mut answers = query.fetch_many(connection);
    while let Some(answer) = answers.try_next().await? {
        match answer {
            Either::Left(done) => changed += done.rows_affected(),
            Either::Right(row) => rows.push(row),
        }
    }
    let returned = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    Ok((rows, changed.max(returned)))
}
