//! Where a rehearsal stands, as the adapter that plays it tells. Knows nothing
//! of what it does to the connection: that is met as on a real server.

use std::time::Duration;

use crate::{
    adapter::Rehearsing,
    backend::{
        clock::Moment,
        supervisor::{Supervisor, Visible},
        watched::Watched,
    },
    domain::{Condition, Event, Rehearsed},
};

/// The condition that holds, until the next one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stage {
    now: Rehearsing,
    /// When it was told, on the monotonic clock.
    told: Duration,
}

impl Stage {
    /// What the adapter tells at this moment.
    pub(super) fn of<A: Watched>(watched: &A, now: Moment) -> Option<Self> {
        let told = now.mono;
        watched.rehearsing().map(|now| Self { now, told })
    }

    /// When the next condition holds.
    pub(super) fn due(&self) -> Option<Duration> {
        self.next().map(|(at, _)| at)
    }

    fn next(&self) -> Option<(Duration, Condition)> {
        let (left, condition) = self.now.next?;
        Some((self.told + left, condition))
    }

    /// As it is told to people.
    pub(super) fn rehearsed(&self, now: Moment) -> Rehearsed {
        Rehearsed {
            scenario: self.now.scenario,
            condition: self.now.condition,
            next: self
                .next()
                .map(|(at, condition)| (now.wall_at(at), condition)),
        }
    }
}

impl<A: Watched> Supervisor<A> {
    /// Takes over the next condition and tells of it.
    pub(super) fn turn_the_page(&mut self) -> Visible {
        let now = self.parts.clock.now();
        let before = self.stage.map(|stage| stage.now.condition);
        self.stage = Stage::of(self.parts.watched.as_ref(), now);
        let Some(stage) = self.stage else {
            return Visible::No;
        };
        if before == Some(stage.now.condition) {
            return Visible::No;
        }
        self.tell(Event::Rehearsed {
            rehearsed: stage.rehearsed(now),
            at: now.wall,
        });
        Visible::Yes
    }
}
