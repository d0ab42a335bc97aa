//! The connection itself: opening, ending, looking, and what is recorded of it.

use std::time::Duration;

use dbvitals::{
    adapter::{DatabaseAdapter, DbResult},
    domain::{Action, ConnectionStatus, ErrorKind, OperationType, Outcome},
};
use serde_json::{Value, json};

use crate::{
    bed::Bed,
    cases::{NOBODY, add_agent, check, count, text},
};

pub(crate) async fn it_connects_disconnects_and_connects_again<A: DatabaseAdapter>(bed: &Bed<A>) {
    let adapter = &bed.adapter;
    assert!(adapter.is_connected());
    assert_eq!(adapter.connection_status().mode(), adapter.mode());
    add_agent(bed, "a").await;
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
    assert_eq!(count(bed, "agents").await, 1, "what was written is there");
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
        adapter.update::<Value, _>("agents", NOBODY, &row).await,
        Action::Update,
        kind,
    );
    check(adapter.delete("agents", NOBODY).await, Action::Delete, kind);
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
    assert_eq!(details.missing_tables.as_deref(), Some(&[][..]));
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

pub(crate) async fn every_call_is_recorded<A: DatabaseAdapter>(bed: &Bed<A>) {
    let id = add_agent(bed, "a1").await.id.to_string();
    let data = json!({"version": "1"});
    bed.adapter
        .update::<Value, _>("agents", &id, &data)
        .await
        .unwrap();
    bed.adapter
        .query::<Value>("select 1 union select 2", &[])
        .await
        .unwrap();
    bed.adapter.delete("agents", &id).await.unwrap();
    let missing = bed.adapter.delete("agents", &id).await.unwrap_err();
    bed.adapter
        .transaction(|_| Box::pin(async { Ok(()) }))
        .await
        .unwrap();
    let ended = bed.ended();
    assert_eq!(bed.started(), ended.len());
    let services: Vec<_> = ended.iter().map(|operation| operation.service()).collect();
    assert_eq!(services[..1], ["connect"]);
    let told: Vec<_> = ended[1..]
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
            let sql = "insert into agents (name, type) values ($1, 'claude')";
            client.query(sql, &[text("a1")]).await?;
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
    assert_eq!(count(bed, "agents").await, 0);
}
