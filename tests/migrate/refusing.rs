//! What speaks against applying stops it, says so by name, and is left as it is.

use crate::{
    bed::{Holder, LIMIT, Run, end, finish, paste, program, run, sql_as_role, start, versions},
    support::cluster::{Cluster, ROLE},
};

/// A refused run: its words, its kind in JSON, and a database as it was before.
#[track_caller]
fn check_refused(cluster: &Cluster, arguments: &[&str], kind: &str, words: &[&str]) -> Run {
    let before = cluster.schema_dump(&[]);
    let up = run(cluster, &[&["up"], arguments].concat());
    assert_eq!(up.code, 1, "{up:?}");
    for words in words {
        assert!(up.stderr.contains(words), "{words} is not in {up:?}");
    }
    let json = run(cluster, &[&["up", "--json"], arguments].concat()).json();
    assert_eq!(json["error"]["kind"], kind, "{json:#}");
    assert_eq!(json["success"], false);
    assert_eq!(cluster.schema_dump(&[]), before);
    up
}

/// The refusal as `status` tells it, which is no failure of `status`.
#[track_caller]
fn check_status(cluster: &Cluster, arguments: &[&str], kind: &str, migration: Option<&str>) {
    let status = run(cluster, &[&["status", "--json"], arguments].concat());
    assert_eq!(status.code, 0, "{status:?}");
    let json = status.json();
    assert_eq!(json["refusal"]["kind"], kind, "{json:#}");
    assert_eq!(json["refusal"]["migration"].as_str(), migration);
    assert_eq!(json["upToDate"], false);
    let plan = run(cluster, &[&["plan"], arguments].concat());
    assert_eq!(plan.code, 1, "{plan:?}");
}

#[test]
fn a_ledger_that_was_edited_stops_everything_with_the_name_of_what_is_wrong() {
    let cluster = Cluster::start();
    assert_eq!(run(&cluster, &["up"]).code, 0);
    let check = |edit: &str, kind: &str, name: &str, words: &str| {
        cluster.sql("CREATE TABLE kept AS SELECT * FROM schema_migrations");
        cluster.sql(edit);
        check_status(&cluster, &[], kind, Some(name));
        check_refused(&cluster, &[], "MigrationRefused", &[name, words]);
        cluster.sql(
            "DELETE FROM schema_migrations; INSERT INTO schema_migrations SELECT * FROM kept; \
             DROP TABLE kept",
        );
        assert_eq!(run(&cluster, &["up"]).code, 0, "mended");
    };
    check(
        "UPDATE schema_migrations SET checksum = sha384('other') WHERE version = 4",
        "checksumChanged",
        "0004_command_presets",
        "its checksum differs",
    );
    check(
        "DELETE FROM schema_migrations WHERE version = 5",
        "gap",
        "0005_trace_entries",
        "the later 0006_investigation_reports is",
    );
    check(
        "DELETE FROM schema_migrations WHERE version >= 9",
        "tableExists",
        "0009_command_queues",
        "its table command_queues is there",
    );
    check(
        "INSERT INTO schema_migrations VALUES (11, 'agent_labels', now(), sha384('x'), 3)",
        "unknownVersion",
        "0011_agent_labels",
        "unknown to this program, whose newest is 0010_supabase_access",
    );
    check(
        "UPDATE schema_migrations SET name = 'orders' WHERE version = 2",
        "renamed",
        "0002_orders",
        "where this program has 0002_commands",
    );
    check(
        "UPDATE schema_migrations SET applied_at = applied_at - interval '1 hour' WHERE version = 7",
        "outOfOrder",
        "0007_audit_logs",
        "was applied before 0006_investigation_reports",
    );
}

#[test]
fn the_holder_of_the_lock_is_named_when_its_deadline_passes() {
    let cluster = Cluster::start();
    let held = Holder::of_lock(&cluster, "nightly deploy");
    let pid =
        cluster.sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'nightly deploy'");
    let holder = format!("pid {pid}, application nightly deploy, role {ROLE}, client 127.0.0.1:");
    let up = check_refused(
        &cluster,
        &["--lock-timeout", "0.7"],
        "MigrationLocked",
        &[
            "Another session holds a lock that migrations need: ",
            &holder,
            ", since 20",
            "55P03",
        ],
    );
    let waits = format!("waiting: another session holds the lock of the migrations: {holder}");
    assert!(up.stderr.contains(&waits), "also while it waits: {up:?}");
    assert!(up.took < LIMIT / 2, "{up:?}");
    assert_eq!(
        cluster.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"),
        "0"
    );
    // Where nothing is pending nobody is waited for; who comes later goes on.
    let waits = start(&cluster, &["up", "--lock-timeout", "60"]);
    crate::bed::wait_for_waiting(&cluster, 1, "pg_advisory_xact_lock");
    drop(held);
    assert_eq!(end(waits).code, 0);
    let _held = Holder::of_lock(&cluster, "nightly deploy");
    assert_eq!(run(&cluster, &["up", "--lock-timeout", "0.1"]).code, 0);
}

/// Another tool's ledger stays as it is; ours goes elsewhere.
#[track_caller]
fn check_foreign(tool: &str, statements: &str) {
    let cluster = Cluster::start();
    sql_as_role(&cluster, statements);
    let rows = || cluster.sql("SELECT * FROM public.schema_migrations");
    let before = rows();
    assert!(!before.is_empty());
    check_status(&cluster, &[], "foreignLedger", None);
    let words = format!("public.schema_migrations is the ledger of {tool}");
    let next = "--set ledger_schema=dbvitals";
    let refused = check_refused(&cluster, &[], "MigrationRefused", &[&words, next]);
    let headline = format!("Migrations cannot be applied to this database: {words}");
    assert!(refused.said().contains(&headline), "{refused:?}");
    assert_eq!(refused.said().matches(&words).count(), 1, "{refused:?}");
    let adopt = run(&cluster, &["adopt"]);
    assert_eq!(adopt.code, 1, "{adopt:?}");
    assert!(adopt.stderr.contains(&words), "{adopt:?}");

    let dump = || {
        cluster.sql(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute \
         WHERE attrelid = 'public.schema_migrations'::regclass ORDER BY attnum",
        )
    };
    let shape = dump();
    let up = run(&cluster, &["up", "--set", "ledger_schema=dbvitals"]);
    assert_eq!(up.code, 0, "{up:?}");
    assert_eq!(
        cluster.sql("SELECT count(*) FROM dbvitals.schema_migrations"),
        "10"
    );
    assert_eq!((rows(), dump()), (before, shape));
}

#[test]
fn another_tools_ledger_is_recognised_and_left_alone() {
    check_foreign(
        "Rails",
        "CREATE TABLE schema_migrations (version character varying NOT NULL PRIMARY KEY); \
         CREATE TABLE ar_internal_metadata (key character varying NOT NULL PRIMARY KEY, \
             value character varying, created_at timestamp(6) NOT NULL, \
             updated_at timestamp(6) NOT NULL); \
         INSERT INTO schema_migrations VALUES ('20240102030405')",
    );
    check_foreign(
        "dbmate",
        "CREATE TABLE schema_migrations (version character varying(128) PRIMARY KEY); \
         INSERT INTO schema_migrations VALUES ('20240102030405')",
    );
    check_foreign(
        "Ecto",
        "CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, \
             inserted_at timestamp(0)); \
         INSERT INTO schema_migrations VALUES (20240102030405, now())",
    );
    check_foreign(
        "golang-migrate",
        "CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, \
             dirty boolean NOT NULL); \
         INSERT INTO schema_migrations VALUES (3, false)",
    );
    check_foreign(
        "another tool",
        "CREATE TABLE schema_migrations (id int, what text); \
         INSERT INTO schema_migrations VALUES (3, 'x')",
    );
}

#[test]
fn tables_without_a_ledger_are_refused_and_adopt_is_offered() {
    let cluster = Cluster::start();
    sql_as_role(
        &cluster,
        "CREATE TABLE commands (id int); CREATE TABLE agents (id int)",
    );
    check_status(&cluster, &[], "tablesWithoutLedger", None);
    check_refused(
        &cluster,
        &[],
        "MigrationRefused",
        &["agents, commands", "dbvitals migrate adopt"],
    );
}

#[test]
fn a_table_under_its_older_name_is_refused_before_another_is_made_beside_it() {
    let cluster = Cluster::start();
    paste(&cluster, 8);
    sql_as_role(&cluster, "CREATE TABLE command_queue (id int)");
    check_status(&cluster, &[], "olderName", Some("0009_command_queues"));
    check_refused(
        &cluster,
        &[],
        "MigrationRefused",
        &[
            "beside command_queue, which is its older name",
            "rename the table",
        ],
    );
}

#[test]
fn what_is_read_only_is_told_with_its_cause() {
    let cluster = Cluster::start();
    let configured = run(&cluster, &["up", "--read-only"]);
    assert_eq!(configured.code, 3, "{configured:?}");
    assert!(
        configured
            .stderr
            .contains("Writing is switched off by read_only"),
        "{configured:?}"
    );
    let status = run(&cluster, &["status", "--json", "--read-only"]);
    assert_eq!(status.json()["unwritable"], "read_only is set");
    let plan = run(&cluster, &["plan", "--read-only"]);
    assert_eq!(plan.code, 3, "as 'up' would: {plan:?}");
    assert!(plan.stdout.contains("nothing would be applied"), "{plan:?}");
    assert!(
        plan.stdout.contains("next: set read_only = false"),
        "{plan:?}"
    );

    cluster.sql("ALTER DATABASE app SET default_transaction_read_only = on");
    let words = "the server's sessions are read-only";
    check_refused(&cluster, &[], "ReadOnly", &["Database is read-only", words]);
    assert_eq!(
        run(&cluster, &["status", "--json"]).json()["unwritable"],
        words
    );
    let plan = run(&cluster, &["plan"]);
    assert_eq!(plan.code, 1);
    let next = "next: end default_transaction_read_only";
    assert!(plan.stdout.contains(next), "{plan:?}");
    let adopt = run(&cluster, &["adopt"]);
    assert!(adopt.code == 1 && adopt.stderr.contains(words), "{adopt:?}");
}

#[test]
fn a_standby_can_be_looked_at_and_takes_no_migrations() {
    let primary = Cluster::start();
    let standby = Cluster::builder().standby_of(&primary).start();
    let status = run(&standby, &["status", "--json"]);
    assert_eq!(status.code, 0, "{status:?}");
    let words = "the server is a standby or in recovery";
    assert_eq!(status.json()["unwritable"], words);
    let up = run(&standby, &["up"]);
    assert!(up.code == 1 && up.said().contains(words), "{up:?}");
    for told in [up, run(&standby, &["status"])] {
        let said = told.said();
        assert!(said.contains("next: connect to the primary\n"), "{said}");
    }
    assert_eq!(run(&primary, &["up"]).code, 0);
    let caught_up = crate::support::process::wait_until(LIMIT, || {
        let table = standby.sql("SELECT to_regclass('schema_migrations')");
        !table.is_empty() && versions(&standby) == "1 2 3 4 5 6 7 8 9 10"
    });
    assert!(caught_up);
    let up = run(&standby, &["up"]);
    assert!(
        up.code == 0 && up.stdout.contains("nothing to apply"),
        "{up:?}"
    );
}

/// What a run would lack is told by those that only look.
#[track_caller]
fn check_plan_says(cluster: &Cluster, arguments: &[&str], words: &str) {
    let plan = run(cluster, &[&["plan"], arguments].concat());
    assert_eq!(plan.code, 1, "{plan:?}");
    let status = run(cluster, &[&["status"], arguments].concat());
    assert_eq!(status.code, 0, "{status:?}");
    for told in [plan, status] {
        assert!(told.stdout.contains(words), "{told:?}");
        assert!(told.stdout.contains("next: "), "{told:?}");
    }
    let json = run(cluster, &[&["status", "--json"], arguments].concat()).json();
    assert_eq!(json["missingRight"]["message"], words, "{json:#}");
}

#[test]
fn a_missing_right_is_told_with_role_and_schema() {
    let cluster = Cluster::start();
    cluster.sql("ALTER SCHEMA public OWNER TO control");
    let words = format!("role {ROLE} may make no tables in schema public");
    check_refused(
        &cluster,
        &[],
        "PermissionDenied",
        &[&words, "grant CREATE on the schema to this role"],
    );
    check_plan_says(&cluster, &[], &words);
    cluster.sql(&format!(
        "GRANT CREATE ON SCHEMA public TO {ROLE}; ALTER DATABASE app OWNER TO control"
    ));
    let words = format!("role {ROLE} may not make the schema ops in database app");
    check_refused(
        &cluster,
        &["--set", "ledger_schema=ops"],
        "PermissionDenied",
        &[&words, "grant CREATE on it"],
    );
    check_plan_says(&cluster, &["--set", "ledger_schema=ops"], &words);
    cluster.sql("CREATE SCHEMA ops");
    let words = format!("role {ROLE} may not make ops.schema_migrations");
    check_refused(
        &cluster,
        &["--set", "ledger_schema=ops"],
        "PermissionDenied",
        &[&words],
    );
    assert_eq!(run(&cluster, &["up"]).code, 0);
    cluster.sql(&format!(
        "ALTER TABLE schema_migrations OWNER TO control; REVOKE ALL ON schema_migrations FROM {ROLE}"
    ));
    for command in ["status", "up"] {
        let run = run(&cluster, &[command]);
        assert_eq!(run.code, 1, "{run:?}");
        let words = "public.schema_migrations cannot be read: no SELECT";
        assert!(run.stderr.contains(words), "{run:?}");
    }
}

#[test]
fn without_a_schema_there_is_nowhere_to_go() {
    let cluster = Cluster::start();
    let url = format!("{}?options=-c%20search_path%3Dnowhere", cluster.url());
    let up = finish(program(&cluster, &["up"]).env("DATABASE_URL", &url));
    assert_eq!(up.code, 1, "{up:?}");
    let words = "no schema of the search_path exists: nowhere";
    assert!(up.stderr.contains(words), "{up:?}");
}

#[test]
fn in_production_the_target_is_named_first() {
    let cluster = Cluster::start();
    let production = ["--set", "environment=production"];
    let up = run(&cluster, &[&["up"], &production[..]].concat());
    assert_eq!(up.code, 3, "{up:?}");
    let target = format!("127.0.0.1:{}/app", cluster.port());
    assert!(up.stderr.contains(&format!("--target {target}")), "{up:?}");
    let adopt = run(&cluster, &[&["adopt"], &production[..]].concat());
    assert_eq!(adopt.code, 3, "{adopt:?}");
    let wrong = run(&cluster, &["up", "--target", "127.0.0.1:1/app"]);
    assert_eq!(wrong.code, 3, "{wrong:?}");
    assert_eq!(
        cluster.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"),
        "0"
    );
    let named = run(
        &cluster,
        &[&["up", "--target", &target], &production[..]].concat(),
    );
    assert_eq!(named.code, 0, "{named:?}");
    // Nothing is written now, so nothing is asked.
    assert_eq!(run(&cluster, &[&["up"], &production[..]].concat()).code, 0);
}

#[test]
fn failures_are_told_on_standard_error_and_results_on_standard_output() {
    let cluster = Cluster::start();
    sql_as_role(&cluster, "CREATE TABLE agents (x int)");
    let refused = run(&cluster, &["up"]);
    assert_eq!(
        refused.stdout.lines().count(),
        1,
        "the target only: {refused:?}"
    );
    assert!(refused.stderr.starts_with("dbvitals: "), "{refused:?}");
    assert!(
        refused
            .stderr
            .contains("\n  next: run 'dbvitals migrate adopt'"),
        "{refused:?}"
    );
    let adopt = run(&cluster, &["adopt", "--read-only"]);
    assert_eq!((adopt.code, adopt.stdout.as_str()), (3, ""));
    assert!(adopt.stderr.contains("ReadOnlyConfigured"), "{adopt:?}");
    let json = run(&cluster, &["up", "--json"]);
    assert_eq!(json.stderr, "");
    assert_eq!(json.json()["error"]["kind"], "MigrationRefused");
    let plan = run(&cluster, &["plan"]);
    assert_eq!(
        (plan.code, plan.stderr.as_str()),
        (1, ""),
        "a plan is a result"
    );
}
