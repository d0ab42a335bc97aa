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

/// The first line is the server's, the second has our name for it; the JSON has
/// the same words.
#[track_caller]
fn check(cluster: &Cluster, sql: &str, headline: &str, second: &str, next: &str) {
    let said = on(cluster, &[sql]);
    let lines: Vec<_> = said.err.lines().collect();
    assert_eq!((said.code, lines[0]), (1, headline), "{said:?}");
    assert_eq!(lines[1].trim_start(), second, "{said:?}");
    let last = *lines.last().unwrap();
    assert!(last.starts_with("  next: "), "{said:?}");
    assert!(last.contains(next), "no `{next}` in {said:?}");
    assert!(!said.err.contains("Attempting"), "{said:?}");
    let error = &on(cluster, &["--json", sql]).json()["error"];
    let message = error["message"].as_str().unwrap();
    assert_eq!(format!("dbvitals: {message}"), headline);
    assert!(last.ends_with(error["hint"].as_str().unwrap()), "{error}");
}

#[test]
fn the_servers_own_words_come_first_and_the_next_step_fits_the_statement() {
    let cluster = Cluster::start();
    cluster.sql("create table agents (id int primary key)");
    check(
        &cluster,
        "table nope",
        "dbvitals: relation \"nope\" does not exist",
        "kind SchemaMissing, layer schema, code 42P01, line 1, column 7",
        "check the name, and the search_path",
    );
    check(
        &cluster,
        "select nofunc(1)",
        "dbvitals: function nofunc(integer) does not exist (hint: No function matches the given \
         name and argument types. You might need to add explicit type casts.)",
        "kind SchemaMismatch, layer schema, code 42883, line 1, column 8",
        "check the name",
    );
    check(
        &cluster,
        "select 1 / 0",
        "dbvitals: division by zero",
        "kind InvalidData, layer statement, code 22012",
        "correct the value, or how it is computed",
    );
    check(
        &cluster,
        "create table agents (x int)",
        "dbvitals: relation \"agents\" already exists",
        "kind StatementInvalid, layer statement, code 42P07",
        "correct the statement",
    );
    check(
        &cluster,
        "select pg_terminate_backend(pg_backend_pid())",
        "dbvitals: terminating connection due to administrator command",
        "kind ConnectionLost, layer tcp, code 57P01",
        "look into the server's log",
    );
}

#[test]
fn only_a_table_of_ours_that_is_missing_is_a_matter_of_migrations() {
    let cluster = Cluster::start();
    let migrations =
        "'dbvitals migrate status' tells whether the tables of its migrations are there";
    for sql in ["table commands", "select * from public.command_queues"] {
        let said = on(&cluster, &[sql]).fails(1, migrations);
        assert!(said.err.contains("kind SchemaMissing"), "{said:?}");
    }
    for sql in ["table subcommands", "select agents from pg_class"] {
        let said = on(&cluster, &[sql]).fails(1, "kind Schema");
        assert!(!said.err.contains("migrat"), "{said:?}");
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
fn two_arguments_are_the_url_and_the_statement_in_this_order() {
    let url = "postgres://somebody@127.0.0.1:1/app";
    let order = "the URL comes before the statement: dbvitals sql URL STATEMENT";
    run(&["select 1", url], &[]).fails(3, order);
    let json = run(&["--json", "select 1", url], &[]).json();
    assert_eq!(json["error"]["kind"], "InvalidUsage");
    let quoted = "the statement is one argument: put it in quotes";
    run(&["select", "1"], &[("DATABASE_URL", url)]).fails(3, quoted);
}

#[test]
fn a_usage_error_says_what_may_be_said_and_where_the_help_is() {
    let url = [("DATABASE_URL", "postgres://somebody@127.0.0.1:1/app")];
    let help = "try 'dbvitals sql --help'";
    run(&["--timeout", "0", "select 1"], &url).fails(
        3,
        "the value of --timeout is not understood: it is not a number of seconds from 0.001 to \
         604800\n",
    );
    let said = run(&["--format", "xml", "select 1"], &url).fails(3, help);
    let list = "the value of --format is none of table, json, csv\n";
    assert!(said.err.contains(list), "{said:?}");
    let dash = "argument 2 begins like a flag; if it is none, put '--' before it";
    run(&["-- only a comment"], &url).fails(3, dash);
    run(
        &["--mode", "mock", "--", "-- a comment\nselect 1 as a"],
        &[],
    )
    .succeeds();
    run(&["-- only a comment", "--no-such"], &url).fails(3, "dbvitals: ");
}

#[test]
fn a_wrong_password_is_named_and_not_shown() {
    let cluster = Cluster::start();
    let url = cluster.url_with_password("never-show-this-either");
    let said = run(&["select 1"], &[("DATABASE_URL", &url)]).fails(1, "kind AuthFailed");
    assert!(!said.err.contains("never-show"), "{said:?}");
}
