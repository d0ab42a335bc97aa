//! Whether anything grows: a thousand losses in one process, and ten minutes
//! without a server.
#![allow(
    clippy::panic,
    reason = "a measurement that cannot be made must end the program"
)]

use std::{
    fs,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use chrono::Utc;
use dbvitals::{
    adapter::Database,
    backend::{self, Backend, Clock, Handle, Subject},
    config::{self, Fallback, FixedEnv, Flags, Sources},
    domain::{ConnectionId, ConnectionStatus, Event, SampleOutcome},
};
use tokio::runtime::Runtime;

use crate::{
    bed::{LIMIT, connected, must},
    cost::{cpu_seconds, peak_megabytes, thousands},
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

/// What must be as it was.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Holdings {
    backends: usize,
    descriptors: usize,
    tasks: usize,
}

/// The backend in this process, losing its connection a thousand times.
pub(crate) fn cycles(report: &mut Report) {
    let mut cluster = Cluster::start();
    let proxy = Proxy::to(cluster.port());
    let runtime = Runtime::new().expect("a runtime can be made");
    let backend = runtime.block_on(async { watch(&cluster, &proxy) });
    // The first reader hears the start; the stopwatch below wants the present.
    drop(backend.handle.events());
    let before = holdings(&runtime, &backend.handle, &cluster);
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
        until(&runtime, &backend.handle, ConnectionStatus::Error);
        if cycle % 4 == 3 {
            cluster.thaw();
        }
        proxy.set(Mode::Pass);
        until(&runtime, &backend.handle, ConnectionStatus::Connected);
        heartbeats(&runtime, &backend.handle);
    }
    let grown = resident_megabytes() - warm;
    let after = holdings(&runtime, &backend.handle, &cluster);
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
    drop(backend.handle);
    runtime.shutdown_background();
}

/// Waits for two answers: by then the sentinel stands, so that the next fault
/// meets a connection that is whole.
fn heartbeats(runtime: &Runtime, handle: &Handle) {
    let mut events = handle.events();
    let mut answers = 0;
    let wait = async {
        while answers < 2 {
            if let Ok(Event::Sampled(sample)) = events.recv().await {
                answers += u8::from(matches!(sample.outcome, SampleOutcome::Answered(_)));
            }
        }
    };
    let waited = runtime.block_on(async { tokio::time::timeout(LIMIT, wait).await });
    assert!(waited.is_ok(), "the sentinel never answered");
}

fn holdings(runtime: &Runtime, handle: &Handle, cluster: &Cluster) -> Holdings {
    until(runtime, handle, ConnectionStatus::Connected);
    // Heartbeats pass: the sentinel stands, and what was left is gone.
    thread::sleep(Duration::from_secs(2));
    Holdings {
        backends: cluster_backends(cluster),
        descriptors: fs::read_dir("/proc/self/fd").map_or(0, Iterator::count),
        tasks: runtime.metrics().num_alive_tasks(),
    }
}

/// Ten minutes without a server, beside a minute with one.
pub(crate) fn ten_minutes_down(report: &mut Report) {
    let mut cluster = Cluster::start();
    let terminal = connected(&cluster.url());
    thread::sleep(Duration::from_secs(3));
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

fn watch(cluster: &Cluster, proxy: &Proxy) -> Backend {
    let url = cluster.url().replace(
        &format!(":{}/", cluster.port()),
        &format!(":{}/", proxy.port()),
    );
    let env = FixedEnv::from_iter([
        ("DATABASE_URL", url.as_str()),
        ("USER", "somebody"),
        ("DBVITALS_HEALTH_CHECK_INTERVAL", "5000"),
        ("DBVITALS_HEALTH_CHECK_TIMEOUT", "500"),
        ("DBVITALS_HEARTBEAT_INTERVAL", "200"),
        ("DBVITALS_RETRY_DELAY", "100"),
    ]);
    let sources = Sources {
        flags: Flags::default(),
        env: &env,
        cwd: std::env::temp_dir(),
    };
    let loaded = config::load(&sources, Fallback::Refuse).expect("the configuration is valid");
    let id = ConnectionId(uuid::Uuid::now_v7());
    let (sink, operations) = backend::operation_feed();
    let watched = Arc::new(Database::new(&loaded.config.adapter, id, sink));
    let session = Arc::new(backend::session(&loaded.config, Utc::now()));
    let subject = Subject {
        watched,
        id,
        operations,
    };
    backend::start(subject, &loaded.config.watch, session, Clock::system())
}

fn until(runtime: &Runtime, handle: &Handle, status: ConnectionStatus) {
    let mut snapshots = handle.snapshots();
    let wait = snapshots.wait_for(|snapshot| snapshot.connection.status() == status);
    let start = Instant::now();
    runtime
        .block_on(async { tokio::time::timeout(LIMIT, wait).await.map(|_| ()) })
        .unwrap_or_else(|_| panic!("not {status} after {:?}", start.elapsed()));
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
