//! `auto_migrate`: what is pending is applied as soon as a connection stands,
//! and never where writing must be asked for.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::{
    bed::{LIMIT, versions},
    support::{
        cluster::Cluster,
        process::{Signal, signal, wait_exit, wait_until},
    },
};

/// `dbvitals watch`, which watches as the dashboard does.
fn watch(cluster: &Cluster, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_dbvitals"))
        .args(["watch", "--json"])
        .args(arguments)
        .env_clear()
        .env("USER", "somebody")
        .env("HOME", "/nonexistent")
        .env("DATABASE_URL", cluster.url())
        .env("DBVITALS_AUTO_MIGRATE", "true")
        .env("DBVITALS_HEALTH_CHECK_INTERVAL", "5000")
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program can be started")
}

fn stop(mut watch: Child) {
    signal(watch.id(), Signal::TERM);
    wait_exit(&mut watch, LIMIT).expect("it ends");
}

fn tables(cluster: &Cluster) -> String {
    cluster.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
}

#[test]
fn what_is_pending_is_applied_when_a_connection_stands_and_a_check_tells_of_it() {
    let cluster = Cluster::start();
    let mut watch = watch(&cluster, &[]);
    let lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut events = lines.map(|line| -> Value { serde_json::from_str(&line.unwrap()).unwrap() });
    let told = events.find(|event| event["details"]["migrations"]["applied"] == 10);
    assert!(told.is_some());
    assert_eq!(versions(&cluster), "1 2 3 4 5 6 7 8 9 10");
    stop(watch);
}

#[test]
fn nothing_is_applied_unasked_with_read_only_or_in_production() {
    for arguments in [&["--read-only"][..], &["--set", "environment=production"]] {
        let cluster = Cluster::start();
        let mut watch = watch(&cluster, arguments);
        let lines = BufReader::new(watch.stdout.take().unwrap()).lines();
        let events = lines.map(|line| -> Value { serde_json::from_str(&line.unwrap()).unwrap() });
        // What is applied at connect is applied long before the next check.
        let checks = events.filter(|event| event["event"] == "check").take(2);
        assert_eq!(checks.count(), 2);
        stop(watch);
        assert_eq!(tables(&cluster), "0", "{arguments:?}");
        assert!(!cluster.log().contains("dbvitals-migrate"), "{arguments:?}");
    }
}

#[test]
fn a_run_that_waits_ends_with_its_watcher() {
    let cluster = Cluster::start();
    let held = crate::bed::Holder::of_lock(&cluster, "gate");
    let watch = watch(&cluster, &[]);
    crate::bed::wait_for_waiting(&cluster, 1, "pg_advisory_xact_lock");
    stop(watch);
    let gone = wait_until(LIMIT, || crate::bed::migrating(&cluster) == "0");
    assert!(gone, "its session waits on");
    drop(held);
    assert_eq!(tables(&cluster), "0");
}
