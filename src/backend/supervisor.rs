//! The supervisor task: owns the watched adapter, the machine and the timers.
//! It never awaits inside a handler; work runs as jobs with a deadline and an
//! epoch, and the answer of a job that was left is dropped.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use crate::{
    adapter::{Beat, GuardSettings, HealthReport},
    backend::{
        clock::{Clock, Moment},
        handle::Outlet,
        jobs::{self, JobResult},
        log_lines,
        machine::{Effect, Input, LATE_AFTER, Machine},
        operation_feed::OperationFeed,
        publish,
        record::Record,
        slots::{News, Slot, Slots},
        watched::Watched,
    },
    domain::{
        ConnectionStatus, DatabaseOperation, DbError, ErrorKind, Event, HealthCheckDraft,
        HealthCheckResult, Lamps, LatencySample, SampleOutcome, Session, Verdict,
    },
};

/// Operations taken between two snapshots at most.
const OPERATIONS_AT_ONCE: usize = 256;

/// Beats that may wait: the supervisor is far quicker than the fastest heartbeat.
const BEATS: usize = 64;

/// While nobody answers knocks, one of them a second counts as a sample.
const FAILED_SAMPLE_EVERY: Duration = Duration::from_secs(1);

/// What a supervisor is made from.
#[derive(Debug)]
pub(super) struct Parts<A> {
    /// What is watched.
    pub(super) watched: Arc<A>,
    /// The rules.
    pub(super) machine: Machine,
    /// Time.
    pub(super) clock: Clock,
    /// What holds for the whole session.
    pub(super) session: Arc<Session>,
    /// Time between two heartbeats of the guard.
    pub(super) heartbeat: Option<Duration>,
    /// Operations as the adapter records them.
    pub(super) operations: OperationFeed,
    /// The readers.
    pub(super) outlet: Outlet,
}

/// The task's state.
pub(super) struct Supervisor<A> {
    parts: Parts<A>,
    record: Record,
    lamps: Lamps,
    newest: Option<Arc<HealthCheckResult>>,
    slots: Slots,
    verdict: Option<Verdict>,
    failed_sample: Option<Duration>,
    revision: u64,
}

/// Whether readers can see a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Visible {
    Yes,
    No,
}

// === the loop ===

impl<A: Watched> Supervisor<A> {
    pub(super) fn new(parts: Parts<A>) -> Self {
        Self {
            parts,
            record: Record::new(),
            lamps: Lamps::unknown(),
            newest: None,
            slots: Slots::new(),
            verdict: None,
            failed_sample: None,
            revision: 0,
        }
    }

    /// Runs until every reader is gone, then ends the connection.
    pub(super) async fn run(mut self) {
        let mut visible = self.feed(Input::Open);
        loop {
            if visible == Visible::Yes {
                self.publish();
            }
            let due = self.parts.machine.next_due();
            let due = due.map(|mono| self.parts.clock.instant(mono));
            visible = tokio::select! {
                command = self.parts.outlet.commands.recv() => match command {
                    Some(command) => self.feed(Input::Wished(command)),
                    None => break,
                },
                news = self.slots.news() => self.news(news),
                Some(operation) = self.parts.operations.next() => self.operations(operation),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    self.feed(Input::Due)
                }
            };
        }
        self.shut_down().await;
    }

    /// Leaves all jobs and ends the connection, within a moment.
    async fn shut_down(mut self) {
        for slot in [Slot::Job, Slot::Guard, Slot::Knock] {
            self.slots.stop(slot);
        }
        if self.parts.machine.connection().status() == ConnectionStatus::Connected {
            let watched = Arc::clone(&self.parts.watched);
            let timeout = self.parts.session.health_check_timeout;
            let limit = timeout.min(Duration::from_millis(100));
            jobs::disconnect(watched, limit).await.log_failure();
        }
    }

    fn feed(&mut self, input: Input) -> Visible {
        let now = self.parts.clock.now();
        let before = self.parts.machine.connection().status();
        let (is_quiet, error) = match &input {
            Input::Due | Input::KnockEnded(_) => (true, None),
            Input::AttemptEnded(Err(error))
            | Input::CheckEnded(Err(error))
            | Input::GuardEnded(error) => (false, Some(Arc::clone(error))),
            _ => (false, None),
        };
        let effects = self.parts.machine.handle(input, now, fastrand::f64());
        let after = self.parts.machine.connection().status();
        if before != after {
            self.tell(Event::StatusChanged {
                from: before,
                to: after,
                at: now.wall,
                error,
            });
        }
        self.tell_health(now);
        let knocks_only = effects.iter().all(|effect| *effect == Effect::StartKnock);
        for effect in effects {
            self.carry_out(&effect, now);
        }
        if is_quiet && knocks_only && before == after {
            return Visible::No;
        }
        Visible::Yes
    }

    /// Tells when the health changes while the status stays connected.
    fn tell_health(&mut self, now: Moment) {
        let newest = self.newest.as_deref();
        let verdict = publish::verdict(&self.parts.machine, newest, &self.parts.session);
        let is_connected = self.parts.machine.connection().status() == ConnectionStatus::Connected;
        let is_news = match &self.verdict {
            Some(before) => !before.is_like(&verdict),
            None => !verdict.reasons.is_empty(),
        };
        if is_connected && is_news {
            let (verdict, at) = (verdict.clone(), now.wall);
            self.tell(Event::HealthChanged { verdict, at });
        }
        self.verdict = is_connected.then_some(verdict);
    }

    fn carry_out(&mut self, effect: &Effect, now: Moment) {
        let watched = Arc::clone(&self.parts.watched);
        let timeout = self.parts.session.health_check_timeout;
        match effect {
            Effect::StartAttempt => {
                self.slots
                    .start(Slot::Job, now, jobs::attempt(watched, timeout));
            }
            Effect::StartCheck => self
                .slots
                .start(Slot::Job, now, jobs::check(watched, timeout)),
            Effect::StartDisconnect => {
                self.slots
                    .start(Slot::Job, now, jobs::disconnect(watched, timeout));
            }
            Effect::AbandonJob => self.slots.stop(Slot::Job),
            Effect::StartGuard => {
                let settings = GuardSettings {
                    heartbeat: self.parts.heartbeat,
                    late_after: LATE_AFTER,
                    timeout,
                };
                let (beats, heard) = mpsc::channel(BEATS);
                self.slots
                    .start(Slot::Guard, now, jobs::guard(watched, settings, beats));
                self.slots.hear(heard);
            }
            Effect::StopGuard => self.slots.stop(Slot::Guard),
            Effect::StartKnock => self.slots.start(Slot::Knock, now, jobs::knock(watched)),
            Effect::StopKnock => self.slots.stop(Slot::Knock),
            Effect::Answer(command, outcome) => self.tell(Event::CommandDone {
                command: *command,
                outcome: *outcome,
            }),
        }
    }

    fn tell(&self, event: Event) {
        log_lines::log(&event);
        // An error here means that nobody listens, which is no loss.
        self.parts.outlet.events.send(event).ok();
    }

    fn publish(&mut self) {
        self.revision += 1;
        let mut sources = publish::Sources {
            machine: &self.parts.machine,
            session: &self.parts.session,
            record: &mut self.record,
            lamps: &self.lamps,
            newest: self.newest.as_deref(),
            busy_since: self.slots.busy_since(),
            operations_lost: self.parts.operations.lost(),
            revision: self.revision,
        };
        let snapshot = publish::snapshot(&mut sources, self.parts.clock.now());
        self.parts.outlet.snapshots.send_replace(snapshot);
    }
}

// === what the jobs tell ===

impl<A: Watched> Supervisor<A> {
    fn news(&mut self, news: News) -> Visible {
        let (result, since) = match news {
            News::Beat(beat) => return self.beat(beat),
            News::Ended(result, since) => (result, since),
        };
        match result {
            JobResult::Attempted(report) => {
                let outcome = self.reported(since, report);
                self.feed(Input::AttemptEnded(outcome))
            }
            JobResult::Checked(report) => {
                let outcome = self.reported(since, report);
                self.feed(Input::CheckEnded(outcome))
            }
            JobResult::Disconnected(result) => {
                if let Err(error) = result {
                    self.record.error(error, self.parts.clock.now().wall);
                }
                self.lamps = Lamps::unknown();
                self.feed(Input::DisconnectEnded)
            }
            JobResult::GuardEnded(error) => self.guard_ended(error),
            JobResult::Knocked(result) => {
                if result.is_err() {
                    self.sample_silence();
                }
                self.feed(Input::KnockEnded(result))
            }
        }
    }

    fn beat(&mut self, beat: Beat) -> Visible {
        if let Beat::Answered(latency) = beat {
            let at = self.parts.clock.now().wall;
            let outcome = SampleOutcome::Answered(latency);
            self.tell(Event::Sampled(LatencySample { at, outcome }));
        }
        self.feed(Input::Beat(beat))
    }

    /// The end of the guard is the loss of the connection, or its own affair;
    /// either way it is an error that is shown.
    fn guard_ended(&mut self, error: Arc<DbError>) -> Visible {
        let now = self.parts.clock.now();
        self.feed(Input::GuardEnded(Arc::clone(&error)));
        if self.parts.machine.connection().status() == ConnectionStatus::Connected {
            self.record.error(error, now.wall);
        } else {
            self.note_failure(now, &error);
        }
        Visible::Yes
    }

    /// Nobody answered a knock: the graph shows it, once a second.
    fn sample_silence(&mut self) {
        let now = self.parts.clock.now();
        let is_early = self
            .failed_sample
            .is_some_and(|last| now.mono.saturating_sub(last) < FAILED_SAMPLE_EVERY);
        if !is_early {
            self.failed_sample = Some(now.mono);
            let outcome = SampleOutcome::Failed(Duration::ZERO);
            self.tell(Event::Sampled(LatencySample {
                at: now.wall,
                outcome,
            }));
        }
    }

    /// Notes what an attempt or a check gave, and says how it ended.
    fn reported(
        &mut self,
        since: Moment,
        report: Result<Box<HealthReport>, Arc<DbError>>,
    ) -> Result<(), Arc<DbError>> {
        match report {
            Ok(report) => {
                let HealthReport { result, error } = *report;
                self.note_check(&Arc::new(result), error.as_ref());
                error.map_or(Ok(()), Err)
            }
            Err(error) => {
                self.note_failure(since, &error);
                Err(error)
            }
        }
    }

    /// A failure that comes without a report of its own still gets its line
    /// among the checks: nobody who reads that list may think all was well.
    fn note_failure(&mut self, since: Moment, error: &Arc<DbError>) {
        let now = self.parts.clock.now();
        let draft = HealthCheckDraft {
            connection_id: self.parts.machine.connection().id(),
            timestamp: since.wall.min(now.wall),
            latency: now.mono.saturating_sub(since.mono),
            outcome: Err(error.message()),
            details: None,
        };
        match HealthCheckResult::try_new(draft, now.wall) {
            Ok(result) => self.note_check(&Arc::new(result), Some(error)),
            Err(invalid) => tracing::error!(%invalid, "a failed attempt could not be noted"),
        }
    }

    fn note_check(&mut self, check: &Arc<HealthCheckResult>, error: Option<&Arc<DbError>>) {
        let now = self.parts.clock.now();
        self.record.check(Arc::clone(check));
        if let Some(error) = error {
            self.record.error(Arc::clone(error), now.wall);
        }
        let outcome = sample_outcome(check.latency(), error);
        // What our own side failed to ask says nothing about the database.
        if outcome != SampleOutcome::OwnSide {
            self.newest = Some(Arc::clone(check));
            match (error, check.details()) {
                (Some(error), _) => self.lamps = Lamps::after_failure(error),
                (None, Some(details)) => {
                    self.lamps = Lamps::after_success(details, &self.parts.session.policy);
                }
                (None, None) => {}
            }
        }
        self.tell(Event::CheckFinished(Arc::clone(check)));
        self.tell(Event::Sampled(LatencySample {
            at: now.wall,
            outcome,
        }));
    }

    /// Takes what waits in one go, so that a flood of operations makes few snapshots.
    fn operations(&mut self, first: Arc<DatabaseOperation>) -> Visible {
        self.operation(first);
        for _ in 1..OPERATIONS_AT_ONCE {
            let Some(operation) = self.parts.operations.waiting() else {
                break;
            };
            self.operation(operation);
        }
        Visible::Yes
    }

    fn operation(&mut self, operation: Arc<DatabaseOperation>) {
        self.record.operation(Arc::clone(&operation));
        if operation.end_time().is_some() {
            self.tell(Event::OperationFinished(operation));
        }
    }
}

fn sample_outcome(latency: Duration, error: Option<&Arc<DbError>>) -> SampleOutcome {
    match error.map(|error| error.kind()) {
        None => SampleOutcome::Answered(latency),
        Some(ErrorKind::Timeout { .. }) => SampleOutcome::TimedOut(latency),
        Some(ErrorKind::OwnSide | ErrorKind::Cancelled) => SampleOutcome::OwnSide,
        Some(_) => SampleOutcome::Failed(latency),
    }
}
