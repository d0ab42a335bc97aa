//! The cases of the contract, written once over the trait and the nine tables.

pub(crate) mod connection;
pub(crate) mod constraints;
pub(crate) mod deadline;
pub(crate) mod load;
pub(crate) mod names;
pub(crate) mod rows;
pub(crate) mod transactions;
pub(crate) mod values;

use chrono::{DateTime, Utc};
use dbvitals::{
    adapter::{DatabaseAdapter, DbResult, SqlValue},
    domain::{Action, DbError, ErrorKind},
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::bed::Bed;

/// An id that no row has.
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

#[derive(Debug, Clone, Deserialize, PartialEq)]
struct Agent {
    id: Uuid,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    status: String,
    last_ping: Option<DateTime<Utc>>,
    metadata: Value,
    capabilities: Vec<String>,
    version: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[track_caller]
fn check<T: std::fmt::Debug>(result: DbResult<T>, action: Action, kind: ErrorKind) -> DbError {
    let error = result.expect_err("it fails");
    assert_eq!((error.action(), error.kind()), (action, kind), "{error:?}");
    error
}

async fn add_agent<A: DatabaseAdapter>(bed: &Bed<A>, name: &str) -> Agent {
    let data = json!({"name": name, "type": "claude"});
    let agent = bed.adapter.insert("agents", &data).await;
    agent.expect("a new agent")
}

/// Adds a command to an agent and gives its id.
async fn add_command<A: DatabaseAdapter>(bed: &Bed<A>, agent: &Agent) -> Uuid {
    let data = json!({"agent_id": agent.id, "command": "ls"});
    let command: Value = bed
        .adapter
        .insert("commands", &data)
        .await
        .expect("a new command");
    id_of(&command)
}

#[track_caller]
fn id_of(row: &Value) -> Uuid {
    row["id"].as_str().expect("an id").parse().expect("a UUID")
}

async fn count<A: DatabaseAdapter>(bed: &Bed<A>, table: &str) -> i64 {
    let sql = format!("select count(*) as n from {table}");
    let rows: Vec<Value> = bed.adapter.query(&sql, &[]).await.expect("a count");
    rows[0]["n"].as_i64().expect("a number")
}

fn text(text: &str) -> SqlValue {
    SqlValue::Text(text.to_owned())
}
