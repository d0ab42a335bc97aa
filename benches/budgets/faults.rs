//! How soon each kind of failure is on the screen.

use std::time::{Duration, Instant};

use crate::{
    bed::{CONNECTED, LIMIT, connected, must, settle, through, until},
    report::Report,
    support::{
        cluster::{Cluster, StopMode},
        proxy::{Mode, Proxy},
    },
};

/// Runs of each loss.
const RUNS: usize = 10;

const LOST: &str = "Database connection lost. Attempting to reconnect...";

const AT_ONCE: Duration = Duration::from_millis(250);

const MEDIAN: Duration = Duration::from_millis(50);

/// A way to lose the connection.
type Kind = (&'static str, fn(&mut Cluster));

/// Whether the loss is on the screen: its words, or already those of the next try.
fn is_lost(screen: &str) -> bool {
    screen.contains(LOST)
}

/// A closed socket, whoever closes it.
pub(crate) fn losses(report: &mut Report) {
    let mut all = Vec::new();
    let mut with_code = 0;
    let kinds: [Kind; 4] = [
        ("stop -m immediate", |cluster| {
            cluster.stop(StopMode::Immediate);
        }),
        ("stop -m fast", |cluster| {
            cluster.stop(StopMode::Fast);
        }),
        ("kill -9 of the postmaster", Cluster::kill_postmaster),
        ("pg_terminate_backend of the sentinel", |cluster| {
            cluster.terminate_backends("dbvitals-sentinel");
        }),
    ];
    for (name, act) in kinds {
        let mut times = Vec::new();
        let mut cluster = Cluster::start();
        for _ in 0..RUNS {
            let terminal = connected(&cluster.url());
            let seen = std::sync::atomic::AtomicBool::new(false);
            times.push(until(
                &terminal,
                |screen| {
                    let lost = is_lost(screen);
                    if lost && screen.contains("57P01") {
                        seen.store(true, std::sync::atomic::Ordering::Relaxed);
                    }
                    lost
                },
                || act(&mut cluster),
            ));
            with_code += usize::from(seen.into_inner());
            drop(terminal);
            if cluster.try_sql("postgres", "select 1").is_err() {
                cluster.start_again();
            }
        }
        report.times(&format!("lost: {name}"), &times, AT_ONCE);
        all.extend(times);
    }
    let times = resets();
    report.times("lost: reset through a proxy", &times, AT_ONCE);
    all.extend(times);
    report.median("lost: all of them, median", &all, MEDIAN);
    report.count(
        "lost: 57P01 shown where the server said it",
        with_code,
        4 * RUNS,
    );
}

fn resets() -> Vec<Duration> {
    let cluster = Cluster::start();
    let proxy = Proxy::to(cluster.port());
    let url = through(&cluster, &proxy);
    let run = |_| {
        let terminal = connected(&url);
        let time = until(&terminal, is_lost, || proxy.set(Mode::Reset));
        proxy.set(Mode::Pass);
        time
    };
    (0..RUNS).map(run).collect()
}

/// A server that is frozen, and a network that swallows everything.
pub(crate) fn silences(report: &mut Report) {
    let (mut suspect, mut lost, mut back) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..3 {
        let mut cluster = Cluster::start();
        let terminal = connected(&cluster.url());
        let start = Instant::now();
        suspect.push(until(
            &terminal,
            |s| s.contains("suspect"),
            || cluster.freeze(),
        ));
        must(terminal.wait_for("Database operation timed out after 5000ms", LIMIT));
        lost.push(start.elapsed());
        back.push(until(
            &terminal,
            |s| s.contains(CONNECTED),
            || cluster.thaw(),
        ));
    }
    silence(report, "frozen server", [&suspect, &lost, &back]);
    let (mut suspect, mut lost, mut back) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..3 {
        let cluster = Cluster::start();
        let proxy = Proxy::to(cluster.port());
        let terminal = connected(&through(&cluster, &proxy));
        let start = Instant::now();
        let swallow = || proxy.set(Mode::BlackHole);
        suspect.push(until(&terminal, |s| s.contains("suspect"), swallow));
        must(terminal.wait_for("Database operation timed out after 5000ms", LIMIT));
        lost.push(start.elapsed());
        settle();
        let pass = || proxy.set(Mode::Pass);
        back.push(until(&terminal, |s| s.contains(CONNECTED), pass));
    }
    silence(report, "black hole", [&suspect, &lost, &back]);
}

/// Heartbeat 1 s: suspect within it plus 1 s, lost within it plus the timeout of 5 s.
fn silence(report: &mut Report, what: &str, [suspect, lost, back]: [&[Duration]; 3]) {
    let seconds = Duration::from_secs;
    // A frame and a heartbeat's own round trip come on top.
    let slack = Duration::from_millis(150);
    report.times(&format!("{what}: suspect"), suspect, seconds(2) + slack);
    report.times(&format!("{what}: lost"), lost, seconds(6) + slack);
    report.times(&format!("{what}: connected again"), back, seconds(1));
}

/// New clients cannot get in while the old connection lives.
pub(crate) fn new_connections_refused(report: &mut Report) {
    let mut good = 0;
    let mut times = Vec::new();
    let mut cluster = Cluster::builder().max_connections(10).start();
    for fault in 0..3 {
        let mut terminal = connected(&cluster.url());
        let old = cluster.password().to_owned();
        let slots = match fault {
            0 => Some(cluster.fill_slots()),
            1 => {
                cluster.set_password("another");
                None
            }
            _ => {
                cluster.put_first_in_hba("host all vitals 127.0.0.1/32 reject");
                None
            }
        };
        let start = Instant::now();
        terminal.send("c");
        must(terminal.wait_for("new connections refused", LIMIT));
        times.push(start.elapsed());
        let screen = terminal.screen_text();
        good += usize::from(screen.contains("connected") && screen.contains("degraded"));
        drop(terminal);
        drop(slots);
        cluster.set_password(&old);
    }
    report.times(
        "new connections refused: shown on c",
        &times,
        Duration::from_secs(1),
    );
    report.count("new connections refused: still connected", good, 3);
}
