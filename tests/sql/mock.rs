//! The same on the embedded database.

use std::io::Read;

use serde_json::json;

use crate::{
    bed::{Run, command, run},
    support::process::{Signal, signal},
};

fn mock(arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    run(&[&["--mode", "mock"], arguments].concat(), variables)
}

#[test]
fn a_result_has_its_columns_in_order() {
    let sql = "select 2 as b, 'é' as a, 3 as b, null as n, '' as empty, 0.5 as f, x'00ff' as raw";
    let run = mock(&["--format", "csv", sql], &[]).succeeds();
    assert_eq!(run.out, "b,a,b,n,empty,f,raw\n2,é,3,,\"\",0.5,\\x00ff\n");
    let json = mock(&["--json", sql], &[]).json();
    assert_eq!(json["rows"], json!([[2, "é", 3, null, "", 0.5, "\\x00ff"]]));
    assert_eq!(
        (&json["mode"], &json["rowCount"]),
        (&json!("mock"), &json!(1))
    );
    let run = mock(&["--format", "csv", "select 1 as one where 0"], &[]).succeeds();
    assert_eq!(run.out, "one\n");
    let many = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) \
                select i from n";
    let run = mock(&[many], &[]).succeeds();
    assert_eq!(run.out.lines().count(), 1_002);
    assert!(
        run.err.starts_with("first 1,000 rows; there are more"),
        "{run:?}"
    );
    let run = mock(&["create table made (a int)"], &[]).succeeds();
    assert!(run.err.starts_with("done, "), "{run:?}");
}

#[test]
fn what_is_written_is_said_not_to_persist() {
    let lost = "mock mode: nothing that was written persists";
    for sql in [
        "create table made (a int)",
        "create temp table made (a int)",
        "insert into agents (name, type) values ('Zoe', 'claude') returning name",
        "delete from agents",
    ] {
        let run = mock(&[sql], &[]).succeeds();
        assert_eq!(
            run.err.contains(lost),
            sql != "delete from agents",
            "{run:?}"
        );
        let json = mock(&["--json", sql], &[]).json();
        let persisted = json.get("persisted");
        let expected = (sql != "delete from agents").then_some(&json!(false));
        assert_eq!(persisted, expected, "{sql}");
    }
    let run = mock(&["select 1"], &[]).succeeds();
    assert!(!run.err.contains("persist"), "{run:?}");
    assert_eq!(
        mock(&["--json", "select 1"], &[]).json().get("persisted"),
        None
    );
}

#[test]
fn one_statement_only() {
    for sql in [
        "select 1; select 2",
        "pragma query_only = off; create table made (a int)",
        "create table a (b int);create table c (d int)",
    ] {
        mock(&[sql], &[]).fails(1, "more than one statement; give one at a time");
    }
    mock(&["select 1;"], &[]).succeeds();
    mock(&["select * frm x"], &[]).fails(1, "kind StatementInvalid");
    let missing = mock(&["select * from nowhere"], &[]).fails(1, "kind SchemaMissing");
    let headline = "dbvitals: no such table: nowhere\n";
    assert!(missing.err.starts_with(headline), "{missing:?}");
}

#[test]
fn nothing_is_written_with_read_only_and_in_production_without_a_name() {
    for sql in [
        "create table made (a int)",
        "create temp table made (a int)",
    ] {
        let refused = mock(&[sql], &[("DBVITALS_READ_ONLY", "true")]);
        refused.fails(1, "kind ReadOnly");
        let production = [("DBVITALS_ENVIRONMENT", "production")];
        mock(&[sql], &production).fails(3, "nothing was written");
    }
    let production = [("DBVITALS_ENVIRONMENT", "production")];
    mock(&["select 1"], &production).succeeds();
    mock(
        &["--target", "in memory", "create table made (a int)"],
        &production,
    )
    .succeeds();
}

#[test]
fn no_file_is_made_whatever_is_allowed() {
    let name = format!("dbvitals-must-not-be-made-{}.db", std::process::id());
    let file = std::env::temp_dir().join(name);
    let uri = format!("file:{}?mode=rwc", file.display());
    for sql in [
        format!("vacuum into '{uri}'"),
        format!("vacuum main into '{}'", file.display()),
        format!("attach '{uri}' as x"),
        format!("/* x */;\u{feff} Attach database '{uri}' as x"),
    ] {
        for variables in [
            &[][..],
            &[("DBVITALS_READ_ONLY", "true")],
            &[("DBVITALS_ENVIRONMENT", "production")],
        ] {
            mock(&[&sql], variables).fails(1, "this database is in memory");
        }
        let production = [("DBVITALS_ENVIRONMENT", "production")];
        mock(&["--target", "in memory", &sql], &production).fails(1, "kind Unsupported");
        assert!(!file.exists(), "{sql}");
    }
    mock(&["vacuum"], &[]).succeeds();
}

#[test]
fn the_database_takes_no_more_memory_than_it_may() {
    for sql in [
        "select printf('%.*c', 900000000, 'x')",
        "select length(zeroblob(400000000) || 'x')",
    ] {
        mock(&["--timeout", "30", sql], &[]).fails(1, "kind OutOfResources");
    }
    let run = mock(
        &["--format", "csv", "select length(zeroblob(40000000)) as a"],
        &[],
    );
    assert_eq!(run.succeeds().out, "a\n40000000\n");
}

#[test]
fn a_statement_that_is_stopped_is_not_called_unsent() {
    let endless = "select 1 as a union all select count(*) from \
                   (with recursive n(i) as (select 1 union all select i + 1 from n) select i from n)";
    let mut child = command(&["--mode", "mock", "--format", "csv", endless], &[])
        .spawn()
        .unwrap();
    let mut first = [0; 4];
    let out = child.stdout.as_mut().unwrap();
    out.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"a\n1\n");
    signal(child.id(), Signal::INT);
    let run = Run::of(child.wait_with_output().unwrap());
    run.fails(1, "the statement was under way");
}
