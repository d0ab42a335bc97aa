//! What a bar of full height stands for. It keeps still: it grows at once,
//! and shrinks only when there is plenty of room. Knows durations only.

use std::time::Duration;

/// The smallest scale: what is below a millisecond is noise to a reader.
const SMALLEST: Duration = Duration::from_millis(1);

/// The scale of a graph, as last drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scale(Duration);

impl Default for Scale {
    fn default() -> Self {
        Self(SMALLEST)
    }
}

impl Scale {
    /// The scale for a graph whose highest bar is this one.
    pub(super) fn follow(&mut self, highest: Duration) -> Duration {
        let fills_less_than_two_fifths = highest < self.0 * 2 / 5;
        if highest > self.0 || fills_less_than_two_fifths {
            self.0 = nice(highest);
        }
        self.0
    }
}

/// The next value above that reads well: 1, 2 or 5 times a power of ten.
fn nice(highest: Duration) -> Duration {
    let mut power = u64::try_from(SMALLEST.as_micros()).unwrap_or(u64::MAX);
    let micros = u64::try_from(highest.as_micros()).unwrap_or(u64::MAX);
    loop {
        for step in [1, 2, 5] {
            let value = power.saturating_mul(step);
            if value >= micros {
                return Duration::from_micros(value);
            }
        }
        power = power.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_reads_well_and_is_never_below_the_highest() {
        for (micros, ms) in [
            (0, 1),
            (1_000, 1),
            (1_001, 2),
            (2_100, 5),
            (5_001, 10),
            (7_000_000, 10_000),
        ] {
            let scale = nice(Duration::from_micros(micros));
            assert_eq!(scale, Duration::from_millis(ms), "{micros} µs");
        }
    }

    #[test]
    fn the_scale_grows_at_once_and_does_not_jump_back() {
        let mut scale = Scale::default();
        let mut follow = |ms| scale.follow(Duration::from_millis(ms)).as_millis();
        let followed = [0, 1, 3, 2, 3, 2, 1, 1, 40, 21, 20, 19, 0].map(&mut follow);
        assert_eq!(followed, [1, 1, 5, 5, 5, 5, 1, 1, 50, 50, 50, 20, 1]);
    }
}
