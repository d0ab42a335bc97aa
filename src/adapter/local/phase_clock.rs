//! Times the five phases of a login, also when it is given up halfway. Knows
//! nothing of sockets and servers.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    adapter::DbResult,
    domain::{Action, DbError, ErrorKind, Layer, PhaseTimings},
};

/// A phase of a login, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::adapter) enum Phase {
    Dns,
    Tcp,
    Tls,
    Login,
    Query,
}

/// Where an attempt stands and what its phases took. Shared by reference
/// between the attempt and the deadline that may end it.
#[derive(Debug)]
pub(in crate::adapter) struct PhaseClock {
    action: Action,
    limit: Duration,
    started: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    timings: PhaseTimings,
    phase: Phase,
    /// What has not happened yet, where the phase's own words are too wide.
    step: Option<&'static str>,
    began: Instant,
}

// === impl Phase ===

impl Phase {
    /// Where a hang in this phase lies, by the step that is missing. Before the
    /// first answer nothing is known of TLS: whoever accepted says nothing at
    /// all, as at a login without TLS.
    const fn layer(self, step: Option<&'static str>) -> Layer {
        match (self, step) {
            (Self::Dns, _) => Layer::HostName,
            (Self::Tcp, _) => Layer::Tcp,
            (Self::Tls, Some(_)) => Layer::Tls,
            (Self::Tls, None) | (Self::Login, _) => Layer::Login,
            (Self::Query, _) => Layer::Statement,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Dns => "the host name was not resolved",
            Self::Tcp => "the address did not answer",
            Self::Tls => "the connection was accepted, and nothing was answered",
            Self::Login => "the login was not answered",
            Self::Query => "a statement was not answered",
        }
    }
}

// === impl PhaseClock ===

impl PhaseClock {
    /// A clock at the first phase, for an action that may take `limit` in all.
    pub(in crate::adapter) fn start(action: Action, limit: Duration) -> Self {
        let state = State {
            timings: PhaseTimings::default(),
            phase: Phase::Dns,
            step: None,
            began: Instant::now(),
        };
        Self {
            action,
            limit,
            started: Instant::now(),
            state: Mutex::new(state),
        }
    }

    /// What is being done.
    pub(in crate::adapter) fn action(&self) -> Action {
        self.action
    }

    /// The time that all of it may take.
    pub(in crate::adapter) fn limit(&self) -> Duration {
        self.limit
    }

    /// What is left of that time.
    pub(in crate::adapter) fn remaining(&self) -> Duration {
        self.limit.saturating_sub(self.started.elapsed())
    }

    /// A phase begins. What it and later phases took before counts no more.
    pub(in crate::adapter) fn begin(&self, phase: Phase) {
        let mut state = self.state();
        state.phase = phase;
        state.step = None;
        state.began = Instant::now();
        let timings = &mut state.timings;
        let from = |place: &mut Option<Duration>, own: Phase| {
            if own as u8 >= phase as u8 {
                *place = None;
            }
        };
        from(&mut timings.dns, Phase::Dns);
        from(&mut timings.tcp, Phase::Tcp);
        from(&mut timings.tls, Phase::Tls);
        from(&mut timings.login, Phase::Login);
        from(&mut timings.query, Phase::Query);
    }

    /// Within the phase something is awaited that these words say is missing.
    pub(in crate::adapter) fn step(&self, missing: &'static str) {
        self.state().step = Some(missing);
    }

    /// The phase that began last has ended well; gives what it took.
    pub(in crate::adapter) fn end(&self) -> Duration {
        let mut state = self.state();
        let took = state.began.elapsed();
        state.set(took);
        took
    }

    /// There is nothing to do in this phase.
    pub(in crate::adapter) fn skip(&self, phase: Phase) {
        let mut state = self.state();
        state.phase = phase;
        state.step = None;
        state.set(Duration::ZERO);
    }

    /// What the phases that ended took.
    pub(in crate::adapter) fn timings(&self) -> PhaseTimings {
        self.state().timings
    }

    /// Runs the work under the deadline. What runs out of time fails at the
    /// layer of the phase in which it hung.
    pub(in crate::adapter) async fn within<T>(
        &self,
        work: impl Future<Output = DbResult<T>> + Send,
    ) -> DbResult<T> {
        match tokio::time::timeout(self.limit, work).await {
            Ok(done) => done,
            Err(elapsed) => Err(self.timed_out().with_source(elapsed)),
        }
    }

    fn timed_out(&self) -> DbError {
        let (phase, step) = {
            let state = self.state();
            (state.phase, state.step)
        };
        timeout_error(self.action, self.limit)
            .at_layer(phase.layer(step))
            .with_details(step.unwrap_or(phase.words()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is whole after every statement, so a panic elsewhere leaves it usable.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The error of our own deadline.
pub(in crate::adapter) fn timeout_error(action: Action, limit: Duration) -> DbError {
    let after_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
    DbError::new(action, ErrorKind::Timeout { after_ms })
}

// === impl State ===

impl State {
    fn set(&mut self, took: Duration) {
        let place = match self.phase {
            Phase::Dns => &mut self.timings.dns,
            Phase::Tcp => &mut self.timings.tcp,
            Phase::Tls => &mut self.timings.tls,
            Phase::Login => &mut self.timings.login,
            Phase::Query => &mut self.timings.query,
        };
        *place = Some(took);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);

    #[track_caller]
    fn check(clock: &PhaseClock, expected: [Option<u64>; 5]) {
        let ms = clock
            .timings()
            .named()
            .map(|(_, time)| time.map(|time| u64::try_from(time.as_millis()).unwrap()));
        assert_eq!(ms, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hang_is_named_by_its_phase_and_keeps_the_times_before_it() {
        let clock = PhaseClock::start(Action::Connect, LIMIT);
        let error = clock
            .within(async {
                clock.skip(Phase::Dns);
                clock.begin(Phase::Tcp);
                tokio::time::sleep(Duration::from_millis(3)).await;
                clock.end();
                clock.begin(Phase::Tls);
                std::future::pending::<DbResult<()>>().await
            })
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout { after_ms: 5000 });
        assert_eq!(error.layer(), Layer::Login);
        check(&clock, [Some(0), Some(3), None, None, None]);
    }

    #[tokio::test(start_paused = true)]
    async fn tls_hangs_only_after_it_was_agreed_to() {
        let clock = PhaseClock::start(Action::Connect, LIMIT);
        let hanging = clock.within(async {
            clock.begin(Phase::Tls);
            clock.step("the handshake");
            std::future::pending::<DbResult<()>>().await
        });
        assert_eq!(hanging.await.unwrap_err().layer(), Layer::Tls);
    }

    #[tokio::test(start_paused = true)]
    async fn a_phase_that_begins_again_forgets_what_followed() {
        let clock = PhaseClock::start(Action::Connect, LIMIT);
        for phase in [Phase::Dns, Phase::Tcp, Phase::Tls] {
            clock.begin(phase);
            tokio::time::sleep(Duration::from_millis(1)).await;
            clock.end();
        }
        check(&clock, [Some(1), Some(1), Some(1), None, None]);
        clock.begin(Phase::Tcp);
        check(&clock, [Some(1), None, None, None, None]);
    }
}
