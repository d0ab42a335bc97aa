//! The cases of the contract, written once over the trait.

use std::time::Duration;

use dbvitals::{
    adapter::{DatabaseAdapter, DbResult, SqlValue},
    domain::{Action, ConnectionStatus, DbError, ErrorKind, OperationType, Outcome},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::bed::Bed;

#[derive(Debug, Deserialize, PartialEq)]
struct Agent {
    id: String,
    name: String,
    runs: i64,
    weight: Option<f64>,
    active: Option<bool>,
}

#[track_caller]
fn check<T: std::fmt::Debug>(result: DbResult<T>, action: Action, kind: ErrorKind) -> DbError {
    let error = result.expect_err("it fails");
    assert_eq!((error.action(), error.kind()), (action, kind), "{error:?}");
    error
}

async fn add<A: DatabaseAdapter>(bed: &Bed<A>, id: &str) -> Agent {
    let data = json!({"id": id, "name": id});
    bed.adapter
        .insert("agents", &data)
        .await
        .expect("a new row")
}

async fn count<A: DatabaseAdapter>(bed: &Bed<A>) -> i64 {
    let sql = "select count(*) as n from agents";
    let rows: Vec<Value> = bed.adapter.query(sql, &[]).await.expect("a count");
    rows[0]["n"].as_i64().expect("a number")
}

pub(crate) async fn it_connects_disconnects_and_connects_again<A: DatabaseAdapter>(bed: &Bed<A>) {
    let adapter = &bed.adapter;
    assert!(adapter.is_connected());
    assert_eq!(adapter.connection_status().mode(), adapter.mode());
    adapter
        .connect()
        .await
        .expect("connecting twice is no error");
    adapter.disconnect().await.expect("it ends");
    let status = adapter.connection_status().status();
    assert_eq!(status, ConnectionStatus::Disconnected);
    adapter
        .disconnect()
        .await
        .expect("ending twice is no error");
    adapter.connect().await.expect("it opens again");
    assert_eq!(count(bed).await, 0);
}

pub(crate) async fn nothing_is_sent_while_not_connected<A: DatabaseAdapter>(bed: &Bed<A>) {
    let adapter = &bed.adapter;
    adapter.disconnect().await.expect("it ends");
    let kind = ErrorKind::NotConnected;
    let row = json!({"name": "n"});
    check(
        adapter.query::<Value>("select 1", &[]).await,
        Action::Query,
        kind,
    );
    check(
        adapter.insert::<Value, _>("agents", &row).await,
        Action::Insert,
        kind,
    );
    check(
        adapter.update::<Value, _>("agents", "1", &row).await,
        Action::Update,
        kind,
    );
    check(adapter.delete("agents", "1").await, Action::Delete, kind);
    let nothing = adapter.transaction(|_| Box::pin(async { Ok(()) })).await;
    check(nothing, Action::Transaction, kind);
    assert_eq!(bed.newest().kind(), OperationType::Transaction);
}

pub(crate) async fn a_health_check_says_how_it_went_and_what_it_learned<A: DatabaseAdapter>(
    bed: &Bed<A>,
) {
    let report = bed.adapter.health_check().await;
    assert!(report.error.is_none(), "{:?}", report.error);
    let result = report.result;
    assert!(result.success() && result.latency() > Duration::ZERO);
    let connection = bed.adapter.connection_status();
    assert_eq!(result.connection_id(), connection.id());
    assert_eq!(connection.last_health_check(), Some(result.timestamp()));
    let details = result.details().expect("details of a success");
    assert_eq!(details.phases.query, Some(result.latency()));
    for (name, time) in details.phases.named() {
        assert!(time.is_some(), "{name}");
    }
    let version = details.server_version.as_deref().expect("a version");
    assert!(version.contains(|c: char| c.is_ascii_digit()), "{version}");
    assert!(details.database_size_bytes.is_some_and(|bytes| bytes > 0));
    assert_eq!(
        (details.read_only, details.in_recovery),
        (Some(false), Some(false))
    );
    let recorded = bed.newest();
    assert_eq!(
        (recorded.kind(), recorded.service()),
        (OperationType::Query, "health")
    );
}

pub(crate) async fn a_health_check_works_while_not_connected<A: DatabaseAdapter>(bed: &Bed<A>) {
    bed.adapter.disconnect().await.expect("it ends");
    assert!(bed.adapter.health_check().await.error.is_none());
    let status = bed.adapter.connection_status().status();
    assert_eq!(status, ConnectionStatus::Disconnected);
}

pub(crate) async fn every_kind_of_parameter_arrives<A: DatabaseAdapter>(bed: &Bed<A>) {
    let adapter = &bed.adapter;
    let moment = chrono::DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap();
    let id = uuid::Uuid::from_u128(7);
    let nested = json!({"a": [1, "x", null]});
    let sql = "insert into agents (id, name, runs, weight, active, raw, seen_at, config) \
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    let params = [
        SqlValue::Uuid(id),
        SqlValue::Text("it's \"é\"".into()),
        SqlValue::Int(2_000_000_000),
        SqlValue::Float(0.1),
        SqlValue::Bool(false),
        SqlValue::Bytes(vec![0, 1, 255]),
        SqlValue::Timestamp(moment),
        SqlValue::Json(nested.clone()),
    ];
    let none: Vec<Value> = adapter.query(sql, &params).await.expect("all fit");
    assert!(none.is_empty());
    assert_eq!(affected(bed), Some(1));
    let rows: Vec<Value> = adapter.query("select * from agents", &[]).await.unwrap();
    let row = &rows[0];
    assert_eq!(row["id"], id.to_string());
    assert_eq!(row["name"], "it's \"é\"");
    assert_eq!(row["runs"], 2_000_000_000);
    assert_eq!(row["weight"], 0.1);
    assert_eq!(row["active"], false);
    assert_eq!(row["raw"], "\\x0001ff");
    let seen: chrono::DateTime<chrono::Utc> =
        serde_json::from_value(row["seen_at"].clone()).unwrap();
    assert_eq!(seen, moment);
    let config = match &row["config"] {
        // An engine without a type for JSON gives its text.
        Value::String(text) => serde_json::from_str(text).unwrap(),
        value => value.clone(),
    };
    assert_eq!(config, nested);
    let null = [SqlValue::Null, SqlValue::Text(id.to_string())];
    let sql = "update agents set weight = $1 where id = $2 returning weight";
    let rows: Vec<Value> = adapter.query(sql, &null).await.unwrap();
    assert_eq!(rows, [json!({"weight": null})]);
}

pub(crate) async fn an_insert_takes_the_defaults<A: DatabaseAdapter>(bed: &Bed<A>) {
    let agent = add(bed, "a1").await;
    let expected = Agent {
        id: "a1".into(),
        name: "a1".into(),
        runs: 7,
        weight: None,
        active: Some(true),
    };
    assert_eq!(agent, expected);
    let data = json!({"name": "second", "weight": 2.5, "active": null});
    let agent: Agent = bed.adapter.insert("agents", &data).await.unwrap();
    assert_eq!(agent.id, "made-by-default");
    assert_eq!((agent.weight, agent.active), (Some(2.5), None));
}

pub(crate) async fn an_insert_of_nothing_is_all_defaults<A: DatabaseAdapter>(bed: &Bed<A>) {
    let sql = "create table counters (id integer primary key, n integer default 3)";
    bed.adapter.query::<Value>(sql, &[]).await.unwrap();
    let sql = "create table plain (id text default 'x', n integer default 3)";
    bed.adapter.query::<Value>(sql, &[]).await.unwrap();
    let row: Value = bed.adapter.insert("plain", &json!({})).await.unwrap();
    assert_eq!(row, json!({"id": "x", "n": 3}));
}

pub(crate) async fn an_update_changes_the_given_columns_only<A: DatabaseAdapter>(bed: &Bed<A>) {
    add(bed, "a1").await;
    add(bed, "a2").await;
    let data = json!({"runs": 8, "active": false});
    let agent: Agent = bed.adapter.update("agents", "a1", &data).await.unwrap();
    assert_eq!(
        (agent.name.as_str(), agent.runs, agent.active),
        ("a1", 8, Some(false))
    );
    let sql = "select * from agents where id = $1";
    let others: Vec<Agent> = bed
        .adapter
        .query(sql, &[SqlValue::Text("a2".into())])
        .await
        .unwrap();
    assert_eq!(others[0].runs, 7);
    let nothing = bed
        .adapter
        .update::<Value, _>("agents", "a1", &json!({}))
        .await;
    check(nothing, Action::Update, ErrorKind::InvalidData);
}

pub(crate) async fn a_delete_removes_one_row<A: DatabaseAdapter>(bed: &Bed<A>) {
    add(bed, "a1").await;
    add(bed, "a2").await;
    bed.adapter.delete("agents", "a1").await.unwrap();
    assert_eq!(affected(bed), Some(1));
    assert_eq!(count(bed).await, 1);
}

pub(crate) async fn a_row_that_is_not_there_is_said<A: DatabaseAdapter>(bed: &Bed<A>) {
    let kind = ErrorKind::RowNotFound;
    let data = json!({"runs": 1});
    let updated = bed
        .adapter
        .update::<Value, _>("agents", "none", &data)
        .await;
    check(updated, Action::Update, kind);
    check(
        bed.adapter.delete("agents", "none").await,
        Action::Delete,
        kind,
    );
}

pub(crate) async fn a_table_that_is_not_there_is_said<A: DatabaseAdapter>(bed: &Bed<A>) {
    let adapter = &bed.adapter;
    let kind = ErrorKind::SchemaMissing;
    let row = json!({"name": "n"});
    check(
        adapter.query::<Value>("select * from nowhere", &[]).await,
        Action::Query,
        kind,
    );
    check(
        adapter.insert::<Value, _>("nowhere", &row).await,
        Action::Insert,
        kind,
    );
    check(
        adapter.update::<Value, _>("nowhere", "1", &row).await,
        Action::Update,
        kind,
    );
    let error = check(adapter.delete("nowhere", "1").await, Action::Delete, kind);
    let words = "Database schema not initialized. Please run migrations.";
    assert_eq!(error.message(), words);
}

pub(crate) async fn a_column_that_is_not_there_is_said<A: DatabaseAdapter>(bed: &Bed<A>) {
    let row = json!({"name": "n", "colour": "red"});
    let inserted = bed.adapter.insert::<Value, _>("agents", &row).await;
    let error = check(inserted, Action::Insert, ErrorKind::SchemaMismatch);
    assert!(error.details().unwrap().contains("colour"), "{error:?}");
    let updated = bed.adapter.update::<Value, _>("agents", "1", &row).await;
    check(updated, Action::Update, ErrorKind::SchemaMismatch);
}

pub(crate) async fn a_name_is_never_a_statement<A: DatabaseAdapter>(bed: &Bed<A>) {
    add(bed, "a1").await;
    let evil = "agents\"; drop table agents; --";
    let row = json!({"name": "n"});
    let inserted = bed.adapter.insert::<Value, _>(evil, &row).await;
    check(inserted, Action::Insert, ErrorKind::SchemaMissing);
    let row = json!({"name\") values ('x'); drop table agents; --": "n"});
    let inserted = bed.adapter.insert::<Value, _>("agents", &row).await;
    check(inserted, Action::Insert, ErrorKind::SchemaMismatch);
    let deleted = bed.adapter.delete("agents", "' or '1' = '1").await;
    check(deleted, Action::Delete, ErrorKind::RowNotFound);
    assert_eq!(count(bed).await, 1);
}

pub(crate) async fn a_broken_constraint_is_said<A: DatabaseAdapter>(bed: &Bed<A>) {
    add(bed, "a1").await;
    for row in [
        json!({"id": "other", "name": "a1"}),
        json!({"id": "a1", "name": "other"}),
        json!({"id": "a3"}),
        json!({"id": "a3", "name": "a3", "runs": -1}),
    ] {
        let inserted = bed.adapter.insert::<Value, _>("agents", &row).await;
        let error = check(inserted, Action::Insert, ErrorKind::ConstraintViolation);
        assert!(error.code().is_some());
        let message = error.message();
        assert!(
            message.starts_with("Operation violates database constraints: "),
            "{message}"
        );
        assert!(message.len() > 45, "{message}");
    }
    assert_eq!(count(bed).await, 1);
}

pub(crate) async fn a_wrong_statement_is_said<A: DatabaseAdapter>(bed: &Bed<A>) {
    let asked = bed.adapter.query::<Value>("selekt 1", &[]).await;
    check(asked, Action::Query, ErrorKind::StatementInvalid);
    assert_eq!(count(bed).await, 0);
}

pub(crate) async fn a_row_that_is_no_t_is_an_error<A: DatabaseAdapter>(bed: &Bed<A>) {
    let asked = bed.adapter.query::<Agent>("select 1 as id", &[]).await;
    check(asked, Action::Query, ErrorKind::SchemaMismatch);
    assert!(matches!(bed.newest().outcome(), Outcome::Failed { .. }));
}

pub(crate) async fn data_that_is_no_row_is_refused<A: DatabaseAdapter>(bed: &Bed<A>) {
    let inserted = bed.adapter.insert::<Value, _>("agents", &[1, 2]).await;
    check(inserted, Action::Insert, ErrorKind::InvalidData);
}

pub(crate) async fn a_transaction_holds_as_a_whole<A: DatabaseAdapter>(bed: &Bed<A>) {
    let sql = "insert into agents (id, name) values ($1, $1) returning name";
    let names = bed
        .adapter
        .transaction(|client| {
            Box::pin(async move {
                let first = client.query(sql, &[SqlValue::Text("a1".into())]).await?;
                let second = client.query(sql, &[SqlValue::Text("a2".into())]).await?;
                Ok([first, second].concat())
            })
        })
        .await
        .unwrap();
    assert_eq!(names, [json!({"name": "a1"}), json!({"name": "a2"})]);
    assert_eq!(count(bed).await, 2);
}

pub(crate) async fn a_failed_callback_undoes_everything<A: DatabaseAdapter>(bed: &Bed<A>) {
    let sql = "insert into agents (id, name) values ('a1', 'a1')";
    let mine = || DbError::new(Action::Delete, ErrorKind::RowNotFound).with_details("mine");
    let failed: DbResult<()> = bed
        .adapter
        .transaction(|client| {
            Box::pin(async move {
                client.query(sql, &[]).await?;
                Err(mine())
            })
        })
        .await;
    let error = check(failed, Action::Delete, ErrorKind::RowNotFound);
    assert!(error.is_same_as(&mine()), "{error:?}");
    assert_eq!(count(bed).await, 0);
    let failed: DbResult<Vec<Value>> = bed
        .adapter
        .transaction(|client| {
            Box::pin(async move {
                client.query(sql, &[]).await?;
                client.query(sql, &[]).await
            })
        })
        .await;
    check(failed, Action::Transaction, ErrorKind::ConstraintViolation);
    assert_eq!(count(bed).await, 0);
}

pub(crate) async fn every_call_is_recorded<A: DatabaseAdapter>(bed: &Bed<A>) {
    add(bed, "a1").await;
    let data = json!({"runs": 1});
    bed.adapter
        .update::<Value, _>("agents", "a1", &data)
        .await
        .unwrap();
    bed.adapter
        .query::<Value>("select 1 union select 2", &[])
        .await
        .unwrap();
    bed.adapter.delete("agents", "a1").await.unwrap();
    let missing = bed.adapter.delete("agents", "a1").await.unwrap_err();
    bed.adapter
        .transaction(|_| Box::pin(async { Ok(()) }))
        .await
        .unwrap();
    let ended = bed.ended();
    assert_eq!(bed.started(), ended.len());
    let services: Vec<_> = ended.iter().map(|operation| operation.service()).collect();
    assert_eq!(services[..2], ["connect", "watch"]);
    let told: Vec<_> = ended[2..]
        .iter()
        .map(|operation| {
            assert_eq!(operation.service(), "contract");
            assert_eq!(
                operation.connection_id(),
                bed.adapter.connection_status().id()
            );
            assert!(operation.end_time().unwrap() > operation.start_time());
            let outcome = match operation.outcome() {
                Outcome::Succeeded { affected_rows, .. } => Ok(*affected_rows),
                Outcome::Failed { error, .. } => Err(error.as_str()),
                Outcome::Running => panic!("it has ended"),
            };
            (operation.kind(), operation.table(), outcome)
        })
        .collect();
    let (table, words) = (Some("agents"), missing.message());
    assert_eq!(
        told,
        [
            (OperationType::Insert, table, Ok(Some(1))),
            (OperationType::Update, table, Ok(Some(1))),
            (OperationType::Query, None, Ok(Some(2))),
            (OperationType::Delete, table, Ok(Some(1))),
            (OperationType::Delete, table, Err(words.as_str())),
            (OperationType::Transaction, None, Ok(None)),
        ]
    );
}

pub(crate) async fn a_call_that_is_left_is_recorded<A: DatabaseAdapter>(bed: &Bed<A>) {
    let (written, is_written) = tokio::sync::oneshot::channel();
    let endless = bed.adapter.transaction(|client| {
        Box::pin(async move {
            let sql = "insert into agents (id, name) values ('a1', 'a1')";
            client.query(sql, &[]).await?;
            written.send(()).expect("somebody waits");
            std::future::pending::<DbResult<()>>().await
        })
    });
    let before = bed.started();
    tokio::select! {
        _ = endless => panic!("it never ends"),
        heard = is_written => heard.expect("it was written"),
    }
    assert_eq!(bed.started(), before + 1);
    assert_eq!(bed.ended().len(), before + 1);
    assert!(matches!(bed.newest().outcome(), Outcome::Failed { .. }));
    assert_eq!(count(bed).await, 0);
}

/// How many rows the newest operation has affected.
fn affected<A: DatabaseAdapter>(bed: &Bed<A>) -> Option<u64> {
    match bed.newest().outcome() {
        Outcome::Succeeded { affected_rows, .. } => *affected_rows,
        _ => None,
    }
}
