//! What a result looks like, in every form.

use dbvitals::{
    adapter::{Database, DatabaseAdapter},
    config::{AdapterSection, Endpoint, LocalSection, RootCertificates, SslMode, TlsSection},
    domain::{ConnectionId, Secret},
};
use serde_json::{Value, json};

use crate::{
    bed::{on, piped},
    support::cluster::{Cluster, DATABASE, ROLE},
};

#[test]
fn a_table_shows_every_column_in_the_order_of_the_statement() {
    let cluster = Cluster::start();
    let sql = "select 2 as b, 'é' as a, 3 as b, null as b, '' as empty, E'x\\x1b[2J' as raw";
    let run = on(&cluster, &[sql]).succeeds();
    assert_eq!(
        run.out,
        "b  a  b  b     empty  raw\n-  -  -  ----  -----  --------\n2  é  3  NULL         x<1B>[2J\n"
    );
    assert!(
        run.err.starts_with("1 row, ") && run.err.ends_with(" ms\n"),
        "{run:?}"
    );
    let run = on(&cluster, &["--format", "csv", sql]).succeeds();
    assert_eq!(run.out, "b,a,b,b,empty,raw\n2,é,3,,\"\",x\u{1b}[2J\n");
    let run = on(&cluster, &["--json", sql]).succeeds();
    let json = run.json();
    assert_eq!(json["rows"], json!([[2, "é", 3, null, "", "x\u{1b}[2J"]]));
    assert!(!run.out.contains('\u{1b}') && run.err.is_empty(), "{run:?}");
    let names: Vec<_> = json["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["name"])
        .collect();
    assert_eq!(names, ["b", "a", "b", "b", "empty", "raw"]);
    assert_eq!(json["columns"][0]["type"], "int4");
    assert_eq!(
        (&json["rowCount"], &json["affectedRows"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        (&json["hasMore"], &json["success"]),
        (&json!(false), &json!(true))
    );
    assert!(json["durationMs"].as_f64().unwrap() > 0.0);
    assert_eq!(json["mode"], "local");
}

#[test]
fn an_empty_result_shows_its_columns_and_none_says_what_was_done() {
    let cluster = Cluster::start();
    let nothing = "select 1 as one, 'x' as two where false";
    let run = on(&cluster, &[nothing]).succeeds();
    assert_eq!(run.out, "one  two\n---  ---\n");
    assert!(run.err.starts_with("0 rows, "), "{run:?}");
    assert_eq!(on(&cluster, &["--format", "csv", nothing]).out, "one,two\n");
    assert_eq!(
        on(&cluster, &["--format", "json", nothing]).json()["rows"],
        json!([])
    );
    let run = on(&cluster, &["create table t (a int)"]).succeeds();
    assert!(
        run.out.is_empty() && run.err.starts_with("done, "),
        "{run:?}"
    );
    let run = on(&cluster, &["insert into t select generate_series(1, 1234)"]).succeeds();
    assert!(run.err.starts_with("1,234 rows affected, "), "{run:?}");
    let json = on(&cluster, &["--json", "update t set a = 0 where a <= 2"]).json();
    assert_eq!(
        (&json["affectedRows"], &json["rowCount"]),
        (&json!(2), &json!(0))
    );
    assert_eq!((&json["columns"], &json["rows"]), (&json!([]), &json!([])));
    let run = on(&cluster, &["delete from t where a > 1233 returning a"]).succeeds();
    assert_eq!(run.out, "   a\n----\n1234\n");
    assert_eq!(cluster.sql("select count(*) from t"), "1233");
}

/// Everything that rows of maps know is the same here, and what they cannot
/// read is the server's own text.
#[tokio::test]
async fn every_type_is_the_json_that_the_adapter_gives() {
    let cluster = Cluster::start();
    cluster.sql("create type mood as enum ('sad', 'ok'); create domain age as int; grant usage on type mood to public");
    let known = [
        "true",
        "null::int",
        "1::int2",
        "'-2147483648'::int4",
        "9223372036854775807::int8",
        "4294967295::oid",
        "0.5::float4",
        "1e300::float8",
        "'NaN'::float8",
        "'-Infinity'::float8",
        "12.50::numeric",
        "-0.0001::numeric",
        "'NaN'::numeric",
        "'it''s é'::text",
        "'ab'::char(4)",
        "'r'::\"char\"",
        "current_database()",
        "'ok'::mood",
        "array['ok', null]::mood[]",
        "7::age",
        "'{\"a\": [1, null]}'::json",
        "'[]'::jsonb",
        "'\\x00ff'::bytea",
        "'00000000-0000-0000-0000-000000000007'::uuid",
        "'10.0.0.1'::inet",
        "'10.0.0.0/8'::cidr",
        "'2024-02-29 12:00:00.5+02'::timestamptz",
        "'2024-02-29 12:00:00.000001'::timestamp",
        "'2024-02-29'::date",
        "'12:30:00.5'::time",
        "'infinity'::timestamptz",
        "'-infinity'::date",
        "array[1, null, 3]",
        "array[]::text[]",
        "array[0.1, 2]::numeric[]",
        "array['a\"b', '', 'NULL', 'x,{y}']",
        "pg_sleep(0)",
        "array[true, false]",
        "'<a/>'::xml",
        "array['2024-02-29 12:00:00+00'::timestamptz]",
    ];
    let database = adapter(&cluster);
    database.connect().await.unwrap();
    for expression in known {
        let sql = format!("select {expression} as value");
        let rows: Vec<Value> = database.query(&sql, &[]).await.unwrap();
        let told = on(&cluster, &["--json", &sql]).succeeds().json();
        assert_eq!(told["rows"][0][0], rows[0]["value"], "{expression}");
    }
    let texts = [
        ("point(1, 2)", "(1,2)"),
        ("int4range(1, 5)", "[1,5)"),
        ("row(1, 'x')", "(1,x)"),
        ("interval '1 day 2 hours'", "1 day 02:00:00"),
        ("to_tsvector('simple', 'a b')", "'a':1 'b':2"),
    ];
    for (expression, text) in texts {
        let sql = format!("select {expression} as value");
        let told = on(&cluster, &["--json", &sql]).succeeds().json();
        assert_eq!(told["rows"][0][0], text);
        let run = on(&cluster, &["--format", "csv", &sql]).succeeds();
        assert!(run.out.contains(text.split(',').next().unwrap()), "{run:?}");
    }
    let told = on(&cluster, &["--json", "select array[[1], [2]]"]).json();
    assert_eq!(told["rows"][0][0], json!([[1], [2]]));
}

#[test]
fn an_exact_number_keeps_every_digit_and_is_a_number_whatever_its_length() {
    let cluster = Cluster::start();
    let longest = format!("1{}.5", "0".repeat(400));
    for number in [
        "1.10",
        "0.00",
        "-12",
        "0.1234567890123456789012345678901",
        "123456789012345678901234567890",
        &longest,
    ] {
        let sql = format!("select {number}::numeric as n, array[{number}::numeric, null] as a");
        let run = on(&cluster, &["--json", &sql]).succeeds();
        let row = format!("\n[{number},[{number},null]]\n");
        assert!(run.out.contains(&row), "no {row} in {run:?}");
    }
    let run = on(
        &cluster,
        &["--json", "select 'NaN'::numeric, '-Infinity'::numeric"],
    );
    assert!(run.out.contains("\n[\"NaN\",\"-Infinity\"]\n"), "{run:?}");
}

fn adapter(cluster: &Cluster) -> Database {
    let section = LocalSection {
        endpoint: Endpoint::Tcp {
            host: "127.0.0.1".to_owned(),
            hostaddr: None,
            port: cluster.port(),
        },
        user: ROLE.to_owned(),
        password: Some(Secret::new(cluster.password())),
        database: DATABASE.to_owned(),
        tls: TlsSection {
            mode: SslMode::Disable,
            roots: RootCertificates::Unset,
            client: None,
        },
        options: None,
        application_name: "compared".to_owned(),
        pool_size: 3,
        timeout: crate::bed::LIMIT,
        max_retries: 0,
        retry_delay: std::time::Duration::from_millis(100),
        read_only: false,
        requires_schema: false,
        ledger_schema: None,
    };
    let id = ConnectionId(uuid::Uuid::now_v7());
    let section = AdapterSection::Local(Box::new(section));
    Database::new(&section, id, std::sync::Arc::new(|_| {}))
}

#[test]
fn what_is_left_out_is_said_and_a_write_is_carried_out_all_the_same() {
    let cluster = Cluster::start();
    let run = on(&cluster, &["select generate_series(1, 5000) as n"]).succeeds();
    assert_eq!(run.out.lines().count(), 1_002);
    assert!(
        run.err
            .starts_with("first 1,000 rows; there are more (--limit 0 prints all), "),
        "{run:?}"
    );
    let json = on(
        &cluster,
        &["--json", "--limit", "2", "values (1), (2), (3)"],
    )
    .json();
    assert_eq!(
        (&json["rows"], &json["hasMore"]),
        (&json!([[1], [2]]), &json!(true))
    );
    let json = on(
        &cluster,
        &["--json", "--limit", "3", "values (1), (2), (3)"],
    )
    .json();
    assert_eq!(
        (&json["rowCount"], &json["hasMore"]),
        (&json!(3), &json!(false))
    );
    for arguments in [&["--limit", "0"][..], &["--format", "csv"], &["--json"]] {
        let sql = "select generate_series(1, 70000) as n";
        let run = on(&cluster, &[arguments, &[sql]].concat()).succeeds();
        assert!(run.out.lines().count() >= 70_001, "{arguments:?}");
    }
    cluster.sql(
        "create table t (a int); grant all on t to public;
         create function note(int) returns int language sql volatile
         as 'insert into t values ($1) returning a'",
    );
    let run = on(
        &cluster,
        &[
            "--limit",
            "1",
            "select note(n) from generate_series(1, 3000) n",
        ],
    );
    assert_eq!(run.succeeds().out.lines().count(), 3);
    assert_eq!(cluster.sql("select count(*) from t"), "3000");
    let returning = "insert into t select generate_series(1, 30) returning a";
    let run = on(&cluster, &["--limit", "1", returning]).succeeds();
    assert!(run.err.starts_with("first 1 of 30 rows"), "{run:?}");
    let nested = "with w as (delete from t where a < 10 returning a) select * from w";
    on(&cluster, &["--limit", "1", nested]).succeeds();
    assert_eq!(cluster.sql("select count(*) from t where a < 10"), "0");
}

#[test]
fn a_statement_comes_from_the_command_line_or_from_standard_input() {
    let cluster = Cluster::start();
    let variables = [("DATABASE_URL", cluster.url())];
    let variables = [(variables[0].0, variables[0].1.as_str())];
    for arguments in [&["--format", "csv"][..], &["--format", "csv", "-"]] {
        let run = piped(
            arguments,
            &variables,
            b"-- a comment; first\nselect 1 as a;\n",
        );
        assert_eq!(run.succeeds().out, "a\n1\n");
    }
    for empty in [&b""[..], b" ;\n;"] {
        piped(&[], &variables, empty).fails(3, "the statement is empty");
    }
    piped(&[], &variables, b"select '\xff'").fails(3, "not UTF-8");
    piped(&[], &variables, b"select 1\0").fails(3, "zero byte");
    let url = cluster.url_without_password();
    let password = [("PGPASSWORD", cluster.password())];
    let run = crate::bed::run(&[&url, "--format", "csv", "select 2 as a"], &password);
    assert_eq!(run.succeeds().out, "a\n2\n");
    let run = piped(&[&url, "--format", "csv"], &password, b"select 3 as a");
    assert_eq!(run.succeeds().out, "a\n3\n");
}

#[test]
fn every_kind_of_statement_is_one_statement() {
    let cluster = Cluster::start();
    let out = |sql| on(&cluster, &["--format", "csv", sql]).succeeds().out;
    assert_eq!(out("show server_version_num").lines().count(), 2);
    assert!(out("explain select 1").starts_with("QUERY PLAN\n"));
    assert_eq!(out("table pg_catalog.pg_class limit 0").lines().count(), 1);
    assert_eq!(
        out("(select 1 as a) union all (select 2) order by 1"),
        "a\n1\n2\n"
    );
    assert_eq!(out("select 1 as a -- the end"), "a\n1\n");
    assert_eq!(out("select 1 as a into made"), "");
    assert_eq!(
        out("do $$ begin insert into made values (2); commit; end $$"),
        ""
    );
    assert_eq!(out("vacuum made"), "");
    assert_eq!(out("select count(*) from made"), "count\n2\n");
    assert_eq!(out("set search_path = nowhere"), "");
    assert_eq!(out("begin"), "");
}
