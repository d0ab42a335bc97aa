//! An empty database gets its tables, once, whoever else is at it.

use std::process::Stdio;

use dbvitals::{
    adapter::MigrateOptions,
    domain::{MigrationEvent, REQUIRED_TABLES},
};

use crate::{
    bed::{
        Holder, Run, advisory_locks, end, finish, ledger, listener, on, program, run, section,
        sql_as_role, start, versions, wait_for_waiting,
    },
    support::cluster::{Cluster, PoolMode, Pooler},
};

#[tokio::test]
async fn each_file_is_told_when_it_begins_and_when_it_holds() {
    let cluster = Cluster::start();
    let database = on(section(&cluster));
    let state = database.migration_state().await.unwrap();
    assert_eq!((state.applied.len(), state.pending.len()), (0, 10));
    assert_eq!(state.refusal, None);
    assert_eq!(state.ledger, "public.schema_migrations");

    let (progress, told) = listener();
    let report = database
        .migrate(MigrateOptions::default(), progress)
        .await
        .unwrap();
    let names = report.applied.iter().map(|(name, _)| name.clone());
    assert_eq!(names.collect::<Vec<_>>(), state.pending);
    let events = report.applied.into_iter().flat_map(|(migration, took)| {
        [
            MigrationEvent::Started(migration.clone()),
            MigrationEvent::Applied { migration, took },
        ]
    });
    assert_eq!(*told.lock().unwrap(), events.collect::<Vec<_>>());

    let state = database.migration_state().await.unwrap();
    assert!(state.is_up_to_date(), "{state:?}");
    let (progress, told) = listener();
    let report = database
        .migrate(MigrateOptions::default(), progress)
        .await
        .unwrap();
    assert!(report.applied.is_empty() && report.applied_by_others.is_empty());
    assert!(told.lock().unwrap().is_empty());
}

#[test]
fn an_empty_database_gets_nine_tables_and_the_ledger_and_a_second_run_does_nothing() {
    let cluster = Cluster::start();
    let before = run(&cluster, &["plan"]);
    assert_eq!(before.code, 0, "{before:?}");
    assert!(
        before.stdout.contains("would apply 0010_supabase_access"),
        "{before:?}"
    );

    let up = run(&cluster, &["up"]);
    assert_eq!(up.code, 0, "{up:?}");
    for line in up
        .stdout
        .lines()
        .filter(|line| line.contains(" applied in "))
    {
        assert!(line.trim_end().ends_with(" ms"), "{line}");
    }
    assert_eq!(up.stdout.matches(" applied in ").count(), 10, "{up:?}");
    let mut tables: Vec<_> = REQUIRED_TABLES.to_vec();
    tables.push("schema_migrations");
    tables.sort_unstable();
    let found =
        cluster.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1");
    assert_eq!(found.lines().collect::<Vec<_>>(), tables);
    assert!(ledger(&cluster).starts_with("1 agents\n2 commands\n3 terminal_outputs\n"));

    let status = run(&cluster, &["status", "--json"]);
    assert_eq!(status.code, 0, "{status:?}");
    let json = status.json();
    assert_eq!(json["upToDate"], true, "{json:#}");
    assert_eq!(json["pending"], serde_json::json!([]));
    assert_eq!(json["applied"].as_array().unwrap().len(), 10);
    assert_eq!(json["applied"][0]["checksum"].as_str().unwrap().len(), 96);
    assert!(json["applied"][0]["executionMs"].as_i64().unwrap() >= 1);

    let rows = || cluster.sql("SELECT * FROM schema_migrations ORDER BY version");
    let before = (rows(), cluster.schema_dump(&[]));
    let again = run(&cluster, &["up"]);
    assert_eq!(again.code, 0, "{again:?}");
    assert!(again.stdout.contains("nothing to apply"), "{again:?}");
    assert_eq!((rows(), cluster.schema_dump(&[])), before);
}

#[test]
fn ten_at_once_apply_each_file_once() {
    let cluster = Cluster::start();
    check_ten(&cluster, &cluster.url());
}

#[test]
fn ten_at_once_do_so_whatever_the_servers_isolation_is() {
    let cluster = Cluster::builder()
        .setting("default_transaction_isolation", "serializable")
        .start();
    check_ten(&cluster, &cluster.url());
}

#[test]
fn ten_at_once_do_so_through_a_pooler_that_hands_sessions_around() {
    if !Pooler::is_here() {
        return;
    }
    let cluster = Cluster::start();
    let pooler = cluster.pooler(PoolMode::Transaction);
    check_ten(&cluster, &url_at(&cluster, pooler.port()));
    let status = run_at(
        &cluster,
        &url_at(&cluster, pooler.port()),
        &["status", "--json"],
    );
    assert_eq!(status.json()["upToDate"], true, "{status:?}");
}

/// The cluster's URL with another port.
fn url_at(cluster: &Cluster, port: u16) -> String {
    let own = format!(":{}/", cluster.port());
    cluster.url().replace(&own, &format!(":{port}/"))
}

fn run_at(cluster: &Cluster, url: &str, arguments: &[&str]) -> Run {
    finish(program(cluster, arguments).env("DATABASE_URL", url))
}

#[test]
fn what_others_apply_is_told_in_order_and_each_of_them_is_waited_for_once() {
    let cluster = Cluster::start();
    let held = Holder::of_lock(&cluster, "gate");
    let children: Vec<_> = (0..4)
        .map(|_| start(&cluster, &["up", "--lock-timeout", "60"]))
        .collect();
    wait_for_waiting(&cluster, 4, "pg_advisory_xact_lock");
    drop(held);
    for child in children {
        let run = end(child);
        assert_eq!(run.code, 0, "{run:?}");
        let lines = run
            .stdout
            .lines()
            .filter_map(|line| line.strip_prefix("  00"));
        let versions: Vec<_> = lines.map(|line| line[..2].parse::<u8>().unwrap()).collect();
        assert_eq!(versions, (1..=10).collect::<Vec<_>>(), "{run:?}");
        let mut waits: Vec<_> = run.stderr.lines().collect();
        assert!(
            waits
                .iter()
                .all(|line| line.starts_with("waiting: another "))
        );
        waits.sort_unstable_by_key(|line| pid_in(line));
        waits.dedup_by_key(|line| pid_in(line));
        assert_eq!(waits.len(), run.stderr.lines().count(), "{run:?}");
    }
}

fn pid_in(line: &str) -> &str {
    let after = line.split_once("pid ").map_or("", |(_, after)| after);
    after.split(',').next().unwrap()
}

/// Ten processes over this URL, of which none could do anything before all had begun.
#[track_caller]
fn check_ten(cluster: &Cluster, url: &str) {
    let held = Holder::of_lock(cluster, "gate");
    let children: Vec<_> = (0..10)
        .map(|_| {
            program(cluster, &["up", "--json", "--lock-timeout", "60"])
                .env("DATABASE_URL", url)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("the program can be started")
        })
        .collect();
    wait_for_waiting(cluster, 10, "pg_advisory_xact_lock");
    assert_eq!(
        cluster.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"),
        "0"
    );
    drop(held);
    let mut applied = Vec::new();
    for child in children {
        let run = end(child);
        assert_eq!(run.code, 0, "{run:?}");
        assert!(
            run.stderr.contains("another run holds the lock: pid "),
            "{run:?}"
        );
        let json = run.json();
        let versions = |key: &str| -> Vec<i64> {
            let rows = json[key].as_array().unwrap().iter();
            rows.map(|row| row["version"].as_i64().unwrap()).collect()
        };
        let mut all = [versions("applied"), versions("appliedByOthers")].concat();
        all.sort_unstable();
        assert_eq!(all, (1..=10).collect::<Vec<_>>(), "each is told once");
        applied.extend(versions("applied"));
    }
    applied.sort_unstable();
    assert_eq!(applied, (1..=10).collect::<Vec<_>>());
    assert_eq!(versions(cluster), "1 2 3 4 5 6 7 8 9 10");
    assert_eq!(advisory_locks(cluster), "0");
}

#[test]
fn tables_go_where_the_search_path_says_and_the_ledger_with_them() {
    let cluster = Cluster::start();
    sql_as_role(&cluster, "CREATE SCHEMA app");
    let url = format!("{}?options=-c%20search_path%3Dnowhere%2Capp", cluster.url());
    let up = finish(program(&cluster, &["up"]).env("DATABASE_URL", &url));
    assert_eq!(up.code, 0, "{up:?}");
    assert!(
        up.stdout.contains("recorded in app.schema_migrations"),
        "{up:?}"
    );
    let count = |schema: &str| {
        cluster.sql(&format!(
            "SELECT count(*) FROM pg_tables WHERE schemaname = '{schema}'"
        ))
    };
    assert_eq!((count("app"), count("public")), ("10".into(), "0".into()));
    let status = finish(program(&cluster, &["status", "--json"]).env("DATABASE_URL", &url));
    assert_eq!(status.json()["schema"], "app");
    assert_eq!(status.json()["upToDate"], true);
}

#[test]
fn the_ledger_stands_in_a_schema_of_its_own_where_one_is_named() {
    let cluster = Cluster::start();
    let named = &["up", "--set", "ledger_schema=ops"][..];
    let up = run(&cluster, named);
    assert_eq!(up.code, 0, "{up:?}");
    assert_eq!(
        cluster.sql("SELECT count(*) FROM ops.schema_migrations"),
        "10"
    );
    assert_eq!(
        cluster.sql("SELECT to_regclass('public.schema_migrations')"),
        ""
    );
    let again = run(&cluster, named);
    assert!(
        again.stdout.contains("ops.schema_migrations is up to date"),
        "{again:?}"
    );
    // Without its ledger nobody knows where the tables come from.
    let without = run(&cluster, &["up"]);
    assert_eq!(without.code, 1, "{without:?}");
    assert!(without.stderr.contains("no ledger of ours"), "{without:?}");
}

#[test]
fn a_clock_that_was_set_back_puts_no_row_out_of_order() {
    let cluster = Cluster::start();
    crate::bed::paste(&cluster, 3);
    cluster.sql(
        "UPDATE schema_migrations SET applied_at = applied_at + interval '1 day', \
         execution_ms = 5",
    );
    let up = run(&cluster, &["up"]);
    assert_eq!(up.code, 0, "{up:?}");
    assert_eq!(
        run(&cluster, &["status", "--json"]).json()["upToDate"],
        true
    );
}

#[test]
fn a_pooler_that_takes_no_transactions_gets_no_migration_and_the_reason_is_said() {
    if !Pooler::is_here() {
        return;
    }
    let cluster = Cluster::start();
    let pooler = cluster.pooler(PoolMode::Statement);
    let url = url_at(&cluster, pooler.port());
    for command in ["status", "up", "adopt"] {
        let refused = run_at(&cluster, &url, &[command, "--json"]);
        assert_eq!(refused.code, 1, "{refused:?}");
        let error = &refused.json()["error"];
        assert_eq!(error["kind"], "Unsupported", "{refused:?}");
        let words = error["details"].as_str().unwrap();
        assert!(words.contains("statement mode"), "{refused:?}");
    }
    assert_eq!(
        cluster.sql("select count(*) from pg_tables where schemaname = 'public'"),
        "0"
    );
}
