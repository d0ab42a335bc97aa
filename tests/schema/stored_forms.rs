//! SQLite has few types: its checks hold each column to the form that stands
//! for PostgreSQL's type, against whatever a statement may write.

use dbvitals::{
    adapter::{Database, DatabaseAdapter},
    domain::ErrorKind,
};
use serde_json::{Value, json};

use crate::engines::Engine;

/// A database with a row in each of the tables that are tried here.
async fn database() -> Database {
    let database = Engine::Sqlite.open().await;
    let agent = json!({"name": "a", "type": "claude"});
    let agent: Value = database.insert("agents", &agent).await.unwrap();
    let command = json!({"agent_id": agent["id"], "command": "c"});
    let command: Value = database.insert("commands", &command).await.unwrap();
    for (table, row) in [
        (
            "terminal_outputs",
            json!({
                "agent_id": agent["id"], "command_id": command["id"],
                "type": "stdout", "output": "", "sequence": 0,
            }),
        ),
        ("execution_constraints", json!({})),
        ("audit_logs", json!({"action": "a", "resource_type": "r"})),
    ] {
        let row: Value = database.insert(table, &row).await.unwrap();
        assert!(row["id"].is_string());
    }
    database
}

/// The column takes the first expressions and refuses the others, by this name.
async fn check(column: &str, takes: &[&str], refuses: &[&str], name: &str) {
    let database = database().await;
    let (table, column) = column.split_once('.').expect("table.column");
    let set = |expression: &str| format!("update {table} set \"{column}\" = {expression}");
    for expression in takes {
        let written = database.query::<Value>(&set(expression), &[]).await;
        written.unwrap_or_else(|error| panic!("{expression}: {error:?}"));
    }
    for expression in refuses {
        let Err(error) = database.query::<Value>(&set(expression), &[]).await else {
            panic!("taken: {expression}");
        };
        assert_eq!(error.kind(), ErrorKind::ConstraintViolation, "{error:?}");
        assert!(error.message().ends_with(name), "{expression}: {error:?}");
    }
}

#[tokio::test]
async fn a_uuid_has_its_36_characters() {
    let takes = [
        "'01234567-89ab-4cde-8f01-23456789abcd'",
        "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
    ];
    let refuses = [
        "'01234567-89AB-4cde-8f01-23456789abcd'",
        "'0123456789ab4cde8f0123456789abcd'",
        "'01234567-89ab-4cde-8f01-23456789abc'",
        "'01234567-89ab-4cde-8f01-23456789abcd0'",
        "'01234567-89ab-4cde-8f01-23456789abcg'",
        "'012345678-9ab-4cde-8f01-23456789abcd'",
        "cast('01234567-89ab-4cde-8f01-23456789abcd' as blob)",
        "''",
        "7",
    ];
    check("audit_logs.id", &takes, &refuses, "audit_logs_id_uuid").await;
    let takes = [takes[0], "null"];
    let name = "audit_logs_user_id_uuid";
    check("audit_logs.user_id", &takes, &refuses, name).await;
}

#[tokio::test]
async fn a_time_is_one_with_six_decimals_in_utc() {
    let takes = [
        "'2024-02-29T23:59:59.999999Z'",
        "'0001-01-01T00:00:00.000000Z'",
        "'9999-12-31T23:59:59.999999Z'",
        "null",
    ];
    let refuses = [
        "'2023-02-29T00:00:00.000000Z'",
        "'2024-13-01T00:00:00.000000Z'",
        "'2024-04-31T00:00:00.000000Z'",
        "'2024-02-29T24:00:00.000000Z'",
        "'2024-02-29T23:60:00.000000Z'",
        "'2024-02-29T23:59:60.000000Z'",
        "'2024-02-29T23:59:59.99999Z'",
        "'2024-02-29T23:59:59Z'",
        "'2024-02-29 23:59:59.999999Z'",
        "'2024-02-29T23:59:59.999999+00'",
        "'2024-02-29T23:59:59.999999z'",
        "cast('2024-02-29T23:59:59.999999Z' as blob)",
        "'now'",
        "''",
        "0",
    ];
    let name = "agents_last_ping_time";
    check("agents.last_ping", &takes, &refuses, name).await;
    let name = "audit_logs_created_at_time";
    check("audit_logs.created_at", &takes[..3], &refuses, name).await;
}

#[tokio::test]
async fn json_is_valid_text() {
    let takes = ["'{}'", "'[1, null]'", "'\"a\"'", "'1e300'", "'null'", "5"];
    let refuses = ["'{'", "'{a: 1}'", "''", "'[1,]'", "jsonb('{}')"];
    let name = "agents_metadata_json";
    check("agents.metadata", &takes, &refuses, name).await;
    let name = "commands_result_json";
    check("commands.result", &["null"], &refuses, name).await;
}

#[tokio::test]
async fn a_list_is_a_json_array() {
    let takes = ["'[]'", "'[\"a\", null]'"];
    let refuses = [
        "'{}'",
        "'null'",
        "'\"[]\"'",
        "'[' ",
        "''",
        "jsonb('[]')",
        "5",
    ];
    let name = "agents_capabilities_array";
    check("agents.capabilities", &takes, &refuses, name).await;
    let name = "execution_constraints_allowed_commands_array";
    let column = "execution_constraints.allowed_commands";
    check(column, &["'[]'", "null"], &refuses, name).await;
}

#[tokio::test]
async fn a_truth_value_is_0_or_1() {
    let name = "terminal_outputs_is_blank_boolean";
    let refuses = ["2", "-1", "0.5", "'true'", "x'01'"];
    check(
        "terminal_outputs.is_blank",
        &["1", "false", "'1'"],
        &refuses,
        name,
    )
    .await;
}

#[tokio::test]
async fn a_number_is_whole_and_has_32_bits() {
    let name = "terminal_outputs_sequence_range";
    let refuses = ["2147483648", "-1", "0.5", "'many'", "x'01'", "''"];
    let takes = ["2147483647", "'7'", "7.0"];
    check("terminal_outputs.sequence", &takes, &refuses, name).await;
    let name = "execution_constraints_max_memory_mb_range";
    let refuses = ["0.5", "'many'", "x'01'"];
    check(
        "execution_constraints.max_memory_mb",
        &["null"],
        &refuses,
        name,
    )
    .await;
}

#[tokio::test]
async fn a_text_holds_no_character_0() {
    // length() stops counting there.
    let long = "'a' || char(0) || replace(hex(zeroblob(100)), '00', 'b')";
    let refuses = [long, "char(0)", "'a' || char(0)", "x'61'"];
    check("agents.name", &["'a'"], &refuses, "agents_name_length").await;
    check(
        "agents.version",
        &["null", "''"],
        &refuses,
        "agents_version_text",
    )
    .await;
    let name = "commands_error_length";
    check("commands.error", &["null", "''"], &refuses, name).await;
}

#[tokio::test]
async fn an_address_has_the_characters_of_one() {
    let takes = ["null", "'::'", "'10.0.0.1'", "'2001:db8::/32'"];
    let refuses = ["'localhost'", "''", "'1.1.1.1 '", "x'3a3a'"];
    let name = "audit_logs_ip_address_inet";
    check("audit_logs.ip_address", &takes, &refuses, name).await;
}

#[tokio::test]
async fn a_new_id_is_a_random_uuid_of_version_4() {
    let database = Engine::Sqlite.open().await;
    let sql = "with recursive numbers (n) as \
        (select 1 union all select n + 1 from numbers where n < 2000) \
        insert into audit_logs (action, resource_type) select 'a', 'r' from numbers returning id";
    let rows: Vec<Value> = database.query(sql, &[]).await.unwrap();
    let mut variants = std::collections::BTreeSet::new();
    let mut ids = std::collections::BTreeSet::new();
    for row in &rows {
        let id: uuid::Uuid = row["id"].as_str().unwrap().parse().unwrap();
        assert_eq!(id.get_version_num(), 4);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        variants.insert(row["id"].as_str().unwrap().as_bytes()[19]);
        ids.insert(id);
    }
    assert_eq!((rows.len(), ids.len()), (2_000, 2_000));
    assert_eq!(variants.into_iter().collect::<Vec<_>>(), b"89ab");
}
