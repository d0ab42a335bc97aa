//! `dbvitals wait` as a script runs it: the real program against servers that
//! start, stay away or refuse.

#![expect(
    clippy::unwrap_used,
    reason = "a program that does not behave must fail the test"
)]

mod support;

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use support::{
    cluster::{Cluster, StopMode},
    process::wait_exit,
};

/// Longer than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// Starts the program with these arguments, quick rhythms and no variables of ours.
fn start(arguments: &[&str], url: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_dbvitals"))
        .arg("wait")
        .args(arguments)
        .env_clear()
        .env("USER", "somebody")
        .env("HOME", "/nonexistent")
        .env("DATABASE_URL", url)
        .env("DBVITALS_HEALTH_CHECK_TIMEOUT", "1000")
        .env("DBVITALS_RETRY_DELAY", "300")
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program can be started")
}

/// The program ends like this, and has said these words on standard error.
#[track_caller]
fn check(arguments: &[&str], url: &str, code: i32, words: &str) {
    let mut program = start(arguments, url);
    let status = wait_exit(&mut program, LIMIT).expect("it ends");
    let output = program.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(status.code(), Some(code), "{said}");
    assert!(said.contains(words), "{said}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_server_that_starts_is_seen_and_each_change_is_one_line() {
    let mut cluster = Cluster::start();
    cluster.stop(StopMode::Fast);
    let mut program = start(&["--json"], &cluster.url());
    let lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let mut changes = lines.map(|line| -> Value { serde_json::from_str(&line.unwrap()).unwrap() });
    let down = changes
        .find(|state| state["status"] == "error")
        .expect("that it is away");
    assert_eq!(down["error"]["kind"], "ConnectionRefused");
    assert_eq!(down["health"], "unhealthy");
    cluster.start_again();
    let rest: Vec<Value> = changes.collect();
    let last = rest.last().expect("that it is there");
    assert_eq!(
        (&last["status"], &last["health"]),
        (&"connected".into(), &"degraded".into())
    );
    assert!(
        rest.len() <= 3,
        "a line for each change, not for each try: {rest:#?}"
    );
    let status = wait_exit(&mut program, LIMIT).expect("it ends");
    assert_eq!(status.code(), Some(0));
}

#[test]
fn what_does_not_come_in_time_ends_with_the_number_of_the_last_failure() {
    let mut cluster = Cluster::start();
    let wrong = cluster.url_with_password("not-it");
    check(&["--timeout", "1"], &wrong, 1, "AuthFailed, 28P01");
    check(
        &["--timeout", "1", "--strict"],
        &cluster.url(),
        1,
        "not initialised 0/9",
    );
    check(
        &["--timeout", "1", "--strict"],
        &cluster.url(),
        1,
        "the time is over after 1 s: still connected, degraded",
    );
    check(
        &["--timeout", "20"],
        &cluster.url(),
        0,
        "connected, degraded",
    );
    cluster.stop(StopMode::Fast);
    check(&["--timeout", "1"], &cluster.url(), 2, "ConnectionRefused");
    check(
        &["--timeout", "1"],
        &cluster.url(),
        2,
        "the time is over after 1 s",
    );
    let program = start(&["--timeout", "0.5", "--json"], &cluster.url());
    let output = program.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let last: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&last["event"], &last["afterMs"]),
        (&"timeOver".into(), &500.0.into())
    );
    check(&["--timeout", "soon"], &cluster.url(), 3, "--timeout");
}
