//! The two lanes of retries: a few quick ones, then slow ones for ever.

use std::{sync::Arc, time::Duration};

use crate::{
    backend::{clock::Moment, machine::Rhythm},
    domain::{DbError, Lane},
};

/// A connection that lived this long was worth its tries: they count anew.
pub(super) const STABLE_AFTER: Duration = Duration::from_secs(10);

/// So many tries may be brought about by knocks one after the other: a server
/// that is restarted again and again is found within a second each time.
const EARLY_ROOM: u32 = 10;

/// After this time there is room for another one, so that a port that flaps, or
/// a connection that ends at once each time, is no storm: ten tries a minute.
const EARLY_AGAIN: Duration = Duration::from_secs(6);

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
    /// When there is room again for as many early tries as may be.
    early_full: Duration,
    failing: Option<Failing>,
}

impl Lanes {
    pub(super) fn new(rhythm: Rhythm) -> Self {
        Self {
            rhythm,
            retries: 0,
            early_full: Duration::ZERO,
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
        // Who asks to be left alone is, unless a person wants it otherwise.
        let asked = error.retry_after().unwrap_or_default();
        self.note(error, now);
        let delay = match lane {
            Lane::Quick { retry, .. } => self.rhythm.backoff.delay(retry, jitter),
            Lane::Slow | Lane::Paused => self.slow_delay(),
        };
        (delay.max(asked), lane)
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
        self.early_full = self.early_full.max(now) + EARLY_AGAIN;
    }

    /// When a knock may bring about a try.
    pub(super) fn early_from(&self) -> Duration {
        let all_but_one = EARLY_AGAIN.saturating_mul(EARLY_ROOM - 1);
        self.early_full.saturating_sub(all_but_one)
    }

    /// The quick lane begins anew; an outage goes on.
    pub(super) fn restart(&mut self) {
        self.retries = 0;
        self.early_full = Duration::ZERO;
    }

    /// Retries follow another rhythm from now on.
    pub(super) fn retune(&mut self, rhythm: Rhythm) {
        self.rhythm = rhythm;
    }

    /// The time between two tries of the slow lane after the newest failure.
    pub(super) fn slow_delay(&self) -> Duration {
        let interval = self.rhythm.interval;
        let Some(Failing { error, .. }) = &self.failing else {
            return interval;
        };
        let delay = if error.is_transient() {
            interval
        } else {
            interval.saturating_mul(PERMANENT_FACTOR)
        };
        delay.max(error.retry_after().unwrap_or_default())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Action, AutoMigrate, Backoff, ErrorKind};

    fn lanes() -> Lanes {
        let ms = Duration::from_millis;
        Lanes::new(Rhythm {
            auto_migrate: AutoMigrate::Off,
            interval: ms(30_000),
            heartbeat: None,
            is_guarded: true,
            backoff: Backoff::try_new(ms(1_000), ms(30_000)).unwrap(),
            max_retries: 3,
            timeout: ms(5_000),
            knock_pace: None,
        })
    }

    #[test]
    fn who_asks_to_be_left_alone_is() {
        let limited = |seconds| {
            let wait = Duration::from_secs(seconds);
            let error = DbError::new(Action::HealthCheck, ErrorKind::RateLimited);
            Arc::new(error.with_retry_after(wait))
        };
        let now = Moment {
            mono: Duration::ZERO,
            wall: chrono::DateTime::UNIX_EPOCH,
        };
        let mut lanes = lanes();
        let (delay, lane) = lanes.next(limited(17), now, 0.0);
        assert_eq!(delay, Duration::from_secs(17));
        assert_eq!(lane, Lane::Quick { retry: 1, of: 3 });
        let (delay, _) = lanes.next(limited(0), now, 0.0);
        assert!(delay >= Duration::from_secs(1), "{delay:?}");
    }

    #[test]
    fn each_of_many_restarts_is_found_at_once() {
        let mut lanes = lanes();
        let mut now = Duration::ZERO;
        for restart in 0..100 {
            now += Duration::from_secs(if restart % 2 == 0 { 2 } else { 12 });
            assert!(lanes.early_from() <= now, "{restart}");
            lanes.count_early(now);
        }
    }

    #[test]
    fn what_needs_a_try_all_the_time_gets_ten_a_minute() {
        let mut lanes = lanes();
        let mut tries = 0;
        for second in 0..600 {
            let now = Duration::from_secs(second);
            if lanes.early_from() <= now {
                lanes.count_early(now);
                tries += 1;
            }
        }
        assert_eq!(tries, 10 + 10 * 10 - 1);
        lanes.restart();
        assert_eq!(lanes.early_from(), Duration::ZERO);
    }
}
