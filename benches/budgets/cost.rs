//! What watching costs: the first frame, and an idle minute.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use crate::{
    bed::{LIMIT, connected, launch, must},
    report::Report,
    support::cluster::Cluster,
};

/// Starts until the first frame.
const STARTS: usize = 10;

/// By then the graph is full, and each new column moves all of it: from there
/// on a minute costs most.
pub(crate) const FULL_GRAPH: Duration = Duration::from_secs(270);

/// Clock ticks a second in /proc (`USER_HZ`), the same on every Linux we know.
const TICKS: f64 = 100.0;

/// The first frame, with mode, target and footer.
pub(crate) fn first_frame(report: &mut Report) {
    let cluster = Cluster::start();
    let target = format!("127.0.0.1:{}", cluster.port());
    let run = |_| {
        let start = Instant::now();
        let terminal = launch(&cluster.url()).spawn();
        must(terminal.wait_until(LIMIT, |screen| is_first_frame(screen, &target)));
        start.elapsed()
    };
    let times: Vec<_> = (0..STARTS).map(run).collect();
    report.times("first frame, from start", &times, Duration::from_millis(20));
}

/// Whether mode, target and footer are on the screen.
pub(crate) fn is_first_frame(screen: &vt100::Screen, target: &str) -> bool {
    let text = screen.contents();
    ["local", target, "quit"]
        .iter()
        .all(|words| text.contains(words))
}

/// A minute beside a quiet server.
pub(crate) fn idle_minute(report: &mut Report) {
    let cluster = Cluster::builder().setting("log_statement", "all").start();
    let terminal = connected(&cluster.url());
    thread::sleep(FULL_GRAPH);
    let pid = terminal.pid();
    let (bytes, cpu) = (terminal.bytes_received(), cpu_seconds(pid));
    let statements =
        || cluster.log().matches("statement:").count() + cluster.log().matches("execute").count();
    let asked = statements();
    thread::sleep(Duration::from_mins(1));
    let kilobytes = thousands(terminal.bytes_received() - bytes);
    report.number("idle minute: to the terminal", kilobytes, 20.0, "kB");
    report.number("idle minute: CPU", cpu_seconds(pid) - cpu, 0.15, "s");
    report.number("idle minute: peak memory", peak_megabytes(pid), 16.0, "MB");
    let rate = thousands(statements() - asked) * 1_000.0 / 60.0;
    report.number("idle minute: statements a second", rate, 1.5, "");
}

/// User and system time of a process, in seconds.
pub(crate) fn cpu_seconds(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // Fields 14 and 15; the second one ends with the last parenthesis.
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |n: usize| {
        fields
            .get(n)
            .and_then(|f| f.parse::<f64>().ok())
            .unwrap_or_default()
    };
    (ticks(11) + ticks(12)) / TICKS
}

/// The largest resident size of a process, in MB.
pub(crate) fn peak_megabytes(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|l| l.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or(f64::INFINITY) / 1_024.0
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a minute are far below 2^52"
)]
pub(crate) fn thousands(count: usize) -> f64 {
    count as f64 / 1_000.0
}
