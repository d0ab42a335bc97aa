//! What the machine does when its connection is left for another one, and when
//! it is to follow another rhythm.

use std::{sync::Arc, time::Duration};

use crate::{
    backend::{
        clock::Moment,
        machine::{Effect, Rhythm, core::Machine, phase::Phase},
    },
    domain::{Action, DbError, ErrorKind, Failure, Step},
};

impl Machine {
    /// Ends for good: an attempt is cancelled and never counted, and whatever is
    /// under way is left. How the connection itself is ended is no affair of the
    /// next one, so nothing here waits for it.
    pub(super) fn leave(&mut self, now: Moment) -> Vec<Effect> {
        match self.phase {
            Phase::Connecting { .. } => {
                let left = Arc::new(DbError::new(Action::Connect, ErrorKind::Cancelled));
                self.step(Step::Failed(Failure::Cancelled(left.message())), now);
            }
            Phase::Connected(_) | Phase::Closing { .. } => self.step(Step::Closed, now),
            Phase::Closed | Phase::Waiting { .. } | Phase::Paused => {}
        }
        self.phase = Phase::Closed;
        vec![Effect::AbandonJob, Effect::StopGuard, Effect::StopKnock]
    }

    /// From now on follows another rhythm. What is due is due by it, and a guard
    /// with other heartbeats is posted anew.
    pub(super) fn retune(&mut self, rhythm: Rhythm, now: Moment) -> Vec<Effect> {
        let before = std::mem::replace(&mut self.rhythm, rhythm);
        self.lanes.retune(rhythm);
        let slow = self.lanes.slow_delay();
        match &mut self.phase {
            Phase::Connected(watching) => {
                let was_knocking = watching.is_knocking();
                if !watching.retune(&before, &rhythm, now) {
                    return Vec::new();
                }
                let knock = was_knocking.then_some(Effect::StopKnock);
                let guard = [Effect::StopGuard, Effect::StartGuard];
                knock.into_iter().chain(guard).collect()
            }
            Phase::Waiting { due, .. } => {
                *due = sooner(*due, slow, now.mono);
                Vec::new()
            }
            Phase::Closed | Phase::Connecting { .. } | Phase::Paused | Phase::Closing { .. } => {
                Vec::new()
            }
        }
    }
}

/// Nobody waits longer than the present rhythm would make them.
fn sooner(due: Duration, delay: Duration, now: Duration) -> Duration {
    due.min(now.saturating_add(delay))
}
