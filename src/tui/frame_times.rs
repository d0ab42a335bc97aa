//! How long the frames took, for whoever measures the screen. Knows nothing of
//! what was drawn.

use std::{fmt, time::Duration};

use hdrhistogram::Histogram;

/// The times of all frames of a session, from the state at hand to the last
/// byte written; precise to 1 %.
pub struct FrameTimes(Histogram<u32>);

impl FrameTimes {
    /// No frame yet.
    pub(super) fn new() -> Self {
        // Microseconds from 1 µs to 1 min, in a table of about 15 kB.
        let times = Histogram::new_with_bounds(1, 60_000_000, 2);
        Self(times.expect("the bounds and digits are valid"))
    }

    /// A frame took this long.
    pub(super) fn note(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.0.saturating_record(micros.max(1));
    }

    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The time that a share of them, from 0 to 1, did not exceed.
    #[must_use]
    pub fn at(&self, quantile: f64) -> Duration {
        Duration::from_micros(self.0.value_at_quantile(quantile))
    }
}

impl fmt::Debug for FrameTimes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameTimes")
            .field("count", &self.count())
            .field("p99", &self.at(0.99))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_counted_and_the_slowest_are_found() {
        let mut times = FrameTimes::new();
        assert_eq!((times.count(), times.at(0.99)), (0, Duration::ZERO));
        for ms in 1..=100 {
            times.note(Duration::from_millis(ms));
        }
        let near = |time: Duration, ms: u64| {
            let exact = Duration::from_millis(ms);
            assert!(time.abs_diff(exact) <= exact / 100, "{time:?} for {ms} ms");
        };
        assert_eq!(times.count(), 100);
        near(times.at(0.5), 50);
        near(times.at(0.99), 99);
        near(times.at(1.0), 100);
    }
}
