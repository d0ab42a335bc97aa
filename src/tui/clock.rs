//! The time of a frame, and the zone in which it is told. Never reads a clock
//! while drawing: the loop reads it once for each frame.

use chrono::{DateTime, FixedOffset, Local, Offset, TimeDelta, TimeZone, Utc};

use crate::backend;

/// Where the loop gets the time from.
pub(super) struct Clock {
    /// Tells the time.
    pub(super) now: Box<dyn Fn() -> DateTime<Utc>>,
    /// Tells how far the machine's clock was set back since the start.
    pub(super) set_back: Box<dyn Fn() -> Option<TimeDelta>>,
    /// Tells the local offset at a time.
    pub(super) zone: Zone,
}

/// Gives the local offset from UTC at a time; it changes with the season.
pub(super) type Zone = fn(DateTime<Utc>) -> FixedOffset;

/// The one moment that a whole frame is drawn for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// Now.
    pub(super) now: DateTime<Utc>,
    /// How far the machine's clock stands behind this time, because it was set back.
    pub(super) set_back: Option<TimeDelta>,
    /// The local offset.
    pub(super) zone: Zone,
}

// === impl Clock ===

impl Clock {
    /// The backend's clock, by which all times that it tells are counted, and
    /// the machine's time zone.
    pub(super) fn of(clock: backend::Clock) -> Self {
        let its = clock.clone();
        Self {
            now: Box::new(move || clock.now().wall),
            set_back: Box::new(move || its.set_back_by()),
            zone: |at| Local.offset_from_utc_datetime(&at.naive_utc()).fix(),
        }
    }

    /// This moment.
    pub(super) fn moment(&self) -> Moment {
        Moment {
            now: (self.now)(),
            set_back: (self.set_back)(),
            zone: self.zone,
        }
    }
}

// === impl Moment ===

impl Moment {
    /// The local time of day, with month and day in front when that is not today.
    pub(super) fn local(&self, at: DateTime<Utc>) -> String {
        let format = if self.is_today(at) {
            "%H:%M:%S"
        } else {
            "%m-%d %H:%M"
        };
        self.shift(at).format(format).to_string()
    }

    /// The same without seconds.
    pub(super) fn local_minute(&self, at: DateTime<Utc>) -> String {
        let format = if self.is_today(at) {
            "%H:%M"
        } else {
            "%m-%d %H:%M"
        };
        self.shift(at).format(format).to_string()
    }

    /// Columns that a local time needs in a list whose oldest entry is `oldest`.
    pub(super) fn local_width(&self, oldest: Option<DateTime<Utc>>) -> usize {
        if oldest.is_none_or(|at| self.is_today(at)) {
            "HH:MM:SS".len()
        } else {
            "MM-DD HH:MM".len()
        }
    }

    /// The UTC time of day, for what has to be compared with other machines' logs.
    pub(super) fn utc(&self, at: DateTime<Utc>) -> String {
        let format = if at.date_naive() == self.now.date_naive() {
            "%H:%M:%S UTC"
        } else {
            "%Y-%m-%d %H:%M:%S UTC"
        };
        at.format(format).to_string()
    }

    /// The local time with the UTC one behind it, where they differ.
    pub(super) fn both(&self, at: DateTime<Utc>) -> String {
        if (self.zone)(at).local_minus_utc() == 0 {
            return self.utc(at);
        }
        format!("{} ({})", self.local(at), self.utc(at))
    }

    fn is_today(&self, at: DateTime<Utc>) -> bool {
        self.shift(at).date_naive() == self.shift(self.now).date_naive()
    }

    fn shift(&self, at: DateTime<Utc>) -> DateTime<FixedOffset> {
        at.with_timezone(&(self.zone)(at))
    }
}
