//! Looks at a PostgreSQL server as a new client would: logs in, asks, leaves.
//! Knows nothing of statements that callers want to run.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    adapter::{
        DbResult,
        local::{
            details::{details, round_trip},
            phase_clock::PhaseClock,
            session::Session,
            target::{Purpose, Target},
        },
        mode_adapter::Check,
    },
    domain::{Action, HealthDetails, PhaseTimings},
};

/// How long the session of an attempt waits for the first health check.
const KEPT_FOR: Duration = Duration::from_secs(1);

/// The prober of one server.
#[derive(Debug)]
pub(super) struct Probe {
    target: Arc<Target>,
    /// The session of the newest attempt, for the check that follows at once.
    kept: Arc<Mutex<Option<Kept>>>,
}

#[derive(Debug)]
struct Kept {
    session: Session,
    timings: PhaseTimings,
    since: Instant,
}

impl Probe {
    pub(super) fn new(target: Arc<Target>) -> Self {
        Self {
            target,
            kept: Arc::default(),
        }
    }

    /// Logs in once. The session is kept for a moment, so that an attempt and
    /// the first health check are one connection to the server.
    pub(super) async fn attempt(&self) -> DbResult<()> {
        let clock = PhaseClock::start(Action::Connect, self.target.section().timeout);
        let session = clock
            .within(Session::open(&self.target, Purpose::Probe, &clock))
            .await?;
        let since = Instant::now();
        self.keep(Some(Kept {
            session,
            timings: clock.timings(),
            since,
        }));
        let kept = Arc::downgrade(&self.kept);
        tokio::spawn(async move {
            tokio::time::sleep_until(since + KEPT_FOR).await;
            let Some(kept) = kept.upgrade() else { return };
            let unused = take_if(&kept, |kept| kept.since == since);
            if let Some(unused) = unused {
                unused.session.close().await;
            }
        });
        Ok(())
    }

    /// Logs in afresh, or takes over the session of an attempt just made, and
    /// asks. The whole is under one deadline.
    pub(super) async fn check(&self) -> Check {
        let began = Instant::now();
        let limit = self.target.section().timeout;
        let kept = take_if(&self.kept, |kept| kept.since.elapsed() <= KEPT_FOR);
        let timings = kept
            .as_ref()
            .map_or_else(PhaseTimings::default, |k| k.timings);
        let clock = PhaseClock::resume(Action::HealthCheck, limit, timings);
        let looked = clock.within(self.look(kept, &clock)).await;
        let (latency, result, mut details) = match looked {
            Ok((latency, details)) => (latency, Ok(()), details),
            Err(error) => (began.elapsed(), Err(error), HealthDetails::default()),
        };
        details.phases = clock.timings();
        Check {
            latency,
            details,
            result,
        }
    }

    /// Ends a session that still waits for its check.
    pub(super) async fn forget(&self) {
        if let Some(kept) = take_if(&self.kept, |_| true) {
            kept.session.close().await;
        }
    }

    async fn look(
        &self,
        kept: Option<Kept>,
        clock: &PhaseClock,
    ) -> DbResult<(Duration, HealthDetails)> {
        let mut session = match kept {
            Some(kept) => kept.session,
            None => Session::open(&self.target, Purpose::Probe, clock).await?,
        };
        let trip = round_trip(&mut session, clock).await?;
        let mut details = details(&mut session, &self.target, clock).await?;
        details.clock_skew_ms = Some(trip.clock_skew_ms);
        session.close().await;
        Ok((trip.latency, details))
    }

    fn keep(&self, kept: Option<Kept>) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = kept;
    }
}

fn take_if(place: &Mutex<Option<Kept>>, wanted: impl FnOnce(&Kept) -> bool) -> Option<Kept> {
    let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
    place.take_if(|kept| wanted(kept))
}
