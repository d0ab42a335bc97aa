//! What a statement that fails says.

use serde_json::json;

use crate::{
    bed::{on, run},
    support::{cluster::Cluster, port::ClaimedPort},
};

#[test]
fn a_failure_names_kind_code_place_and_next_step() {
    let cluster = Cluster::start();
    let sql = "select é\nfrm pg_class c";
    let said = on(&cluster, &[sql]).fails(1, "kind StatementInvalid, layer statement, code 42601");
    assert!(said.err.contains("line 2, column 5"), "{said:?}");
    assert!(
        said.err.contains("next: correct the statement") && said.out.is_empty(),
        "{said:?}"
    );
    let failed = on(&cluster, &["--json", sql]);
    let json = failed.json();
    assert_eq!((failed.code, &json["success"]), (1, &json!(false)));
    let error = &json["error"];
    assert_eq!(
        (&error["kind"], &error["code"]),
        (&json!("StatementInvalid"), &json!("42601"))
    );
    assert_eq!(
        (&error["position"], &error["line"]),
        (&json!(14), &json!(2))
    );
    for (sql, kind, code) in [
        ("select * from nowhere", "SchemaMissing", "42P01"),
        ("select nothing from pg_class", "SchemaMismatch", "42703"),
        ("select 1 / 0", "InvalidData", "22012"),
        ("create role x", "PermissionDenied", "42501"),
    ] {
        on(&cluster, &[sql]).fails(1, &format!("kind {kind}"));
        assert_eq!(on(&cluster, &["--json", sql]).json()["error"]["code"], code);
    }
}

#[test]
fn more_than_one_statement_is_refused_and_none_is_run() {
    let cluster = Cluster::start();
    for sql in [
        "create table t (a int); select 1",
        "create table t (a int);; create table u (a int)",
        "commit; create table t (a int)",
    ] {
        on(&cluster, &[sql]).fails(1, "more than one statement; give one at a time");
    }
    assert_eq!(
        cluster.sql("select count(*) from pg_tables where tablename in ('t', 'u')"),
        "0"
    );
    on(&cluster, &["select $1::int"]).fails(1, "it has parameters ($1)");
}

#[test]
fn rows_before_a_failure_are_printed_and_the_object_stays_whole() {
    let cluster = Cluster::start();
    let sql = "select 1 / (60000 - n) as a from generate_series(1, 70000) n";
    let run = on(&cluster, &["--json", sql]);
    let json = run.json();
    assert_eq!((run.code, &json["success"]), (1, &json!(false)));
    assert_eq!(json["error"]["code"], "22012");
    let rows = u64::try_from(json["rows"].as_array().unwrap().len()).unwrap();
    assert_eq!(json["rowCount"], rows);
    let run = on(&cluster, &["--format", "csv", sql]).fails(1, "code 22012");
    assert!(run.out.starts_with("a\n0\n"));
}

#[test]
fn data_between_client_and_server_is_not_copied() {
    let cluster = Cluster::start();
    cluster.sql("create table t (a int); grant all on t to public");
    on(&cluster, &["copy t from stdin"]).fails(1, "COPY from or to this program");
    on(&cluster, &["/* out */ copy t to stdout"]).fails(1, "use psql");
}

#[test]
fn what_cannot_be_attempted_says_so_with_its_own_code() {
    let port = ClaimedPort::claim().number();
    let url = format!("postgres://somebody@127.0.0.1:{port}/app");
    let refused = run(&["select 1"], &[("DATABASE_URL", &url)]);
    refused.fails(1, "kind ConnectionRefused");
    let json = run(&["--json", "select 1"], &[("DATABASE_URL", &url)]).json();
    assert_eq!(json["error"]["kind"], "ConnectionRefused");
    run(&["select 1"], &[]).fails(3, "set DATABASE_URL");
    assert_eq!(
        run(&["--json", "select 1"], &[]).json()["error"]["kind"],
        "InvalidConfiguration"
    );
    for arguments in [
        &["--timeout", "0", "select 1"][..],
        &["--timeout", "x", "select 1"],
        &["--limit", "-1", "select 1"],
        &["--format", "xml", "select 1"],
        &["--json", "--format", "csv", "select 1"],
        &["select 1", "select 2", "select 3"],
    ] {
        assert_eq!(
            run(arguments, &[("DATABASE_URL", &url)]).code,
            3,
            "{arguments:?}"
        );
    }
}

#[test]
fn a_wrong_password_is_named_and_not_shown() {
    let cluster = Cluster::start();
    let url = cluster.url_with_password("never-show-this-either");
    let said = run(&["select 1"], &[("DATABASE_URL", &url)]).fails(1, "kind AuthFailed");
    assert!(!said.err.contains("never-show"), "{said:?}");
}
