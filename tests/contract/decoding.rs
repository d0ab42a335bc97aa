//! What rows of PostgreSQL look like as JSON, type by type.

use dbvitals::{
    adapter::{DatabaseAdapter, SqlValue},
    domain::ErrorKind,
};
use serde_json::{Value, json};

use crate::{
    bed::{local_section, on},
    support::cluster::Cluster,
};

#[tokio::test]
async fn every_common_type_becomes_json() {
    let cluster = Cluster::start();
    cluster.sql("create type mood as enum ('sad', 'ok'); create domain age as int; grant usage on type mood to public");
    let database = on(local_section(&cluster));
    database.connect().await.unwrap();
    for (expression, expected) in [
        ("true", json!(true)),
        ("null::int", json!(null)),
        ("1::int2", json!(1)),
        ("'-2147483648'::int4", json!(-2_147_483_648_i64)),
        ("9223372036854775807::int8", json!(i64::MAX)),
        ("4294967295::oid", json!(u32::MAX)),
        ("0.5::float4", json!(0.5)),
        ("'NaN'::float8", json!("NaN")),
        ("12.50::numeric", json!(12.5)),
        ("-0.0001::numeric", json!(-0.0001)),
        (
            "123456789012345678901234567890::numeric",
            json!("123456789012345678901234567890"),
        ),
        ("'it''s é'::text", json!("it's é")),
        ("'ab'::char(4)", json!("ab  ")),
        ("'r'::\"char\"", json!("r")),
        ("current_database()", json!("app")),
        ("'ok'::mood", json!("ok")),
        ("array['ok', null]::mood[]", json!(["ok", null])),
        ("7::age", json!(7)),
        ("'{\"a\": [1, null]}'::json", json!({"a": [1, null]})),
        ("'[]'::jsonb", json!([])),
        ("'\\x00ff'::bytea", json!("\\x00ff")),
        (
            "'00000000-0000-0000-0000-000000000007'::uuid",
            json!("00000000-0000-0000-0000-000000000007"),
        ),
        ("'10.0.0.1'::inet", json!("10.0.0.1")),
        ("'10.0.0.0/8'::cidr", json!("10.0.0.0/8")),
        (
            "'2024-02-29 12:00:00.5+02'::timestamptz",
            json!("2024-02-29T10:00:00.500000Z"),
        ),
        (
            "'2024-02-29 12:00:00'::timestamp",
            json!("2024-02-29T12:00:00"),
        ),
        ("'2024-02-29'::date", json!("2024-02-29")),
        ("'12:30:00'::time", json!("12:30:00")),
        ("'infinity'::timestamptz", json!("infinity")),
        ("array[1, null, 3]", json!([1, null, 3])),
        ("array[]::text[]", json!([])),
        ("array[0.1, 2]::numeric[]", json!([0.1, 2])),
    ] {
        let sql = format!("select {expression} as value");
        let rows: Vec<Value> = database
            .query(&sql, &[])
            .await
            .unwrap_or_else(|error| panic!("{expression}: {error:?}"));
        assert_eq!(rows, [json!({ "value": expected })], "{expression}");
    }
}

#[tokio::test]
async fn a_type_that_cannot_be_read_is_named() {
    let cluster = Cluster::start();
    let database = on(local_section(&cluster));
    database.connect().await.unwrap();
    for expression in [
        "point(1, 2)",
        "int4range(1, 2)",
        "row(1, 2)",
        "array[[1], [2]]",
    ] {
        let sql = format!("select 1 as good, {expression} as bad");
        let error = database.query::<Value>(&sql, &[]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{expression}");
        let words = error.details().unwrap();
        assert!(
            words.contains("column bad") && words.contains("cast it to text"),
            "{words}"
        );
        let sql = format!("select ({expression})::text as good");
        assert_eq!(database.query::<Value>(&sql, &[]).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_parameter_has_the_type_that_its_value_says() {
    let cluster = Cluster::start();
    let database = on(local_section(&cluster));
    database.connect().await.unwrap();
    for (param, expected) in [
        (SqlValue::Null, json!(null)),
        (SqlValue::Bool(true), json!(true)),
        (SqlValue::Int(-5), json!(-5)),
        (SqlValue::Float(2.5), json!(2.5)),
        (SqlValue::Text("5".into()), json!("5")),
        (SqlValue::Bytes(vec![]), json!("\\x")),
        (SqlValue::Json(json!([1])), json!([1])),
        (
            SqlValue::Array(vec![SqlValue::Int(1), SqlValue::Null]),
            json!([1, null]),
        ),
    ] {
        let rows: Vec<Value> = database
            .query("select $1 as value", &[param])
            .await
            .unwrap();
        assert_eq!(rows, [json!({ "value": expected })]);
    }
    // A text takes the type of its place, like a literal in quotes.
    let sql = "select $1 = current_date as today";
    let rows: Vec<Value> = database
        .query(sql, &[SqlValue::Text("today".into())])
        .await
        .unwrap();
    assert_eq!(rows, [json!({ "today": true })]);
    let wrong = database
        .query::<Value>("select $1 + $2", &[SqlValue::Int(1)])
        .await;
    assert_eq!(wrong.unwrap_err().kind(), ErrorKind::StatementInvalid);
}
