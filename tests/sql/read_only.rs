//! What `read_only` forbids, with every trick that a statement could play.

use serde_json::json;

use crate::{
    bed::{Run, run},
    support::cluster::Cluster,
};

const TABLES: &str = "create table t (a int); insert into t values (1); grant all on t to public;
    create sequence s; grant all on s to public;
    create function writes() returns int language sql volatile
        as 'insert into t values (2) returning a';
    create function tries() returns text language plpgsql as $$ begin
        insert into t values (3); return 'written';
        exception when others then return 'refused: ' || sqlstate; end $$;
    create procedure writes_after_commit() language plpgsql as $$ begin
        commit; insert into t values (4); commit; end $$;
    create table made_by (who name); grant all on made_by to public;";

fn read_only(cluster: &Cluster, arguments: &[&str]) -> Run {
    run(
        arguments,
        &[
            ("DATABASE_URL", &cluster.url()),
            ("DBVITALS_READ_ONLY", "true"),
        ],
    )
}

/// Statements that write, or make writing possible, and never must.
const TRICKS: [&str; 25] = [
    "insert into t values (5)",
    "update t set a = 6",
    "delete from t",
    "truncate t",
    "drop table t",
    "create table u (a int)",
    "create table u as select 1",
    "select 1 as a into u",
    "select writes()",
    "select nextval('s')",
    "select a from t for update",
    "with w as (insert into t values (7) returning a) select * from w",
    "explain analyze insert into t values (8)",
    "call writes_after_commit()",
    "do $$ begin insert into t values (9); end $$",
    "do $$ begin commit; set transaction read write; insert into t values (10); end $$",
    "do $$ begin perform set_config('transaction_read_only', 'off', true); \
     insert into t values (11); end $$",
    "do $$ begin set default_transaction_read_only = off; commit; \
     insert into t values (12); end $$",
    "do $$ begin execute 'set transaction read write'; insert into t values (13); end $$",
    "select set_config('transaction_read_only', 'off', true), writes()",
    "set transaction read write",
    "select lo_from_bytea(0, 'x')",
    "vacuum t",
    "comment on table t is 'x'",
    "copy (select 1) to program 'cat > /dev/null'",
];

#[test]
fn no_trick_writes_to_a_server() {
    let cluster = Cluster::start();
    cluster.sql(TABLES);
    // Whoever may do anything is held by the transaction, not by missing rights.
    cluster.sql("alter role vitals superuser");
    let state = "select (select string_agg(a::text, ',') from t), (select last_value || '/' || \
        is_called from s), (select count(*) from pg_class where relname in ('u', 't')), \
        (select count(*) from pg_largeobject_metadata), obj_description('t'::regclass)";
    let before = cluster.sql(state);
    for sql in TRICKS {
        let refused = read_only(&cluster, &[sql]);
        assert_eq!(refused.code, 1, "{sql}: {refused:?}");
        assert_eq!(cluster.sql(state), before, "{sql}");
    }
}

#[test]
fn the_refusal_is_the_servers_and_says_what_to_do() {
    let cluster = Cluster::start();
    cluster.sql(TABLES);
    let said = read_only(&cluster, &["insert into t values (5)"]);
    let said = said.fails(1, "kind ReadOnly, layer database, code 25006");
    assert!(said.err.contains("next: set read_only = false"), "{said:?}");
    let json = read_only(&cluster, &["--json", "select writes()"]).json();
    assert_eq!(
        (&json["success"], &json["readOnly"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(json["error"]["kind"], "ReadOnly");
    // A function that swallows the refusal has not written either.
    let run = read_only(&cluster, &["--format", "csv", "select tries()"]).succeeds();
    assert_eq!(run.out, "tries\nrefused: 25006\n");
    assert!(run.err.contains("in a read-only transaction"), "{run:?}");
    assert_eq!(cluster.sql("select string_agg(a::text, ',') from t"), "1");
}

#[test]
fn settings_that_end_with_their_session_help_nobody() {
    let cluster = Cluster::start();
    cluster.sql(TABLES);
    for sql in [
        "begin read write",
        "start transaction read write",
        "commit",
        "rollback",
        "set default_transaction_read_only = off",
        "set session characteristics as transaction read write",
        "reset default_transaction_read_only",
        "discard temp",
        "reset all",
    ] {
        read_only(&cluster, &[sql]);
        let refused = read_only(&cluster, &["insert into t values (5)"]);
        refused.fails(1, "code 25006");
    }
    assert_eq!(cluster.sql("select string_agg(a::text, ',') from t"), "1");
    assert_eq!(
        cluster.sql(
            "select count(*) from pg_db_role_setting where setconfig::text like '%read_only%'"
        ),
        "0"
    );
}

#[test]
fn no_transaction_is_left_at_the_server() {
    let cluster = Cluster::builder()
        .setting("max_prepared_transactions", "4")
        .start();
    cluster.sql(TABLES);
    let production = |sql| {
        let url = cluster.url();
        let variables = [
            ("DATABASE_URL", url.as_str()),
            ("DBVITALS_ENVIRONMENT", "production"),
        ];
        run(&[sql], &variables)
    };
    for sql in [
        "prepare transaction 'boo'",
        "; PREPARE/* x /* y */ */ -- z\n\tTransaction 'boo'",
        "(prepare transaction 'boo')",
        "commit prepared 'boo'",
        "commit and chain",
        "savepoint s",
        "begin",
    ] {
        assert_eq!(read_only(&cluster, &[sql]).code, 1, "{sql}");
        assert_ne!(production(sql).code, 0, "{sql}");
        let prepared = cluster.sql("select count(*) from pg_prepared_xacts");
        assert_eq!(prepared, "0", "{sql}");
    }
    let said = read_only(&cluster, &["prepare transaction 'boo'"]);
    said.fails(1, "kind ReadOnly");
    let said = production("prepare transaction 'boo'");
    said.fails(3, "nothing was written");
    read_only(&cluster, &["prepare p as select 1"]).succeeds();
}

#[test]
fn what_reads_is_read() {
    let cluster = Cluster::start();
    cluster.sql(TABLES);
    for sql in [
        "select count(*) from t",
        "show default_transaction_read_only",
        "explain select * from t",
        "values (1)",
        "with w as (select 1) select * from w",
    ] {
        read_only(&cluster, &[sql]).succeeds();
    }
    let run = read_only(&cluster, &["--format", "csv", "show transaction_read_only"]);
    assert_eq!(run.succeeds().out, "transaction_read_only\non\n");
    assert_eq!(
        run_with_flag(&cluster).fails(1, "code 25006").out,
        "",
        "the flag means the same as the key"
    );
}

fn run_with_flag(cluster: &Cluster) -> Run {
    run(
        &["--read-only", "insert into t values (1)"],
        &[("DATABASE_URL", &cluster.url())],
    )
}

#[test]
fn a_standby_is_read_and_not_written() {
    let primary = Cluster::start();
    primary.sql(TABLES);
    let standby = Cluster::builder().standby_of(&primary).start();
    read_only(&standby, &["select count(*) from t"]).succeeds();
    let written = run(
        &["insert into t values (1)"],
        &[("DATABASE_URL", &standby.url())],
    );
    written.fails(1, "kind ReadOnly, layer database, code 25006");
}
