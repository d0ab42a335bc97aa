//! The phases of the machine, and when each wants to be looked at again.

use std::time::Duration;

use crate::{
    backend::machine::{Effect, knocking::Knocking, watching::Watching},
    domain::Lane,
};

#[derive(Debug, Clone)]
pub(super) enum Phase {
    Closed,
    Connecting {
        knocking: Knocking,
    },
    Connected(Box<Watching>),
    Waiting {
        due: Duration,
        lane: Lane,
        knocking: Knocking,
    },
    Paused,
    Closing {
        then: AfterClosing,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterClosing {
    Stay,
    Open,
}

// === impl Phase ===

impl Phase {
    /// When something of it is due, on the monotonic clock.
    pub(super) fn due(&self) -> Option<Duration> {
        match self {
            Self::Connected(watching) => watching.due(),
            Self::Connecting { knocking } => knocking.due(),
            Self::Waiting { due, knocking, .. } => {
                Some(knocking.due().map_or(*due, |knock| knock.min(*due)))
            }
            Self::Closed | Self::Paused | Self::Closing { .. } => None,
        }
    }

    /// When its next try or check is due.
    pub(super) fn next_step(&self) -> Option<Duration> {
        match self {
            Self::Connected(watching) => watching.next_check(),
            Self::Waiting { due, .. } => Some(*due),
            Self::Closed | Self::Connecting { .. } | Self::Paused | Self::Closing { .. } => None,
        }
    }
}

/// Leaves a knock that is under way.
pub(super) fn stop(knocking: &Knocking) -> Vec<Effect> {
    if knocking.is_under_way() {
        vec![Effect::StopKnock]
    } else {
        Vec::new()
    }
}
