//! Many durations in little memory, and their percentiles.

use std::{fmt, time::Duration};

use hdrhistogram::Histogram;

/// Counts durations from 1 µs to 1 h, each precise to 1 %, which is finer than
/// a reader can see. What is shorter or longer counts as the nearest of these.
/// Takes about 20 kB, however many are counted.
#[derive(Clone)]
pub struct Durations(Histogram<u32>);

impl Durations {
    /// None yet.
    #[must_use]
    #[expect(
        clippy::missing_panics_doc,
        reason = "it cannot panic: bounds and digits are valid"
    )]
    pub fn new() -> Self {
        let counts = Histogram::new_with_bounds(1, 3_600_000_000, 2);
        Self(counts.expect("the bounds and digits are valid"))
    }

    /// Counts one.
    pub fn record(&mut self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.0.saturating_record(micros.max(1));
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The duration that a share of them, from 0 to 1, does not exceed; zero
    /// when there are none.
    #[must_use]
    pub fn at(&self, quantile: f64) -> Duration {
        Duration::from_micros(self.0.value_at_quantile(quantile))
    }

    /// The longest; zero when there are none.
    #[must_use]
    pub fn max(&self) -> Duration {
        Duration::from_micros(self.0.max())
    }
}

impl Default for Durations {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Durations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Durations")
            .field("count", &self.count())
            .field("p99", &self.at(0.99))
            .field("max", &self.max())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_counted_and_the_longest_are_found() {
        let mut durations = Durations::new();
        assert_eq!((durations.count(), durations.at(0.99)), (0, Duration::ZERO));
        for ms in 1..=100 {
            durations.record(Duration::from_millis(ms));
        }
        let near = |time: Duration, ms: u64| {
            let exact = Duration::from_millis(ms);
            assert!(time.abs_diff(exact) <= exact / 100, "{time:?} for {ms} ms");
        };
        assert_eq!(durations.count(), 100);
        near(durations.at(0.5), 50);
        near(durations.at(0.99), 99);
        near(durations.max(), 100);
    }
}
