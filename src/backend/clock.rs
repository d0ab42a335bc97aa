//! Time as the backend sees it: a monotonic clock for what is due, and a wall
//! clock that never runs backwards for what people read.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use tokio::time::Instant;

/// A wall clock that leaps further than this against the monotonic one was
/// set, or the machine slept.
const LEAP: Duration = Duration::from_secs(2);

/// One moment on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The wall clock, in whole microseconds. It never runs backwards, so that
    /// no age is shown younger than it is.
    pub wall: DateTime<Utc>,
    /// Time since the backend started. Never steps; stands still while the
    /// machine sleeps.
    pub mono: Duration,
}

/// Where moments come from. Cheap to clone; all clones are the same clock.
#[derive(Debug, Clone)]
pub struct Clock {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    start: Instant,
    base: DateTime<Utc>,
    source: Source,
    /// Leaps forward so far, in µs: sleep of the machine, or a clock that was set.
    ahead_us: AtomicU64,
}

#[derive(Debug, Clone, Copy)]
enum Source {
    System,
    Derived,
}

// === impl Clock ===

impl Clock {
    /// The machine's clocks.
    ///
    /// A wall clock that is set back does not take this one back. One that
    /// leaps forward does take it along: the machine slept, or so it must seem,
    /// for it is better to call data too old than too young.
    #[must_use]
    pub fn system() -> Self {
        Self::new(Utc::now(), Source::System)
    }

    /// A wall clock that stands at `base` now and moves with tokio's clock,
    /// also when that one is paused.
    #[must_use]
    pub fn starting_at(base: DateTime<Utc>) -> Self {
        Self::new(base, Source::Derived)
    }

    fn new(base: DateTime<Utc>, source: Source) -> Self {
        let shared = Shared {
            start: Instant::now(),
            base,
            source,
            ahead_us: AtomicU64::new(0),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// This moment.
    #[must_use]
    pub fn now(&self) -> Moment {
        match self.shared.source {
            Source::System => self.at(self.shared.start.elapsed(), Utc::now()),
            Source::Derived => {
                let mono = self.shared.start.elapsed();
                self.at(mono, self.shared.base + mono)
            }
        }
    }

    /// The moment at which the two underlying clocks show these times.
    fn at(&self, mono: Duration, machine: DateTime<Utc>) -> Moment {
        let ahead = self.shared.ahead_us.load(Ordering::Relaxed);
        let steady = self.shared.base + mono + Duration::from_micros(ahead);
        let leap = (machine - steady).to_std().unwrap_or(Duration::ZERO);
        let wall = if leap > LEAP {
            let leap_us = u64::try_from(leap.as_micros()).unwrap_or(u64::MAX);
            let ahead = ahead.saturating_add(leap_us);
            self.shared.ahead_us.fetch_max(ahead, Ordering::Relaxed);
            machine
        } else {
            steady
        };
        Moment {
            wall: wall.trunc_subsecs(6),
            mono,
        }
    }

    /// How far this clock has leapt forward so far.
    pub(super) fn ahead(&self) -> Duration {
        Duration::from_micros(self.shared.ahead_us.load(Ordering::Relaxed))
    }

    /// How far the machine's clock stands behind this one: it was set back.
    #[must_use]
    pub fn set_back_by(&self) -> Option<TimeDelta> {
        let behind = self.now().wall - Utc::now();
        let is_behind = matches!(self.shared.source, Source::System)
            && behind.to_std().is_ok_and(|behind| behind > LEAP);
        is_behind.then_some(behind)
    }

    /// The instant at which the monotonic clock shows `mono`.
    pub(super) fn instant(&self, mono: Duration) -> Instant {
        self.shared.start + mono
    }
}

// === impl Moment ===

impl Moment {
    /// What the wall clock will show when the monotonic one shows `mono`, as far as is known now.
    #[must_use]
    pub fn wall_at(&self, mono: Duration) -> DateTime<Utc> {
        match mono.checked_sub(self.mono) {
            Some(ahead) => self.wall + ahead,
            None => self.wall,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: TimeDelta = TimeDelta::hours(1);

    fn second(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_make_data_younger() {
        let base = DateTime::UNIX_EPOCH + HOUR * 10;
        let clock = Clock::new(base, Source::Derived);
        let before = clock.at(second(10), base + second(10));
        let after = clock.at(second(15), base + second(15) - HOUR);
        assert_eq!(after.wall - before.wall, TimeDelta::seconds(5));
        assert_eq!(clock.ahead(), Duration::ZERO);
    }

    #[test]
    fn a_leap_forward_makes_data_older_once() {
        let base = DateTime::UNIX_EPOCH + HOUR * 10;
        let clock = Clock::new(base, Source::Derived);
        let asleep = clock.at(second(10), base + second(10) + HOUR);
        assert_eq!(asleep.wall, base + second(10) + HOUR);
        let later = clock.at(second(11), base + second(11) + HOUR);
        assert_eq!(later.wall - asleep.wall, TimeDelta::seconds(1));
        assert_eq!(clock.ahead(), second(3_600));
    }
}
