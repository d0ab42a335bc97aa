//! Starts while the server is away: the first frame, the cause, and the way in
//! once it is free.

use std::time::{Duration, Instant};

use crate::{
    bed::{CONNECTED, LIMIT, launch, must, through},
    cost::is_first_frame,
    report::Report,
    support::{
        cluster::{Cluster, StopMode},
        proxy::{Mode, Proxy},
        terminal::Terminal,
    },
};

/// Runs of each.
const RUNS: usize = 5;

const FRAME: Duration = Duration::from_millis(20);

/// The default heartbeat and the default timeout.
const CAUSE: Duration = Duration::from_secs(6);

const BACK: Duration = Duration::from_secs(1);

const REFUSED: &str = "Cannot connect to database. Please check if PostgreSQL is running.";

const TIMED_OUT: &str = "Database operation timed out after 5000ms";

/// What was measured of one kind of absence.
#[derive(Default)]
struct Times {
    frame: Vec<Duration>,
    cause: Vec<Duration>,
    back: Vec<Duration>,
}

/// All kinds of absence.
pub(crate) fn without_a_server(report: &mut Report) {
    told(report, "server down", &down());
    told(report, "frozen server", &frozen());
    told(report, "black hole", &black_hole());
}

fn told(report: &mut Report, what: &str, times: &Times) {
    let figure = |part| format!("started, {what}: {part}");
    report.times(&figure("first frame"), &times.frame, FRAME);
    report.times(&figure("cause"), &times.cause, CAUSE);
    report.times(&figure("connected"), &times.back, BACK);
}

fn down() -> Times {
    let mut times = Times::default();
    for _ in 0..RUNS {
        let mut cluster = Cluster::start();
        cluster.stop(StopMode::Fast);
        let terminal = times.begin(&cluster, &cluster.url(), REFUSED);
        cluster.start_again();
        times.back.push(must(terminal.wait_for(CONNECTED, LIMIT)));
    }
    times
}

fn frozen() -> Times {
    let mut times = Times::default();
    for _ in 0..RUNS {
        let mut cluster = Cluster::start();
        cluster.freeze();
        let terminal = times.begin(&cluster, &cluster.url(), TIMED_OUT);
        cluster.thaw();
        times.back.push(must(terminal.wait_for(CONNECTED, LIMIT)));
    }
    times
}

fn black_hole() -> Times {
    let mut times = Times::default();
    for _ in 0..RUNS {
        let cluster = Cluster::start();
        let proxy = Proxy::to(cluster.port());
        proxy.set(Mode::BlackHole);
        let terminal = times.begin(&cluster, &through(&cluster, &proxy), TIMED_OUT);
        proxy.set(Mode::Pass);
        times.back.push(must(terminal.wait_for(CONNECTED, LIMIT)));
    }
    times
}

impl Times {
    /// Starts, and waits for the first frame and the cause. A program that
    /// ended, or a screen that stayed blank, ends the measurement.
    fn begin(&mut self, cluster: &Cluster, url: &str, cause: &str) -> Terminal {
        let port = url
            .rsplit(':')
            .next()
            .and_then(|rest| rest.split('/').next());
        let target = format!("127.0.0.1:{}", port.unwrap_or_default());
        let start = Instant::now();
        let terminal = launch(url).spawn();
        must(terminal.wait_until(LIMIT, |screen| is_first_frame(screen, &target)));
        self.frame.push(start.elapsed());
        must(terminal.wait_for(cause, LIMIT));
        self.cause.push(start.elapsed());
        let screen = terminal.screen_text();
        assert!(!screen.contains(cluster.password()), "the password is seen");
        terminal
    }
}
