//! Nothing stays behind: neither after a test, nor after a panic, nor after a
//! test process that was killed.

use std::{
    env,
    io::{BufRead, BufReader},
    panic,
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::{
    LIMIT,
    support::{
        cluster::Cluster,
        process::{Signal, is_alive, signal, wait_until},
    },
};

/// Set in the process that is to be killed by [`a_killed_test_process_leaves_nothing`].
const VICTIM: &str = "DBVITALS_TEST_VICTIM";

#[test]
fn a_dropped_cluster_leaves_nothing() {
    let cluster = Cluster::start();
    let (pid, folder) = (cluster.pid(), cluster.socket_folder().to_owned());
    drop(cluster);
    assert!(!is_alive(pid) && !folder.exists());
}

#[test]
fn a_frozen_cluster_goes_too_when_its_test_panics() {
    let told = std::sync::Mutex::new(None);
    let outcome = panic::catch_unwind(|| {
        let mut cluster = Cluster::start();
        cluster.freeze();
        let place = (cluster.pid(), cluster.socket_folder().to_owned());
        *told.lock().expect("nobody else has it") = Some(place);
        panic::resume_unwind(Box::new("an assertion failed"));
    });
    assert!(outcome.is_err());
    let told = told.into_inner().expect("nobody else had it");
    let (pid, folder) = told.expect("the cluster was made");
    assert!(!is_alive(pid) && !folder.exists());
}

/// Starts this test program anew with one test, which makes a cluster and then
/// waits; kills it; and looks whether the watchdog does its work.
#[test]
fn a_killed_test_process_leaves_nothing() {
    for state in ["running", "frozen"] {
        let mut victim = Command::new(env::current_exe().expect("this program has a path"))
            .args(["--exact", "endings::victim", "--nocapture"])
            .env(VICTIM, state)
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program runs");
        let output = victim.stdout.take().expect("stdout is a pipe");
        let (pid, folder) = BufReader::new(output)
            .lines()
            .map_while(Result::ok)
            .find_map(|line| place_in(&line))
            .expect("the victim says where its cluster is");
        assert!(is_alive(pid) && folder.exists());
        victim.kill().expect("a child can be killed");
        victim.wait().expect("a child can be waited for");
        let gone = wait_until(LIMIT, || !is_alive(pid) && !folder.exists());
        assert!(gone, "{state}: the watchdog left process {pid} behind");
    }
}

/// Does nothing unless it was started to be killed.
#[test]
#[expect(clippy::print_stdout, reason = "the parent process reads it")]
fn victim() {
    let Ok(state) = env::var(VICTIM) else {
        return;
    };
    let mut cluster = Cluster::start();
    if state == "frozen" {
        cluster.freeze();
    }
    println!(
        "\ncluster {} {}",
        cluster.pid(),
        cluster.socket_folder().display()
    );
    signal(std::process::id(), Signal::STOP);
}

fn place_in(line: &str) -> Option<(u32, PathBuf)> {
    let (pid, folder) = line.strip_prefix("cluster ")?.split_once(' ')?;
    Some((pid.parse().ok()?, PathBuf::from(folder)))
}
