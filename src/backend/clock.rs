//! Time as the backend sees it: the wall clock for what people read, a
//! monotonic one for what is due. Both come from one place, so tests can pause it.

use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};
use tokio::time::Instant;

/// One moment on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// What a wall clock says, in whole microseconds. May step.
    pub wall: DateTime<Utc>,
    /// Time since the backend started. Never steps.
    pub mono: Duration,
}

/// Where moments come from.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
    wall: WallClock,
}

#[derive(Debug, Clone, Copy)]
enum WallClock {
    System,
    Derived(DateTime<Utc>),
}

// === impl Clock ===

impl Clock {
    /// The machine's clocks.
    #[must_use]
    pub fn system() -> Self {
        Self {
            start: Instant::now(),
            wall: WallClock::System,
        }
    }

    /// A wall clock that stands at `base` now and moves with tokio's clock,
    /// also when that one is paused.
    #[must_use]
    pub fn starting_at(base: DateTime<Utc>) -> Self {
        Self {
            start: Instant::now(),
            wall: WallClock::Derived(base),
        }
    }

    /// This moment.
    #[must_use]
    pub fn now(&self) -> Moment {
        let mono = self.start.elapsed();
        let wall = match self.wall {
            WallClock::System => Utc::now(),
            WallClock::Derived(base) => base + mono,
        };
        Moment {
            wall: wall.trunc_subsecs(6),
            mono,
        }
    }

    /// The instant at which the monotonic clock shows `mono`.
    pub(super) fn instant(&self, mono: Duration) -> Instant {
        self.start + mono
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
