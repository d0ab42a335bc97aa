//! The two lanes of retries: a few quick ones, then slow ones for ever.

use std::{sync::Arc, time::Duration};

use crate::{
    backend::{clock::Moment, machine::Rhythm},
    domain::{DbError, ErrorKind, Lane},
};

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
    failing: Option<Failing>,
}

impl Lanes {
    pub(super) fn new(rhythm: Rhythm) -> Self {
        Self {
            rhythm,
            retries: 0,
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
        let delay = match (error.kind(), self.rhythm.knock_pace) {
            // It answers and says "not yet": knocking would tell nothing new,
            // so it is asked itself, a little less often than one would knock.
            (ErrorKind::ServerNotReady, Some(pace)) => delay.min(pace * 2).min(LONGEST_NOT_READY),
            _ => delay,
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

    /// The quick lane begins anew; the outage goes on.
    pub(super) fn restart(&mut self) {
        self.retries = 0;
    }

    /// The outage is over.
    pub(super) fn end(&mut self) {
        self.retries = 0;
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

/// Recovery must show within a second of the server accepting again.
const LONGEST_NOT_READY: Duration = Duration::from_millis(750);
