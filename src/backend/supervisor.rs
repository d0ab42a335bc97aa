//! The supervisor task: owns the watched adapter, the machine and the timers.
//! It never awaits inside a handler; work runs as jobs with a deadline and an
//! epoch, and the answer of a job that was left is dropped.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep_until},
};

use crate::{
    adapter::HealthReport,
    backend::{
        clock::{Clock, Moment},
        handle::Outlet,
        jobs::{self, Ended, Epoch, JobResult},
        log_lines,
        machine::{Effect, Input, Machine},
        operation_feed::OperationFeed,
        record::Record,
        watched::Watched,
    },
    domain::{
        ConnectionStatus, DatabaseOperation, DbError, ErrorKind, Event, HealthCheckDraft,
        HealthCheckResult, Lamps, LatencySample, Outage, SampleOutcome, Session, Snapshot, Verdict,
    },
};

/// Operations taken between two snapshots at most.
const OPERATIONS_AT_ONCE: usize = 256;

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
    job: Option<Job>,
    epoch: Epoch,
    ended_in: mpsc::Sender<Ended>,
    ended: mpsc::Receiver<Ended>,
    revision: u64,
}

/// The job that is under way.
struct Job {
    task: JoinHandle<()>,
    since: Moment,
}

/// The snapshot before anything happened.
pub(super) fn first_snapshot(machine: &Machine, session: &Arc<Session>) -> Arc<Snapshot> {
    Arc::new(Snapshot {
        revision: 0,
        session: Arc::clone(session),
        connection: machine.connection().clone(),
        verdict: Verdict::assess(machine.connection().status(), None, &session.policy),
        lamps: Lamps::unknown(),
        outage: None,
        busy_since: None,
        next_check: None,
        last_good: None,
        checks: Arc::new([]),
        checks_dropped: 0,
        operations: Arc::new([]),
        operations_dropped: 0,
        errors: Arc::new([]),
        errors_dropped: 0,
    })
}

impl<A: Watched> Supervisor<A> {
    pub(super) fn new(parts: Parts<A>) -> Self {
        // One job at a time, and each sends once.
        let (ended_in, ended) = mpsc::channel(4);
        Self {
            parts,
            record: Record::new(),
            lamps: Lamps::unknown(),
            newest: None,
            job: None,
            epoch: Epoch::default(),
            ended_in,
            ended,
            revision: 0,
        }
    }

    /// Runs until every reader is gone, then ends the connection.
    pub(super) async fn run(mut self) {
        self.feed(Input::Open);
        loop {
            self.publish();
            let due = self
                .parts
                .machine
                .next_due()
                .map(|mono| self.parts.clock.instant(mono));
            tokio::select! {
                command = self.parts.outlet.commands.recv() => match command {
                    Some(command) => self.feed(Input::Wished(command)),
                    None => break,
                },
                Some(ended) = self.ended.recv() => self.job_ended(ended),
                Some(operation) = self.parts.operations.next() => self.operations(operation),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    self.feed(Input::Due);
                }
            }
        }
        self.shut_down().await;
    }

    /// Leaves the job and ends the connection, within the job's own deadline.
    async fn shut_down(mut self) {
        self.abandon();
        if self.parts.machine.connection().status() == ConnectionStatus::Connected {
            let watched = Arc::clone(&self.parts.watched);
            let limit = self
                .parts
                .session
                .health_check_timeout
                .min(Duration::from_millis(100));
            jobs::disconnect(watched, limit).await.log_failure();
        }
    }

    fn feed(&mut self, input: Input) {
        let now = self.parts.clock.now();
        let before = self.parts.machine.connection().status();
        let error = match &input {
            Input::AttemptEnded(Err(error)) | Input::CheckEnded(Err(error)) => {
                Some(Arc::clone(error))
            }
            _ => None,
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
        for effect in effects {
            self.carry_out(&effect, now);
        }
    }

    fn carry_out(&mut self, effect: &Effect, now: Moment) {
        let watched = Arc::clone(&self.parts.watched);
        let timeout = self.parts.session.health_check_timeout;
        match effect {
            Effect::StartAttempt => self.start(now, jobs::attempt(watched, timeout)),
            Effect::StartCheck => self.start(now, jobs::check(watched, timeout)),
            Effect::StartDisconnect => self.start(now, jobs::disconnect(watched, timeout)),
            Effect::AbandonJob => self.abandon(),
            Effect::Answer(command, outcome) => self.tell(Event::CommandDone {
                command: *command,
                outcome: *outcome,
            }),
        }
    }

    fn start(&mut self, now: Moment, work: impl Future<Output = JobResult> + Send + 'static) {
        self.abandon();
        let epoch = self.epoch.next();
        let task = jobs::spawn(work, epoch, self.ended_in.clone());
        self.job = Some(Job { task, since: now });
    }

    fn abandon(&mut self) {
        if let Some(job) = self.job.take() {
            job.task.abort();
            self.epoch.next();
        }
    }

    fn job_ended(&mut self, ended: Ended) {
        if ended.epoch != self.epoch {
            return;
        }
        let since = self
            .job
            .take()
            .map_or_else(|| self.parts.clock.now(), |job| job.since);
        match ended.result {
            JobResult::Attempted(report) => {
                let outcome = self.reported(since, report);
                self.feed(Input::AttemptEnded(outcome));
            }
            JobResult::Checked(report) => {
                let outcome = self.reported(since, report);
                self.feed(Input::CheckEnded(outcome));
            }
            JobResult::Disconnected(result) => {
                if let Err(error) = result {
                    self.record.error(error, self.parts.clock.now().wall);
                }
                self.lamps = Lamps::unknown();
                self.feed(Input::DisconnectEnded);
            }
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
    fn operations(&mut self, first: Arc<DatabaseOperation>) {
        self.operation(first);
        for _ in 1..OPERATIONS_AT_ONCE {
            let Some(operation) = self.parts.operations.waiting() else {
                return;
            };
            self.operation(operation);
        }
    }

    fn operation(&mut self, operation: Arc<DatabaseOperation>) {
        self.record.operation(Arc::clone(&operation));
        if operation.end_time().is_some() {
            self.tell(Event::OperationFinished(operation));
        }
    }

    fn tell(&self, event: Event) {
        log_lines::log(&event);
        // An error here means that nobody listens, which is no loss.
        self.parts.outlet.events.send(event).ok();
    }

    fn publish(&mut self) {
        self.revision += 1;
        let now = self.parts.clock.now();
        let machine = &self.parts.machine;
        let session = &self.parts.session;
        let status = machine.connection().status();
        let views = self.record.views();
        let next = machine.next_due().map(|mono| now.wall_at(mono));
        let connected = status == ConnectionStatus::Connected;
        let outage = machine.failing().map(|failing| Outage {
            since: failing.since.wall,
            error: Arc::clone(&failing.error),
            failed_tries: failing.failed_tries,
            lane: machine.lane(),
            next_try: next.filter(|_| !connected),
        });
        self.parts.outlet.snapshots.send_replace(Arc::new(Snapshot {
            revision: self.revision,
            session: Arc::clone(session),
            connection: machine.connection().clone(),
            verdict: Verdict::assess(status, self.newest.as_deref(), &session.policy),
            lamps: self.lamps.clone(),
            outage,
            busy_since: self.job.as_ref().map(|job| job.since.wall),
            next_check: next.filter(|_| connected),
            last_good: self.record.last_good().cloned(),
            checks: views.checks,
            checks_dropped: self.record.checks_dropped(),
            operations: views.operations,
            operations_dropped: self.record.operations_dropped() + self.parts.operations.lost(),
            errors: views.errors,
            errors_dropped: self.record.errors_dropped(),
        }));
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
