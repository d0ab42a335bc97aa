//! `dbvitals watch` as a program reads it: lines from the real program on a
//! server that is stopped and started, until it is told to end.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a program that does not behave must fail the test"
)]

mod support;

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use serde_json::Value;
use support::{
    cluster::{Cluster, StopMode},
    process::{Signal, signal, wait_exit},
};

/// Longer than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);

/// A running program and its lines.
struct Watch {
    program: Child,
    lines: Receiver<String>,
}

/// Starts the program with these arguments and variables, and no others of ours.
fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_dbvitals"))
        .arg("watch")
        .args(arguments)
        .env_clear()
        .env("USER", "somebody")
        .env("HOME", "/nonexistent")
        .env("DBVITALS_RETRY_DELAY", "300")
        .envs(variables.iter().copied())
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program can be started")
}

impl Watch {
    fn of(mut program: Child) -> Self {
        let out = BufReader::new(program.stdout.take().unwrap());
        let (tell, lines) = channel();
        thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    break;
                }
            }
        });
        Self { program, lines }
    }

    /// The next event that fits, as JSON; every line is one object.
    #[track_caller]
    fn until(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.lines.recv_timeout(LIMIT);
            let line = line.unwrap_or_else(|error| panic!("{what} never came: {error}"));
            let event: Value = serde_json::from_str(&line).unwrap();
            for field in ["event", "mode", "target", "timestamp"] {
                assert!(event[field].is_string(), "{field}: {line}");
            }
            if fits(&event) {
                return event;
            }
        }
    }

    #[track_caller]
    fn until_status(&self, status: &str) -> Value {
        self.until(status, |event| {
            event["event"] == "status" && event["status"] == status
        })
    }
}

/// The program ends by itself, well and without a word.
#[track_caller]
fn ends_silently(mut program: Child) {
    let status = wait_exit(&mut program, LIMIT).expect("it ends");
    let mut said = String::new();
    program
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!((status.code(), said.as_str()), (Some(0), ""));
}

#[test]
fn a_server_that_stops_and_starts_is_told_line_by_line() {
    let mut cluster = Cluster::start();
    let url = cluster.url();
    let watch = Watch::of(start(&["--json", "--samples"], &[("DATABASE_URL", &url)]));
    let check = watch.until("a check", |event| event["event"] == "check");
    assert_eq!(check["success"], true);
    assert!(check["details"]["phases"]["login"].is_number(), "{check}");
    watch.until_status("connected");
    let health = watch.until("health", |event| event["event"] == "health");
    assert_eq!(health["health"], "degraded");
    assert_eq!(health["reasons"][0], "schema: not initialised 0/9");
    watch.until("a sample", |event| {
        event["event"] == "sample" && event["outcome"] == "answered"
    });
    cluster.stop(StopMode::Fast);
    let lost = watch.until_status("error");
    assert_eq!(lost["error"]["kind"], "ConnectionLost");
    assert_eq!(lost["error"]["code"], "57P01");
    watch.until("a failed check", |event| {
        event["event"] == "check" && event["error"]["kind"] == "ConnectionRefused"
    });
    cluster.start_again();
    watch.until_status("connected");
    signal(watch.program.id(), Signal::TERM);
    ends_silently(watch.program);
}

#[test]
fn migrations_that_are_applied_unasked_are_told_file_by_file() {
    let cluster = Cluster::start();
    let url = cluster.url();
    let watch = Watch::of(start(
        &["--json", "--set", "auto_migrate=true"],
        &[("DATABASE_URL", &url)],
    ));
    let step = |wanted: &'static str| {
        move |event: &Value| event["event"] == "migration" && event["step"] == wanted
    };
    let begun = watch.until("a file that is begun", step("started"));
    assert_eq!(begun["migration"], "0001_agents");
    let applied = watch.until("a file that is applied", step("applied"));
    assert_eq!(applied["migration"], "0001_agents");
    assert!(applied["durationMs"].is_number(), "{applied}");
    let ended = watch.until("the end", step("ended"));
    assert_eq!(ended["success"], true, "{ended}");
    signal(watch.program.id(), Signal::TERM);
    ends_silently(watch.program);
    // Another ledger's owner is not written over, and that is told, too.
    cluster.sql("drop table schema_migrations; create table schema_migrations (version text)");
    let watch = Watch::of(start(
        &["--json", "--set", "auto_migrate=true"],
        &[("DATABASE_URL", &url)],
    ));
    let ended = watch.until("the end", step("ended"));
    assert_eq!(ended["success"], false);
    assert_eq!(ended["error"]["kind"], "MigrationRefused", "{ended}");
    signal(watch.program.id(), Signal::TERM);
    ends_silently(watch.program);
}

#[test]
fn without_a_reader_it_ends_at_once_and_silently() {
    let mut program = start(&["--mode", "mock"], &[]);
    let mut out = BufReader::new(program.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert!(
        line.contains("status connecting (was disconnected)"),
        "{line}"
    );
    drop(out);
    ends_silently(program);
}

#[test]
fn without_json_it_speaks_in_words_and_an_interrupt_ends_it() {
    let watch = Watch::of(start(&["--mode", "mock"], &[]));
    let mut line = String::new();
    while !line.contains("health healthy") {
        line = watch.lines.recv_timeout(LIMIT).expect("that it is healthy");
        assert!(!line.starts_with('{'), "{line}");
    }
    signal(watch.program.id(), Signal::INT);
    ends_silently(watch.program);
}
