//! The four calls that are one statement each. Knows nothing of status and
//! recording.

use futures::{StreamExt, pin_mut};
use serde_json::Value;
use tokio_postgres::types::Type;

use crate::{
    adapter::{
        DbResult, SqlValue,
        local::{
            decode::row_to_json, fence::unlike_us, params::Param, pool::Lease, table::Table,
            transaction::BEGIN_READ_ONLY,
        },
        mode_adapter::{Record, Rows},
        running::as_read_only,
    },
    domain::{Action, DbError, ErrorKind},
};

/// The name that a changed row has within our own statements.
const ROW: &str = "dbvitals_row";

/// Runs any one statement.
pub(super) async fn query(
    lease: &mut Lease,
    sql: &str,
    params: &[SqlValue],
    action: Action,
) -> DbResult<Rows> {
    match run(lease, sql, params).await {
        Ok((rows, affected)) => {
            let rows = rows
                .iter()
                .map(|row| row_to_json(row, action))
                .collect::<DbResult<_>>()?;
            Ok(Rows { rows, affected })
        }
        Err(error) => Err(lease.classify(error, action).await),
    }
}

/// Runs any one statement where none may write: in a transaction, since a
/// procedure that may end transactions could begin one that writes. The session
/// ends with it, see [`Lease::give_back`], and that rolls it back.
pub(super) async fn query_read_only(
    lease: &mut Lease,
    sql: &str,
    params: &[SqlValue],
    action: Action,
) -> DbResult<Rows> {
    if let Err(error) = lease.client().batch_execute(BEGIN_READ_ONLY).await {
        return Err(lease.classify(error, action).await);
    }
    query(lease, sql, params, action)
        .await
        .map_err(as_read_only)
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
        return changed_row(lease, &sql, &[], action).await;
    }
    let (names, values) = (columns.join(", "), given(&columns));
    let sql = format!(
        "insert into {quoted} as {ROW} ({names}) select {values} \
         from pg_catalog.jsonb_populate_record(null::{quoted}, $1) as given returning pg_catalog.to_jsonb({ROW}.*)"
    );
    let params = [SqlValue::Json(Value::Object(data.clone()))];
    changed_row(lease, &sql, &params, action).await
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
    changed_row(lease, &sql, &params, action).await
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
    match run(lease, &sql, &[SqlValue::Text(id.to_owned())]).await {
        Ok((_, 0)) => Err(DbError::new(action, ErrorKind::RowNotFound)),
        Ok((_, affected)) => Ok(affected),
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
    let rows = match run(lease, sql, params).await {
        Ok((rows, _)) => rows,
        Err(error) => return Err(lease.classify(error, action).await),
    };
    let Some(row) = rows.first() else {
        return Err(DbError::new(action, ErrorKind::RowNotFound));
    };
    match row.try_get(0) {
        Ok(value) => Ok(value),
        Err(error) => Err(unlike_us(error, action)),
    }
}

/// Sends a statement with its parameters in one round trip and reads all rows.
async fn run(
    lease: &Lease,
    sql: &str,
    params: &[SqlValue],
) -> Result<(Vec<tokio_postgres::Row>, u64), tokio_postgres::Error> {
    let params: Vec<Param<'_>> = params.iter().map(Param).collect();
    let typed: Vec<(&Param<'_>, Type)> = params
        .iter()
        .map(|param| (param, param.declared()))
        .collect();
    let stream = lease.client().query_typed_raw(sql, typed).await?;
    pin_mut!(stream);
    let mut rows = Vec::new();
    while let Some(row) = stream.next().await {
        rows.push(row?);
    }
    let returned = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    Ok((rows, stream.rows_affected().unwrap_or(returned)))
}
