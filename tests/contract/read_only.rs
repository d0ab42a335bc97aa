//! What `read_only` forbids, before it is sent and at the server.

use dbvitals::{
    adapter::{Database, DatabaseAdapter, DbResult},
    config::AdapterSection,
    domain::ErrorKind,
};
use serde_json::{Value, json};

use crate::{
    bed::{PATIENT, database, local_section, mock_section},
    support::cluster::Cluster,
};

/// Nothing writes, everything reads.
async fn check(section: AdapterSection) -> Database {
    let (database, _) = database(&section);
    database.connect().await.unwrap();
    let row = json!({"id": 1});
    let refused = [
        database.insert::<Value, _>("n", &row).await.unwrap_err(),
        database
            .update::<Value, _>("n", "1", &row)
            .await
            .unwrap_err(),
        database.delete("n", "1").await.unwrap_err(),
    ];
    for error in refused {
        assert_eq!(error.kind(), ErrorKind::ReadOnlyConfigured, "{error:?}");
    }
    let error = database
        .query::<Value>("create table m (id int)", &[])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadOnly);
    let error = writing_transaction(&database, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadOnly);
    let rows: Vec<Value> = database.query("select 1 as one", &[]).await.unwrap();
    assert_eq!(rows, [json!({"one": 1})]);
    database
}

async fn writing_transaction(database: &Database, first: Option<&'static str>) -> DbResult<()> {
    database
        .transaction(|client| {
            Box::pin(async move {
                if let Some(sql) = first {
                    client.query(sql, &[]).await?;
                }
                client.query("create table m (id int)", &[]).await.map(drop)
            })
        })
        .await
}

#[tokio::test]
async fn nothing_is_written_to_a_server() {
    let cluster = Cluster::start();
    let mut section = local_section(&cluster);
    section.read_only = true;
    let database = check(AdapterSection::Local(Box::new(section))).await;
    // Nor by a caller who switches it off for a session.
    let off = "set session characteristics as transaction read write";
    database.query::<Value>(off, &[]).await.unwrap();
    let error = database
        .query::<Value>("create table m (id int)", &[])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadOnly);
    for trick in [
        "do $$ begin commit; set transaction read write; create table m (id int); end $$",
        "do $$ begin set default_transaction_read_only = off; commit; \
         create table m (id int); end $$",
    ] {
        let error = database.query::<Value>(trick, &[]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ReadOnly, "{trick}");
    }
    let switched = writing_transaction(&database, Some("set transaction read write")).await;
    assert!(switched.is_err());
    assert_eq!(
        cluster.sql("select count(*) from pg_tables where tablename = 'm'"),
        "0"
    );
}

#[tokio::test]
async fn nothing_is_written_to_the_embedded_database() {
    let mut section = mock_section(PATIENT);
    section.read_only = true;
    let database = check(AdapterSection::Mock(section)).await;
    // Nor by a caller who switches it off, for himself or for the next one.
    let both = "pragma query_only = off; create table m (id int)";
    let error = database.query::<Value>(both, &[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StatementInvalid);
    let off = "pragma query_only = off";
    database.query::<Value>(off, &[]).await.unwrap();
    let error = database
        .query::<Value>("create table m (id int)", &[])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadOnly);
    let switched = writing_transaction(&database, Some(off)).await;
    assert_eq!(switched.unwrap_err().kind(), ErrorKind::ReadOnly);
}
