//! The jobs that are under way: at most one attempt, check or disconnect, one
//! guard and one knock. Knows which answers are of a job that was left.

use std::future::Future;

use tokio::{sync::mpsc, task::JoinHandle};

use crate::{
    adapter::Beat,
    backend::{
        clock::Moment,
        jobs::{self, Ended, Epoch, JobResult},
    },
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
}

/// All slots, and the way back from the jobs.
#[derive(Debug)]
pub(super) struct Slots {
    job: Option<Running>,
    guard: Option<Running>,
    knock: Option<Running>,
    epoch: Epoch,
    ended_in: mpsc::Sender<Ended>,
    ended: mpsc::Receiver<Ended>,
    beats: Option<mpsc::Receiver<Beat>>,
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
            epoch: Epoch::default(),
            ended_in,
            ended,
            beats: None,
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

    /// Leaves the job of a slot, if there is one.
    pub(super) fn stop(&mut self, slot: Slot) {
        if let Some(running) = self.slot(slot).take() {
            running.task.abort();
        }
        if slot == Slot::Guard {
            self.beats = None;
        }
    }

    /// Since when an attempt, a check or a disconnect is under way.
    pub(super) fn busy_since(&self) -> Option<Moment> {
        self.job.as_ref().map(|job| job.since)
    }

    /// Waits for news. The guard's beats are told before its end.
    pub(super) async fn news(&mut self) -> News {
        loop {
            tokio::select! {
                biased;
                Some(beat) = next_beat(&mut self.beats) => return News::Beat(beat),
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
        }
    }
}

impl Drop for Slots {
    fn drop(&mut self) {
        for slot in [Slot::Job, Slot::Guard, Slot::Knock] {
            self.stop(slot);
        }
    }
}

/// The next beat; never, when nobody is heard.
async fn next_beat(beats: &mut Option<mpsc::Receiver<Beat>>) -> Option<Beat> {
    match beats {
        Some(beats) => beats.recv().await,
        None => std::future::pending().await,
    }
}
