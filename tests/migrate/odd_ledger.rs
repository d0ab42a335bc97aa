//! A ledger that is not as we left it: made by a stranger, written by somebody,
//! or locked. It is neither believed nor run, nothing waits for it for long, and
//! the words say what is odd.

use std::process::Command;

use serde_json::json;

use crate::{
    bed::{
        Holder, LIMIT, check, check_told, end, finish, program, run, sql_as_role, start, versions,
    },
    support::cluster::Cluster,
};

/// A function that tells when it is run, and a role that may make things in public.
const SPY: &str = "
    create role stranger; grant create on schema public to stranger; set role stranger;
    create function spied() returns bigint language plpgsql as
        $$ begin raise log 'a stranger is run'; return 1; end $$;
    create function spy() returns trigger language plpgsql as
        $$ begin raise log 'a stranger is run'; return new; end $$;";

const COLUMNS: &str = "(version bigint primary key, name text not null, \
    applied_at timestamptz not null default now(), checksum bytea not null, \
    execution_ms bigint not null)";

/// What stands in the ledger's place is left alone by everything, and said to be so.
#[track_caller]
fn check_distrusted(cluster: &Cluster, why: &str) {
    let told = check(cluster, &[]);
    let words = format!("migrations: public.schema_migrations: {why}");
    assert_eq!(told["details"]["unread"], json!([words]), "{told:#}");
    let mut plain = Command::new(env!("CARGO_BIN_EXE_dbvitals"));
    plain
        .arg("check")
        .env_clear()
        .env("DATABASE_URL", cluster.url())
        .current_dir(std::env::temp_dir());
    let said = finish(&mut plain).stdout;
    let words = format!("  migrations unread: public.schema_migrations: {why}\n");
    assert!(said.contains(&words), "{said}");
    for command in ["status", "plan", "up", "adopt"] {
        let run = run(cluster, &[command]);
        assert_eq!(run.code, 1, "{run:?}");
        let words = format!("public.schema_migrations is not trusted: {why}");
        assert!(run.stderr.contains(&words), "{words} is not in {run:?}");
    }
    assert!(!cluster.log().contains("a stranger is run\n"));
}

#[test]
fn a_strangers_view_in_the_ledgers_place_is_not_read() {
    let cluster = Cluster::start();
    cluster.sql(&format!(
        "{SPY} create view schema_migrations as select spied() as version, \
         'agents'::text as name, now() as applied_at, ''::bytea as checksum, \
         1::bigint as execution_ms; grant select on schema_migrations to public"
    ));
    check_distrusted(&cluster, "it is a view");
    cluster.sql("select * from schema_migrations");
    assert!(
        cluster.log().contains("a stranger is run\n"),
        "the spy works"
    );
}

#[test]
fn a_strangers_table_in_the_ledgers_place_is_not_written() {
    let cluster = Cluster::start();
    cluster.sql(&format!(
        "{SPY} create table schema_migrations {COLUMNS}; \
         grant all on schema_migrations to public; \
         create trigger spy before insert on schema_migrations for each row execute function spy()"
    ));
    check_distrusted(
        &cluster,
        "its owner stranger is neither this role, nor a superuser, nor the owner of schema or \
         database",
    );
}

#[test]
fn a_ledger_of_ours_with_what_a_stranger_added_is_not_trusted() {
    let cluster = Cluster::start();
    assert_eq!(run(&cluster, &["up"]).code, 0);
    cluster.sql(&format!(
        "grant trigger on schema_migrations to public; {SPY} \
         create trigger spy before insert on schema_migrations for each row execute function spy()"
    ));
    check_distrusted(&cluster, "its trigger spy runs a function of stranger");
    sql_as_role(&cluster, "drop trigger spy on schema_migrations");
    sql_as_role(
        &cluster,
        "create rule twice as on insert to schema_migrations do also select 1",
    );
    check_distrusted(&cluster, "it has a rule");
    sql_as_role(
        &cluster,
        "drop rule twice on schema_migrations; create table heir () inherits (schema_migrations)",
    );
    check_distrusted(&cluster, "other tables inherit from it, or it from others");
    sql_as_role(&cluster, "drop table heir");
    assert_eq!(run(&cluster, &["up"]).code, 0);
}

#[test]
fn an_owner_who_is_trusted_may_have_a_trigger_and_another_role_may_look() {
    let cluster = Cluster::start();
    cluster.sql(
        "create role deployer; create schema ops authorization deployer; set role deployer; \
         create function ops.noted() returns trigger language plpgsql as \
         $$ begin return new; end $$; grant usage, create on schema ops to vitals",
    );
    let arguments = ["up", "--set", "ledger_schema=ops"];
    assert_eq!(run(&cluster, &arguments).code, 0);
    cluster.sql(
        "alter table ops.schema_migrations owner to deployer; \
         grant select, insert on ops.schema_migrations to vitals; set role deployer; \
         create trigger noted before insert on ops.schema_migrations \
         for each row execute function ops.noted(); \
         delete from ops.schema_migrations where version = 10",
    );
    let up = run(&cluster, &arguments);
    assert_eq!(up.code, 0, "{up:?}");
    // Who makes the schema that bears the role's name is not trusted for it.
    cluster.sql("alter schema ops rename to vitals");
    let told = check(&cluster, &[]);
    let unread = told["details"]["unread"].to_string();
    assert!(unread.contains("its owner deployer is neither"), "{told:#}");
}

#[test]
fn a_row_that_the_ledger_does_not_keep_holds_no_file() {
    let cluster = Cluster::start();
    assert_eq!(run(&cluster, &["up"]).code, 0);
    sql_as_role(
        &cluster,
        "delete from schema_migrations where version >= 9; drop table command_queues; \
         create function swallow() returns trigger language plpgsql as \
         $$ begin return null; end $$; \
         create trigger swallow before insert on schema_migrations \
         for each row execute function swallow()",
    );
    let up = run(&cluster, &["up"]);
    assert_eq!(up.code, 1, "{up:?}");
    let words = "0009_command_queues was rolled back: the ledger did not keep its row";
    assert!(up.stderr.contains(words), "{up:?}");
    assert_eq!(cluster.sql("select to_regclass('command_queues')"), "");
}

#[test]
fn a_row_that_nobody_writes_so_is_a_fault_with_its_version_and_no_outage() {
    let cluster = Cluster::start();
    assert_eq!(run(&cluster, &["up"]).code, 0);
    sql_as_role(
        &cluster,
        "alter table schema_migrations drop constraint schema_migrations_pkey; \
         alter table schema_migrations alter version drop not null, alter name drop not null, \
         alter applied_at drop not null, alter checksum drop not null, \
         alter execution_ms drop not null; \
         create table kept as select * from schema_migrations",
    );
    let check = |edit: &str, kind: &str, words: &str| {
        sql_as_role(&cluster, edit);
        check_told(
            &cluster,
            "degraded",
            &[&format!("schema: {words}")],
            &json!({ "ledger": "ours", "applied": rows(&cluster), "pending": null,
                     "problem": words }),
        );
        let status = run(&cluster, &["status", "--json"]);
        assert_eq!(status.code, 0, "{status:?}");
        assert_eq!(status.json()["refusal"]["kind"], kind, "{status:?}");
        let up = run(&cluster, &["up"]);
        assert!(up.code == 1 && up.stderr.contains(words), "{up:?}");
        sql_as_role(
            &cluster,
            "delete from schema_migrations; insert into schema_migrations select * from kept",
        );
    };
    let no_time = "0004_command_presets has no time in the ledger: its applied_at is empty, \
                   infinite or out of all bounds";
    for time in [
        "'infinity'",
        "'-infinity'",
        "'290000-01-01'",
        "'4000-01-01 BC'",
        "null",
    ] {
        let edit = format!("update schema_migrations set applied_at = {time} where version = 4");
        check(&edit, "noTime", no_time);
    }
    check(
        "update schema_migrations set name = null where version = 4",
        "renamed",
        "0004_(null) is in the ledger where this program has 0004_command_presets",
    );
    let long = format!(
        "0004_{}… is in the ledger where this program has 0004_command_presets",
        "x".repeat(200)
    );
    check(
        "update schema_migrations set name = repeat('x', 100000000) where version = 4",
        "renamed",
        &long,
    );
    let changed = "0004_command_presets was applied with another content: its checksum differs";
    for checksum in [
        "checksum || decode(repeat('ff', 30000000), 'hex')",
        "null",
        "''",
    ] {
        let edit = format!("update schema_migrations set checksum = {checksum} where version = 4");
        check(&edit, "checksumChanged", changed);
    }
    check(
        "update schema_migrations set version = null where version = 4",
        "unknownVersion",
        "0000_command_presets is in the ledger and unknown to this program, whose newest is \
         0010_supabase_access",
    );
    check(
        "insert into schema_migrations select * from kept where version = 4",
        "duplicate",
        "0004_command_presets is in the ledger twice",
    );
    sql_as_role(&cluster, "update schema_migrations set execution_ms = null");
    let up = run(&cluster, &["up"]);
    assert_eq!(up.code, 0, "{up:?}");
}

fn rows(cluster: &Cluster) -> u64 {
    let count = cluster.sql("select count(*) from schema_migrations");
    count.parse().expect("a number")
}

const LOCK_LEDGER: &str = "lock table schema_migrations in access exclusive mode";

#[test]
fn a_ledger_that_is_locked_is_degraded_and_names_the_holder() {
    let cluster = Cluster::start();
    assert_eq!(run(&cluster, &["up"]).code, 0);
    let held = Holder::of(&cluster, "vacuum full", LOCK_LEDGER);
    let pid =
        cluster.sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'vacuum full'");
    let words = format!(
        "public.schema_migrations is locked by pid {pid}, application vacuum full, role vitals"
    );
    let told = check(&cluster, &[]);
    assert_eq!(told["health"], "degraded", "{told:#}");
    let reason = told["details"]["reasons"][0].as_str().unwrap();
    assert!(reason.starts_with(&format!("schema: {words}")), "{told:#}");
    assert_eq!(told["details"]["migrations"]["ledger"], "locked");
    assert_eq!(told["details"]["migrations"]["applied"], json!(null));
    for arguments in [
        &["status"][..],
        &["plan"],
        &["up", "--lock-timeout", "0.5"],
        &["adopt", "--lock-timeout", "0.5"],
    ] {
        let run = run(&cluster, arguments);
        assert_eq!(run.code, 1, "{run:?}");
        let words = format!("Another session holds a lock that migrations need: {words}");
        assert!(run.stderr.contains(&words), "{words} is not in {run:?}");
        assert!(run.stderr.contains("MigrationLocked"), "{run:?}");
        assert!(run.took < LIMIT / 2, "{run:?}");
    }
    drop(held);
    assert_eq!(check(&cluster, &[])["health"], "healthy");
}

#[test]
fn a_locked_ledger_is_waited_for_as_long_as_was_said() {
    let cluster = Cluster::start();
    assert_eq!(run(&cluster, &["up"]).code, 0);
    let held = Holder::of(&cluster, "vacuum full", LOCK_LEDGER);
    // The deadline of a statement is long over when the lock is released.
    let short = [
        "up",
        "--lock-timeout",
        "50",
        "--set",
        "health_check_timeout=1000",
    ];
    let waits = start(&cluster, &short);
    crate::bed::wait_for_waiting(&cluster, 1, "schema_migrations");
    let is_late = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                   AND clock_timestamp() > query_start + interval '1.5 s'";
    assert!(crate::support::process::wait_until(LIMIT, || {
        cluster.sql(is_late) == "1"
    }));
    drop(held);
    let up = end(waits);
    assert_eq!(up.code, 0, "{up:?}");
}

#[test]
fn our_ledger_is_ours_however_the_server_quotes() {
    let cluster = Cluster::start();
    cluster.sql("alter role vitals set quote_all_identifiers = on");
    let up = run(&cluster, &["up"]);
    assert_eq!(up.code, 0, "{up:?}");
    let all = json!({ "ledger": "ours", "applied": 10, "pending": 0, "problem": null });
    check_told(&cluster, "healthy", &[], &all);
    sql_as_role(&cluster, "drop table schema_migrations");
    let adopt = run(&cluster, &["adopt"]);
    assert_eq!(adopt.code, 0, "{adopt:?}");
    assert_eq!(versions(&cluster), "1 2 3 4 5 6 7 8 9 10");
}

#[test]
fn the_last_row_is_missed_where_what_its_file_made_is_there() {
    let cluster = Cluster::start();
    cluster.sql("create role anon; create role authenticated; create role service_role");
    assert_eq!(run(&cluster, &["up"]).code, 0);
    sql_as_role(&cluster, "delete from schema_migrations where version = 10");
    let words = "0010_supabase_access is not in the ledger, but its policies are there";
    let told = check(&cluster, &[]);
    assert_eq!(
        told["details"]["reasons"],
        json!([format!("schema: {words}")]),
        "{told:#}"
    );
    let up = run(&cluster, &["up"]);
    assert_eq!(up.code, 1, "{up:?}");
    assert!(up.stderr.contains(words), "{up:?}");
    assert!(up.stderr.contains("dbvitals migrate adopt"), "{up:?}");
    let status = run(&cluster, &["status", "--json"]).json();
    assert_eq!(status["refusal"]["kind"], "policiesExist", "{status:#}");
    assert_eq!(status["refusal"]["migration"], "0010_supabase_access");
    let adopt = run(&cluster, &["adopt"]);
    assert_eq!(adopt.code, 0, "{adopt:?}");
    assert_eq!(run(&cluster, &["up"]).code, 0);
}

#[test]
fn making_the_ledger_may_take_as_long_as_it_takes() {
    let cluster = Cluster::start();
    cluster.sql(
        "create function slow() returns event_trigger language plpgsql as $$ begin \
         if exists (select from pg_event_trigger_ddl_commands() \
             where object_identity = 'public.schema_migrations') then \
             perform pg_sleep(1); end if; end $$; \
         create event trigger slow on ddl_command_end execute function slow()",
    );
    let up = finish(&mut program(
        &cluster,
        &["up", "--set", "health_check_timeout=300"],
    ));
    assert_eq!(up.code, 0, "{up:?}");
}
