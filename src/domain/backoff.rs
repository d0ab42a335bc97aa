//! How long to wait before the next quick retry: doubling, capped, jittered.

use std::{error::Error, fmt, time::Duration};

/// A validated backoff.
///
/// The delay before retry n (from 1) is `base × 2^(n-1)`, at most `cap`, plus
/// up to a quarter of it by jitter, so that many watchers do not return at
/// the same instant; never below `base` and never above `cap`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    base: Duration,
    cap: Duration,
}

/// A base that is zero or above the cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackoffError;

impl Backoff {
    /// A backoff between two bounds.
    ///
    /// # Errors
    /// [`BackoffError`] when `base` is zero or above `cap`.
    pub fn try_new(base: Duration, cap: Duration) -> Result<Self, BackoffError> {
        if base.is_zero() || base > cap {
            return Err(BackoffError);
        }
        Ok(Self { base, cap })
    }

    /// The delay before retry `attempt` (from 1). `jitter` is a number from 0
    /// to 1 that the caller draws; what lies outside is taken as the nearer end.
    #[must_use]
    pub fn delay(&self, attempt: u32, jitter: f64) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        let plain = self.base.saturating_mul(1 << doublings).min(self.cap);
        let share = if jitter.is_nan() {
            0.0
        } else {
            jitter.clamp(0.0, 1.0)
        } / 4.0;
        plain.saturating_add(plain.mul_f64(share)).min(self.cap)
    }
}

impl fmt::Display for BackoffError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the first delay is zero or above the longest")
    }
}

impl Error for BackoffError {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_delay_stays_within_its_bounds_and_never_shrinks(
            base in 1u64..20_000, extra in 0u64..60_000, attempt in 0u32..200, jitter in -1.0f64..2.0,
        ) {
            let (base, cap) = (Duration::from_millis(base), Duration::from_millis(base + extra));
            let backoff = Backoff::try_new(base, cap).unwrap();
            let delay = backoff.delay(attempt, jitter);
            prop_assert!(base <= delay && delay <= cap);
            prop_assert!(backoff.delay(attempt + 1, 0.0) >= backoff.delay(attempt, 0.0));
        }
    }

    #[test]
    fn it_doubles_up_to_the_cap() {
        let backoff = Backoff::try_new(Duration::from_secs(1), Duration::from_secs(30)).unwrap();
        let seconds: Vec<_> = (1..=7).map(|n| backoff.delay(n, 0.0).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(backoff.delay(2, 1.0), Duration::from_millis(2500));
    }
}
