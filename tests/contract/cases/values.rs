//! What is stored is what was given, in every type that the tables have.

use chrono::DateTime;
use dbvitals::{
    adapter::{DatabaseAdapter, SqlValue},
    domain::{Action, ErrorKind},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    bed::Bed,
    cases::{add_agent, add_command, check, count, id_of, text},
};

/// Texts that an engine, a format or a reader might take for something else.
const TEXTS: [&str; 16] = [
    "",
    " ",
    "it's \"é\"",
    "a\\b\\",
    "🦀 👩‍👩‍👧 🇩🇪",
    "שלום مرحبا",
    "e\u{301} \u{202e}",
    "line\r\nline\ttab",
    "\u{1}\u{1b}[2J\u{7f}",
    "NULL",
    "null",
    "{a,\"b\",NULL}",
    "[1, 2]",
    "\\x4142",
    "%_; --",
    "2024-02-29T12:00:00Z",
];

/// One row of a table, by its id.
async fn stored<A: DatabaseAdapter>(bed: &Bed<A>, table: &str, id: Uuid) -> Value {
    let sql = format!("select * from {table} where id = $1");
    let rows = bed.adapter.query(&sql, &[SqlValue::Uuid(id)]).await;
    let mut rows: Vec<Value> = rows.expect("the row is read");
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

pub(crate) async fn every_kind_of_parameter_arrives<A: DatabaseAdapter>(bed: &Bed<A>) {
    let adapter = &bed.adapter;
    let agent = add_agent(bed, "a").await;
    let moment =
        |micros: i64| DateTime::from_timestamp_micros(1_700_000_000_123_456 + micros).unwrap();
    let id = Uuid::from_u128(0x0123_4567_89ab_4cde_8f01_2345_6789_abcd);
    let nested = json!({"a": [1, "x", null, {"é": true}]});
    let sql = "insert into commands (id, agent_id, command, arguments, status, priority, result, \
        started_at, completed_at, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let params = [
        SqlValue::Uuid(id),
        SqlValue::Uuid(agent.id),
        text("it's \"é\" 🦀"),
        SqlValue::Json(nested.clone()),
        text("completed"),
        SqlValue::Int(-100),
        SqlValue::Json(json!("done")),
        SqlValue::Timestamp(moment(1)),
        SqlValue::Timestamp(moment(2)),
        SqlValue::Timestamp(moment(0)),
    ];
    let none: Vec<Value> = adapter.query(sql, &params).await.expect("all fit");
    assert!(none.is_empty());
    assert_eq!(bed.affected(), Some(1));
    let expected = json!({
        "id": "01234567-89ab-4cde-8f01-23456789abcd",
        "agent_id": agent.id,
        "command": "it's \"é\" 🦀",
        "arguments": nested,
        "status": "completed",
        "priority": -100,
        "result": "done",
        "error": null,
        "started_at": "2023-11-14T22:13:20.123457Z",
        "completed_at": "2023-11-14T22:13:20.123458Z",
        "created_at": "2023-11-14T22:13:20.123456Z",
    });
    assert_eq!(stored(bed, "commands", id).await, expected);
    let sql = "select id from commands where command = $1 and priority = $2 and started_at = $3";
    let params = [params[2].clone(), params[5].clone(), params[7].clone()];
    let found: Vec<Value> = adapter.query(sql, &params).await.unwrap();
    assert_eq!(found, [json!({"id": id})]);
    truth_and_arrays_arrive(bed, agent.id, id).await;
    // No table holds these, so they go there and back.
    for (value, expected) in [
        (SqlValue::Float(-0.1), json!(-0.1)),
        (SqlValue::Float(2.0), json!(2)),
        (SqlValue::Float(f64::INFINITY), json!("Infinity")),
        (SqlValue::Bytes(vec![0, 1, 255]), json!("\\x0001ff")),
        (SqlValue::Bytes(vec![]), json!("\\x")),
    ] {
        let rows: Vec<Value> = adapter.query("select $1 as value", &[value]).await.unwrap();
        assert_eq!(rows, [json!({"value": expected})]);
    }
}

async fn truth_and_arrays_arrive<A: DatabaseAdapter>(bed: &Bed<A>, agent: Uuid, command: Uuid) {
    for (sequence, is_blank) in [(0, false), (1, true)] {
        let sql = "insert into terminal_outputs \
            (command_id, agent_id, type, output, sequence, is_blank) \
            values ($1, $2, 'system', '', $3, $4)";
        let params = [
            SqlValue::Uuid(command),
            SqlValue::Uuid(agent),
            SqlValue::Int(sequence),
            SqlValue::Bool(is_blank),
        ];
        bed.adapter.query::<Value>(sql, &params).await.unwrap();
        let sql = "select sequence, is_blank from terminal_outputs where is_blank = $1";
        let params = [SqlValue::Bool(is_blank)];
        let found: Vec<Value> = bed.adapter.query(sql, &params).await.unwrap();
        assert_eq!(found, [json!({"sequence": sequence, "is_blank": is_blank})]);
    }
    let sql = "insert into investigation_reports \
        (command_id, agent_id, title, summary, recommendations) \
        values ($1, $2, 't', 's', $3) returning recommendations";
    let lists = [
        vec![],
        TEXTS.map(text).to_vec(),
        vec![SqlValue::Null, text("x"), SqlValue::Null],
    ];
    for list in lists {
        let expected: Vec<Value> = list
            .iter()
            .map(|element| match element {
                SqlValue::Text(text) => json!(text),
                _ => Value::Null,
            })
            .collect();
        let params = [
            SqlValue::Uuid(command),
            SqlValue::Uuid(agent),
            SqlValue::Array(list),
        ];
        let rows: Vec<Value> = bed.adapter.query(sql, &params).await.unwrap();
        assert_eq!(rows, [json!({"recommendations": expected})]);
    }
}

pub(crate) async fn null_is_a_parameter<A: DatabaseAdapter>(bed: &Bed<A>) {
    let agent = add_agent(bed, "a").await;
    let command = add_command(bed, &agent).await;
    let sql = "update commands set error = $1, result = $2, started_at = $3 where id = $4 \
        returning error, result, started_at";
    let given = [
        text("e"),
        SqlValue::Json(json!([1])),
        SqlValue::Timestamp("2999-01-01T00:00:00Z".parse().unwrap()),
        SqlValue::Uuid(command),
    ];
    bed.adapter.query::<Value>(sql, &given).await.unwrap();
    let [_, _, _, id] = given;
    let nulls = [SqlValue::Null, SqlValue::Null, SqlValue::Null, id];
    let rows: Vec<Value> = bed.adapter.query(sql, &nulls).await.unwrap();
    let expected = json!({"error": null, "result": null, "started_at": null});
    assert_eq!(rows, [expected]);
    let rows: Vec<Value> = bed
        .adapter
        .query("select $1 as value", &[SqlValue::Null])
        .await
        .unwrap();
    assert_eq!(rows, [json!({"value": null})]);
}

pub(crate) async fn texts_of_every_alphabet_arrive<A: DatabaseAdapter>(bed: &Bed<A>) {
    for (number, words) in TEXTS.into_iter().enumerate() {
        let data = json!({
            "name": format!("{number}{words}"),
            "type": "gemini",
            "version": words,
            "metadata": {words: [words]},
            "capabilities": [words, words],
        });
        let row: Value = bed.adapter.insert("agents", &data).await.unwrap();
        for (column, expected) in data.as_object().unwrap() {
            assert_eq!(row[column], *expected, "{words:?}");
        }
        assert_eq!(stored(bed, "agents", id_of(&row)).await, row);
        let sql = "select version from agents where version = $1 and name = $2";
        let params = [text(words), text(&format!("{number}{words}"))];
        let rows: Vec<Value> = bed.adapter.query(sql, &params).await.unwrap();
        assert_eq!(rows, [json!({"version": words})]);
    }
}

pub(crate) async fn numbers_keep_their_last_digit<A: DatabaseAdapter>(bed: &Bed<A>) {
    let mut numbers = vec![
        json!(i64::MIN),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(-1e300),
        json!(5e-324),
    ];
    // With all the digits that a number can have.
    let mut random = fastrand::Rng::with_seed(7);
    numbers.extend((0..1_000).map(|_| json!(random.f64() * 1e9)));
    let numbers = Value::Array(numbers);
    let data = json!({"name": "a", "type": "codex", "metadata": numbers});
    let row: Value = bed.adapter.insert("agents", &data).await.unwrap();
    assert_eq!(row["metadata"], numbers);
    for whole in [i64::MIN, -1, 0, i64::MAX] {
        let params = [SqlValue::Int(whole)];
        let sql = "select $1 as value";
        let rows: Vec<Value> = bed.adapter.query(sql, &params).await.unwrap();
        assert_eq!(rows, [json!({"value": whole})]);
    }
    for float in [0.1 + 0.2, f64::MAX, f64::MIN_POSITIVE, 5e-324, 1e15 + 0.3] {
        let params = [SqlValue::Float(float)];
        let sql = "select $1 as value";
        let rows: Vec<Value> = bed.adapter.query(sql, &params).await.unwrap();
        assert_eq!(rows[0]["value"].as_f64(), Some(float));
    }
}

pub(crate) async fn values_are_converted_to_their_columns<A: DatabaseAdapter>(bed: &Bed<A>) {
    let agent = json!({
        "id": "ABCDEF01-2345-4789-ABCD-EF0123456789",
        "name": 7,
        "type": "claude",
        "last_ping": "2024-02-29T14:30:00.5+02:30",
        "capabilities": [1, "two", null, true],
        "created_at": "2024-02-29 12:00:00",
    });
    let row: Value = bed.adapter.insert("agents", &agent).await.unwrap();
    assert_eq!(row["id"], "abcdef01-2345-4789-abcd-ef0123456789");
    assert_eq!(row["name"], "7");
    assert_eq!(row["last_ping"], "2024-02-29T12:00:00.500000Z");
    assert_eq!(row["capabilities"], json!(["1", "two", null, "true"]));
    assert_eq!(row["created_at"], "2024-02-29T12:00:00.000000Z");
    let command = json!({"agent_id": row["id"], "command": "c", "priority": "7"});
    let command: Value = bed.adapter.insert("commands", &command).await.unwrap();
    assert_eq!(command["priority"], 7);
    for result in [json!("a"), json!("5"), json!(5), json!(false), json!([])] {
        let data = json!({"result": result, "arguments": result});
        let id = id_of(&command).to_string();
        let row: Value = bed.adapter.update("commands", &id, &data).await.unwrap();
        assert_eq!((&row["result"], &row["arguments"]), (&result, &result));
    }
    let output = json!({
        "command_id": command["id"], "agent_id": row["id"], "type": "stderr",
        "output": "", "sequence": 0, "is_blank": "yes",
    });
    let output: Value = bed
        .adapter
        .insert("terminal_outputs", &output)
        .await
        .unwrap();
    assert_eq!(output["is_blank"], true);
    for (given, shown) in [
        ("10.0.0.1", "10.0.0.1"),
        ("10.0.0.1/32", "10.0.0.1"),
        ("10.0.0.1/8", "10.0.0.1/8"),
        ("2001:DB8::1", "2001:db8::1"),
    ] {
        let entry = json!({"action": "a", "resource_type": "r", "ip_address": given});
        let row: Value = bed.adapter.insert("audit_logs", &entry).await.unwrap();
        assert_eq!(row["ip_address"], shown);
    }
}

pub(crate) async fn what_does_not_fit_is_refused<A: DatabaseAdapter>(bed: &Bed<A>) {
    let agent = add_agent(bed, "a").await;
    let id = add_command(bed, &agent).await.to_string();
    let kind = ErrorKind::InvalidData;
    for (column, value) in [
        ("priority", json!("much")),
        ("priority", json!(1.5)),
        ("priority", json!(3_000_000_000_i64)),
        ("priority", json!(true)),
        ("agent_id", json!("nobody")),
        ("started_at", json!("soon")),
        ("started_at", json!("2023-02-29T00:00:00Z")),
        ("command", json!("a\0b")),
        ("result", json!({"a": ["\0"]})),
    ] {
        let mut row = json!({"agent_id": agent.id, "command": "c"});
        row[column] = value.clone();
        let inserted = bed.adapter.insert::<Value, _>("commands", &row).await;
        check(inserted, Action::Insert, kind);
        let row = json!({column: value});
        let updated = bed.adapter.update::<Value, _>("commands", &id, &row).await;
        check(updated, Action::Update, kind);
    }
    for (table, row) in [
        (
            "agents",
            json!({"name": "b", "type": "codex", "capabilities": "a"}),
        ),
        (
            "audit_logs",
            json!({"action": "a", "resource_type": "r", "ip_address": "localhost"}),
        ),
        (
            "audit_logs",
            json!({"action": "a", "resource_type": "r", "user_id": 7}),
        ),
    ] {
        let inserted = bed.adapter.insert::<Value, _>(table, &row).await;
        check(inserted, Action::Insert, kind);
    }
    assert_eq!(count(bed, "commands").await, 1);
    assert_eq!(count(bed, "audit_logs").await, 0);
}

pub(crate) async fn one_row_looks_the_same_wherever_it_comes_from<A: DatabaseAdapter>(
    bed: &Bed<A>,
) {
    let agent = add_agent(bed, "a").await;
    let data = json!({
        "agent_id": agent.id, "command": "c", "arguments": {"b": [], "a": {}},
        "created_at": "2024-02-29T12:00:00.1Z", "started_at": "2024-02-29T12:00:00.123456Z",
    });
    let inserted: Value = bed.adapter.insert("commands", &data).await.unwrap();
    let id = id_of(&inserted);
    assert_eq!(stored(bed, "commands", id).await, inserted);
    let same = json!({"priority": 0});
    let text_id = id.to_string();
    let updated: Value = bed
        .adapter
        .update("commands", &text_id, &same)
        .await
        .unwrap();
    assert_eq!(updated, inserted);
    let sql = "update commands set priority = 0 where id = $1 returning *";
    let params = [SqlValue::Uuid(id)];
    let returned: Vec<Value> = bed.adapter.query(sql, &params).await.unwrap();
    assert_eq!(returned, std::slice::from_ref(&inserted));
    let within = bed
        .adapter
        .transaction(move |client| {
            Box::pin(async move {
                let sql = "select command.* from commands as command \
                    join agents on agents.id = command.agent_id where command.id = $1";
                client.query(sql, &[SqlValue::Uuid(id)]).await
            })
        })
        .await
        .unwrap();
    assert_eq!(within, [inserted]);
}

pub(crate) async fn a_value_of_one_megabyte_arrives<A: DatabaseAdapter>(bed: &Bed<A>) {
    const SIZE: usize = 1 << 20;
    let agent = add_agent(bed, "a").await;
    let id = agent.id.to_string();
    let large = "é🦀'\"\\ ".repeat(SIZE / 8);
    assert!(large.len() >= SIZE);
    let data = json!({"metadata": {"large": large}, "version": large});
    let row: Value = bed.adapter.update("agents", &id, &data).await.unwrap();
    assert!(row["metadata"] == data["metadata"] && row["version"] == data["version"]);
    assert!(stored(bed, "agents", agent.id).await == row);
    let sql = "update agents set version = $1, metadata = $2 where id = $3 returning *";
    let other = large.replace('🦀', "🐌");
    let params = [
        text(&other),
        SqlValue::Json(json!([other])),
        SqlValue::Uuid(agent.id),
    ];
    let rows: Vec<Value> = bed.adapter.query(sql, &params).await.unwrap();
    assert!(rows[0]["version"] == *other && rows[0]["metadata"] == json!([other]));
    let bytes = vec![0xa5; SIZE];
    let sql = "select $1 as value";
    let rows: Vec<Value> = bed
        .adapter
        .query(sql, &[SqlValue::Bytes(bytes)])
        .await
        .unwrap();
    let expected = format!("\\x{}", "a5".repeat(SIZE));
    assert!(rows[0]["value"] == expected);
    // One that is refused is not repeated in what is said about it.
    let data = json!({"name": large});
    let refused = bed.adapter.update::<Value, _>("agents", &id, &data).await;
    let error = check(refused, Action::Update, ErrorKind::ConstraintViolation);
    let message = error.message();
    assert!(message.contains("agents_name_length"), "{message}");
    assert!(message.len() < 2_000, "{}", message.len());
}
