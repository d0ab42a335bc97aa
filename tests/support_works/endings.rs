//! Nothing stays behind: neither after a test, nor after a panic, nor after a
//! test process that was killed.

use std::{
    env,
    io::{BufRead, BufReader},
    panic,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    LIMIT,
    support::{
        cluster::Cluster,
        process::{Signal, is_alive, signal, wait_until},
        standin::Standin,
    },
};

/// Set in the process that is to be killed by [`a_killed_test_process_leaves_nothing`].
const VICTIM: &str = "DBVITALS_TEST_VICTIM";

/// What that process says last.
const LAST_WORD: &str = "that is all";

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

/// Starts this test program anew with one test, which makes processes and then
/// waits; kills it; and looks whether they end and their folders go.
#[test]
fn a_killed_test_process_leaves_nothing() {
    for state in ["running", "frozen", "stand-in", "frozen stand-in"] {
        let mut victim = Command::new(env::current_exe().expect("this program has a path"))
            .args(["--exact", "endings::victim", "--nocapture"])
            .env(VICTIM, state)
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program runs");
        let output = victim.stdout.take().expect("stdout is a pipe");
        let places: Vec<_> = BufReader::new(output)
            .lines()
            .map_while(Result::ok)
            .take_while(|line| line != LAST_WORD)
            .filter_map(|line| place_in(&line))
            .collect();
        assert!(
            !places.is_empty(),
            "the victim says where its processes are"
        );
        let is_left = |(pid, folder): &(u32, PathBuf)| is_alive(*pid) || folder.exists();
        assert!(places.iter().all(is_left));
        victim.kill().expect("a child can be killed");
        victim.wait().expect("a child can be waited for");
        let gone = wait_until(LIMIT, || !places.iter().any(is_left));
        assert!(gone, "{state}: something of {places:?} was left behind");
    }
}

/// Does nothing unless it was started to be killed.
#[test]
#[expect(clippy::print_stdout, reason = "the parent process reads it")]
fn victim() {
    let Ok(state) = env::var(VICTIM) else {
        return;
    };
    let (mut cluster, mut standin) = (None, None);
    match state.as_str() {
        "running" | "frozen" => cluster = Some(Cluster::start()),
        _ => standin = Some(Standin::start()),
    }
    if let Some(cluster) = &mut cluster {
        if state == "frozen" {
            cluster.freeze();
        }
        tell(cluster.pid(), cluster.socket_folder());
    }
    if let Some(standin) = &mut standin {
        if state == "frozen stand-in" {
            standin.freeze();
        }
        tell(standin.pid(), standin.folder());
        tell(standin.cluster().pid(), standin.cluster().socket_folder());
    }
    println!("{LAST_WORD}");
    signal(std::process::id(), Signal::STOP);
}

/// Tells the parent of a process that it must not find later.
#[expect(clippy::print_stdout, reason = "the parent process reads it")]
fn tell(pid: u32, folder: &Path) {
    println!("\nprocess {pid} {}", folder.display());
}

fn place_in(line: &str) -> Option<(u32, PathBuf)> {
    let (pid, folder) = line.strip_prefix("process ")?.split_once(' ')?;
    Some((pid.parse().ok()?, PathBuf::from(folder)))
}
