//! Looks at a PostgreSQL server as a new client would: logs in, asks, leaves.
//! Knows nothing of statements that callers want to run.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use crate::{
    adapter::{
        DbResult,
        local::{
            details::{add_size, details, round_trip},
            fence::{Fence, Flight},
            phase_clock::PhaseClock,
            pooler,
            session::Session,
            target::{Purpose, Target},
        },
        mode_adapter::Check,
    },
    domain::{Action, HealthDetails, Pooler},
};

/// The prober of one server.
#[derive(Debug)]
pub(super) struct Probe {
    target: Arc<Target>,
}

impl Probe {
    pub(super) fn new(target: Arc<Target>) -> Self {
        Self { target }
    }

    /// Logs in afresh and asks, all on one session and under one deadline.
    pub(super) async fn check(&self, action: Action) -> Check {
        let began = Instant::now();
        let clock = PhaseClock::start(action, self.target.section().timeout);
        let looked = clock.within(self.look(&clock)).await;
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

    async fn look(&self, clock: &PhaseClock) -> DbResult<(Duration, HealthDetails)> {
        let mut session = Session::open(&self.target, Purpose::Probe, clock).await?;
        let trip = round_trip(&mut session, clock).await?;
        let pooler = pooler::look(&mut session, &self.target, trip.process, clock).await?;
        let flight = Flight::with(Fence::of(&self.target));
        // Boxed: a flight of statements makes every future that may look large.
        let mut details = Box::pin(details(&mut session, &self.target, &flight, clock)).await?;
        details.clock_skew_ms = Some(trip.clock_skew_ms);
        details.pooler = pooler.map(|mode| Pooler { mode });
        Box::pin(add_size(&mut details, &mut session, &flight, clock)).await;
        session.close().await;
        Ok((trip.latency, details))
    }
}
