//! What the panes go on showing while the screen is frozen, and what went by
//! meanwhile. Knows nothing of how it is drawn; the watch never stops.

use chrono::{DateTime, Utc};

use crate::{
    domain::{ConnectionStatus, Event, SampleOutcome},
    tui::data::Data,
};

/// The data of the moment at which the reader froze the screen.
#[derive(Clone)]
pub(super) struct Frozen {
    /// What the panes show.
    pub(super) shown: Data,
    /// Samples since then that failed or were not answered in time.
    pub(super) failures: u64,
    /// Changes of status or health since then.
    pub(super) changes: u64,
}

impl Frozen {
    /// Freezes what is known now.
    pub(super) fn new(shown: Data) -> Self {
        Self {
            shown,
            failures: 0,
            changes: 0,
        }
    }

    /// When the screen was frozen.
    pub(super) fn since(&self) -> DateTime<Utc> {
        self.shown.moment.now
    }

    /// The status that the panes still show.
    pub(super) fn status(&self) -> ConnectionStatus {
        self.shown.snapshot.connection.status()
    }

    /// Counts an event that the panes do not show; true when that changes a count.
    pub(super) fn count(&mut self, event: &Event) -> bool {
        let count = match event {
            // Every failed check is told as a sample too: it counts once.
            Event::Sampled(sample) => match sample.outcome {
                SampleOutcome::Failed(_) | SampleOutcome::TimedOut(_) => &mut self.failures,
                SampleOutcome::Answered(_) | SampleOutcome::OwnSide => return false,
            },
            Event::StatusChanged { .. }
            | Event::HealthChanged { .. }
            | Event::OwnSideAway { .. } => &mut self.changes,
            Event::CheckFinished { .. }
            | Event::Diagnosed(_)
            | Event::Rehearsed { .. }
            | Event::Migrating { .. }
            | Event::MigrationEnded(_)
            | Event::OperationFinished(_)
            | Event::Switched { .. }
            | Event::Left { .. }
            | Event::Configured { .. }
            | Event::CommandDone { .. } => return false,
        };
        *count += 1;
        true
    }
}
