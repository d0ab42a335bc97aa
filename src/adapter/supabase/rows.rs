//! Adds, changes and removes rows by requests of their own. Each that changes
//! or removes names one id, so none can reach all rows.

use reqwest::Method;
use serde_json::Value;

use crate::{
    adapter::{
        DbResult,
        mode_adapter::{OnTaken, Record},
        supabase::{
            client::{Client, LARGEST_ANSWER, Request},
            project::{Project, TableName, by_id},
            times::rewrite,
        },
    },
    domain::{Action, DbError, ErrorKind},
};

/// The row comes back as it is stored.
const RETURN: &str = "return=representation";

/// The same, and a row that has the id already is changed.
const MERGE: &str = "resolution=merge-duplicates,return=representation";

/// A row to be added.
#[derive(Debug, Clone, Copy)]
pub(super) struct New<'a> {
    pub(super) table: &'a str,
    pub(super) data: &'a Record,
    pub(super) on_taken: OnTaken,
}

/// Adds one row and gives it as it is stored.
pub(super) async fn insert(client: &Client, project: &Project, new: New<'_>) -> DbResult<Value> {
    let action = Action::Insert;
    let name = TableName::of(new.table, action)?;
    let (query, prefer) = match new.on_taken {
        OnTaken::Refuse => ("", RETURN),
        OnTaken::Change => ("on_conflict=id", MERGE),
    };
    let request = Request {
        method: Method::POST,
        url: project.url(&name, query),
        prefer: Some(prefer),
        body: Some(body(new.data, action)?),
        largest: LARGEST_ANSWER,
    };
    let rows = client.send(request, action).await?;
    one(new.table, rows.written(action, project)?, action)
}

/// Changes one row and gives it as it is stored.
pub(super) async fn update(
    client: &Client,
    project: &Project,
    table: &str,
    id: &str,
    data: &Record,
) -> DbResult<Value> {
    let action = Action::Update;
    if data.is_empty() {
        return Err(DbError::new(action, ErrorKind::InvalidData)
            .with_details("no column is given to change"));
    }
    let name = TableName::of(table, action)?;
    let request = Request {
        method: Method::PATCH,
        url: project.url(&name, &by_id(id, action)?),
        prefer: Some(RETURN),
        body: Some(body(data, action)?),
        largest: LARGEST_ANSWER,
    };
    let rows = client.send(request, action).await?;
    one(table, rows.written(action, project)?, action)
}

/// Removes one row and tells how many were.
pub(super) async fn delete(
    client: &Client,
    project: &Project,
    table: &str,
    id: &str,
) -> DbResult<u64> {
    let action = Action::Delete;
    let name = TableName::of(table, action)?;
    let query = format!("{}&select=id", by_id(id, action)?);
    let request = Request {
        method: Method::DELETE,
        url: project.url(&name, &query),
        prefer: Some(RETURN),
        body: None,
        largest: LARGEST_ANSWER,
    };
    let answer = client.send(request, action).await?;
    match answer.written(action, project)?.len() {
        0 => Err(DbError::new(action, ErrorKind::RowNotFound)),
        rows => Ok(u64::try_from(rows).unwrap_or(u64::MAX)),
    }
}

fn body(data: &Record, action: Action) -> DbResult<Vec<u8>> {
    serde_json::to_vec(data)
        .map_err(|error| DbError::new(action, ErrorKind::InvalidData).with_source(error))
}

/// The row that a change gave back. None: no row has the id, or row-level
/// security keeps it out of reach; both change nothing.
fn one(table: &str, rows: Vec<Record>, action: Action) -> DbResult<Value> {
    let Some(mut row) = rows.into_iter().next() else {
        return Err(DbError::new(action, ErrorKind::RowNotFound));
    };
    rewrite(table, &mut row);
    Ok(Value::Object(row))
}
