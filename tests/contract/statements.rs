//! What statements on PostgreSQL do beyond the contract: schemas, types,
//! rights, rollbacks by the server.

use dbvitals::{
    adapter::{Database, DatabaseAdapter, DbResult, SqlValue},
    domain::{Action, ErrorKind},
};
use serde_json::{Value, json};

use crate::{
    bed::{local_section, on},
    support::cluster::{Cluster, ROLE},
};

async fn connected(cluster: &Cluster) -> Database {
    let database = on(local_section(cluster));
    database.connect().await.expect("the server is well");
    database
}

#[tokio::test]
async fn a_schema_may_be_named_and_strange_names_work() {
    let cluster = Cluster::start();
    let database = connected(&cluster).await;
    for sql in [
        "create schema \"My Schema\"",
        "create table \"My Schema\".\"a \"\"b\"\"\" (id int primary key, \"select\" text)",
    ] {
        database.query::<Value>(sql, &[]).await.unwrap();
    }
    let table = "My Schema.a \"b\"";
    let row: Value = database
        .insert(table, &json!({"id": 1, "select": "x"}))
        .await
        .unwrap();
    assert_eq!(row, json!({"id": 1, "select": "x"}));
    let row: Value = database
        .update(table, "1", &json!({"select": "y"}))
        .await
        .unwrap();
    assert_eq!(row["select"], "y");
    database.delete(table, "1").await.unwrap();
}

#[tokio::test]
async fn the_server_converts_what_is_inserted() {
    let cluster = Cluster::start();
    let database = connected(&cluster).await;
    let sql = "create table things (id uuid primary key default gen_random_uuid(), \
        at timestamptz not null default now(), tags text[], price numeric(10, 2), \
        doc jsonb, serial int generated always as identity)";
    database.query::<Value>(sql, &[]).await.unwrap();
    let data = json!({"tags": ["a", "b"], "price": "3.456", "doc": {"k": null}});
    let row: Value = database.insert("things", &data).await.unwrap();
    assert_eq!(row["tags"], json!(["a", "b"]));
    assert_eq!(row["price"], json!(3.46));
    assert_eq!(row["doc"], json!({"k": null}));
    assert_eq!(row["serial"], 1);
    let id = row["id"].as_str().unwrap();
    let row: Value = database
        .update("things", id, &json!({"tags": null}))
        .await
        .unwrap();
    assert_eq!((&row["tags"], &row["price"]), (&json!(null), &json!(3.46)));
    let bad = database
        .insert::<Value, _>("things", &json!({"price": "much"}))
        .await;
    assert_eq!(bad.unwrap_err().kind(), ErrorKind::InvalidData);
    let bad = database.delete("things", "no-uuid").await;
    assert_eq!(bad.unwrap_err().kind(), ErrorKind::InvalidData);
}

#[tokio::test]
async fn a_missing_right_is_said() {
    let cluster = Cluster::start();
    cluster.sql("create table secret_things (id int)");
    let database = connected(&cluster).await;
    let error = database
        .query::<Value>("select * from secret_things", &[])
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::PermissionDenied, Some("42501"))
    );
}

#[tokio::test]
async fn a_constraint_is_explained_in_the_servers_words() {
    let cluster = Cluster::start();
    let database = connected(&cluster).await;
    let sql = "create table agents (id int constraint agents_key primary key)";
    database.query::<Value>(sql, &[]).await.unwrap();
    let row = json!({"id": 1});
    database.insert::<Value, _>("agents", &row).await.unwrap();
    let error = database
        .insert::<Value, _>("agents", &row)
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("23505"));
    let message = error.message();
    assert!(
        message.contains("agents_key") && message.contains("(id)=(1)"),
        "{message}"
    );
}

#[tokio::test]
async fn a_rollback_by_the_server_gives_its_reason() {
    let cluster = Cluster::start();
    let database = connected(&cluster).await;
    database
        .query::<Value>("create table n (id int)", &[])
        .await
        .unwrap();
    let failed: DbResult<Vec<Value>> = database
        .transaction(|client| {
            Box::pin(async move {
                client.query("insert into n values (1)", &[]).await?;
                let sql = "do $$ begin raise exception 'no luck' using errcode = '40001'; end $$";
                client.query(sql, &[]).await
            })
        })
        .await;
    let error = failed.unwrap_err();
    assert_eq!(error.code(), Some("40001"));
    assert_eq!(
        error.message(),
        "Transaction failed and was rolled back: no luck"
    );
    let rows: Vec<Value> = database.query("select * from n", &[]).await.unwrap();
    assert!(rows.is_empty());
}

#[tokio::test]
async fn a_caught_error_does_not_turn_a_rollback_into_a_success() {
    let cluster = Cluster::start();
    let database = connected(&cluster).await;
    database
        .query::<Value>("create table n (id int)", &[])
        .await
        .unwrap();
    let result = database
        .transaction(|client| {
            Box::pin(async move {
                client.query("insert into n values (1)", &[]).await?;
                client
                    .query("select * from nowhere", &[])
                    .await
                    .unwrap_err();
                Ok(())
            })
        })
        .await;
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TransactionRolledBack);
    assert_eq!(
        (error.action(), error.code()),
        (Action::Transaction, Some("42P01"))
    );
    let rows: Vec<Value> = database.query("select * from n", &[]).await.unwrap();
    assert!(rows.is_empty());
}

#[tokio::test]
async fn a_savepoint_saves_a_transaction() {
    let cluster = Cluster::start();
    let database = connected(&cluster).await;
    database
        .query::<Value>("create table n (id int)", &[])
        .await
        .unwrap();
    database
        .transaction(|client| {
            Box::pin(async move {
                client.query("savepoint before", &[]).await?;
                client
                    .query("select * from nowhere", &[])
                    .await
                    .unwrap_err();
                client.query("rollback to before", &[]).await?;
                client
                    .query("insert into n values ($1)", &[SqlValue::Int(1)])
                    .await
            })
        })
        .await
        .unwrap();
    let rows: Vec<Value> = database.query("select * from n", &[]).await.unwrap();
    assert_eq!(rows, [json!({"id": 1})]);
}

#[tokio::test]
async fn configured_options_and_name_reach_the_session() {
    let cluster = Cluster::start();
    let mut section = local_section(&cluster);
    section.options = Some("-c search_path=pg_catalog --work_mem=7MB".into());
    let database = on(section);
    database.connect().await.unwrap();
    let sql = "select current_setting('search_path') as path, current_setting('work_mem') as memory, \
        current_setting('application_name') as name, current_setting('statement_timeout') as limit, \
        session_user as role";
    let rows: Vec<Value> = database.query(sql, &[]).await.unwrap();
    let expected = json!({
        "path": "pg_catalog", "memory": "7MB", "name": "dbvitals-contract", "limit": "11s",
        "role": ROLE,
    });
    assert_eq!(rows, [expected]);
}
