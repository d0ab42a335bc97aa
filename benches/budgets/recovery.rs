//! How soon a server that is back is on the screen.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    bed::{CONNECTED, connected, until},
    report::Report,
    support::cluster::{Cluster, StopMode},
};

/// Restarts in all; every other one is down long enough for the slow lane.
const RESTARTS: u64 = 20;

/// After this the quick lane (1 + 2 + 4 s and jitter) is used up.
const SLOW_LANE: Duration = Duration::from_secs(10);

/// Stops and starts at odd offsets; measured from the moment at which the
/// server accepts connections to the moment at which the screen says connected.
pub(crate) fn restarts(report: &mut Report) {
    let mut cluster = Cluster::start();
    let terminal = connected(&cluster.url());
    let mut times = Vec::new();
    for n in 0..RESTARTS {
        let down = if n % 2 == 0 {
            Duration::ZERO
        } else {
            SLOW_LANE
        };
        // Offsets spread over a second, so that no timer is met by luck.
        let offset = Duration::from_millis((n * 379) % 1_000);
        cluster.stop(StopMode::Fast);
        thread::sleep(down + offset);
        let mut accepted = None;
        let start = Instant::now();
        let total = until(
            &terminal,
            |screen| screen.contains(CONNECTED),
            || {
                cluster.start_again();
                accepted = Some(start.elapsed());
            },
        );
        times.push(total.saturating_sub(accepted.unwrap_or_default()));
    }
    report.times(
        "restart: connected after accepting",
        &times,
        Duration::from_secs(1),
    );
}
