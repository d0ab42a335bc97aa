//! "Is it me?": recognises that the machine slept or that this program was
//! starved, so that silence of that time is not laid at the database's door.

use std::time::Duration;

use crate::backend::clock::{Clock, Moment};

/// What was due and is carried out later than this was starved: no timer of
/// an idle program is that late.
const STARVED: Duration = Duration::from_secs(1);

/// Watches the clocks between two steps of the supervisor.
#[derive(Debug)]
pub(super) struct OwnSide {
    ahead: Duration,
    /// When the newest absence was over that the monotonic clock has seen.
    absent_until: Option<Duration>,
}

/// A time in which our own side was not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gap {
    /// How long it was.
    pub(super) length: Duration,
    /// What it was.
    pub(super) kind: GapKind,
}

/// Why our own side was not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GapKind {
    /// The machine slept, or its clock was set forward.
    Asleep,
    /// The program got no processor, or was stopped.
    Starved,
}

impl OwnSide {
    pub(super) fn new() -> Self {
        Self {
            ahead: Duration::ZERO,
            absent_until: None,
        }
    }

    /// Looks at the clocks; `due` is when the supervisor should have woken at
    /// the latest. Gives a gap once, when it is over.
    pub(super) fn look(
        &mut self,
        clock: &Clock,
        now: Moment,
        due: Option<Duration>,
    ) -> Option<Gap> {
        let ahead = clock.ahead();
        let slept = ahead.saturating_sub(self.ahead);
        self.ahead = ahead;
        self.judge(slept, now, due)
    }

    fn judge(&mut self, slept: Duration, now: Moment, due: Option<Duration>) -> Option<Gap> {
        let late = due.map_or(Duration::ZERO, |due| now.mono.saturating_sub(due));
        let (length, kind) = if slept.is_zero() {
            (late, GapKind::Starved)
        } else {
            (slept, GapKind::Asleep)
        };
        if slept.is_zero() && late <= STARVED {
            return None;
        }
        if late > STARVED {
            self.absent_until = Some(now.mono);
        }
        Some(Gap { length, kind })
    }

    /// Whether our own side was away at some time since this moment: a silence
    /// that began then proves nothing. A wall clock that leapt while we were
    /// punctual is no absence: what is timed goes by the monotonic clock, which
    /// stands still while the machine sleeps.
    pub(super) fn was_away_since(&self, since: Moment) -> bool {
        self.absent_until.is_some_and(|until| until >= since.mono)
    }
}

impl GapKind {
    /// The words for the log.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Asleep => "this machine slept, or its clock was set forward",
            Self::Starved => "this program was stopped, or got no processor",
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn at(mono: u64) -> Moment {
        Moment {
            wall: DateTime::UNIX_EPOCH,
            mono: Duration::from_secs(mono),
        }
    }

    #[test]
    fn a_timer_that_comes_late_is_a_gap_and_a_punctual_one_is_not() {
        let clock = Clock::starting_at(DateTime::UNIX_EPOCH);
        let mut own_side = OwnSide::new();
        let due = Some(Duration::from_secs(10));
        assert_eq!(own_side.look(&clock, at(10), due), None);
        assert_eq!(own_side.look(&clock, at(11), due), None);
        assert_eq!(own_side.look(&clock, at(90), None), None);
        assert!(!own_side.was_away_since(at(5)));
        let gap = own_side.look(&clock, at(14), due).unwrap();
        assert_eq!((gap.length.as_secs(), gap.kind), (4, GapKind::Starved));
        assert!(own_side.was_away_since(at(5)) && !own_side.was_away_since(at(15)));
    }

    #[test]
    fn a_clock_that_was_set_is_a_gap_and_no_absence() {
        let mut own_side = OwnSide::new();
        let (slept, due) = (Duration::from_hours(1), Some(Duration::from_secs(10)));
        let gap = own_side.judge(slept, at(10), due).unwrap();
        assert_eq!((gap.length.as_secs(), gap.kind), (3_600, GapKind::Asleep));
        assert!(!own_side.was_away_since(at(5)));
        assert!(own_side.judge(slept, at(14), due).is_some());
        assert!(own_side.was_away_since(at(5)));
    }
}
