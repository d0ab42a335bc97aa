//! Looks at this program and its machine: clocks, the event loop, open files.
//! Knows nothing of the database.

use std::{fs, time::Duration};

use chrono::Utc;
use tokio::time::{Instant, sleep};

use crate::domain::{Exam, Finding, FindingStatus};

/// Pauses whose lateness is measured.
const PAUSES: u32 = 5;
/// One such pause.
const PAUSE: Duration = Duration::from_millis(10);
/// An event loop that is later than this holds answers up.
const LATE: Duration = Duration::from_millis(500);
/// Wall and monotonic clock differ by more than this only after a step or a sleep.
const STEP: Duration = Duration::from_millis(500);
/// With fewer files left than this, connections fail soon.
const FEW_FILES: i64 = 16;

/// Both clocks at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clocks {
    wall_us: i64,
    monotonic: Instant,
}

/// Looks for some tens of milliseconds.
pub(super) async fn look() -> Finding {
    let began = Clocks::now();
    let mut lag = Duration::ZERO;
    for _ in 0..PAUSES {
        let pause = Instant::now();
        sleep(PAUSE).await;
        lag = lag.max(pause.elapsed().saturating_sub(PAUSE));
    }
    let mut finding = Finding::ok(Exam::OwnSide, "clock, event loop and open files are fine")
        .taking(began.monotonic.elapsed());
    finding.fact("eventLoopLagMs", lag);
    if lag > LATE {
        let words = format!("the event loop is {} ms late", lag.as_millis());
        finding.warn(&words);
        finding.next = Some("look at this machine's load: it holds answers up".to_owned());
    }
    if let Some((open, limit)) = files() {
        finding.fact("openFiles", open);
        finding.fact("openFilesLimit", limit);
        if limit - open < FEW_FILES {
            finding.warn(&format!("{open} of {limit} files are open"));
            finding.next = Some("raise the limit of open files (ulimit -n)".to_owned());
        }
    }
    began.judge(&mut finding);
    finding
}

// === impl Clocks ===

impl Clocks {
    pub(super) fn now() -> Self {
        Self {
            wall_us: Utc::now().timestamp_micros(),
            monotonic: Instant::now(),
        }
    }

    /// Says how far the wall clock went astray since then. True when it did.
    pub(super) fn judge(self, finding: &mut Finding) -> bool {
        let now = Self::now();
        let steady = i64::try_from((now.monotonic - self.monotonic).as_micros());
        let step_us = now.wall_us - self.wall_us - steady.unwrap_or(i64::MAX);
        finding
            .facts
            .retain(|fact| fact.name != "wallAgainstMonotonicMs");
        finding.fact("wallAgainstMonotonicMs", step_us / 1_000);
        let is_step = u128::from(step_us.unsigned_abs()) > STEP.as_micros();
        if is_step {
            let words = format!(
                "the clock was set, or the machine slept: {:+} ms against the monotonic clock",
                step_us / 1_000
            );
            finding.warn(&words);
            finding.next = Some("look again: what was measured meanwhile is not sure".to_owned());
        }
        is_step && finding.status == FindingStatus::Warning
    }
}

/// Files that are open, and how many may be; where the system tells.
fn files() -> Option<(i64, i64)> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let open = fs::read_dir("/proc/self/fd").ok()?.count();
    Some((i64::try_from(open).ok()?, limit_in(&limits)?))
}

/// The soft limit: `Max open files  SOFT  HARD  files`.
fn limit_in(limits: &str) -> Option<i64> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(i64::MAX),
        number => number.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<i64>) {
        assert_eq!(limit_in(line), expected);
    }

    #[test]
    fn the_soft_limit_is_read() {
        check(
            "Limit Soft Hard\nMax open files            1024     524288    files\n",
            Some(1024),
        );
        check("Max open files  unlimited unlimited files", Some(i64::MAX));
        check("Max processes  5 5 processes", None);
    }

    #[test]
    fn a_step_of_the_clock_is_told_and_a_steady_one_is_not() {
        let mut finding = Finding::ok(Exam::OwnSide, "fine");
        assert!(!Clocks::now().judge(&mut finding));
        let hour_us = 3_600_000_000;
        for step in [hour_us, -hour_us] {
            let mut finding = Finding::ok(Exam::OwnSide, "fine");
            let mut then = Clocks::now();
            then.wall_us -= step;
            assert!(then.judge(&mut finding));
            assert_eq!(finding.status, FindingStatus::Warning);
        }
    }
}
