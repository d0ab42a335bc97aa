//! Adding, changing and removing rows, and what is said when it cannot be done.

use chrono::{DateTime, TimeDelta, Utc};
use dbvitals::{
    adapter::{DatabaseAdapter, SqlValue},
    domain::{Action, ErrorKind, Outcome},
};
use serde_json::{Value, json};

use crate::{
    bed::Bed,
    cases::{Agent, NOBODY, add_agent, add_command, check, count, id_of},
};

pub(crate) async fn an_insert_takes_the_defaults<A: DatabaseAdapter>(bed: &Bed<A>) {
    let agent = add_agent(bed, "a1").await;
    assert_eq!(agent.id.get_version_num(), 4);
    let age = Utc::now() - agent.created_at;
    assert!(age.abs() < TimeDelta::seconds(5), "{age}");
    let expected = Agent {
        id: agent.id,
        name: "a1".into(),
        kind: "claude".into(),
        status: "disconnected".into(),
        last_ping: None,
        metadata: json!({}),
        capabilities: vec![],
        version: None,
        created_at: agent.created_at,
        updated_at: agent.created_at,
    };
    assert_eq!(agent, expected);
    let other = add_agent(bed, "a2").await;
    assert!(other.id != agent.id && other.created_at >= agent.created_at);
    let data = json!({"name": "a3", "type": "custom", "status": "busy", "metadata": [1]});
    let given: Agent = bed.adapter.insert("agents", &data).await.unwrap();
    assert_eq!(
        (given.kind.as_str(), given.status.as_str()),
        ("custom", "busy")
    );
    assert_eq!(given.metadata, json!([1]));
    let command = add_command(bed, &agent).await;
    let sql = "select status, priority, arguments, result, completed_at from commands";
    let rows: Vec<Value> = bed.adapter.query(sql, &[]).await.unwrap();
    let expected = json!({
        "status": "pending", "priority": 0, "arguments": {}, "result": null, "completed_at": null,
    });
    assert_eq!(rows, [expected]);
    let data = json!({
        "command_id": command, "agent_id": agent.id, "type": "stdout", "output": "o", "sequence": 0,
    });
    let output: Value = bed.adapter.insert("terminal_outputs", &data).await.unwrap();
    assert_eq!(output["is_blank"], false);
}

pub(crate) async fn an_insert_of_nothing_is_all_defaults<A: DatabaseAdapter>(bed: &Bed<A>) {
    let row: Value = bed
        .adapter
        .insert("execution_constraints", &json!({}))
        .await
        .unwrap();
    assert_eq!(id_of(&row).get_version_num(), 4);
    assert_eq!(row["environment_variables"], json!({}));
    for column in ["agent_id", "max_memory_mb", "allowed_commands"] {
        assert_eq!(row[column], Value::Null, "{column}");
    }
}

pub(crate) async fn a_null_that_is_given_takes_no_default<A: DatabaseAdapter>(bed: &Bed<A>) {
    let data = json!({"name": "a", "type": "claude", "version": null, "last_ping": null});
    let row: Value = bed.adapter.insert("agents", &data).await.unwrap();
    assert_eq!(
        (&row["version"], &row["last_ping"]),
        (&json!(null), &json!(null))
    );
    for column in ["status", "metadata", "capabilities", "created_at"] {
        let mut data = json!({"name": "b", "type": "claude"});
        data[column] = Value::Null;
        let inserted = bed.adapter.insert::<Value, _>("agents", &data).await;
        let error = check(inserted, Action::Insert, ErrorKind::ConstraintViolation);
        assert!(error.message().contains(column), "{error:?}");
    }
}

pub(crate) async fn an_update_changes_the_given_columns_only<A: DatabaseAdapter>(bed: &Bed<A>) {
    let before = add_agent(bed, "a1").await;
    let other = add_agent(bed, "a2").await;
    let data = json!({"status": "busy", "metadata": {"k": 1}});
    let id = before.id.to_string();
    let after: Agent = bed.adapter.update("agents", &id, &data).await.unwrap();
    assert_eq!(bed.affected(), Some(1));
    let expected = Agent {
        status: "busy".into(),
        metadata: json!({"k": 1}),
        updated_at: after.updated_at,
        ..before
    };
    assert_eq!(after, expected);
    let sql = "select * from agents where id = $1";
    for expected in [&after, &other] {
        let params = [SqlValue::Uuid(expected.id)];
        let rows: Vec<Agent> = bed.adapter.query(sql, &params).await.unwrap();
        assert_eq!(rows, std::slice::from_ref(expected));
    }
    let nothing = bed
        .adapter
        .update::<Value, _>("agents", &id, &json!({}))
        .await;
    check(nothing, Action::Update, ErrorKind::InvalidData);
    // An id may change, too.
    let data = json!({"id": NOBODY});
    let moved: Agent = bed.adapter.update("agents", &id, &data).await.unwrap();
    assert_eq!(
        (moved.id.to_string().as_str(), moved.name.as_str()),
        (NOBODY, "a1")
    );
}

pub(crate) async fn an_update_moves_the_time_of_the_last_change<A: DatabaseAdapter>(bed: &Bed<A>) {
    let long_ago: DateTime<Utc> = "2024-01-01T00:00:00Z".parse().unwrap();
    let agent = add_agent(bed, "a").await.id;
    for (table, row, change) in [
        (
            "agents",
            json!({"name": "b", "type": "codex"}),
            json!({"version": "2"}),
        ),
        (
            "command_presets",
            json!({"name": "p", "command": "c"}),
            json!({"icon": "i"}),
        ),
        (
            "execution_constraints",
            json!({"agent_id": agent}),
            json!({"max_memory_mb": 1}),
        ),
    ] {
        let mut row = row;
        row["created_at"] = json!(long_ago);
        row["updated_at"] = json!(long_ago);
        let before: Value = bed.adapter.insert(table, &row).await.unwrap();
        assert_eq!(before["updated_at"], "2024-01-01T00:00:00.000000Z");
        let id = id_of(&before);
        let after: Value = bed
            .adapter
            .update(table, &id.to_string(), &change)
            .await
            .unwrap();
        let changed: DateTime<Utc> = serde_json::from_value(after["updated_at"].clone()).unwrap();
        let age = Utc::now() - changed;
        assert!(age.abs() < TimeDelta::seconds(5), "{table}: {age}");
        assert_eq!(after["created_at"], before["created_at"], "{table}");
        let sql = format!("select * from {table} where id = $1");
        let params = [SqlValue::Uuid(id)];
        let rows: Vec<Value> = bed.adapter.query(&sql, &params).await.unwrap();
        assert_eq!(rows, [after], "{table}");
    }
}

pub(crate) async fn a_delete_removes_one_row<A: DatabaseAdapter>(bed: &Bed<A>) {
    let agent = add_agent(bed, "a1").await;
    add_agent(bed, "a2").await;
    // In whatever way its id is written.
    let id = agent.id.to_string().to_uppercase();
    bed.adapter.delete("agents", &id).await.unwrap();
    assert_eq!(bed.affected(), Some(1));
    let rows: Vec<Value> = bed
        .adapter
        .query("select name from agents", &[])
        .await
        .unwrap();
    assert_eq!(rows, [json!({"name": "a2"})]);
}

pub(crate) async fn a_delete_removes_what_refers_to_it<A: DatabaseAdapter>(bed: &Bed<A>) {
    let agent = add_agent(bed, "a").await;
    let command = add_command(bed, &agent).await;
    let (agent_id, command_id) = (agent.id, command);
    let both = json!({"command_id": command_id, "agent_id": agent_id});
    for (table, more) in [
        (
            "terminal_outputs",
            json!({"type": "stdout", "output": "", "sequence": 0}),
        ),
        ("trace_entries", json!({"type": "thought"})),
        (
            "investigation_reports",
            json!({"title": "t", "summary": "s"}),
        ),
        ("command_queues", json!({"position": 0})),
    ] {
        let mut row = both.clone();
        for (column, value) in more.as_object().unwrap() {
            row[column] = value.clone();
        }
        let row: Value = bed.adapter.insert(table, &row).await.unwrap();
        if table == "trace_entries" {
            let child = json!({"agent_id": agent_id, "type": "action", "parent_id": row["id"]});
            let child: Value = bed.adapter.insert(table, &child).await.unwrap();
            assert_eq!(child["parent_id"], row["id"]);
        }
    }
    let own = json!({"agent_id": agent_id});
    let own: Value = bed
        .adapter
        .insert("execution_constraints", &own)
        .await
        .unwrap();
    assert_eq!(own["agent_id"], json!(agent_id));
    bed.adapter
        .delete("agents", &agent_id.to_string())
        .await
        .unwrap();
    assert_eq!(bed.affected(), Some(1));
    for table in [
        "agents",
        "commands",
        "terminal_outputs",
        "trace_entries",
        "investigation_reports",
        "execution_constraints",
        "command_queues",
    ] {
        assert_eq!(count(bed, table).await, 0, "{table}");
    }
}

pub(crate) async fn a_row_that_is_not_there_is_said<A: DatabaseAdapter>(bed: &Bed<A>) {
    add_agent(bed, "a").await;
    let kind = ErrorKind::RowNotFound;
    let data = json!({"version": "1"});
    let updated = bed
        .adapter
        .update::<Value, _>("agents", NOBODY, &data)
        .await;
    check(updated, Action::Update, kind);
    let deleted = bed.adapter.delete("agents", NOBODY).await;
    let error = check(deleted, Action::Delete, kind);
    assert_eq!(
        error.message(),
        "Database row not found. Nothing was changed."
    );
    assert_eq!(count(bed, "agents").await, 1);
}

pub(crate) async fn a_wrong_statement_is_said<A: DatabaseAdapter>(bed: &Bed<A>) {
    let asked = bed.adapter.query::<Value>("selekt 1", &[]).await;
    check(asked, Action::Query, ErrorKind::StatementInvalid);
    assert_eq!(count(bed, "agents").await, 0);
}

pub(crate) async fn a_row_that_is_no_t_is_an_error<A: DatabaseAdapter>(bed: &Bed<A>) {
    let sql = "select 1 as id union all select 2";
    let asked = bed.adapter.query::<Agent>(sql, &[]).await;
    check(asked, Action::Query, ErrorKind::SchemaMismatch);
    assert!(matches!(bed.newest().outcome(), Outcome::Failed { .. }));
    assert_eq!(count(bed, "agents").await, 0);
}

pub(crate) async fn data_that_is_no_row_is_refused<A: DatabaseAdapter>(bed: &Bed<A>) {
    let inserted = bed.adapter.insert::<Value, _>("agents", &[1, 2]).await;
    check(inserted, Action::Insert, ErrorKind::InvalidData);
}

pub(crate) async fn an_answer_may_be_large_in_a_session_that_knows_nothing<A: DatabaseAdapter>(
    bed: &Bed<A>,
) {
    // Of types that are not the server's own, and more than any buffer holds.
    let sql = "with recursive numbers (n) as \
        (select 1 union all select n + 1 from numbers where n < 5000) \
        insert into agents (name, type, version) \
        select 'agent ' || n, 'claude', $1 from numbers returning *";
    let long = "v".repeat(200);
    let params = [SqlValue::Text(long.clone())];
    let rows: Vec<Agent> = bed.adapter.query(sql, &params).await.unwrap();
    assert_eq!(rows.len(), 5_000);
    let again = bed.adapter.transaction(|client| {
        Box::pin(async move { client.query("select * from agents", &[]).await })
    });
    let again = again.await.unwrap();
    assert_eq!(again.len(), 5_000);
    assert!(again.iter().all(|row| row["version"] == *long));
}
