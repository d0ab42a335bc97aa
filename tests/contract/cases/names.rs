//! Tables, columns and ids that are not there, and those that are meant to do harm.

use dbvitals::{
    adapter::{DatabaseAdapter, SqlValue},
    domain::{Action, ErrorKind},
};
use serde_json::{Value, json};

use crate::{
    bed::Bed,
    cases::{NOBODY, add_agent, check, count, text},
};

/// Words that end a name, a text or a statement, and begin another; and two
/// that are a name nearly.
const EVIL: [&str; 12] = [
    "AGENTS",
    " name",
    "agents\"; drop table agents; --",
    "agents; delete from agents",
    "agents where true; --",
    "agents\" (name) values ('x'); --",
    "\"agents\"",
    "name\") values ('x', 'claude'); drop table agents; --",
    "name = 'x', type",
    "'; drop table agents; --",
    "' or '1' = '1",
    "agents/**/",
];

/// The agents as they were before.
async fn agents<A: DatabaseAdapter>(bed: &Bed<A>) -> Vec<Value> {
    let sql = "select * from agents order by name";
    bed.adapter.query(sql, &[]).await.expect("the table stands")
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
        adapter.update::<Value, _>("nowhere", NOBODY, &row).await,
        Action::Update,
        kind,
    );
    let error = check(
        adapter.delete("nowhere", NOBODY).await,
        Action::Delete,
        kind,
    );
    let words = "Database schema not initialized. Please run migrations.";
    assert_eq!(error.message(), words);
}

pub(crate) async fn a_column_that_is_not_there_is_said<A: DatabaseAdapter>(bed: &Bed<A>) {
    let kind = ErrorKind::SchemaMismatch;
    let row = json!({"name": "n", "colour": "red"});
    let inserted = bed.adapter.insert::<Value, _>("agents", &row).await;
    let error = check(inserted, Action::Insert, kind);
    assert!(error.details().unwrap().contains("colour"), "{error:?}");
    let updated = bed.adapter.update::<Value, _>("agents", NOBODY, &row);
    check(updated.await, Action::Update, kind);
    let asked = bed.adapter.query::<Value>("select colour from agents", &[]);
    asked.await.expect_err("there is no such column");
}

pub(crate) async fn the_name_of_a_table_is_never_a_statement<A: DatabaseAdapter>(bed: &Bed<A>) {
    add_agent(bed, "before").await;
    let (before, kind) = (agents(bed).await, ErrorKind::SchemaMissing);
    let row = json!({"name": "n", "type": "claude"});
    let long = "a".repeat(10_000);
    for name in EVIL.into_iter().chain(["", long.as_str()]) {
        let inserted = bed.adapter.insert::<Value, _>(name, &row).await;
        check(inserted, Action::Insert, kind);
        let updated = bed.adapter.update::<Value, _>(name, NOBODY, &row).await;
        check(updated, Action::Update, kind);
        let deleted = bed.adapter.delete(name, NOBODY).await;
        check(deleted, Action::Delete, kind);
    }
    assert_eq!(agents(bed).await, before);
}

pub(crate) async fn the_name_of_a_column_is_never_a_statement<A: DatabaseAdapter>(bed: &Bed<A>) {
    let agent = add_agent(bed, "before").await;
    let (before, kind) = (agents(bed).await, ErrorKind::SchemaMismatch);
    for name in EVIL.into_iter().chain([""]) {
        let row = json!({"name": "n", "type": "claude", name: "x"});
        let inserted = bed.adapter.insert::<Value, _>("agents", &row).await;
        check(inserted, Action::Insert, kind);
        let id = agent.id.to_string();
        let updated = bed.adapter.update::<Value, _>("agents", &id, &row).await;
        check(updated, Action::Update, kind);
    }
    assert_eq!(agents(bed).await, before);
}

pub(crate) async fn an_id_is_never_a_statement<A: DatabaseAdapter>(bed: &Bed<A>) {
    add_agent(bed, "before").await;
    let (before, kind) = (agents(bed).await, ErrorKind::InvalidData);
    let row = json!({"name": "after"});
    for id in EVIL.into_iter().chain(["", "%", "*"]) {
        let updated = bed.adapter.update::<Value, _>("agents", id, &row).await;
        check(updated, Action::Update, kind);
        let deleted = bed.adapter.delete("agents", id).await;
        check(deleted, Action::Delete, kind);
    }
    assert_eq!(agents(bed).await, before);
}

pub(crate) async fn a_value_is_never_a_statement<A: DatabaseAdapter>(bed: &Bed<A>) {
    for evil in EVIL {
        let agent = add_agent(bed, evil).await;
        assert_eq!(agent.name, evil);
        let sql = "select name from agents where name = $1";
        let params: [SqlValue; 1] = [text(evil)];
        let found: Vec<Value> = bed.adapter.query(sql, &params).await.unwrap();
        assert_eq!(found, [json!({"name": evil})]);
    }
    let all = i64::try_from(EVIL.len()).unwrap();
    assert_eq!(count(bed, "agents").await, all);
}
