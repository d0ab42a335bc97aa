//! Whether anything grows: a thousand losses in one process, and ten minutes
//! without a server.
use std::{fs, thread, time::Duration};

use dbvitals::domain::ConnectionStatus;

use crate::{
    bed::{LIMIT, connected, must, through},
    cost::{FULL_GRAPH, cpu_seconds, peak_megabytes, thousands},
    in_process::{QUICK_HEARTBEAT, Watch},
    report::Report,
    support::{
        cluster::{Cluster, StopMode},
        proxy::{Mode, Proxy},
    },
};

/// Cycles of lose, refuse, swallow and restore.
const CYCLES: usize = 1_000;

/// From this cycle on the process has its full size.
const WARM: usize = 100;

/// As quick as may be configured, so that a thousand cycles take minutes.
const QUICK: [(&str, &str); 4] = [
    ("DBVITALS_HEALTH_CHECK_INTERVAL", "5000"),
    ("DBVITALS_HEALTH_CHECK_TIMEOUT", "500"),
    ("DBVITALS_RETRY_DELAY", "100"),
    QUICK_HEARTBEAT,
];

/// What must be as it was.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Holdings {
    backends: usize,
    descriptors: usize,
    tasks: usize,
}

/// The backend in this process, losing its connection a thousand times. Each
/// time it is told that the way is free, as by the key `r`: by itself it would
/// try a connection that keeps ending at once ten times a minute at most.
pub(crate) fn cycles(report: &mut Report) {
    let mut cluster = Cluster::start();
    let proxy = Proxy::to(cluster.port());
    let url = through(&cluster, &proxy);
    let variables: Vec<_> = QUICK
        .into_iter()
        .chain([("DATABASE_URL", url.as_str())])
        .collect();
    let watch = Watch::start(&variables);
    let before = holdings(&watch, &cluster);
    let mut warm = resident_megabytes();
    for cycle in 0..CYCLES {
        if cycle == WARM {
            warm = resident_megabytes();
        }
        match cycle % 4 {
            0 => proxy.set(Mode::Reset),
            1 => {
                // Refusing leaves what is open alone, so that is ended, too.
                proxy.set(Mode::Refuse);
                cluster.terminate_backends("dbvitals-sentinel");
            }
            2 => proxy.set(Mode::BlackHole),
            _ => {}
        }
        if cycle % 4 == 3 {
            cluster.freeze();
        }
        watch.until(ConnectionStatus::Error);
        if cycle % 4 == 3 {
            cluster.thaw();
        }
        proxy.set(Mode::Pass);
        watch.reconnect();
        watch.heartbeats();
    }
    let grown = resident_megabytes() - warm;
    let after = holdings(&watch, &cluster);
    report.note(&format!("before {before:?}, after {after:?}"));
    report.count(
        "1,000 cycles: backends, descriptors, tasks",
        usize::from(before == after),
        1,
    );
    report.number(
        "1,000 cycles: memory grown since cycle 100",
        grown,
        2.0,
        "MB",
    );
    watch.end();
}

fn holdings(watch: &Watch, cluster: &Cluster) -> Holdings {
    watch.until(ConnectionStatus::Connected);
    // Heartbeats pass: the sentinel stands, and what was left is gone.
    thread::sleep(Duration::from_secs(2));
    Holdings {
        backends: cluster_backends(cluster),
        descriptors: fs::read_dir("/proc/self/fd").map_or(0, Iterator::count),
        tasks: watch.runtime.metrics().num_alive_tasks(),
    }
}

/// Ten minutes without a server, beside a minute with one.
pub(crate) fn ten_minutes_down(report: &mut Report) {
    let mut cluster = Cluster::start();
    let terminal = connected(&cluster.url());
    // Both are measured with a full graph, which costs more than a young one.
    thread::sleep(FULL_GRAPH);
    let pid = terminal.pid();
    let measure = |minutes: u64| {
        let (bytes, cpu) = (terminal.bytes_received(), cpu_seconds(pid));
        thread::sleep(Duration::from_mins(minutes));
        let per_minute = |value: f64| value / Duration::from_mins(minutes).as_secs_f64() * 60.0;
        (
            per_minute(thousands(terminal.bytes_received() - bytes)),
            per_minute(cpu_seconds(pid) - cpu),
        )
    };
    let up = measure(1);
    let up_memory = peak_megabytes(pid);
    cluster.stop(StopMode::Immediate);
    must(terminal.wait_for("Cannot connect to database", LIMIT));
    let down = measure(10);
    report.note(&format!(
        "up: {:.2} kB, {:.3} s CPU a minute, {up_memory:.1} MB",
        up.0, up.1
    ));
    report.number(
        "ten minutes down: to the terminal, a minute",
        down.0,
        up.0.clamp(1.0, 20.0),
        "kB",
    );
    // Two hundredths are two ticks of the kernel's own accounting.
    report.number("ten minutes down: CPU, a minute", down.1, up.1 + 0.02, "s");
    report.number(
        "ten minutes down: peak memory",
        peak_megabytes(pid),
        up_memory + 0.5,
        "MB",
    );
}

/// Sessions of ours on the server.
fn cluster_backends(cluster: &Cluster) -> usize {
    let sql = "select count(*) from pg_stat_activity where application_name like 'dbvitals%'";
    let counted = cluster.try_sql("postgres", sql).unwrap_or_default();
    counted.trim().parse().unwrap_or(usize::MAX)
}

/// The present resident size of this process, in MB.
fn resident_megabytes() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|l| l.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or(f64::INFINITY) / 1_024.0
}
