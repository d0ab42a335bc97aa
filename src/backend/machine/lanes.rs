//! The two lanes of retries: a few quick ones, then slow ones for ever.

use std::{sync::Arc, time::Duration};

use crate::{
    backend::{clock::Moment, machine::Rhythm},
    domain::{DbError, Lane},
};

/// A connection that lived this long was worth its tries: they count anew.
pub(super) const STABLE_AFTER: Duration = Duration::from_secs(10);

/// After the first try that a knock brought about, the next such one waits this
/// long; each further one twice as long.
const EARLY_AGAIN: Duration = Duration::from_millis(500);

/// Each tenth interval of the slow lane is used after a permanent failure.
const PERMANENT_FACTOR: u32 = 10;

/// A time without connection, from the first failure on.
#[derive(Debug, Clone)]
pub(in crate::backend) struct Failing {
    /// When it began.
    pub(in crate::backend) since: Moment,
    /// The newest cause.
    pub(in crate::backend) error: Arc<DbError>,
    /// Attempts that failed since.
    pub(in crate::backend) failed_tries: u32,
}

/// Counts retries and says when the next one is due.
#[derive(Debug)]
pub(super) struct Lanes {
    rhythm: Rhythm,
    retries: u32,
    /// Tries that a knock brought about since the last stable connection.
    early: u32,
    /// When another one may come.
    early_from: Duration,
    failing: Option<Failing>,
}

impl Lanes {
    pub(super) fn new(rhythm: Rhythm) -> Self {
        Self {
            rhythm,
            retries: 0,
            early: 0,
            early_from: Duration::ZERO,
            failing: None,
        }
    }

    /// The failure that goes on, if one does.
    pub(super) fn failing(&self) -> Option<&Failing> {
        self.failing.as_ref()
    }

    /// Something failed: the delay before the next try, and its lane.
    pub(super) fn next(
        &mut self,
        error: Arc<DbError>,
        now: Moment,
        jitter: f64,
    ) -> (Duration, Lane) {
        self.retries = self.retries.saturating_add(1);
        let lane = self.lane();
        let delay = match lane {
            Lane::Quick { retry, .. } => self.rhythm.backoff.delay(retry, jitter),
            Lane::Slow | Lane::Paused if error.is_transient() => self.rhythm.interval,
            Lane::Slow | Lane::Paused => self.rhythm.interval.saturating_mul(PERMANENT_FACTOR),
        };
        self.note(error, now);
        (delay, lane)
    }

    /// Notes the newest cause; the first one begins the outage.
    pub(super) fn note(&mut self, error: Arc<DbError>, now: Moment) {
        match &mut self.failing {
            Some(failing) => failing.error = error,
            None => {
                self.failing = Some(Failing {
                    since: now,
                    error,
                    failed_tries: 0,
                });
            }
        }
    }

    /// An attempt failed.
    pub(super) fn count_try(&mut self) {
        if let Some(failing) = &mut self.failing {
            failing.failed_tries = failing.failed_tries.saturating_add(1);
        }
    }

    /// A try that a knock brought about begins.
    pub(super) fn count_early(&mut self, now: Duration) {
        let longest = self.rhythm.interval.max(EARLY_AGAIN);
        let doubled = EARLY_AGAIN.saturating_mul(2u32.saturating_pow(self.early));
        self.early = self.early.saturating_add(1);
        self.early_from = now + doubled.min(longest);
    }

    /// When a knock may bring about a try.
    pub(super) fn early_from(&self) -> Duration {
        self.early_from
    }

    /// The quick lane begins anew; an outage goes on.
    pub(super) fn restart(&mut self) {
        self.retries = 0;
        self.early = 0;
        self.early_from = Duration::ZERO;
    }

    /// The outage is over. The tries are counted on until the connection has
    /// proved stable, so that one which ends again and again is not a storm.
    pub(super) fn end(&mut self) {
        self.failing = None;
    }

    /// The lane of the retry that was planned last.
    pub(super) fn lane(&self) -> Lane {
        let (retry, of) = (self.retries, self.rhythm.max_retries);
        if retry <= of {
            Lane::Quick { retry, of }
        } else {
            Lane::Slow
        }
    }
}
