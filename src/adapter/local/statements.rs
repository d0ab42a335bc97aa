//! The four calls that are one statement each. Knows nothing of status and
//! recording.

use crate::{
    adapter::{
        DbResult, SqlValue,
        local::{
            decode::row_to_json,
            fence::unlike_us,
            learn::{self, Place, Typed},
            params::Param,
            pool::Lease,
            run::is_prepare_transaction,
            table::Table,
            transaction::BEGIN_READ_ONLY,
        },
        mode_adapter::{Record, Statement, TakeRow},
        running::as_read_only,
    },
    domain::{Action, DbError, ErrorKind},
};
use futures::{StreamExt, pin_mut};
use serde_json::Value;

/// The name that a changed row has within our own statements.
const ROW: &str = "dbvitals_row";

/// Runs any one statement and tells how many rows it returned or changed.
pub(super) async fn query(
    lease: &mut Lease,
    place: Place,
    statement: Statement<'_>,
    take: &mut TakeRow<'_>,
) -> DbResult<u64> {
    let action = statement.action;
    // What follows a row that is refused is still read: the session is clean
    // when the answer has come to its end.
    let mut refused = None;
    let params = params_of(statement.params);
    let ran = async {
        let stream = learn::begin(lease.client(), place, statement.sql, typed(&params)).await?;
        each_row(stream, |row| {
            if refused.is_none() {
                refused = row_to_json(&row, action).and_then(&mut *take).err();
            }
        })
        .await
    };
    match (ran.await, refused) {
        (Ok(affected), None) => Ok(affected),
        (Ok(_), Some(error)) => Err(error),
        (Err(error), _) => Err(lease.classify(error, action).await),
    }
}

/// Runs any one statement where none may write: in a transaction, since a
/// procedure that may end transactions could begin one that writes. The session
/// ends with it, see [`Lease::give_back`], and that rolls it back.
pub(super) async fn query_read_only(
    lease: &mut Lease,
    statement: Statement<'_>,
    take: &mut TakeRow<'_>,
) -> DbResult<u64> {
    refuse_prepare_transaction(statement)?;
    if let Err(error) = lease.client().batch_execute(BEGIN_READ_ONLY).await {
        return Err(lease.classify(error, statement.action).await);
    }
    query(lease, Place::Within, statement, take)
        .await
        .map_err(as_read_only)
}

/// What a read-only transaction does not hold back: the server would keep it.
pub(super) fn refuse_prepare_transaction(statement: Statement<'_>) -> DbResult<()> {
    if is_prepare_transaction(statement.sql) {
        return Err(DbError::new(statement.action, ErrorKind::ReadOnly)
            .with_details("a transaction that may only read is not prepared"));
    }
    Ok(())
}

/// Adds one row: the server converts each value to its column's type, and what
/// is not given takes the column's default.
pub(super) async fn insert(lease: &mut Lease, table: &str, data: &Record) -> DbResult<Value> {
    let action = Action::Insert;
    let table = Table::find(lease, table, action).await?;
    let columns = table.columns(data, action)?;
    let quoted = &table.quoted;
    if columns.is_empty() {
        let sql = format!(
            "insert into {quoted} as {ROW} default values returning pg_catalog.to_jsonb({ROW}.*)"
        );
        let row = changed_row(lease, &sql, &[], action).await?;
        return Ok(table.with_utc(row));
    }
    let (names, values) = (columns.join(", "), given(&columns));
    let sql = format!(
        "insert into {quoted} as {ROW} ({names}) select {values} \
         from pg_catalog.jsonb_populate_record(null::{quoted}, $1) as given returning pg_catalog.to_jsonb({ROW}.*)"
    );
    let params = [SqlValue::Json(Value::Object(data.clone()))];
    let row = changed_row(lease, &sql, &params, action).await?;
    Ok(table.with_utc(row))
}

/// Changes the given columns of one row.
pub(super) async fn update(
    lease: &mut Lease,
    table: &str,
    id: &str,
    data: &Record,
) -> DbResult<Value> {
    let action = Action::Update;
    let table = Table::find(lease, table, action).await?;
    let columns = table.columns(data, action)?;
    if columns.is_empty() {
        return Err(DbError::new(action, ErrorKind::InvalidData)
            .with_details("no column is given to change"));
    }
    let (quoted, key) = (&table.quoted, table.column("id", action)?);
    let (names, values) = (columns.join(", "), given(&columns));
    let sql = format!(
        "update {quoted} as {ROW} set ({names}) = (select {values} \
         from pg_catalog.jsonb_populate_record(null::{quoted}, $1) as given) \
         where {ROW}.{key} operator(pg_catalog.=) $2 returning pg_catalog.to_jsonb({ROW}.*)"
    );
    let params = [
        SqlValue::Json(Value::Object(data.clone())),
        SqlValue::Text(id.to_owned()),
    ];
    let row = changed_row(lease, &sql, &params, action).await?;
    Ok(table.with_utc(row))
}

/// Removes one row.
pub(super) async fn delete(lease: &mut Lease, table: &str, id: &str) -> DbResult<u64> {
    let action = Action::Delete;
    let table = Table::find(lease, table, action).await?;
    let key = table.column("id", action)?;
    let sql = format!(
        "delete from {} where {key} operator(pg_catalog.=) $1",
        table.quoted
    );
    match run(lease, &sql, &[SqlValue::Text(id.to_owned())], drop).await {
        Ok(0) => Err(DbError::new(action, ErrorKind::RowNotFound)),
        Ok(affected) => Ok(affected),
        Err(error) => Err(lease.classify(error, action).await),
    }
}

/// The columns as `jsonb_populate_record` gives them.
fn given(columns: &[String]) -> String {
    let values: Vec<_> = columns.iter().map(|name| format!("given.{name}")).collect();
    values.join(", ")
}

async fn changed_row(
    lease: &mut Lease,
    sql: &str,
    params: &[SqlValue],
    action: Action,
) -> DbResult<Value> {
    let mut first = None;
    let ran = run(lease, sql, params, |row| {
        first.get_or_insert(row);
    });
    if let Err(error) = ran.await {
        return Err(lease.classify(error, action).await);
    }
    let Some(row) = first else {
        return Err(DbError::new(action, ErrorKind::RowNotFound));
    };
    match row.try_get(0) {
        Ok(value) => Ok(value),
        Err(error) => Err(unlike_us(error, action)),
    }
}

/// Sends a statement of ours, whose columns are of the server's own types, with
/// its parameters in one round trip, reads all rows and tells how many it
/// returned or changed.
async fn run(
    lease: &Lease,
    sql: &str,
    params: &[SqlValue],
    take: impl FnMut(tokio_postgres::Row),
) -> Result<u64, tokio_postgres::Error> {
    let params = params_of(params);
    let stream = lease.client().query_typed_raw(sql, typed(&params)).await?;
    each_row(stream, take).await
}

fn params_of(params: &[SqlValue]) -> Vec<Param<'_>> {
    params.iter().map(Param).collect()
}

fn typed<'p, 'v>(params: &'p [Param<'v>]) -> Typed<'p, 'v> {
    let declared = params.iter().map(|param| (param, param.declared()));
    declared.collect()
}

async fn each_row(
    stream: tokio_postgres::RowStream,
    mut take: impl FnMut(tokio_postgres::Row),
) -> Result<u64, tokio_postgres::Error> {
    pin_mut!(stream);
    let mut returned = 0;
    while let Some(row) = stream.next().await {
        take(row?);
        returned += 1;
    }
    Ok(stream.rows_affected().unwrap_or(returned))
}
