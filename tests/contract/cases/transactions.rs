//! Statements that hold together, or not at all.

use dbvitals::{
    adapter::{DatabaseAdapter, DbResult, SqlValue},
    domain::{Action, DbError, ErrorKind},
};
use serde_json::{Value, json};

use crate::{
    bed::Bed,
    cases::{Agent, add_agent, check, count, text},
};

const ADD: &str = "insert into agents (name, type) values ($1, 'claude') returning name";

pub(crate) async fn a_transaction_holds_as_a_whole<A: DatabaseAdapter>(bed: &Bed<A>) {
    let names = bed
        .adapter
        .transaction(|client| {
            Box::pin(async move {
                let first = client.query(ADD, &[text("a1")]).await?;
                let second = client.query(ADD, &[text("a2")]).await?;
                Ok([first, second].concat())
            })
        })
        .await
        .unwrap();
    assert_eq!(names, [json!({"name": "a1"}), json!({"name": "a2"})]);
    assert_eq!(count(bed, "agents").await, 2);
}

pub(crate) async fn a_failed_callback_undoes_everything<A: DatabaseAdapter>(bed: &Bed<A>) {
    let before = add_agent(bed, "before").await;
    let mine = || DbError::new(Action::Delete, ErrorKind::RowNotFound).with_details("mine");
    let failed: DbResult<()> = bed
        .adapter
        .transaction(|client| {
            Box::pin(async move {
                client.query(ADD, &[text("a1")]).await?;
                client.query("update agents set version = 'x'", &[]).await?;
                client.query("delete from agents", &[]).await?;
                Err(mine())
            })
        })
        .await;
    let error = check(failed, Action::Delete, ErrorKind::RowNotFound);
    assert!(error.is_same_as(&mine()), "{error:?}");
    let sql = "select * from agents";
    let rows: Vec<Agent> = bed.adapter.query(sql, &[]).await.unwrap();
    assert_eq!(rows, [before]);
}

pub(crate) async fn a_failed_statement_undoes_everything<A: DatabaseAdapter>(bed: &Bed<A>) {
    let failed: DbResult<Vec<Value>> = bed
        .adapter
        .transaction(|client| {
            Box::pin(async move {
                client.query(ADD, &[text("a1")]).await?;
                client.query(ADD, &[text("a1")]).await
            })
        })
        .await;
    let error = check(failed, Action::Transaction, ErrorKind::ConstraintViolation);
    assert!(error.message().contains("agents_name_key"), "{error:?}");
    assert_eq!(count(bed, "agents").await, 0);
}

pub(crate) async fn a_transaction_that_is_left_is_undone<A: DatabaseAdapter>(bed: &Bed<A>) {
    for _ in 0..5 {
        let (written, is_written) = tokio::sync::oneshot::channel();
        let endless = bed.adapter.transaction(|client| {
            Box::pin(async move {
                client.query(ADD, &[text("a1")]).await?;
                client.query(ADD, &[text("a2")]).await?;
                written.send(()).expect("somebody waits");
                std::future::pending::<DbResult<()>>().await
            })
        });
        tokio::select! {
            _ = endless => panic!("it never ends"),
            heard = is_written => heard.expect("it was written"),
        }
        // Neither the rows nor the locks on their names are left.
        assert_eq!(count(bed, "agents").await, 0);
    }
    add_agent(bed, "a1").await;
    add_agent(bed, "a2").await;
}

pub(crate) async fn a_caught_error_does_not_turn_a_rollback_into_a_success<A: DatabaseAdapter>(
    bed: &Bed<A>,
) {
    let caught: DbResult<()> = bed
        .adapter
        .transaction(|client| {
            Box::pin(async move {
                client.query(ADD, &[text("a1")]).await?;
                let again = client.query(ADD, &[text("a1")]).await;
                again.expect_err("the name is taken");
                let after = client.query(ADD, &[text("a2")]).await;
                after.expect_err("the transaction is broken");
                Ok(())
            })
        })
        .await;
    let kind = ErrorKind::TransactionRolledBack;
    let error = check(caught, Action::Transaction, kind);
    let message = error.message();
    let beginning = "Transaction failed and was rolled back: ";
    assert!(message.starts_with(beginning), "{message}");
    assert!(message.contains("agents_name_key"), "{message}");
    assert_eq!(count(bed, "agents").await, 0);
}

pub(crate) async fn a_savepoint_saves_a_transaction<A: DatabaseAdapter>(bed: &Bed<A>) {
    bed.adapter
        .transaction(|client| {
            Box::pin(async move {
                client.query(ADD, &[text("a1")]).await?;
                client.query("savepoint before", &[]).await?;
                client.query(ADD, &[text("a2")]).await?;
                let again = client.query(ADD, &[text("a1")]).await;
                again.expect_err("the name is taken");
                client.query("rollback to before", &[]).await?;
                client.query(ADD, &[text("a3")]).await
            })
        })
        .await
        .unwrap();
    let sql = "select name from agents where name <> $1 order by name";
    let params: [SqlValue; 1] = [text("")];
    let rows: Vec<Value> = bed.adapter.query(sql, &params).await.unwrap();
    assert_eq!(rows, [json!({"name": "a1"}), json!({"name": "a3"})]);
}
