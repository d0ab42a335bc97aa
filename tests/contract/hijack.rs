//! A database whose owner lays traps: functions, operators and types that fit
//! better than the system's own. Watching must neither run nor believe them.

use std::time::Duration;

use dbvitals::{
    adapter::{Beat, Database, DatabaseAdapter, DiagnosisOptions, GuardSettings, WriteTest},
    domain::{Exam, FindingStatus, HealthDetails, HealthPolicy, REQUIRED_TABLES},
};
use serde_json::{Value, json};
use tokio::sync::mpsc::channel;

use crate::{
    bed::{PATIENT, local_section, on},
    support::cluster::{Cluster, DATABASE, ROLE},
};

/// What a trap notes, and may note under any role.
const NOTES: &str = "create table public.caught (who name, what text); \
    grant all on public.caught to public; \
    create table public.agents (id text primary key, name text, runs int default 7); \
    create table public.\"order\" (id int primary key); \
    create table public.schema_migrations (version bigint primary key, name text not null, \
        applied_at timestamptz not null, checksum bytea not null, execution_ms bigint not null); \
    insert into public.schema_migrations values (1, 'agents', now(), 'x', 5); \
    grant select on public.schema_migrations to public; \
    grant all on public.agents, public.\"order\" to public;";

/// Functions of the system that a statement of ours may call: name, arguments,
/// result, and the lie.
const FUNCTIONS: [(&str, &str, &str, &str); 30] = [
    (
        "jsonb_build_object",
        "text, text, text, bigint",
        "jsonb",
        "null",
    ),
    ("clock_timestamp", "", "timestamptz", "'epoch'"),
    ("date_part", "text, timestamptz", "float8", "0"),
    ("current_setting", "text", "text", "'on'"),
    ("current_database", "", "name", "'lie'"),
    ("split_part", "text, text, int", "text", "'lie'"),
    ("pg_is_in_recovery", "", "bool", "true"),
    ("pg_backend_pid", "", "int", "1"),
    ("pg_database_size", "name", "bigint", "42"),
    ("to_regclass", "text", "regclass", "null"),
    ("quote_ident", "text", "text", "'lie'"),
    ("string_to_array", "text, text", "text[]", "'{lie}'"),
    ("btrim", "text, text", "text", "'lie'"),
    ("has_schema_privilege", "oid, text", "bool", "false"),
    ("has_table_privilege", "oid, text", "bool", "false"),
    ("has_database_privilege", "oid, text", "bool", "false"),
    ("row_security_active", "oid", "bool", "true"),
    ("pg_blocking_pids", "int", "int[]", "'{1}'"),
    ("array_to_string", "text[], text", "text", "'lie'"),
    ("starts_with", "text, text", "bool", "true"),
    ("lo_from_bytea", "oid, bytea", "oid", "1"),
    ("decode", "text, text", "bytea", "'lie'"),
    ("set_config", "text, text, bool", "text", "'lie'"),
    ("to_jsonb", "public.agents", "jsonb", "'{}'"),
    ("left", "text, int", "text", "'lie'"),
    ("substr", "bytea, int, int", "bytea", "'lie'"),
    ("isfinite", "timestamptz", "bool", "false"),
    ("concat", "text, name, text", "text", "'lie'"),
    ("pg_get_userbyid", "oid", "name", "'lie'"),
    (
        "jsonb_populate_record",
        "public.agents, jsonb",
        "public.agents",
        "null",
    ),
];

/// Operators: name, arguments, result, and the lie.
const OPERATORS: [(&str, &str, &str, &str, &str); 12] = [
    ("-", "timestamptz", "timestamptz", "interval", "'1 day'"),
    ("*", "numeric", "int", "numeric", "42"),
    ("*", "float8", "float8", "float8", "42"),
    ("=", "oid", "regclass", "bool", "true"),
    ("=", "oid", "oid", "bool", "false"),
    ("=", "text", "text", "bool", "false"),
    ("=", "name", "name", "bool", "false"),
    ("=", "\"char\"", "\"char\"", "bool", "false"),
    ("<>", "text", "text", "bool", "false"),
    (">", "int2", "int", "bool", "false"),
    (">=", "timestamptz", "timestamptz", "bool", "false"),
    ("||", "text", "text", "text", "'lie'"),
];

/// Lays every trap. Their bodies are written in full names, so that a trap
/// catches others and not itself.
fn lay_traps(cluster: &Cluster) {
    let mut sql = NOTES.to_owned();
    let body = |what: &str, result: &str, lie: &str| {
        format!(
            "returns {result} language plpgsql set search_path = pg_catalog as $$ begin \
             insert into public.caught values (session_user, '{}'); \
             return {lie}; end $$;",
            what.replace('\'', "''")
        )
    };
    for (name, arguments, result, lie) in FUNCTIONS {
        let body = body(name, result, lie);
        sql.push_str(&["create function public.", name, "(", arguments, ") ", &body].concat());
    }
    let unnest = "create function public.unnest(text[]) returns setof text language plpgsql \
        set search_path = pg_catalog as $$ begin \
        insert into public.caught values (session_user, 'unnest'); return; end $$;";
    sql += unnest;
    for (index, (name, left, right, result, lie)) in OPERATORS.iter().enumerate() {
        let body = body(name, result, lie);
        let function = format!("public.trap{index}");
        sql.push_str(
            &[
                "create function ",
                &function,
                "(",
                left,
                ", ",
                right,
                ") ",
                &body,
            ]
            .concat(),
        );
        let sides = ["leftarg = ", left, ", rightarg = ", right].concat();
        let operator = [
            "create operator public.",
            name,
            " (",
            &sides,
            ", function = ",
        ];
        sql.push_str(&[&operator.concat(), &function, ");"].concat());
    }
    sql += "create domain public.text as pg_catalog.varchar(1);";
    cluster.sql(&sql);
}

fn caught(cluster: &Cluster) -> String {
    cluster.sql(
        "select pg_catalog.string_agg(distinct who::pg_catalog.text \
         operator(pg_catalog.||) ' ran ' operator(pg_catalog.||) what, ', ') from public.caught",
    )
}

async fn details(database: &Database) -> HealthDetails {
    let report = database.health_check().await;
    assert!(report.error.is_none(), "{:?}", report.error);
    report.result.details().expect("details").clone()
}

/// A diagnosis believes the system alone, also when it tries to write.
async fn diagnose(database: &Database) {
    let options = DiagnosisOptions {
        policy: HealthPolicy {
            slow_threshold: PATIENT,
            expects_writes: true,
            requires_schema: true,
        },
        write_test: WriteTest::Try,
    };
    let found = database.diagnose(options, channel(16).0).await;
    for finding in &found.findings {
        assert_ne!(finding.status, FindingStatus::Skipped, "{finding:?}");
    }
    let of = |exam| found.findings.iter().find(|finding| finding.exam == exam);
    let permission = of(Exam::Permission).unwrap();
    assert_eq!(permission.status, FindingStatus::Ok, "{permission:?}");
    let blocking = of(Exam::Blocking).unwrap();
    assert_eq!(blocking.summary, "nobody waits for a lock");
    let write = of(Exam::Write).unwrap();
    assert!(write.notes[0].starts_with("tried: "), "{write:?}");
}

/// Checks and statements give right answers and set no trap off.
async fn check(cluster: &Cluster) {
    let database = on(local_section(cluster));
    database.connect().await.unwrap();
    let found = details(&database).await;
    assert_eq!(found.unread, Vec::<String>::new());
    assert_eq!(found.role.as_deref(), Some(ROLE));
    assert_eq!(found.database.as_deref(), Some(DATABASE));
    assert_eq!(found.slot_holders[0].name, "dbvitals-contract");
    assert_eq!(
        (found.in_recovery, found.read_only),
        (Some(false), Some(false))
    );
    assert_eq!(found.missing_tables.unwrap(), REQUIRED_TABLES[1..]);
    let migrations = found.migrations.expect("a ledger of ours is there");
    assert_eq!(
        migrations.problem.as_deref(),
        Some("0001_agents was applied with another content: its checksum differs")
    );
    assert!(found.clock_skew_ms.unwrap().abs() < 1_000.0);
    assert!(found.database_size_bytes.unwrap() > 1_000_000);
    assert!(found.fingerprint.is_some());
    diagnose(&database).await;
    let row: Value = database
        .insert("agents", &json!({"id": "a", "name": "one"}))
        .await
        .unwrap();
    assert_eq!(row, json!({"id": "a", "name": "one", "runs": 7}));
    let row: Value = database
        .update("agents", "a", &json!({"name": "two"}))
        .await
        .unwrap();
    assert_eq!(row["name"], "two");
    database.delete("agents", "a").await.unwrap();
    database
        .insert::<Value, _>("order", &json!({"id": 5}))
        .await
        .unwrap();
    database.delete("order", "5").await.unwrap();
    let settings = GuardSettings {
        heartbeat: Some(Duration::from_millis(50)),
        late_after: PATIENT,
        timeout: PATIENT,
    };
    let (beats_in, mut beats) = channel(8);
    tokio::select! {
        error = database.stand_guard(settings, beats_in) => panic!("{error:?}"),
        () = async { while !matches!(beats.recv().await, Some(Beat::Answered(_)) | None) {} } => {}
    }
    database.disconnect().await.unwrap();
    assert_eq!(caught(cluster), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traps_that_fit_better_are_not_run() {
    let cluster = Cluster::start();
    lay_traps(&cluster);
    check(&cluster).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traps_that_come_first_are_not_run() {
    let cluster = Cluster::start();
    lay_traps(&cluster);
    cluster.sql(&format!(
        "alter database {DATABASE} set search_path = public, pg_catalog"
    ));
    check(&cluster).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trap_that_nobody_avoids_is_noticed() {
    let cluster = Cluster::start();
    lay_traps(&cluster);
    cluster.sql("select now(); select * from unnest('{a}'::pg_catalog.text[]);");
    cluster.sql("set search_path = public, pg_catalog; select current_setting('x');");
    let caught = caught(&cluster);
    assert!(caught.contains("current_setting"), "{caught}");
}
