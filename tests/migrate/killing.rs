//! A run that is killed leaves the database as it was before the file that it
//! was at, and nobody in its way.

use crate::{
    bed::{
        Holder, LIMIT, MIGRATING, advisory_locks, end, migrating, paste, run, start, versions,
        wait_for_waiting,
    },
    support::{
        cluster::{Cluster, ROLE},
        process::{Signal, signal, wait_until},
    },
};

/// Applies the first file, and tells what the schema is like; then stops the
/// second one at its table, which refers to the first one's.
fn held_at_the_second_file(cluster: &Cluster) -> (Holder, String) {
    paste(cluster, 1);
    // Whoever dumps waits for the lock, too.
    let before = cluster.schema_dump(&[]);
    let lock = "lock table agents in access exclusive mode";
    (Holder::of(cluster, "somebody", lock), before)
}

#[test]
fn a_run_that_is_killed_rolls_back_its_file_and_frees_the_lock() {
    let cluster = Cluster::start();
    let (held, before) = held_at_the_second_file(&cluster);
    let child = start(&cluster, &["up", "--lock-timeout", "600"]);
    wait_for_waiting(&cluster, 1, "create table commands");
    // The type before it in the same file was made already.
    assert_eq!(advisory_locks(&cluster), "1");
    signal(child.id(), Signal::KILL);
    let killed = child.wait_with_output().unwrap();
    assert_eq!(killed.status.code(), None, "{killed:?}");

    // The server notices although the statement still could not go on.
    let gone = wait_until(LIMIT, || migrating(&cluster) == "0");
    assert!(gone, "its session waits on");
    assert_eq!(advisory_locks(&cluster), "0");
    assert_eq!(versions(&cluster), "1");
    drop(held);
    assert_eq!(cluster.schema_dump(&[]), before);

    let up = run(&cluster, &["up"]);
    assert_eq!(up.code, 0, "{up:?}");
    assert_eq!(up.stdout.matches(" applied in ").count(), 9, "{up:?}");
    assert_eq!(versions(&cluster), "1 2 3 4 5 6 7 8 9 10");
}

#[test]
fn a_file_may_take_longer_than_the_roles_own_limit() {
    let cluster = Cluster::start();
    cluster.sql(&format!(
        "ALTER ROLE {ROLE} SET statement_timeout = '300ms'"
    ));
    let (held, _) = held_at_the_second_file(&cluster);
    let child = start(&cluster, &["up", "--lock-timeout", "600"]);
    wait_for_waiting(&cluster, 1, "create table commands");
    let is_late = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = '{MIGRATING}' \
         AND clock_timestamp() - query_start > interval '1 second'"
    );
    assert!(wait_until(LIMIT, || cluster.sql(&is_late) == "1"));
    drop(held);
    let up = end(child);
    assert_eq!(up.code, 0, "{up:?}");
    assert_eq!(versions(&cluster), "1 2 3 4 5 6 7 8 9 10");
}

#[test]
fn a_run_whose_session_is_ended_says_so_and_the_next_goes_on() {
    let cluster = Cluster::start();
    let (held, _) = held_at_the_second_file(&cluster);
    let child = start(&cluster, &["up", "--lock-timeout", "600"]);
    wait_for_waiting(&cluster, 1, "create table commands");
    assert_eq!(cluster.terminate_backends(MIGRATING), 1);
    let up = end(child);
    assert_eq!(up.code, 1, "{up:?}");
    assert!(
        up.stderr.contains("0002_commands was rolled back"),
        "{up:?}"
    );
    assert!(up.stderr.contains("57P01"), "{up:?}");
    let words = "dbvitals: 0002_commands was rolled back: terminating connection due to administrator \
                 command\n";
    assert!(up.stderr.contains(words), "{up:?}");
    assert!(!up.stderr.contains("Attempting to reconnect"), "{up:?}");
    drop(held);
    assert_eq!(versions(&cluster), "1");
    assert_eq!(run(&cluster, &["up"]).code, 0);
}

#[test]
fn a_file_that_waits_for_a_lock_too_long_is_given_up_with_its_name() {
    let cluster = Cluster::start();
    let (held, before) = held_at_the_second_file(&cluster);
    let up = run(&cluster, &["up", "--lock-timeout", "0.5"]);
    assert_eq!(up.code, 1, "{up:?}");
    let words = "0002_commands was rolled back: another session held a lock for 500ms";
    assert!(up.stderr.contains(words), "{up:?}");
    drop(held);
    assert_eq!(cluster.schema_dump(&[]), before);
    assert_eq!(run(&cluster, &["up"]).code, 0);
}
