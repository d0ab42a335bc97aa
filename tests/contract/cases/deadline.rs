//! What outlasts its deadline: each of these begins with a brief one.

use std::time::Instant;

use dbvitals::{
    adapter::{DatabaseAdapter, DbResult},
    domain::{Action, ErrorKind},
};
use serde_json::Value;

use crate::{
    bed::{BRIEF, Bed},
    cases::{check, count, text},
};

/// A statement that both engines know, and that ends on the day when whole
/// numbers do.
const ENDLESS: &str = "with recursive numbers (n) as ( \
    select 1 union all select n + 1 from numbers) select count(*) as n from numbers";

const TIMEOUT: ErrorKind = ErrorKind::Timeout { after_ms: 500 };

pub(crate) async fn a_statement_that_takes_too_long_is_ended<A: DatabaseAdapter>(bed: &Bed<A>) {
    let began = Instant::now();
    let endless = bed.adapter.query::<Value>(ENDLESS, &[]).await;
    let error = check(endless, Action::Query, TIMEOUT);
    let words = "Database operation timed out after 500ms";
    assert_eq!(error.message(), words);
    assert!(began.elapsed() < BRIEF * 2, "{:?}", began.elapsed());
    // It does not stand in the way of what follows.
    assert_eq!(count(bed, "agents").await, 0);
}

pub(crate) async fn a_transaction_that_takes_too_long_is_undone<A: DatabaseAdapter>(bed: &Bed<A>) {
    let late: DbResult<Vec<Value>> = bed
        .adapter
        .transaction(|client| {
            Box::pin(async move {
                let sql = "insert into agents (name, type) values ($1, 'codex')";
                client.query(sql, &[text("late")]).await?;
                client.query(ENDLESS, &[]).await
            })
        })
        .await;
    check(late, Action::Transaction, TIMEOUT);
    assert_eq!(count(bed, "agents").await, 0);
}
