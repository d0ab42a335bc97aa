//! The four calls that are one statement each, on the embedded database. Knows
//! nothing of status and recording.

use futures::TryStreamExt;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Either, sqlite::SqliteRow};

use crate::{
    adapter::{
        DbResult, SqlValue,
        local::change_taken,
        mock::{
            classify::from_sqlite,
            constraint,
            convert::convert,
            decode::Columns,
            engine::Session,
            no_files::no_files,
            one_statement::only_one,
            params::bind,
            table::{Table, names_missing_table},
        },
        mode_adapter::{OnTaken, Record, Statement, TakeRow},
    },
    domain::{Action, DbError, ErrorKind},
};

/// Runs any one statement and tells how many rows it returned or changed.
pub(super) async fn query(
    session: &mut Session<'_>,
    statement: Statement<'_>,
    take: &mut TakeRow<'_>,
) -> DbResult<u64> {
    only_one(statement.sql, statement.action)?;
    no_files(statement.sql, statement.action)?;
    match run(session, statement, take).await? {
        Ok(affected) => Ok(affected),
        Err(error) => Err(named(session, error, statement).await),
    }
}

/// The error of a statement that a caller wrote, as exactly as it can be told.
/// That a table is missing is found out by looking: SQLite has no code of its
/// own for it.
pub(super) async fn named(
    session: &mut Session<'_>,
    error: sqlx::Error,
    statement: Statement<'_>,
) -> DbError {
    let action = statement.action;
    let error = broken(session, error, statement).await;
    if error.kind() != ErrorKind::StatementInvalid {
        return error;
    }
    match names_missing_table(session.connection, statement.sql).await {
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

/// Adds one row: each value is converted to its column's type, and what is not
/// given takes the column's default.
pub(super) async fn insert(
    session: &mut Session<'_>,
    table: &str,
    data: &Record,
    on_taken: OnTaken,
) -> DbResult<Value> {
    let action = Action::Insert;
    let table = Table::find(session, table, action).await?;
    let (names, params) = columns(&table, data, action)?;
    let quoted = &table.quoted;
    let sql = if names.is_empty() {
        format!("insert into {quoted} default values returning *")
    } else {
        let places: Vec<_> = (1..=names.len()).map(|n| format!("${n}")).collect();
        let taken = match on_taken {
            OnTaken::Refuse => String::new(),
            OnTaken::Change => change_taken(&table.column("id", action)?, &names),
        };
        let (names, places) = (names.join(", "), places.join(", "));
        format!("insert into {quoted} ({names}) values ({places}) {taken} returning *")
    };
    let statement = Statement {
        sql: &sql,
        params: &params,
        action,
    };
    let row = one_row(session, statement).await?;
    match on_taken {
        OnTaken::Refuse => Ok(row),
        OnTaken::Change => read_back(session, &table, &row["id"], action).await,
    }
}

/// Changes the given columns of one row.
pub(super) async fn update(
    session: &mut Session<'_>,
    table: &str,
    id: &str,
    data: &Record,
) -> DbResult<Value> {
    let action = Action::Update;
    let table = Table::find(session, table, action).await?;
    let (names, mut params) = columns(&table, data, action)?;
    if names.is_empty() {
        return Err(DbError::new(action, ErrorKind::InvalidData)
            .with_details("no column is given to change"));
    }
    let (quoted, key) = (&table.quoted, table.column("id", action)?);
    let sets: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(index, name)| format!("{name} = ${}", index + 1))
        .collect();
    params.push(value(&table, "id", &id.into(), action)?);
    let sql = format!(
        "update {quoted} set {} where {key} = ${} returning {key} as id",
        sets.join(", "),
        params.len()
    );
    let statement = Statement {
        sql: &sql,
        params: &params,
        action,
    };
    let changed = one_row(session, statement).await?;
    read_back(session, &table, &changed["id"], action).await
}

/// A row that was changed, by its id: what RETURNING gives is the row before the
/// table's triggers have run.
async fn read_back(
    session: &mut Session<'_>,
    table: &Table,
    id: &Value,
    action: Action,
) -> DbResult<Value> {
    let key = table.column("id", action)?;
    let sql = format!("select * from {} where {key} = $1", table.quoted);
    let params = [value(table, "id", id, action)?];
    let statement = Statement {
        sql: &sql,
        params: &params,
        action,
    };
    one_row(session, statement).await
}

/// Removes one row.
pub(super) async fn delete(session: &mut Session<'_>, table: &str, id: &str) -> DbResult<u64> {
    let action = Action::Delete;
    let table = Table::find(session, table, action).await?;
    let key = table.column("id", action)?;
    let sql = format!("delete from {} where {key} = $1", table.quoted);
    let params = [value(&table, "id", &id.into(), action)?];
    let statement = Statement {
        sql: &sql,
        params: &params,
        action,
    };
    match run(session, statement, &mut |_| Ok(())).await? {
        Ok(0) => Err(DbError::new(action, ErrorKind::RowNotFound)),
        Ok(affected) => Ok(affected),
        Err(error) => Err(broken(session, error, statement).await),
    }
}

/// The data's columns, each of which exists, and their values in the same order.
fn columns(table: &Table, data: &Record, action: Action) -> DbResult<(Vec<String>, Vec<SqlValue>)> {
    let mut names = Vec::with_capacity(data.len());
    let mut values = Vec::with_capacity(data.len());
    for (name, given) in data {
        names.push(table.column(name, action)?);
        values.push(value(table, name, given, action)?);
    }
    Ok((names, values))
}

/// What a column is given, as it holds it.
fn value(table: &Table, column: &str, given: &Value, action: Action) -> DbResult<SqlValue> {
    convert(given, table.type_of(column)).map_err(|unfit| {
        let words = format!("the value for column {column} {unfit}");
        DbError::new(action, ErrorKind::InvalidData)
            .with_details(&words)
            .with_source(unfit)
    })
}

/// The first row of a statement of ours.
async fn one_row(session: &mut Session<'_>, statement: Statement<'_>) -> DbResult<Value> {
    let mut first = None;
    let mut take = |row| {
        first.get_or_insert(row);
        Ok(())
    };
    match run(session, statement, &mut take).await? {
        Err(error) => Err(broken(session, error, statement).await),
        Ok(_) => first.ok_or_else(|| DbError::new(statement.action, ErrorKind::RowNotFound)),
    }
}

/// The error of a statement, with the name of the constraint that it broke.
async fn broken(session: &mut Session<'_>, error: sqlx::Error, of: Statement<'_>) -> DbError {
    let name = constraint::broken(session.connection, &error, of.sql, of.params).await;
    let error = from_sqlite(error, of.action);
    match (name, error.details().map(str::to_owned)) {
        (Ok(Some(name)), Some(words)) => error.with_details(&format!("{words} ({name})")),
        (Ok(_), _) => error,
        (Err(failed), _) => {
            tracing::debug!(%failed, cause = %error, "the constraint has not been found");
            error
        }
    }
}

/// Runs a statement to its end and tells how many rows it returned or changed.
/// The outer error is that of a row, the inner one the engine's.
async fn run(
    session: &mut Session<'_>,
    statement: Statement<'_>,
    take: &mut TakeRow<'_>,
) -> DbResult<Result<u64, sqlx::Error>> {
    let Statement {
        sql,
        params,
        action,
    } = statement;
    if let Err(error) = session.catalogue.refresh(session.connection).await {
        return Err(from_sqlite(error, action));
    }
    // The statement is the caller's own, or built from checked names alone.
    let mut query = sqlx::query(AssertSqlSafe(sql.to_owned())).persistent(false);
    for value in params {
        query = bind(query, value);
    }
    let (mut columns, mut refused) = (None, None);
    let (mut returned, mut changed) = (0_u64, 0);
    #[expect(deprecated, reason = "the one call that gives rows and count together")]
    let mut answers = query.fetch_many(&mut *session.connection);
    let catalogue = &*session.catalogue;
    loop {
        match answers.try_next().await {
            Err(error) => return Ok(Err(error)),
            Ok(None) => break,
            Ok(Some(Either::Left(done))) => {
                changed += done.rows_affected();
                columns = None;
            }
            Ok(Some(Either::Right(row))) => {
                returned += 1;
                let columns = columns.get_or_insert_with(|| Columns::of(&row, catalogue));
                if refused.is_none() {
                    refused = taken(columns, &row, action, take).err();
                }
            }
        }
    }
    match refused {
        None => Ok(Ok(changed.max(returned))),
        Some(error) => Err(error),
    }
}

fn taken(
    columns: &Columns,
    row: &SqliteRow,
    action: Action,
    take: &mut TakeRow<'_>,
) -> DbResult<()> {
    take(columns.row_to_json(row, action)?)
}
