//! How soon each key is answered while the server hangs.

use std::time::{Duration, Instant};

use crate::{
    bed::{LIMIT, connected, must},
    report::Report,
    support::{cluster::Cluster, terminal::Terminal},
};

/// Keys that change the screen whatever the database does, each with one that undoes it.
const KEYS: [&str; 14] = [
    "?", "?", "2", "3", "4", "5", "6", "1", "\t", "z", "\x1b", "1", "z", "z",
];

/// Presses each key and waits until the screen has changed.
pub(crate) fn while_frozen(report: &mut Report) {
    let mut cluster = Cluster::start();
    let mut terminal = connected(&cluster.url());
    cluster.freeze();
    must(terminal.wait_for("suspect", LIMIT));
    let mut times = Vec::new();
    for key in KEYS {
        times.push(press(&mut terminal, key));
    }
    report.times(
        "frozen server: a key is answered",
        &times,
        Duration::from_millis(100),
    );
    let start = Instant::now();
    terminal.send("q");
    let ended = terminal.wait_exit(LIMIT);
    let time = start.elapsed();
    report.count(
        "frozen server: q ends with 0",
        usize::from(ended.is_some_and(|e| e.success())),
        1,
    );
    report.times("frozen server: q ends", &[time], Duration::from_millis(200));
    cluster.thaw();
}

fn press(terminal: &mut Terminal, key: &str) -> Duration {
    let before = terminal.bytes_received();
    let start = Instant::now();
    terminal.send(key);
    let grown = |_: &_| true;
    // The condition is looked at whenever bytes arrive.
    while terminal.bytes_received() == before && start.elapsed() < LIMIT {
        must(terminal.wait_until(LIMIT, grown));
        std::thread::yield_now();
    }
    start.elapsed()
}
