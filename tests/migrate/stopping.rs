//! A run that a signal stops says what holds and what was rolled back, and one
//! that waits for a lock says who holds it.

use std::io::{BufRead, BufReader};

use crate::{
    bed::{Holder, LIMIT, end, migrating, run, start, versions, wait_for_waiting},
    support::{
        cluster::{Cluster, ROLE},
        process::{Signal, signal, wait_until},
    },
};

/// Stops the second file at its type, which somebody else is about to make: the
/// first one is applied by the run itself.
fn held_behind_the_first_file(cluster: &Cluster) -> Holder {
    Holder::of(
        cluster,
        "somebody",
        "create type command_status as enum ('x')",
    )
}

/// A signal ends a run at the second file with these words, and nothing of it stays.
#[track_caller]
fn check_stopped(by: Signal, arguments: &[&str], words: &[&str]) -> crate::bed::Run {
    let cluster = Cluster::start();
    let held = held_behind_the_first_file(&cluster);
    let child = start(
        &cluster,
        &[&["up", "--lock-timeout", "600"], arguments].concat(),
    );
    wait_for_waiting(&cluster, 1, "create type command_status");
    signal(child.id(), by);
    let up = end(child);
    assert_eq!(up.code, 1, "{up:?}");
    assert!(up.took < LIMIT / 2, "{up:?}");
    for words in words {
        assert!(up.said().contains(words), "{words} is not in {up:?}");
    }
    assert!(wait_until(LIMIT, || migrating(&cluster) == "0"));
    drop(held);
    assert_eq!(versions(&cluster), "1");
    assert_eq!(run(&cluster, &["up"]).code, 0);
    up
}

#[test]
fn a_signal_rolls_back_the_file_and_that_is_told() {
    let words = [
        "stopped by a signal: 0002_commands was rolled back",
        "what was applied before holds: 0001_agents",
        "'dbvitals migrate up' goes on from there",
    ];
    check_stopped(Signal::INT, &[], &words);
    check_stopped(Signal::TERM, &[], &words);
}

#[test]
fn a_signal_leaves_an_object_for_programs() {
    let up = check_stopped(Signal::TERM, &["--json"], &["stopped by a signal"]);
    let json = up.json();
    assert_eq!(json["success"], false, "{json:#}");
    assert_eq!(json["error"]["kind"], "Stopped");
    assert_eq!(json["rolledBack"]["name"], "commands");
    assert_eq!(json["applied"][0]["name"], "agents");
}

#[test]
fn while_another_run_is_waited_for_a_signal_ends_at_once() {
    let cluster = Cluster::start();
    let _held = Holder::of_lock(&cluster, "nightly deploy");
    let child = start(&cluster, &["up", "--lock-timeout", "600"]);
    wait_for_waiting(&cluster, 1, "pg_advisory_xact_lock");
    signal(child.id(), Signal::INT);
    let up = end(child);
    assert_eq!(up.code, 1, "{up:?}");
    let words = "stopped by a signal: no file was under way; nothing was applied before";
    assert!(up.said().contains(words), "{up:?}");
    let waits = "another session holds the lock of the migrations: pid ";
    assert!(up.stderr.contains(waits), "psql is no run: {up:?}");
}

#[test]
fn who_holds_the_lock_that_a_file_needs_is_told_while_it_waits_and_at_the_end() {
    let cluster = Cluster::start();
    let held = held_behind_the_first_file(&cluster);
    let pid = cluster.sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'somebody'");
    let holder = format!("pid {pid}, application somebody, role {ROLE}, client 127.0.0.1:");
    let up = run(&cluster, &["up", "--lock-timeout", "3"]);
    assert_eq!(up.code, 1, "{up:?}");
    let waits = format!("waiting: 0002_commands needs a lock that another session holds: {holder}");
    assert!(up.stderr.contains(&waits), "{up:?}");
    let given_up = format!("another session held a lock for 3s: {holder}");
    assert!(up.said().contains(&given_up), "{up:?}");
    drop(held);
    assert_eq!(run(&cluster, &["up"]).code, 0);
}

#[test]
fn a_lock_that_is_given_free_lets_the_file_go_on() {
    let cluster = Cluster::start();
    let held = held_behind_the_first_file(&cluster);
    let mut child = start(&cluster, &["up", "--lock-timeout", "600"]);
    let mut told = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    told.read_line(&mut line).unwrap();
    assert!(line.contains("0002_commands needs a lock"), "{line}");
    drop(held);
    let up = end(child);
    assert_eq!(up.code, 0, "{up:?}");
    assert_eq!(versions(&cluster), "1 2 3 4 5 6 7 8 9 10");
}

#[test]
fn a_server_that_does_not_answer_is_left_and_a_second_signal_waits_for_nobody() {
    let mut cluster = Cluster::start();
    let held = held_behind_the_first_file(&cluster);
    for signals in [&[Signal::INT][..], &[Signal::INT, Signal::TERM]] {
        let child = start(&cluster, &["up", "--lock-timeout", "600"]);
        wait_for_waiting(&cluster, 1, "create type command_status");
        cluster.freeze();
        for each in signals {
            signal(child.id(), *each);
        }
        let up = end(child);
        assert_eq!(up.code, 1, "{up:?}");
        let words = "it is not known what became of 0002_commands";
        assert!(up.said().contains(words), "{up:?}");
        assert!(up.took < LIMIT / 4, "{up:?}");
        cluster.thaw();
        assert!(wait_until(LIMIT, || migrating(&cluster) == "0"));
    }
    drop(held);
    assert_eq!(versions(&cluster), "1");
}
