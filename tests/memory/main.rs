//! How much memory a large answer takes: rows are handed over as they arrive,
//! so it is the caller's rows and little more.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "what is not as promised is a failed test"
)]

#[allow(dead_code, reason = "its other half is for the contract")]
#[path = "../contract/bed.rs"]
mod bed;
#[path = "../support/mod.rs"]
mod support;

use std::{fs, sync::Mutex};

use dbvitals::{
    adapter::{Database, DatabaseAdapter},
    config::AdapterSection,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    bed::{database, local_section, mock_section},
    support::cluster::Cluster,
};

/// Rows of the large answer.
const ROWS: usize = 100_000;

/// What an answer may take beside the rows that the caller gets, in kB.
const BESIDE: u64 = 8 * 1024;

/// What may be left after an answer has been given away again, in kB.
const LEFT: u64 = 4 * 1024;

/// What one whole row of nine columns may take as JSON, in bytes.
const ROW_AS_JSON: u64 = 3 * 1024;

/// The process has one memory, so one test at a time looks at it.
static MEMORY: Mutex<()> = Mutex::new(());

/// One column of many.
#[derive(Debug, Deserialize)]
struct Slim {
    sequence: i64,
}

/// A value of `/proc/self/status`, in kB.
fn status(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// By how much, in kB, the process grew at its largest during this work, and
/// what the work gave.
async fn peak<T>(work: impl Future<Output = T>) -> (u64, T) {
    let before = status("VmRSS:");
    // From here on the largest size is counted anew.
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let done = work.await;
    (status("VmHWM:").saturating_sub(before), done)
}

/// Adds so many outputs of some 200 characters to a new database.
async fn fill(database: &Database) {
    let agent = json!({"name": "a", "type": "claude"});
    let agent: Value = database.insert("agents", &agent).await.unwrap();
    let command = json!({"agent_id": agent["id"], "command": "c"});
    let command: Value = database.insert("commands", &command).await.unwrap();
    let id = |row: &Value| row["id"].as_str().unwrap().to_owned();
    let (agent, command) = (id(&agent), id(&command));
    let line = "line of output ".repeat(13);
    let sql = format!(
        "with recursive numbers (n) as \
            (select 0 union all select n + 1 from numbers where n < {}) \
        insert into terminal_outputs (command_id, agent_id, type, output, sequence) \
        select '{command}', '{agent}', 'stdout', '{line}', n from numbers",
        ROWS - 1
    );
    database.query::<Value>(&sql, &[]).await.unwrap();
}

#[expect(
    clippy::print_stderr,
    reason = "the measurement, for whoever asks with --nocapture"
)]
async fn check(section: &AdapterSection) {
    let database = database(section).0;
    database.connect().await.unwrap();
    fill(&database).await;
    let all = "select * from terminal_outputs";
    let ask = || database.query::<Slim>(all, &[]);
    // What is taken once for all, such as buffers, is taken now.
    drop(ask().await.unwrap());
    let (grown, rows) = peak(ask()).await;
    let rows = rows.unwrap();
    assert_eq!(rows.len(), ROWS);
    let sum: i64 = rows.iter().map(|row| row.sequence).sum();
    assert_eq!(sum, (0..100_000_i64).sum::<i64>());
    drop(rows);
    let before = status("VmRSS:");
    for _ in 0..2 {
        drop(ask().await.unwrap());
    }
    let left = status("VmRSS:").saturating_sub(before);
    let some = format!("{all} limit {}", ROWS / 10);
    let (as_json, rows) = peak(database.query::<Value>(&some, &[])).await;
    assert_eq!(rows.unwrap().len(), ROWS / 10);
    let as_json = as_json * 1024 / (ROWS / 10) as u64;
    let mode = database.mode();
    eprintln!("{mode:?}: {grown} kB at most, {left} kB left, {as_json} B a row as JSON");
    assert!(grown < BESIDE, "{grown} kB at once");
    assert!(left < LEFT, "{left} kB left");
    assert!(as_json < ROW_AS_JSON, "{as_json} B a row as JSON");
}

#[test]
fn a_hundred_thousand_rows_of_a_server_take_no_more_than_they_are() {
    let _alone = MEMORY.lock();
    let cluster = Cluster::start();
    cluster.make_tables();
    let mut section = local_section(&cluster);
    section.timeout = PATIENT;
    run(check(&AdapterSection::Local(Box::new(section))));
}

#[test]
fn a_hundred_thousand_rows_of_the_embedded_database_take_no_more_than_they_are() {
    let _alone = MEMORY.lock();
    run(check(&AdapterSection::Mock(mock_section(PATIENT))));
}

/// The debug build of a busy machine needs some seconds for so many rows.
const PATIENT: std::time::Duration = std::time::Duration::from_mins(1);

fn run(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap().block_on(work);
}
