//! The four calls that are one statement each. Knows nothing of status and
//! recording.

use crate::{
    adapter::{
        DbResult, SqlValue,
        leading::is_prepare_transaction,
        local::{
            decode::row_to_json,
            fence::unlike_us,
            learn::{self, Place, Typed, deallocate},
            params::Param,
            pool::Lease,
            pooler::permit,
            table::Table,
            transaction::BEGIN_READ_ONLY,
        },
        mode_adapter::{OnTaken, Record, Statement, TakeRow},
        running::as_read_only,
    },
    domain::{Action, DbError, ErrorKind},
};
use futures::{StreamExt, pin_mut};
use serde_json::Value;

/// The name that a changed row has within our own statements.
const ROW: &str = "dbvitals_row";

/// Codes of statements that may stand in no transaction, or end theirs.
const STANDS_ALONE: [&str; 2] = ["25001", "2D000"];

/// Runs any one statement and tells how many rows it returned or changed.
pub(super) async fn query(
    lease: &mut Lease,
    place: Place,
    statement: Statement<'_>,
    take: &mut TakeRow<'_>,
) -> DbResult<u64> {
    let action = statement.action;
    permit(lease.target().pooler(), statement.sql, action)?;
    let is_framed = place == Place::Alone && lease.opening().is_some();
    // What follows a row that is refused is still read: the session is clean
    // when the answer has come to its end.
    let mut refused = None;
    let params = params_of(statement.params);
    let ran = async {
        let stream = learn::begin(lease, place, statement.sql, typed(&params)).await?;
        each_row(stream, |row| {
            if refused.is_none() {
                refused = row_to_json(&row, action).and_then(&mut *take).err();
            }
        })
        .await
    };
    let ran = ran.await;
    let ran = if is_framed {
        settle(lease, ran).await
    } else {
        ran
    };
    match (ran, refused) {
        (Ok(affected), None) => Ok(affected),
        (Ok(_), Some(error)) => Err(error),
        (Err(error), _) => {
            let error = lease.classify(error, action).await;
            Err(if is_framed { alone(error) } else { error })
        }
    }
}

/// Ends the transaction of one statement: keeps what it did, or nothing.
async fn settle(
    lease: &Lease,
    ran: Result<u64, tokio_postgres::Error>,
) -> Result<u64, tokio_postgres::Error> {
    match ran {
        Ok(affected) => lease
            .client()
            .batch_execute("commit")
            .await
            .map(|()| affected),
        Err(error) => {
            // A session that cannot even end this has ended itself.
            drop(lease.client().batch_execute("rollback").await);
            Err(error)
        }
    }
}

/// Whether a statement was refused for the transaction around it, and has done
/// nothing.
pub(super) fn stands_alone(error: &DbError) -> bool {
    error
        .code()
        .is_some_and(|code| STANDS_ALONE.contains(&code))
}

/// A statement that takes no transaction around it is not run where only a
/// transaction can bound it: what nobody waits for any more would go on.
fn alone(error: DbError) -> DbError {
    if !stands_alone(&error) {
        return error;
    }
    let words = format!(
        "behind a pooler every statement needs a transaction, for its deadline, and this one \
         takes none ({})",
        error.details().unwrap_or_default()
    );
    let code = error.code().unwrap_or_default().to_owned();
    DbError::new(error.action(), ErrorKind::Unsupported)
        .with_code(code)
        .with_details(&words)
        .with_hint("use the server's own port (5432)")
        .with_source(error)
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
    let opening = format!("{BEGIN_READ_ONLY}{}", lease.target().own_settings());
    if let Err(error) = lease.client().batch_execute(&opening).await {
        return Err(lease.classify(error, statement.action).await);
    }
    let done = query(lease, Place::Within, statement, take).await;
    if !lease.target().keeps_settings() {
        // The end of a session in the middle of a transaction costs a pooler
        // the server's session, too.
        let end = format!("rollback; {}", deallocate(lease.left()));
        drop(lease.client().batch_execute(&end).await);
    }
    done.map_err(as_read_only)
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
pub(super) async fn insert(
    lease: &mut Lease,
    table: &str,
    data: &Record,
    on_taken: OnTaken,
) -> DbResult<Value> {
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
    let taken = match on_taken {
        OnTaken::Refuse => String::new(),
        OnTaken::Change => change_taken(&table.column("id", action)?, &columns),
    };
    let sql = format!(
        "insert into {quoted} as {ROW} ({names}) select {values} \
         from pg_catalog.jsonb_populate_record(null::{quoted}, $1) as given \
         {taken} returning pg_catalog.to_jsonb({ROW}.*)"
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

/// What an insert does where another row has the id.
pub(in crate::adapter) fn change_taken(key: &str, columns: &[String]) -> String {
    let sets: Vec<_> = columns
        .iter()
        .map(|name| format!("{name} = excluded.{name}"))
        .collect();
    format!("on conflict ({key}) do update set {}", sets.join(", "))
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
/// returned or changed. Where it needs a transaction for its deadline, that
/// stands before it is sent.
async fn run(
    lease: &Lease,
    sql: &str,
    params: &[SqlValue],
    take: impl FnMut(tokio_postgres::Row),
) -> Result<u64, tokio_postgres::Error> {
    let params = params_of(params);
    let ran = async {
        let stream = lease.client().query_typed_raw(sql, typed(&params)).await?;
        each_row(stream, take).await
    };
    let Some(opening) = lease.opening() else {
        return ran.await;
    };
    lease.client().batch_execute(&opening).await?;
    let ran = ran.await;
    settle(lease, ran).await
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
