//! What the loop keeps of what the backend tells: the newest snapshot, the
//! latency samples and what went past unread. Knows nothing of the view.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    backend::NotTaken,
    domain::{
        Command, ConnectionStatus, Event, LatencyBook, LatencySample, LatencyStats, Outcome,
        SampleOutcome, Snapshot, Window,
    },
    tui::{
        clock::Moment,
        difference::{Difference, difference},
        freeze::Frozen,
        notice::Notices,
        outages::Outages,
        text::{self, Words},
    },
};

/// With fewer answers than these, each of them moves the statistics.
const FEW: u64 = 30;

/// With more of them, percentiles over a minute and longer need no new digits
/// each second. The first failure, and the first answer after one, are counted
/// at once all the same.
const STEADY: TimeDelta = TimeDelta::milliseconds(4_500);

/// Everything that is drawn, apart from the view state.
#[derive(Clone)]
pub(super) struct Data {
    /// The moment that the frame is drawn for.
    pub(super) moment: Moment,
    /// What is true now, or was when the backend ended.
    pub(super) snapshot: Arc<Snapshot>,
    /// The samples since the start.
    pub(super) latency: LatencyBook,
    /// Statistics over each of [`Window::ALL`].
    pub(super) stats: [LatencyStats; 3],
    /// Events that came faster than we read.
    pub(super) missed: u64,
    /// When the backend was seen to have ended.
    pub(super) ended: Option<DateTime<Utc>>,
    /// The newest answer of the database, to a heartbeat or to a check.
    pub(super) answer: Option<Answer>,
    /// The outages of before.
    pub(super) outages: Outages,
    /// What the panes show instead, while the reader has frozen them.
    pub(super) frozen: Option<Box<Frozen>>,
    notices: Notices,
    stats_made_at: Option<DateTime<Utc>>,
}

/// A sign of life of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer {
    /// When it came.
    pub(super) at: DateTime<Utc>,
    /// How long it took.
    pub(super) took: Duration,
}

/// Whether what was told changes what is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// It does: another connection is watched.
    Another,
    /// It does.
    Seen,
    /// It does: something began whose end may follow at once.
    Soon,
    /// It does, and the frame that the next second brings is soon enough.
    Later,
    /// It does not.
    Unseen,
}

impl Data {
    /// What is known at the start.
    pub(super) fn new(snapshot: Arc<Snapshot>, moment: Moment) -> Self {
        Self {
            moment,
            snapshot,
            latency: LatencyBook::new(),
            stats: [LatencyStats::default(); 3],
            missed: 0,
            ended: None,
            answer: None,
            outages: Outages::default(),
            frozen: None,
            notices: Notices::default(),
            stats_made_at: None,
        }
    }

    /// Takes over an event.
    pub(super) fn absorb(&mut self, event: &Event) -> Change {
        let counted = self
            .frozen
            .as_mut()
            .is_some_and(|frozen| frozen.count(event));
        let change = self.take_in(event);
        let now = self.moment.now;
        let is_said = self.is_about_this(event) && self.notices.hear(event, now);
        let is_told = self.notices.tell_check(&self.snapshot, now);
        if counted || is_said || is_told {
            return Change::Seen;
        }
        change
    }

    /// Whether an event is no line that the former connection left in the channel.
    fn is_about_this(&self, event: &Event) -> bool {
        if let Event::StatusChanged { at, .. } = event {
            return !self.is_former(*at);
        }
        let Event::CheckFinished { result, .. } = event else {
            return true;
        };
        result.connection_id() == self.snapshot.connection.id()
    }

    fn take_in(&mut self, event: &Event) -> Change {
        match event {
            Event::Sampled(sample) => self.take_sample(*sample),
            Event::StatusChanged { at, .. } if self.is_former(*at) => Change::Unseen,
            Event::Switched { .. } => {
                self.begin_anew();
                Change::Seen
            }
            Event::StatusChanged { to, at, error, .. } => {
                // A snapshot tells the rest, and marks the frame.
                self.outages.note(*to, *at, error.as_ref());
                Change::Unseen
            }
            // The snapshot tells the same, and is what is drawn; or a notice does.
            Event::CommandDone { .. }
            | Event::HealthChanged { .. }
            | Event::OwnSideAway { .. }
            | Event::CheckFinished { .. }
            | Event::Diagnosed(_)
            | Event::Rehearsed { .. }
            | Event::Migrating { .. }
            | Event::MigrationEnded(_)
            | Event::Left { .. }
            | Event::Configured { .. }
            | Event::OperationFinished(_) => Change::Unseen,
        }
    }

    /// Whether a moment belongs to a connection before this one.
    fn is_former(&self, at: DateTime<Utc>) -> bool {
        at < self.snapshot.connection.created_at()
    }

    /// What was measured of the former connection says nothing about this one.
    fn begin_anew(&mut self) {
        self.latency = LatencyBook::new();
        self.stats = [LatencyStats::default(); 3];
        self.stats_made_at = None;
        self.answer = None;
        self.outages = Outages::default();
        self.frozen = None;
    }

    /// News are shown at once: the first failure, and the first answer after
    /// one. That all goes on as before may wait for the frame that comes anyway.
    fn take_sample(&mut self, sample: LatencySample) -> Change {
        if self.is_former(sample.at) {
            return Change::Unseen;
        }
        let before = self.latency.recent().next_back().map(|last| last.outcome);
        self.latency.push(sample);
        if let SampleOutcome::Answered(took) = sample.outcome {
            let at = sample.at;
            self.answer = Some(Answer { at, took });
        }
        let goes_on = match before {
            None => sample.outcome.is_answer(),
            Some(before) => before.is_answer() == sample.outcome.is_answer(),
        };
        if goes_on {
            return Change::Later;
        }
        self.stats_made_at = None;
        Change::Seen
    }

    /// Takes over a snapshot.
    pub(super) fn renew(&mut self, snapshot: Arc<Snapshot>) -> Change {
        let before = std::mem::replace(&mut self.snapshot, snapshot);
        if before.connection.id() != self.snapshot.connection.id() {
            self.begin_anew();
            return Change::Another;
        }
        if self.notices.tell_check(&self.snapshot, self.moment.now) {
            return Change::Seen;
        }
        match difference(&before, &self.snapshot) {
            Difference::None => Change::Unseen,
            Difference::Begun => Change::Soon,
            Difference::Some => Change::Seen,
        }
    }

    /// Keeps what the panes show as it is now. Everything else goes on.
    pub(super) fn freeze(&mut self) {
        let shown = Self {
            frozen: None,
            ..self.clone()
        };
        self.frozen = Some(Box::new(Frozen::new(shown)));
    }

    /// Lets the panes show what is true now.
    pub(super) fn thaw(&mut self) {
        self.frozen = None;
    }

    /// What the panes show: what is true now, unless they are frozen.
    pub(super) fn shown(&self) -> &Self {
        self.frozen.as_ref().map_or(self, |frozen| &frozen.shown)
    }

    /// Says something for some seconds.
    pub(super) fn say(&mut self, words: &'static str) {
        self.notices.say(words.into(), self.moment.now);
    }

    /// Takes away what was said, where the reader goes elsewhere.
    pub(super) fn dismiss(&mut self) {
        self.notices.dismiss();
    }

    /// Notes that a command was not taken.
    pub(super) fn note_refusal(&mut self, command: Command, why: NotTaken) {
        self.notices
            .say(text::refused(command, why), self.moment.now);
    }

    /// Moves on to the moment of the next frame.
    pub(super) fn advance(&mut self, moment: Moment) {
        self.moment = moment;
        let now = moment.now;
        self.notices.advance(now);
        let patience = if self.stats[2].answered < FEW {
            TimeDelta::milliseconds(500)
        } else {
            STEADY
        };
        let is_fresh = |made: DateTime<Utc>| (now - made).abs() < patience;
        if !self.stats_made_at.is_some_and(is_fresh) {
            self.stats = Window::ALL.map(|window| self.latency.stats(window, now));
            self.stats_made_at = Some(now);
        }
    }

    /// The sentence that is to be seen for some seconds.
    pub(super) fn notice(&self) -> Option<&Words> {
        self.notices.words()
    }

    /// True while the status is `connected` and somebody vouches for it.
    pub(super) fn is_connected(&self) -> bool {
        self.ended.is_none() && self.snapshot.connection.status() == ConnectionStatus::Connected
    }

    /// True while connected and no answer is overdue.
    pub(super) fn is_answering(&self) -> bool {
        self.is_connected() && self.snapshot.suspect_since.is_none()
    }

    /// True while a run of migrations goes on.
    pub(super) fn is_migrating(&self) -> bool {
        let run = self.snapshot.migration.as_ref();
        self.ended.is_none() && run.is_some_and(|run| run.ended().is_none())
    }

    /// The newest sign of life: of the samples, else of the last good check.
    pub(super) fn last_answer(&self) -> Option<Answer> {
        let check = || {
            let good = self.snapshot.last_good.as_ref()?;
            let (at, took) = (good.timestamp(), good.latency());
            Some(Answer { at, took })
        };
        self.answer.or_else(check)
    }

    /// When the last good check was, if the newest one failed, an answer is
    /// overdue or nothing is connected: what is shown of it is old.
    pub(super) fn stale_since(&self) -> Option<DateTime<Utc>> {
        let newest = self.snapshot.checks.last();
        let is_contradicted = newest.is_some_and(|check| !check.success());
        if self.is_answering() && !is_contradicted {
            return None;
        }
        let good = self.snapshot.last_good.as_ref()?;
        Some(good.timestamp())
    }

    /// True when something on the screen changes by time alone: an age, a
    /// countdown, a notice, a window of statistics.
    pub(super) fn is_ticking(&self) -> bool {
        let snapshot = &self.snapshot;
        let retries = snapshot
            .outage
            .as_ref()
            .is_some_and(|outage| outage.next_try.is_some());
        let runs = |operation: &Arc<_>| {
            matches!(
                crate::domain::DatabaseOperation::outcome(operation),
                Outcome::Running
            )
        };
        let horizon = self.moment.now - TimeDelta::minutes(16);
        self.notices.words().is_some()
            || self.is_migrating()
            || retries
            || snapshot.busy_since.is_some()
            || snapshot.rehearsal.is_some_and(|it| it.next.is_some())
            || snapshot.last_good.is_some()
            || snapshot.connection.status() == ConnectionStatus::Connected
            || snapshot.operations.last().is_some_and(runs)
            || self
                .latency
                .recent()
                .next_back()
                .is_some_and(|sample| sample.at > horizon)
    }
}
