//! The jobs that are under way: at most one attempt, check or disconnect, one
//! guard, one knock, one diagnosis, one migration and one reading of the configuration. Knows which answers are of a job that was left.

use std::future::Future;

use tokio::{sync::mpsc, task::JoinHandle};

use crate::{
    adapter::Beat,
    backend::{
        clock::Moment,
        jobs::{self, Ended, Epoch, JobResult},
    },
    domain::{Finding, MigrationEvent},
};

/// Which job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// An attempt, a check or a disconnect.
    Job,
    /// The guard.
    Guard,
    /// A knock.
    Knock,
    /// A diagnosis.
    Diagnosis,
    /// A look at the migrations, or a run of them.
    Migration,
    /// A reading of the configuration.
    Reading,
}

impl Slot {
    /// All slots.
    pub(super) const ALL: [Self; 6] = [
        Self::Job,
        Self::Guard,
        Self::Knock,
        Self::Diagnosis,
        Self::Migration,
        Self::Reading,
    ];
}

/// All slots, and the way back from the jobs.
#[derive(Debug)]
pub(super) struct Slots {
    job: Option<Running>,
    guard: Option<Running>,
    knock: Option<Running>,
    diagnosis: Option<Running>,
    migration: Option<Running>,
    reading: Option<Running>,
    epoch: Epoch,
    ended_in: mpsc::Sender<Ended>,
    ended: mpsc::Receiver<Ended>,
    beats: Option<mpsc::Receiver<Beat>>,
    findings: Option<mpsc::Receiver<Finding>>,
    migrating: Option<mpsc::Receiver<MigrationEvent>>,
}

#[derive(Debug)]
struct Running {
    task: JoinHandle<()>,
    epoch: Epoch,
    since: Moment,
}

/// What a job has to tell.
#[derive(Debug)]
pub(super) enum News {
    /// A beat of the guard.
    Beat(Beat),
    /// A finding of the diagnosis.
    Finding(Finding),
    /// Something happened in a run of migrations.
    Migrating(MigrationEvent),
    /// A job that nobody left has ended; since when it was under way.
    Ended(JobResult, Moment),
}

impl Slots {
    pub(super) fn new() -> Self {
        // Each job sends once, and the jobs that were left are few.
        let (ended_in, ended) = mpsc::channel(16);
        Self {
            job: None,
            guard: None,
            knock: None,
            diagnosis: None,
            migration: None,
            reading: None,
            epoch: Epoch::default(),
            ended_in,
            ended,
            beats: None,
            findings: None,
            migrating: None,
        }
    }

    /// Starts a job in a slot; the one before it is left.
    pub(super) fn start(
        &mut self,
        slot: Slot,
        now: Moment,
        work: impl Future<Output = JobResult> + Send + 'static,
    ) {
        self.stop(slot);
        let epoch = self.epoch.next();
        let task = jobs::spawn(work, epoch, self.ended_in.clone());
        *self.slot(slot) = Some(Running {
            task,
            epoch,
            since: now,
        });
    }

    /// From here on the beats of the guard are heard.
    pub(super) fn hear(&mut self, beats: mpsc::Receiver<Beat>) {
        self.beats = Some(beats);
    }

    /// From here on the findings of the diagnosis are heard.
    pub(super) fn hear_findings(&mut self, findings: mpsc::Receiver<Finding>) {
        self.findings = Some(findings);
    }

    /// From here on the events of the run of migrations are heard.
    pub(super) fn hear_migration(&mut self, events: mpsc::Receiver<MigrationEvent>) {
        self.migrating = Some(events);
    }

    /// Whether the job of a slot is under way.
    pub(super) fn is_under_way(&mut self, slot: Slot) -> bool {
        self.slot(slot).is_some()
    }

    /// Leaves the job of a slot, if there is one.
    pub(super) fn stop(&mut self, slot: Slot) {
        if let Some(running) = self.slot(slot).take() {
            running.task.abort();
        }
        if slot == Slot::Guard {
            self.beats = None;
        }
        if slot == Slot::Diagnosis {
            self.findings = None;
        }
        if slot == Slot::Migration {
            self.migrating = None;
        }
    }

    /// Since when an attempt, a check or a disconnect is under way.
    pub(super) fn busy_since(&self) -> Option<Moment> {
        self.job.as_ref().map(|job| job.since)
    }

    /// Waits for news. The guard's beats are told before its end, and so are
    /// the findings of a diagnosis and the events of a migration.
    pub(super) async fn news(&mut self) -> News {
        loop {
            tokio::select! {
                biased;
                Some(beat) = next_of(&mut self.beats) => return News::Beat(beat),
                Some(finding) = next_of(&mut self.findings) => return News::Finding(finding),
                Some(event) = next_of(&mut self.migrating) => return News::Migrating(event),
                Some(ended) = self.ended.recv() => {
                    if let Some(since) = self.take(&ended) {
                        return News::Ended(ended.result, since);
                    }
                }
            }
        }
    }

    /// Frees the slot of a job that ended; `None` when it was left before.
    fn take(&mut self, ended: &Ended) -> Option<Moment> {
        let slot = match ended.result {
            JobResult::Attempted(_) | JobResult::Checked(_) | JobResult::Disconnected(_) => {
                Slot::Job
            }
            JobResult::GuardEnded(_) => Slot::Guard,
            JobResult::Knocked(_) => Slot::Knock,
            JobResult::Diagnosed(_) => Slot::Diagnosis,
            JobResult::Looked(_) | JobResult::Migrated(_) => Slot::Migration,
            JobResult::Listed(_) | JobResult::Reread(_) => Slot::Reading,
        };
        let running = self.slot(slot);
        let is_current = running.as_ref().is_some_and(|job| job.epoch == ended.epoch);
        running.take_if(|_| is_current).map(|job| job.since)
    }

    fn slot(&mut self, slot: Slot) -> &mut Option<Running> {
        match slot {
            Slot::Job => &mut self.job,
            Slot::Guard => &mut self.guard,
            Slot::Knock => &mut self.knock,
            Slot::Diagnosis => &mut self.diagnosis,
            Slot::Migration => &mut self.migration,
            Slot::Reading => &mut self.reading,
        }
    }
}

impl Drop for Slots {
    fn drop(&mut self) {
        for slot in Slot::ALL {
            self.stop(slot);
        }
    }
}

/// The next of what is heard; never, when nobody is.
async fn next_of<T>(heard: &mut Option<mpsc::Receiver<T>>) -> Option<T> {
    match heard {
        Some(heard) => heard.recv().await,
        None => std::future::pending().await,
    }
}
