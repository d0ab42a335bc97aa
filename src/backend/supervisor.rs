//! The supervisor task: owns the watched adapter, the machine and the timers.
//! It never awaits inside a handler; work runs as jobs with a deadline and an
//! epoch, and the answer of a job that was left is dropped.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use crate::{
    adapter::GuardSettings,
    backend::{
        clock::{Clock, Moment},
        handle::Outlet,
        jobs::{self},
        log_lines,
        machine::{Effect, Input, LATE_AFTER, Machine},
        migrating::Migrations,
        operation_feed::OperationFeed,
        own_side::OwnSide,
        partings::Parted,
        publish,
        record::Record,
        rehearsing::Stage,
        slots::{News, Slot, Slots},
        switching::{Switchboard, Switching},
        watched::Watched,
    },
    domain::{
        Command, ConnectionStatus, DatabaseOperation, DiagnosisProgress, Event, HealthCheckResult,
        Lamps, LatencySample, SampleOutcome, Session, Verdict,
    },
};

/// Beats that may wait: the supervisor is far quicker than the fastest heartbeat.
const BEATS: usize = 64;

/// Time between two looks at the clocks.
const TICK: Duration = Duration::from_secs(1);

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
    /// The means to watch something else.
    pub(super) switchboard: Option<Switchboard<A>>,
}

/// The task's state.
pub(super) struct Supervisor<A> {
    pub(super) parts: Parts<A>,
    pub(super) record: Record,
    pub(super) lamps: Lamps,
    pub(super) newest: Option<Arc<HealthCheckResult>>,
    pub(super) slots: Slots,
    pub(super) diagnosis: Option<Arc<DiagnosisProgress>>,
    pub(super) migrations: Migrations,
    pub(super) switching: Switching<A>,
    pub(super) verdict: Option<Verdict>,
    pub(super) failed_sample: Option<Duration>,
    pub(super) own_side: OwnSide,
    /// Where the rehearsal stands, while one is played.
    pub(super) stage: Option<Stage>,
    /// When the supervisor wants to be woken at the latest, to see that it is.
    tick: Duration,
    revision: u64,
}

/// Why the supervisor woke.
#[derive(Debug)]
enum Wake {
    Wish(Command),
    News(News),
    Operation(Arc<DatabaseOperation>),
    Parted(Parted),
    Due,
    NextPage,
    Tick,
}

/// Whether readers can see a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Visible {
    Yes,
    No,
}

// === the loop ===

impl<A: Watched> Supervisor<A> {
    pub(super) fn new(mut parts: Parts<A>) -> Self {
        Self {
            switching: Switching::new(parts.switchboard.take()),
            parts,
            record: Record::new(),
            lamps: Lamps::unknown(),
            newest: None,
            slots: Slots::new(),
            diagnosis: None,
            migrations: Migrations::default(),
            verdict: None,
            failed_sample: None,
            own_side: OwnSide::new(),
            stage: None,
            tick: TICK,
            revision: 0,
        }
    }

    /// Runs until every reader is gone, then ends the connection.
    pub(super) async fn run(mut self) {
        self.turn_the_page();
        let mut visible = self.feed(Input::Open);
        loop {
            if visible == Visible::Yes {
                self.publish();
            }
            let Some(woken) = self.wake().await else {
                break;
            };
            self.look_at_own_side(&woken);
            visible = match woken {
                Wake::Wish(command) => self.wish(command),
                Wake::News(news) => self.news(news),
                Wake::Operation(operation) => self.operations(operation),
                Wake::Parted(parted) => self.parted(parted),
                Wake::Due => self.feed(Input::Due),
                Wake::NextPage => self.turn_the_page(),
                Wake::Tick => Visible::No,
            };
        }
        self.shut_down().await;
    }

    /// Waits for what comes next; `None` when every reader is gone.
    async fn wake(&mut self) -> Option<Wake> {
        let due = self.parts.machine.next_due();
        let due = due.map(|mono| self.parts.clock.instant(mono));
        let tick = self.parts.clock.instant(self.tick);
        let page = self.stage.and_then(|stage| stage.due());
        let page = page.map(|mono| self.parts.clock.instant(mono));
        Some(tokio::select! {
            command = self.parts.outlet.commands.recv() => Wake::Wish(command?),
            news = self.slots.news() => Wake::News(news),
            Some(operation) = self.parts.operations.next() => Wake::Operation(operation),
            Some(parted) = self.switching.partings.next() => Wake::Parted(parted),
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => Wake::Due,
            () = sleep_until(page.unwrap_or_else(Instant::now)), if page.is_some() => Wake::NextPage,
            () = sleep_until(tick) => Wake::Tick,
        })
    }

    /// Carries a wish out, or says why it is needless.
    fn wish(&mut self, command: Command) -> Visible {
        match command {
            Command::List(kind) => self.list(kind),
            Command::Switch(pick) => self.switch(pick),
            Command::ReadConfig => self.read_config(),
            Command::ApplyConfig(number) => self.apply_config(number),
            Command::Diagnose if self.is_diagnosing() => Visible::No,
            Command::LookAtMigrations | Command::Migrate(_) | Command::Adopt(_)
                if self.is_migrating(command) =>
            {
                Visible::No
            }
            Command::Disconnect => self.disconnect(),
            Command::Reconnect
            | Command::CheckNow
            | Command::Diagnose
            | Command::LookAtMigrations
            | Command::Migrate(_)
            | Command::Adopt(_) => self.feed(Input::Wished(command)),
        }
    }

    /// Recognises that our own side was away, before anything is made of the
    /// silence of that time. Whatever is due shows it as well as a tick does.
    fn look_at_own_side(&mut self, woken: &Wake) {
        let now = self.parts.clock.now();
        let due = self.parts.machine.next_due();
        let due = due.map_or(self.tick, |due| due.min(self.tick));
        let gap = self.own_side.look(&self.parts.clock, now, Some(due));
        if now.mono >= self.tick || matches!(woken, Wake::Due) {
            self.tick = now.mono + TICK;
        }
        if let Some(gap) = gap {
            self.tell(Event::OwnSideAway {
                reason: gap.kind.as_str(),
                length: gap.length,
                at: now.wall,
            });
            let outcome = SampleOutcome::OwnSide;
            self.tell(Event::Sampled(LatencySample {
                at: now.wall,
                outcome,
            }));
        }
    }

    /// Leaves all jobs and ends the connection, within a moment.
    async fn shut_down(mut self) {
        for slot in Slot::ALL {
            self.slots.stop(slot);
        }
        if self.parts.machine.connection().status() == ConnectionStatus::Connected {
            let watched = Arc::clone(&self.parts.watched);
            let timeout = self.parts.session.health_check_timeout;
            let limit = timeout.min(Duration::from_millis(100));
            jobs::disconnect(watched, limit).await.log_failure();
        }
    }

    pub(super) fn feed(&mut self, input: Input) -> Visible {
        let now = self.parts.clock.now();
        let before = self.parts.machine.connection().status();
        // These change nothing that is seen, unless something follows from them.
        let (is_quiet, error) = match &input {
            Input::Due | Input::KnockEnded(_) | Input::Beat(_) => (true, None),
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
        let health = self.tell_health(now);
        let knocks_only = effects.iter().all(|effect| *effect == Effect::StartKnock);
        for effect in effects {
            self.carry_out(&effect, now);
        }
        if before != after && after == ConnectionStatus::Connected {
            self.look_again(now);
        }
        if is_quiet && knocks_only && before == after {
            return health;
        }
        Visible::Yes
    }

    /// Tells the health of a connection at its beginning and when it changes;
    /// gives whether anything about the health can be seen to differ.
    fn tell_health(&mut self, now: Moment) -> Visible {
        let newest = self.newest.as_deref();
        let verdict = publish::verdict(&self.parts.machine, newest, &self.parts.session);
        let is_connected = self.parts.machine.connection().status() == ConnectionStatus::Connected;
        let is_news = match &self.verdict {
            Some(before) => !before.is_like(&verdict),
            None => true,
        };
        if is_connected && is_news {
            let (verdict, at) = (verdict.clone(), now.wall);
            self.tell(Event::HealthChanged { verdict, at });
        }
        let verdict = is_connected.then_some(verdict);
        let differs = verdict != self.verdict;
        self.verdict = verdict;
        if differs { Visible::Yes } else { Visible::No }
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
            Effect::StartDiagnosis => self.start_diagnosis(now),
            Effect::StartMigration(task) => self.start_migration(*task, now),
            Effect::Answer(command, outcome) => self.tell(Event::CommandDone {
                command: *command,
                outcome: *outcome,
            }),
        }
    }

    pub(super) fn tell(&self, event: Event) {
        log_lines::log(&event, self.parts.session.written());
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
            diagnosis: self.diagnosis.as_ref(),
            stage: self.stage,
            migrations: &self.migrations,
            alternatives: self.switching.alternatives.as_ref(),
            review: self.switching.review.as_ref(),
            revision: self.revision,
        };
        let snapshot = publish::snapshot(&mut sources, self.parts.clock.now());
        self.parts.outlet.snapshots.send_replace(snapshot);
    }
}
