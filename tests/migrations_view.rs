//! The dashboard's migrations as a person meets them: the real program in a real
//! terminal, and a real server that gets its tables.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a program that does not behave must fail the test"
)]

mod support;

use std::{thread, time::Duration};

use support::{
    cluster::Cluster,
    process::{Signal, signal, wait_until},
    terminal::{Launch, Terminal},
};

/// Longer than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// Makes each statement that creates a table wait for a lock.
const GATE: &str = "create function wait_at_gate() returns event_trigger language plpgsql as $$ \
    begin perform pg_advisory_xact_lock(42); end $$; \
    create event trigger gate on ddl_command_start when tag in ('CREATE TABLE') \
    execute function wait_at_gate()";

/// The tables of the schema, as many as are there.
const TABLES: &str = "select count(*) from pg_tables where schemaname = 'public' and tablename in \
    ('agents', 'commands', 'terminal_outputs', 'command_presets', 'trace_entries', \
    'investigation_reports', 'audit_logs', 'execution_constraints', 'command_queues')";

fn dashboard(cluster: &Cluster, variables: &[(&str, &str)]) -> Terminal {
    let mut launch = Launch::new(env!("CARGO_BIN_EXE_dbvitals"))
        .env("USER", "somebody")
        .env("HOME", "/nonexistent")
        .env("DATABASE_URL", cluster.url())
        .folder(std::env::temp_dir())
        .size(110, 36);
    for (name, value) in variables {
        launch = launch.env(name, value);
    }
    launch.spawn()
}

#[track_caller]
fn see(terminal: &Terminal, words: &str) {
    if let Err(screen) = terminal.wait_for(words, LIMIT) {
        panic!("'{words}' never came; the screen is:\n{screen}");
    }
}

/// While this runs, nobody gets through the gate.
fn close_gate(cluster: &Cluster) {
    cluster.sql(GATE);
}

/// Holds the gate's lock in a session of its own until [`open_gate`].
fn hold<'scope>(cluster: &'scope Cluster, scope: &'scope thread::Scope<'scope, '_>) {
    scope.spawn(|| {
        let held =
            "set application_name = 'gate'; select pg_advisory_lock(42); select pg_sleep(600)";
        // It is ended from outside, which psql calls a failure.
        cluster.try_sql("app", held).unwrap_err();
    });
    let is_held = wait_until(LIMIT, || {
        cluster.sql("select count(*) from pg_locks where locktype = 'advisory' and objid = 42")
            == "1"
    });
    assert!(is_held, "the gate is not held");
}

fn open_gate(cluster: &Cluster) {
    assert_eq!(cluster.terminate_backends("gate"), 1);
}

#[test]
fn files_are_applied_after_asking_and_each_is_told() {
    let cluster = Cluster::start();
    close_gate(&cluster);
    let mut terminal = dashboard(&cluster, &[]);
    see(&terminal, "not initialised 0/9");
    terminal.send("M");
    see(&terminal, "10 of 10 files are pending");
    see(&terminal, "0009_command_queues");
    terminal.send("u");
    let question = format!("Target: 127.0.0.1:{}/app. y does it", cluster.port());
    see(&terminal, &question);
    terminal.send("n");
    see(&terminal, "u applies them, after asking");
    assert_eq!(cluster.sql(TABLES), "0");
    thread::scope(|scope| {
        hold(&cluster, scope);
        terminal.send("u");
        see(&terminal, &question);
        terminal.send("y");
        see(&terminal, "being applied for");
        // Keys are answered while the server waits.
        terminal.send("?");
        see(&terminal, "open and close this help");
        terminal.send("M");
        see(&terminal, "quitting rolls back the file under way");
        terminal.send("q");
        see(&terminal, "q again quits");
        assert_eq!(cluster.sql(TABLES), "0");
        open_gate(&cluster);
        see(&terminal, "all 10 files are applied");
    });
    see(&terminal, "10 applied, in");
    assert_eq!(cluster.sql(TABLES), "9");
    assert_eq!(cluster.sql("select count(*) from schema_migrations"), "10");
    terminal.send("\x1b");
    let initialised = terminal.wait_until(LIMIT, |screen| {
        !screen.contents().contains("not initialised")
    });
    initialised.unwrap_or_else(|screen| panic!("the lamp did not learn of it:\n{screen}"));
    terminal.send("q");
    assert_eq!(terminal.wait_exit(LIMIT).unwrap().exit_code(), 0);
}

#[test]
fn quitting_rolls_back_the_file_under_way_and_the_next_run_goes_on() {
    let cluster = Cluster::start();
    close_gate(&cluster);
    thread::scope(|scope| {
        hold(&cluster, scope);
        let mut terminal = dashboard(&cluster, &[]);
        see(&terminal, "connected");
        terminal.send("M");
        see(&terminal, "10 of 10 files are pending");
        terminal.send("uy");
        see(&terminal, "being applied for");
        terminal.send("q");
        see(&terminal, "q again quits");
        terminal.send("q");
        assert_eq!(terminal.wait_exit(LIMIT).unwrap().exit_code(), 0);
        let is_left = wait_until(LIMIT, || {
            cluster.sql(
                "select count(*) from pg_stat_activity where application_name like 'dbvitals%'",
            ) == "0"
        });
        assert!(is_left, "a session is left behind");
        open_gate(&cluster);
    });
    assert_eq!(cluster.sql(TABLES), "0");
    let mut terminal = dashboard(&cluster, &[]);
    see(&terminal, "connected");
    terminal.send("M");
    see(&terminal, "10 of 10 files are pending");
    terminal.send("uy");
    see(&terminal, "all 10 files are applied");
    assert_eq!(cluster.sql(TABLES), "9");
}

#[test]
fn a_connection_that_is_lost_meanwhile_is_told_with_what_holds() {
    let mut cluster = Cluster::start();
    close_gate(&cluster);
    let mut terminal = dashboard(&cluster, &[]);
    see(&terminal, "connected");
    terminal.send("M");
    see(&terminal, "10 of 10 files are pending");
    thread::scope(|scope| {
        hold(&cluster, scope);
        terminal.send("uy");
        see(&terminal, "being applied for");
        let migrating = cluster
            .sql("select pid from pg_stat_activity where application_name = 'dbvitals-migrate'");
        cluster.sql(&format!("select pg_terminate_backend({migrating})"));
        see(&terminal, "FAILED: Database connection lost");
        see(&terminal, "57P01");
        see(&terminal, "ROLLED BACK: nothing of it holds");
        open_gate(&cluster);
    });
    assert_eq!(cluster.sql(TABLES), "0");
    cluster.stop(support::cluster::StopMode::Fast);
    see(&terminal, "Cannot connect to database");
    terminal.send("M");
    see(
        &terminal,
        "how the migrations stand cannot be read: Cannot connect",
    );
    see(&terminal, "0001_agents                  ROLLED BACK");
}

#[test]
fn migrations_that_are_looked_at_are_read_anew_when_the_server_is_back() {
    let mut cluster = Cluster::start();
    let mut terminal = dashboard(&cluster, &[]);
    see(&terminal, "● connected");
    cluster.stop(support::cluster::StopMode::Fast);
    see(&terminal, "Cannot connect to database");
    terminal.send("M");
    see(&terminal, "how the migrations stand cannot be read");
    cluster.start_again();
    see(&terminal, "10 of 10 files are pending");
    assert!(terminal.screen_text().contains("┏ Migrations"));
}

#[test]
fn what_was_not_applied_unasked_is_told_beside_the_lamps() {
    let cluster = Cluster::start();
    cluster.sql(
        "create table schema_migrations (version varchar not null primary key); \
        grant all on schema_migrations to public",
    );
    let terminal = dashboard(&cluster, &[("DBVITALS_AUTO_MIGRATE", "true")]);
    let told = terminal.wait_until(LIMIT, |screen| {
        let screen = screen.contents();
        let lines: Vec<_> = screen.lines().collect();
        let has = |words: &str| lines.iter().any(|line| line.contains(words));
        has("migrate   ✖ MigrationRefused at ")
            && has("next      → M; 'dbvitals migrate status' tells")
    });
    told.unwrap_or_else(|screen| panic!("nothing of it beside the lamps:\n{screen}"));
}

#[test]
fn the_way_to_what_is_pending_is_in_the_footer_of_a_small_screen() {
    let cluster = Cluster::start();
    let mut terminal = dashboard(&cluster, &[]);
    terminal.resize(80, 24);
    see(&terminal, "not initialised 0/9");
    see(&terminal, "M migrations");
    terminal.send("M");
    see(&terminal, "10 of 10 files are pending");
    terminal.send("uy");
    see(&terminal, "all 10 files are applied");
    terminal.send("\x1b");
    let gone = terminal.wait_until(LIMIT, |screen| {
        let screen = screen.contents();
        screen.contains("9/9, 10 migrations") && !screen.contains("M migrations")
    });
    gone.unwrap_or_else(|screen| panic!("it is offered for nothing:\n{screen}"));
}

#[test]
fn read_only_applies_nothing_and_says_why() {
    let cluster = Cluster::start();
    let mut terminal = dashboard(&cluster, &[("DBVITALS_READ_ONLY", "true")]);
    see(&terminal, "connected");
    terminal.send("M");
    see(&terminal, "nothing is applied from here: read_only is set");
    let footer = terminal.screen_text().lines().last().unwrap().to_owned();
    assert!(!footer.contains("u apply"), "{footer}");
    terminal.send("uy");
    signal(terminal.pid(), Signal::TERM);
    terminal.wait_exit(LIMIT).unwrap();
    assert_eq!(cluster.sql(TABLES), "0");
}

#[test]
fn in_production_the_targets_name_is_typed() {
    let cluster = Cluster::start();
    let mut terminal = dashboard(&cluster, &[("DBVITALS_ENVIRONMENT", "production")]);
    see(&terminal, "connected");
    terminal.send("M");
    see(&terminal, "10 of 10 files are pending");
    terminal.send("u");
    see(&terminal, "This is PRODUCTION");
    terminal.send("yes\r");
    see(&terminal, "that is not the target's name");
    assert_eq!(cluster.sql(TABLES), "0");
    terminal.send("\u{7f}\u{7f}\u{7f}");
    terminal.send(&format!("127.0.0.1:{}/app\r", cluster.port()));
    see(&terminal, "all 10 files are applied");
    assert_eq!(cluster.sql(TABLES), "9");
}

#[test]
fn a_ledger_of_another_tool_is_left_alone_and_tables_without_one_are_adopted() {
    let cluster = Cluster::start();
    cluster.sql(
        "create table schema_migrations (version varchar not null primary key); \
        grant all on schema_migrations to public",
    );
    let mut terminal = dashboard(&cluster, &[]);
    see(&terminal, "connected");
    terminal.send("M");
    see(&terminal, "is the ledger of");
    see(&terminal, "set ledger_schema");
    terminal.send("uyay");
    cluster.sql("drop table schema_migrations; create table agents (id int)");
    terminal.send("M");
    see(&terminal, "there are tables and no ledger of ours: agents");
    terminal.send("a");
    see(&terminal, "Compare the tables with ours");
    terminal.send("y");
    see(&terminal, "recorded,");
    see(&terminal, "0001_agents: agents.id");
    assert_eq!(
        cluster.sql("select count(*) from information_schema.columns where table_name = 'agents'"),
        "1"
    );
}
