//! What holds a caller's statement up, looked at from outside while it lasts.

use std::{fmt::Write, time::Duration};

use dbvitals::domain::REQUIRED_COLUMNS;
use tokio::runtime::Runtime;
use tokio_postgres::{Client, Config, NoTls};

use crate::{
    diagnosed::Diagnosed,
    expected::Expected,
    instruments,
    row::Row,
    scene::{Bed, Scene},
    seen::Told,
    support::{
        cluster::{Cluster, DATABASE, PASSWORD, ROLE},
        process::wait_until,
    },
};

/// Longer than anything takes that is going to happen.
const LIMIT: Duration = Duration::from_secs(20);

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = sessions();
    rows.extend(tables());
    rows
}

fn diagnosed(how: fn(Diagnosed) -> Diagnosed) -> Expected {
    Expected::well().diagnosed(how)
}

fn sessions() -> Vec<Row> {
    vec![
        Row::statement(
            "a lock is held by another",
            lock_is_held,
            diagnosed(|it| {
                it.degraded("statement", None)
                    .says(&[
                        "1 waiting for locks",
                        "(the waiter, vitals) waits for",
                        "(the holder, idle in transaction)",
                    ])
                    .advises("end the transactions that hold the locks")
            }),
        ),
        Row::statement(
            "a session is idle in a transaction",
            |bed| {
                let mut scene = Scene::of(bed.cluster());
                let runtime = runtime();
                let holder = session(&runtime, scene.cluster(), "the holder");
                run(&runtime, &holder, "begin; select 1");
                looked_at(&scene, bed)
            },
            diagnosed(|it| it.says(&["(the holder as vitals) is idle in a transaction for"])),
        ),
        Row::statement("a write test is counted", write_test, Expected::well()),
    ]
}

fn tables() -> Vec<Row> {
    vec![
        Row::statement(
            "a required table is missing",
            |bed| with_tables(bed, "public", "drop table agents"),
            diagnosed(|it| {
                it.degraded("schema", Some("SchemaMissing"))
                    .says(&["incomplete 8/9", "missing: agents"])
            }),
        ),
        Row::statement(
            "a required column is missing",
            |bed| {
                let (table, columns) = REQUIRED_COLUMNS[0];
                let dropped = format!("alter table {table} drop column {}", columns[0]);
                with_tables(bed, "public", &dropped)
            },
            diagnosed(|it| {
                it.degraded("schema", Some("SchemaMismatch"))
                    .says(&["1 column is missing: "])
            }),
        ),
        Row::statement(
            "a privilege is missing",
            |bed| with_tables(bed, "public", "revoke insert on agents from vitals"),
            diagnosed(|it| {
                it.degraded("permission", Some("PermissionDenied"))
                    .says(&["the role lacks INSERT on agents"])
                    .advises("grant INSERT on agents to this role")
            }),
        ),
        Row::statement(
            "the tables are outside the search path",
            |bed| with_tables(bed, "away", "select 1"),
            diagnosed(|it| {
                it.degraded("schema", Some("SchemaMissing"))
                    .says(&["9 of 9 tables are in schema away, outside the search_path"])
                    .advises("add schema away to the search_path")
            }),
        ),
    ]
}

/// What the program says of it now.
fn looked_at(scene: &Scene, bed: &Bed) -> Told {
    Told {
        said: instruments::run(scene, bed),
        ..Told::default()
    }
}

fn lock_is_held(bed: &Bed) -> Told {
    let mut scene = Scene::of(bed.cluster());
    scene
        .cluster()
        .sql("create table wanted (n int); grant all on wanted to vitals");
    let runtime = runtime();
    let holder = session(&runtime, scene.cluster(), "the holder");
    run(&runtime, &holder, "begin; lock table wanted");
    let waiter = session(&runtime, scene.cluster(), "the waiter");
    let waiting = runtime.spawn(async move { waiter.batch_execute("table wanted").await });
    // A wait counts as long from one second on.
    let sql = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' \
               and clock_timestamp() - query_start > interval '1 second'";
    assert!(wait_until(LIMIT, || scene.cluster().sql(sql) == "1"));
    let told = looked_at(&scene, bed);
    run(&runtime, &holder, "rollback");
    let outcome = runtime.block_on(waiting).expect("it does not panic");
    outcome.expect("the lock is free");
    told
}

/// Counters that no write moves would show that nothing was ever written.
fn write_test(bed: &Bed) -> Told {
    let scene = Scene::of(bed.cluster());
    let changed = instruments::counts_writes(&scene, bed);
    assert_ne!(changed, Some(false), "a write went uncounted");
    looked_at(&scene, bed)
}

/// All required tables in this schema, and then something else.
fn with_tables(bed: &Bed, schema: &str, then: &str) -> Told {
    let mut scene = Scene::of(bed.cluster()).variable("DBVITALS_REQUIRE_SCHEMA", "true");
    let mut sql = format!("create schema if not exists {schema}; ");
    for (table, columns) in REQUIRED_COLUMNS {
        let columns: Vec<_> = columns.iter().map(|name| format!("{name} text")).collect();
        let columns = columns.join(", ");
        write!(sql, "create table {schema}.{table} ({columns}); ").expect("a String takes text");
    }
    let granted = format!(
        "grant usage on schema {schema} to vitals; \
         grant all on all tables in schema {schema} to vitals; {then}"
    );
    scene.cluster().sql(&format!("{sql}{granted}"));
    looked_at(&scene, bed)
}

pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime can be made")
}

/// A session of the ordinary role under this name.
fn session(runtime: &Runtime, cluster: &Cluster, name: &str) -> Client {
    session_at(runtime, cluster.port(), name)
}

/// The same at this port.
pub(crate) fn session_at(runtime: &Runtime, port: u16, name: &str) -> Client {
    try_session_at(runtime, port, name).expect("the role is let in")
}

/// The same, where it may not be let in.
pub(crate) fn try_session_at(
    runtime: &Runtime,
    port: u16,
    name: &str,
) -> Result<Client, tokio_postgres::Error> {
    let mut config = Config::new();
    config
        .host("127.0.0.1")
        .port(port)
        .user(ROLE)
        .password(PASSWORD)
        .dbname(DATABASE)
        .application_name(name);
    let (client, connection) = runtime.block_on(config.connect(NoTls))?;
    runtime.spawn(connection);
    Ok(client)
}

pub(crate) fn run(runtime: &Runtime, client: &Client, statements: &str) {
    runtime
        .block_on(client.batch_execute(statements))
        .expect("the statements succeed");
}
