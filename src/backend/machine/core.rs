//! The machine itself: what each input does, and the connection that it owns.

use std::{sync::Arc, time::Duration};

use crate::{
    adapter::Beat,
    backend::{
        clock::Moment,
        machine::{
            Effect, Input, MigrationTask, Rhythm,
            knocking::Knocking,
            lanes::{Failing, Lanes, STABLE_AFTER},
            phase::{AfterClosing, Phase, stop},
            verdict::Verdict,
            watching::Watching,
        },
    },
    domain::{
        AutoMigrate, ConnectionId, ConnectionStatus, DatabaseConnection, DbError, Failure, Lane,
        Mode, Step,
    },
};

/// The longest time between two knocks of the slow lane that our own rule makes.
const SLOWEST_KNOCKS: Duration = Duration::from_millis(750);

/// The machine. It owns the connection as the dashboard shows it.
#[derive(Debug)]
pub(in crate::backend) struct Machine {
    pub(super) rhythm: Rhythm,
    connection: DatabaseConnection,
    pub(super) phase: Phase,
    pub(super) lanes: Lanes,
}

// === what others see ===

impl Machine {
    /// A machine in phase Closed.
    pub(in crate::backend) fn new(
        rhythm: Rhythm,
        id: ConnectionId,
        mode: Mode,
        now: Moment,
    ) -> Self {
        Self {
            rhythm,
            connection: DatabaseConnection::new(id, mode, now.wall),
            phase: Phase::Closed,
            lanes: Lanes::new(rhythm),
        }
    }

    /// Takes an input. `jitter` is a random number from 0 to 1.
    pub(in crate::backend) fn handle(
        &mut self,
        input: Input,
        now: Moment,
        jitter: f64,
    ) -> Vec<Effect> {
        match input {
            Input::Open => self.open(now),
            Input::AttemptEnded(Ok(())) => self.established(now),
            Input::AttemptEnded(Err(error)) => self.attempt_failed(&error, now, jitter),
            Input::CheckEnded(result) => self.check_ended(result, now, jitter),
            Input::Beat(beat) => self.beat(beat, now, jitter),
            Input::GuardEnded(error) => self.guard_ended(error, now, jitter),
            Input::KnockEnded(result) => self.knock_ended(result.is_ok(), now, jitter),
            Input::DisconnectEnded => self.disconnected(now),
            Input::MigrationEnded => self.check_again(now),
            Input::Due => self.due(now, jitter),
            Input::Leave => self.leave(now),
            Input::Retuned(rhythm) => self.retune(rhythm, now),
            Input::Wished(command) => self.wished(command, now),
        }
    }

    /// The connection as it stands.
    pub(in crate::backend) fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// The failure that goes on, if one does.
    pub(in crate::backend) fn failing(&self) -> Option<&Failing> {
        self.lanes.failing()
    }

    /// What is known of the established connection.
    pub(in crate::backend) fn watching(&self) -> Option<&Watching> {
        match &self.phase {
            Phase::Connected(watching) => Some(watching),
            _ => None,
        }
    }

    /// When `Due` is to be fed, on the monotonic clock.
    pub(in crate::backend) fn next_due(&self) -> Option<Duration> {
        self.phase.due()
    }

    /// When the next try or check is due, as people should be told.
    pub(in crate::backend) fn next_step(&self) -> Option<Duration> {
        self.phase.next_step()
    }

    /// How the next try comes about, while the connection is in error or a retry is under way.
    pub(in crate::backend) fn lane(&self) -> Lane {
        match &self.phase {
            Phase::Waiting { lane, .. } => *lane,
            Phase::Paused => Lane::Paused,
            _ => self.lanes.lane(),
        }
    }
}

// === results ===

impl Machine {
    fn open(&mut self, now: Moment) -> Vec<Effect> {
        match self.phase {
            Phase::Closed => self.begin(now),
            _ => Vec::new(),
        }
    }

    fn established(&mut self, now: Moment) -> Vec<Effect> {
        let Phase::Connecting { knocking } = &self.phase else {
            return Vec::new();
        };
        let mut effects = stop(knocking);
        self.step(Step::Established, now);
        self.connection.note_success(now.wall);
        self.phase = Phase::Connected(Box::new(Watching::new(&self.rhythm, now)));
        self.lanes.end();
        if self.rhythm.is_guarded {
            effects.push(Effect::StartGuard);
        }
        match self.rhythm.auto_migrate {
            AutoMigrate::On => effects.push(Effect::StartMigration(MigrationTask::Migrate)),
            AutoMigrate::Off | AutoMigrate::Refused => {}
        }
        effects
    }

    fn attempt_failed(&mut self, error: &Arc<DbError>, now: Moment, jitter: f64) -> Vec<Effect> {
        let Phase::Connecting { knocking } = &self.phase else {
            return Vec::new();
        };
        let effects = stop(knocking);
        self.step(Step::Failed(Failure::Counted(error.message())), now);
        self.wait(error, now, jitter);
        self.lanes.count_try();
        effects
    }

    fn check_ended(
        &mut self,
        result: Result<(), Arc<DbError>>,
        now: Moment,
        jitter: f64,
    ) -> Vec<Effect> {
        let Phase::Connected(watching) = &mut self.phase else {
            return Vec::new();
        };
        let verdict = match result {
            Ok(()) => {
                self.connection.note_success(now.wall);
                watching.on_check_succeeded(&self.rhythm, now)
            }
            Err(error) => {
                let verdict = watching.on_check_failed(error, &self.rhythm, now);
                if let Some(refused) = &watching.refused {
                    self.connection.note_failure(refused.message());
                }
                verdict
            }
        };
        self.follow(verdict, now, jitter)
    }

    fn beat(&mut self, beat: Beat, now: Moment, jitter: f64) -> Vec<Effect> {
        let Phase::Connected(watching) = &mut self.phase else {
            return Vec::new();
        };
        let verdict = watching.on_beat(beat, now);
        self.follow(verdict, now, jitter)
    }

    fn guard_ended(&mut self, error: Arc<DbError>, now: Moment, jitter: f64) -> Vec<Effect> {
        let Phase::Connected(watching) = &mut self.phase else {
            return Vec::new();
        };
        let verdict = watching.on_guard_ended(error, now);
        self.follow(verdict, now, jitter)
    }

    fn knock_ended(&mut self, was_answered: bool, now: Moment, jitter: f64) -> Vec<Effect> {
        let may_try = self.lanes.early_from() <= now.mono;
        let pace = self.slow_knocks();
        match &mut self.phase {
            Phase::Waiting { knocking, .. } => {
                if !knocking.ended(was_answered, may_try, now.mono) {
                    return Vec::new();
                }
                self.lanes.count_early(now.mono);
                self.begin(now)
            }
            Phase::Connecting { knocking } => {
                if !knocking.ended(was_answered, may_try, now.mono) {
                    return Vec::new();
                }
                // What the old attempt sent was swallowed; a new one will be answered.
                *knocking = Knocking::during_attempt(pace, now.mono);
                self.lanes.count_early(now.mono);
                vec![Effect::AbandonJob, Effect::StartAttempt]
            }
            Phase::Connected(watching) => {
                let verdict = watching.on_knock_ended(was_answered, now);
                self.follow(verdict, now, jitter)
            }
            Phase::Closed | Phase::Paused | Phase::Closing { .. } => Vec::new(),
        }
    }

    fn disconnected(&mut self, now: Moment) -> Vec<Effect> {
        let Phase::Closing { then } = self.phase else {
            return Vec::new();
        };
        self.step(Step::Closed, now);
        self.phase = Phase::Closed;
        match then {
            AfterClosing::Stay => Vec::new(),
            AfterClosing::Open => self.begin(now),
        }
    }

    fn due(&mut self, now: Moment, jitter: f64) -> Vec<Effect> {
        match &mut self.phase {
            Phase::Connected(watching) => {
                let verdict = watching.on_due(now);
                self.follow(verdict, now, jitter)
            }
            Phase::Waiting { due, .. } if *due <= now.mono => self.begin(now),
            Phase::Waiting { knocking, .. } | Phase::Connecting { knocking } => {
                if knocking.begin_if_due(now.mono) {
                    vec![Effect::StartKnock]
                } else {
                    Vec::new()
                }
            }
            Phase::Closed | Phase::Paused | Phase::Closing { .. } => Vec::new(),
        }
    }
}

// === steps ===

impl Machine {
    /// Carries out what follows for an established connection.
    fn follow(&mut self, verdict: Verdict, now: Moment, jitter: f64) -> Vec<Effect> {
        match verdict {
            Verdict::Stay => Vec::new(),
            Verdict::Check => vec![Effect::StartCheck],
            Verdict::Guard => vec![Effect::StartGuard],
            Verdict::Knock => vec![Effect::StartKnock],
            Verdict::StopKnock => vec![Effect::StopKnock],
            Verdict::Lost(error) => {
                if self
                    .watching()
                    .is_some_and(|it| it.age(now) >= STABLE_AFTER)
                {
                    self.lanes.restart();
                }
                let mut effects = vec![Effect::StopGuard, Effect::AbandonJob];
                effects.extend(self.stop_knock());
                self.step(Step::Lost(Failure::Counted(error.message())), now);
                self.wait(&error, now, jitter);
                effects
            }
        }
    }

    pub(super) fn close(&mut self, then: AfterClosing) -> Vec<Effect> {
        let mut effects = self.stop_knock();
        self.phase = Phase::Closing { then };
        effects.extend([
            Effect::StopGuard,
            Effect::AbandonJob,
            Effect::StartDisconnect,
        ]);
        effects
    }

    /// Leaves a knock that is made in the place of a guard.
    fn stop_knock(&self) -> Vec<Effect> {
        match self.watching() {
            Some(watching) if watching.is_knocking() => vec![Effect::StopKnock],
            _ => Vec::new(),
        }
    }

    /// Begins an attempt from Closed, Waiting or Paused.
    pub(super) fn begin(&mut self, now: Moment) -> Vec<Effect> {
        let (mut effects, went_unanswered) = match &self.phase {
            Phase::Waiting { knocking, .. } => (stop(knocking), knocking.went_unanswered()),
            _ => (Vec::new(), false),
        };
        let step = match self.connection.status() {
            ConnectionStatus::Error => Step::Retry,
            ConnectionStatus::Disconnected
            | ConnectionStatus::Connecting
            | ConnectionStatus::Connected => Step::Open,
        };
        self.step(step, now);
        // A slow try is helped where the way was seen to be closed before.
        let helps = self.lanes.lane() != Lane::Slow || went_unanswered;
        let pace = self.slow_knocks().filter(|_| helps);
        let knocking = Knocking::during_attempt(pace, now.mono);
        self.phase = Phase::Connecting { knocking };
        effects.push(Effect::StartAttempt);
        effects
    }

    /// Goes to Waiting after a failure.
    fn wait(&mut self, error: &Arc<DbError>, now: Moment, jitter: f64) {
        let (delay, lane) = self.lanes.next(Arc::clone(error), now, jitter);
        let pace = match lane {
            Lane::Quick { .. } | Lane::Paused => self.rhythm.knock_pace,
            Lane::Slow => self.slow_knocks(),
        };
        let earliest = self.lanes.early_from();
        let mut knocking = Knocking::after(error, pace, now.mono, earliest);
        if matches!(self.phase, Phase::Connected(_)) {
            knocking.expect_news();
        }
        self.phase = Phase::Waiting {
            due: now.mono + delay,
            lane,
            knocking,
        };
    }

    /// Time between two knocks of a long outage or beside a try: neither may
    /// cost more than watching does, and a server that is back is still found
    /// within a second.
    fn slow_knocks(&self) -> Option<Duration> {
        let pace = self.rhythm.knock_pace?;
        Some((pace * 3).min(SLOWEST_KNOCKS).max(pace))
    }

    /// Takes a step that the phase allows: phase and status move together.
    pub(super) fn step(&mut self, step: Step, now: Moment) {
        let taken = self.connection.apply(step, now.wall);
        debug_assert!(taken.is_ok(), "{taken:?} in {:?}", self.phase);
        if let Err(illegal) = taken {
            tracing::error!(%illegal, "status and phase disagree; please report this");
        }
    }
}
