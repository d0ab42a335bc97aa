//! Latency samples and their statistics over one minute, fifteen minutes and
//! the whole session.

use std::{fmt, time::Duration};

use crate::domain::{Durations, Ring};
use chrono::{DateTime, TimeDelta, Utc};

/// One latency measurement, or the failure to get one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LatencySample {
    /// When the answer came or the attempt failed.
    pub at: DateTime<Utc>,
    /// What was measured.
    pub outcome: SampleOutcome,
}

/// What one measurement gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleOutcome {
    /// An answer after this time.
    Answered(Duration),
    /// An error came back after this time.
    Failed(Duration),
    /// No answer within this time.
    TimedOut(Duration),
    /// Our own side was asleep or starved: says nothing about the database.
    OwnSide,
}

/// The span that statistics are made over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// The last minute.
    Minute,
    /// The last fifteen minutes.
    QuarterHour,
    /// Since the program started.
    Session,
}

/// Percentiles of the answered samples, and how many were not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LatencyStats {
    /// Samples that were answered.
    pub answered: u64,
    /// Samples that failed or timed out. Own-side ones are in neither count.
    pub failed: u64,
    /// Median.
    pub p50: Duration,
    /// 95th percentile.
    pub p95: Duration,
    /// 99th percentile.
    pub p99: Duration,
    /// Largest.
    pub max: Duration,
}

/// All that is kept of a session's samples: the last quarter of an hour one
/// by one (at most [`LatencyBook::KEPT`]), everything before as a histogram.
#[derive(Clone)]
pub struct LatencyBook {
    recent: Ring<LatencySample>,
    session: Durations,
    session_failed: u64,
}

// === impl SampleOutcome ===

impl SampleOutcome {
    /// True when the database answered.
    #[must_use]
    pub const fn is_answer(self) -> bool {
        matches!(self, Self::Answered(_))
    }
}

// === impl Window ===

impl Window {
    /// All windows, shortest first.
    pub const ALL: [Self; 3] = [Self::Minute, Self::QuarterHour, Self::Session];

    /// The words used on the screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "1 min",
            Self::QuarterHour => "15 min",
            Self::Session => "session",
        }
    }
}

// === impl LatencyStats ===

impl LatencyStats {
    /// Failed samples in percent of all; `None` without samples.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of samples are far below 2^52"
    )]
    pub fn failure_percent(&self) -> Option<f64> {
        let all = self.answered + self.failed;
        (all > 0).then(|| self.failed as f64 * 100.0 / all as f64)
    }
}

// === impl LatencyBook ===

impl LatencyBook {
    /// Samples kept one by one: fifteen minutes of five a second.
    pub const KEPT: usize = 4_500;

    /// An empty book.
    #[must_use]
    pub fn new() -> Self {
        Self {
            recent: Ring::new(Self::KEPT),
            session: Durations::new(),
            session_failed: 0,
        }
    }

    /// Adds a sample.
    pub fn push(&mut self, sample: LatencySample) {
        match sample.outcome {
            SampleOutcome::Answered(latency) => self.session.record(latency),
            SampleOutcome::Failed(_) | SampleOutcome::TimedOut(_) => self.session_failed += 1,
            SampleOutcome::OwnSide => {}
        }
        let horizon = sample.at - TimeDelta::minutes(15);
        self.recent.expire(|old| old.at < horizon);
        self.recent.push(sample);
    }

    /// The samples that are kept one by one, oldest first.
    #[must_use]
    pub fn recent(&self) -> impl DoubleEndedIterator<Item = &LatencySample> + ExactSizeIterator {
        self.recent.iter()
    }

    /// Statistics over a window that ends now.
    #[must_use]
    pub fn stats(&self, window: Window, now: DateTime<Utc>) -> LatencyStats {
        let span = match window {
            Window::Minute => TimeDelta::minutes(1),
            Window::QuarterHour => TimeDelta::minutes(15),
            Window::Session => return summarize(&self.session, self.session_failed),
        };
        let mut durations = Durations::new();
        let mut failed = 0;
        for sample in self
            .recent
            .iter()
            .rev()
            .take_while(|sample| sample.at > now - span)
        {
            match sample.outcome {
                SampleOutcome::Answered(latency) => durations.record(latency),
                SampleOutcome::Failed(_) | SampleOutcome::TimedOut(_) => failed += 1,
                SampleOutcome::OwnSide => {}
            }
        }
        summarize(&durations, failed)
    }
}

impl Default for LatencyBook {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for LatencyBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LatencyBook")
            .field("recent", &self.recent.len())
            .finish_non_exhaustive()
    }
}

fn summarize(durations: &Durations, failed: u64) -> LatencyStats {
    LatencyStats {
        answered: durations.count(),
        failed,
        p50: durations.at(0.50),
        p95: durations.at(0.95),
        p99: durations.at(0.99),
        max: durations.max(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(n: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(n)
    }

    #[test]
    fn windows_hold_their_own_samples_only() {
        let mut book = LatencyBook::new();
        for n in 0..1_000 {
            let ms = if n < 900 { 100 } else { 10 };
            let outcome = SampleOutcome::Answered(Duration::from_millis(ms));
            book.push(LatencySample {
                at: second(n),
                outcome,
            });
        }
        book.push(LatencySample {
            at: second(1_000),
            outcome: SampleOutcome::OwnSide,
        });
        let failed = SampleOutcome::TimedOut(Duration::from_secs(5));
        book.push(LatencySample {
            at: second(1_000),
            outcome: failed,
        });

        let minute = book.stats(Window::Minute, second(1_000));
        assert_eq!((minute.answered, minute.failed), (59, 1));
        assert_near(minute.max, 10);
        let quarter = book.stats(Window::QuarterHour, second(1_000));
        assert_eq!(quarter.answered, 899);
        assert_near(quarter.p50, 100);
        let session = book.stats(Window::Session, second(1_000));
        assert_eq!((session.answered, session.failed), (1_000, 1));
        assert!(book.recent().len() <= 902);
    }

    #[track_caller]
    fn assert_near(value: Duration, ms: u64) {
        let exact = Duration::from_millis(ms).as_secs_f64();
        let error = (value.as_secs_f64() - exact).abs() / exact;
        assert!(error <= 0.01, "{value:?} is not {ms} ms");
    }

    #[test]
    fn without_samples_there_is_no_percentage() {
        let stats = LatencyBook::new().stats(Window::Session, second(0));
        assert_eq!((stats.answered, stats.failure_percent()), (0, None));
    }
}
