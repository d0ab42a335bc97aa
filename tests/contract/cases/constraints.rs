//! A constraint that is broken is named, in every way in which it can be broken.

use dbvitals::{
    adapter::{DatabaseAdapter, DbResult, SqlValue},
    domain::{Action, DbError, ErrorKind},
};
use serde_json::{Value, json};

use crate::{
    bed::Bed,
    cases::{Agent, NOBODY, add_agent, add_command, check, count, text},
};

/// The row is refused, and the message gives this name.
async fn refused<A: DatabaseAdapter>(bed: &Bed<A>, table: &str, row: &Value, name: &str) {
    let inserted = bed.adapter.insert::<Value, _>(table, row).await;
    is_named(inserted, Action::Insert, name);
}

#[track_caller]
fn is_named<T: std::fmt::Debug>(result: DbResult<T>, action: Action, name: &str) -> DbError {
    let error = check(result, action, ErrorKind::ConstraintViolation);
    assert!(error.code().is_some());
    let message = error.message();
    let beginning = "Operation violates database constraints: ";
    assert!(message.starts_with(beginning), "{message}");
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let is_said = message.split(|c| !is_part(c)).any(|word| word == name);
    assert!(is_said, "`{name}` is not in: {message}");
    error
}

pub(crate) async fn a_broken_key_is_named<A: DatabaseAdapter>(bed: &Bed<A>) {
    let agent = add_agent(bed, "a").await;
    let command = add_command(bed, &agent).await;
    let output = json!({
        "command_id": command, "agent_id": agent.id, "type": "stdout", "output": "", "sequence": 7,
    });
    let rows = [
        (
            "agents",
            json!({"name": "a", "type": "codex"}),
            "agents_name_key",
        ),
        (
            "agents",
            json!({"id": agent.id, "name": "b", "type": "codex"}),
            "agents_pkey",
        ),
        (
            "terminal_outputs",
            output,
            "terminal_outputs_command_id_agent_id_sequence_key",
        ),
        (
            "command_presets",
            json!({"name": "p", "command": "c"}),
            "command_presets_name_key",
        ),
        (
            "execution_constraints",
            json!({"agent_id": agent.id}),
            "execution_constraints_agent_id_key",
        ),
        (
            "execution_constraints",
            json!({}),
            "execution_constraints_global_key",
        ),
        (
            "command_queues",
            json!({"command_id": command, "position": 0}),
            "command_queues_command_id_key",
        ),
    ];
    for (table, row, name) in rows {
        if table != "agents" {
            let first: Value = bed.adapter.insert(table, &row).await.unwrap();
            assert!(first["id"].is_string());
        }
        refused(bed, table, &row, name).await;
    }
}

pub(crate) async fn a_broken_reference_is_named<A: DatabaseAdapter>(bed: &Bed<A>) {
    let agent = add_agent(bed, "a").await.id;
    let output = json!({"type": "stdout", "output": "", "sequence": 0});
    let report = json!({"title": "t", "summary": "s"});
    let trace = json!({"type": "error", "agent_id": agent});
    for (table, row, column) in [
        ("commands", json!({"command": "c"}), "agent_id"),
        ("terminal_outputs", output.clone(), "command_id"),
        ("terminal_outputs", output, "agent_id"),
        ("trace_entries", trace.clone(), "command_id"),
        ("trace_entries", json!({"type": "error"}), "agent_id"),
        ("trace_entries", trace, "parent_id"),
        ("investigation_reports", report.clone(), "command_id"),
        ("investigation_reports", report, "agent_id"),
        ("execution_constraints", json!({}), "agent_id"),
        ("command_queues", json!({"position": 0}), "command_id"),
        ("command_queues", json!({"position": 0}), "agent_id"),
    ] {
        let command = add_command(bed, &add_agent(bed, &format!("{table} {column}")).await).await;
        let mut row = row;
        if table != "commands" && table != "execution_constraints" && table != "trace_entries" {
            row["agent_id"] = json!(agent);
            row["command_id"] = json!(command);
        }
        row[column] = json!(NOBODY);
        refused(bed, table, &row, &format!("{table}_{column}_fkey")).await;
    }
}

pub(crate) async fn a_broken_check_is_named<A: DatabaseAdapter>(bed: &Bed<A>) {
    let agent = add_agent(bed, "a").await.id;
    let command = |more: Value| {
        let mut row = json!({"agent_id": agent, "command": "c"});
        for (column, value) in more.as_object().unwrap() {
            row[column] = value.clone();
        }
        row
    };
    for (row, name) in [
        (json!({"priority": 101}), "commands_priority_range"),
        (json!({"command": ""}), "commands_command_length"),
        (
            json!({"status": "completed"}),
            "commands_completed_at_status",
        ),
        (
            json!({"started_at": "2000-01-01T00:00:00Z"}),
            "commands_started_at_order",
        ),
    ] {
        refused(bed, "commands", &command(row), name).await;
    }
    let lists = json!({"allowed_commands": ["a"], "blocked_commands": ["b"]});
    refused(
        bed,
        "execution_constraints",
        &lists,
        "execution_constraints_one_list",
    )
    .await;
}

pub(crate) async fn a_missing_value_is_named<A: DatabaseAdapter>(bed: &Bed<A>) {
    for (table, row, column) in [
        ("agents", json!({"type": "codex"}), "name"),
        ("agents", json!({"name": "b"}), "type"),
        ("commands", json!({"command": "c"}), "agent_id"),
        ("command_presets", json!({"name": "n"}), "command"),
        (
            "investigation_reports",
            json!({"title": "t", "summary": "s"}),
            "command_id",
        ),
        ("audit_logs", json!({"action": "a"}), "resource_type"),
        ("command_queues", json!({"position": 0}), "command_id"),
    ] {
        let inserted = bed.adapter.insert::<Value, _>(table, &row).await;
        let error = is_named(inserted, Action::Insert, column);
        assert!(error.message().contains(table), "{error:?}");
    }
}

pub(crate) async fn the_constraint_is_named_in_every_call<A: DatabaseAdapter>(bed: &Bed<A>) {
    let agent = add_agent(bed, "a").await;
    let id = add_command(bed, &agent).await;
    add_agent(bed, "b").await;
    let set = |column: &str| format!("update commands set {column} = $1 where id = $2");
    let nobody = SqlValue::Uuid(NOBODY.parse().unwrap());
    for (sql, value, name) in [
        (set("agent_id"), nobody, "commands_agent_id_fkey"),
        (
            set("priority"),
            SqlValue::Int(-101),
            "commands_priority_range",
        ),
        (set("command"), SqlValue::Null, "command"),
        (
            "update agents set name = $1 where id <> $2".into(),
            text("b"),
            "agents_name_key",
        ),
    ] {
        let params = [value, SqlValue::Uuid(id)];
        let asked = bed.adapter.query::<Value>(&sql, &params).await;
        is_named(asked, Action::Query, name);
        let within = bed.adapter.transaction(|client| {
            Box::pin(async move {
                client.query("savepoint first", &[]).await?;
                let first = client.query(&sql, &params).await;
                is_named(first, Action::Transaction, name);
                // What it took to find the name is undone.
                client.query("rollback to first", &[]).await?;
                client.query(&sql, &params).await
            })
        });
        is_named(within.await, Action::Transaction, name);
    }
    let data = json!({"agent_id": NOBODY});
    let id = id.to_string();
    let updated = bed.adapter.update::<Value, _>("commands", &id, &data).await;
    is_named(updated, Action::Update, "commands_agent_id_fkey");
    let data = json!({"name": "b"});
    let id = agent.id.to_string();
    let updated = bed.adapter.update::<Value, _>("agents", &id, &data).await;
    is_named(updated, Action::Update, "agents_name_key");
}

pub(crate) async fn a_refused_row_changes_nothing<A: DatabaseAdapter>(bed: &Bed<A>) {
    let agent = add_agent(bed, "a").await;
    let sql = "insert into agents (name, type) values ('b', 'codex'), ('a', 'codex')";
    let asked = bed.adapter.query::<Value>(sql, &[]).await;
    is_named(asked, Action::Query, "agents_name_key");
    let row = json!({"agent_id": NOBODY, "command": "c"});
    refused(bed, "commands", &row, "commands_agent_id_fkey").await;
    assert_eq!(count(bed, "commands").await, 0);
    let data = json!({"status": "busy", "name": ""});
    let id = agent.id.to_string();
    let updated = bed.adapter.update::<Value, _>("agents", &id, &data).await;
    is_named(updated, Action::Update, "agents_name_length");
    let sql = "select * from agents";
    let rows: Vec<Agent> = bed.adapter.query(sql, &[]).await.unwrap();
    assert_eq!(rows, [agent]);
}
