//! The pure machine: an input and a moment in, effects out. No I/O, no clock,
//! no task; the supervisor carries the effects out and feeds the results back.
//!
//! What every input does in every phase ("–": nothing; the wish was needless,
//! or the result is of a job that was left and its epoch is over):
//!
//! | input            | Closed     | Connecting          | Connected            | Waiting              | Paused    | Closing          |
//! |------------------|------------|---------------------|----------------------|----------------------|-----------|------------------|
//! | `Open`           | Connecting | –                   | –                    | –                    | –         | –                |
//! | `AttemptEnded` ok| –          | Connected           | –                    | –                    | –         | –                |
//! | … failed         | –          | Waiting             | –                    | –                    | –         | –                |
//! | `CheckEnded` ok  | –          | –                   | next check by interval | –                  | –         | –                |
//! | … failed         | –          | –                   | Waiting              | –                    | –         | –                |
//! | … own side       | –          | –                   | next check by interval | –                  | –         | –                |
//! | `DisconnectEnded`| –          | –                   | –                    | –                    | –         | Closed, or Connecting when a reconnect was wished |
//! | `Due`            | –          | –                   | check                | Connecting           | –         | –                |
//! | `Reconnect`      | Connecting | –                   | Closing, then Connecting | Connecting       | Connecting | then Connecting |
//! | `Disconnect`     | –          | Paused (cancelled)  | Closing              | Paused               | –         | then Closed      |
//! | `CheckNow`       | –          | –                   | check                | Connecting           | –         | –                |

use std::{sync::Arc, time::Duration};

use crate::{
    backend::clock::Moment,
    domain::{
        Action, Backoff, Command, CommandOutcome, ConnectionId, ConnectionStatus,
        DatabaseConnection, DbError, ErrorKind, Failure, Lane, Mode, Step,
    },
};

/// Each tenth interval of the slow lane is used after a permanent failure.
const PERMANENT_FACTOR: u32 = 10;

/// How retries are spaced and how often is checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rhythm {
    /// Time between two health checks, and between two tries of the slow lane.
    pub(super) interval: Duration,
    /// Delays of the quick lane.
    pub(super) backoff: Backoff,
    /// Tries in the quick lane.
    pub(super) max_retries: u32,
}

/// What happens to the machine.
#[derive(Debug, Clone)]
pub(super) enum Input {
    /// The program starts.
    Open,
    /// The attempt to connect ended; when well, so did the first health check.
    AttemptEnded(Result<(), Arc<DbError>>),
    /// The health check ended.
    CheckEnded(Result<(), Arc<DbError>>),
    /// The disconnect ended; its failure changes nothing here.
    DisconnectEnded,
    /// What was due is due now.
    Due,
    /// A reader's wish.
    Wished(Command),
}

/// What is to be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    /// Try to connect once.
    StartAttempt,
    /// Run a health check.
    StartCheck,
    /// End the connection.
    StartDisconnect,
    /// Leave the job that is under way; its result is void.
    AbandonJob,
    /// Tell what became of a wish.
    Answer(Command, CommandOutcome),
}

/// A time without connection, from the first failure on.
#[derive(Debug, Clone)]
pub(super) struct Failing {
    /// When it began.
    pub(super) since: Moment,
    /// The newest cause.
    pub(super) error: Arc<DbError>,
    /// Attempts that failed since.
    pub(super) failed_tries: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Closed,
    Connecting,
    Connected { due: Option<Duration> },
    Waiting { due: Duration, lane: Lane },
    Paused,
    Closing { then: AfterClosing },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AfterClosing {
    Stay,
    Open,
}

/// The machine. It owns the connection as the dashboard shows it.
#[derive(Debug)]
pub(super) struct Machine {
    rhythm: Rhythm,
    connection: DatabaseConnection,
    phase: Phase,
    failing: Option<Failing>,
    quick_retries: u32,
}

impl Machine {
    /// A machine in phase Closed.
    pub(super) fn new(rhythm: Rhythm, id: ConnectionId, mode: Mode, now: Moment) -> Self {
        Self {
            rhythm,
            connection: DatabaseConnection::new(id, mode, now.wall),
            phase: Phase::Closed,
            failing: None,
            quick_retries: 0,
        }
    }

    /// Takes an input. `jitter` is a random number from 0 to 1.
    pub(super) fn handle(&mut self, input: Input, now: Moment, jitter: f64) -> Vec<Effect> {
        match input {
            Input::Open => self.open(now),
            Input::AttemptEnded(Ok(())) => self.established(now),
            Input::AttemptEnded(Err(error)) => self.attempt_failed(error, now, jitter),
            Input::CheckEnded(Ok(())) => self.check_succeeded(now),
            Input::CheckEnded(Err(error)) => self.check_failed(error, now, jitter),
            Input::DisconnectEnded => self.disconnected(now),
            Input::Due => self.due(now),
            Input::Wished(command) => self.wished(command, now),
        }
    }

    /// The connection as it stands.
    pub(super) fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// The failure that goes on, if one does.
    pub(super) fn failing(&self) -> Option<&Failing> {
        self.failing.as_ref()
    }

    /// When `Due` is to be fed, on the monotonic clock.
    pub(super) fn next_due(&self) -> Option<Duration> {
        match self.phase {
            Phase::Connected { due } => due,
            Phase::Waiting { due, .. } => Some(due),
            Phase::Closed | Phase::Connecting | Phase::Paused | Phase::Closing { .. } => None,
        }
    }

    /// How the next try comes about, while the connection is in error or a retry is under way.
    pub(super) fn lane(&self) -> Lane {
        match self.phase {
            Phase::Waiting { lane, .. } => lane,
            Phase::Paused => Lane::Paused,
            Phase::Closed | Phase::Connecting | Phase::Connected { .. } | Phase::Closing { .. } => {
                self.lane_of_retry(self.quick_retries)
            }
        }
    }

    fn open(&mut self, now: Moment) -> Vec<Effect> {
        if self.phase != Phase::Closed {
            return Vec::new();
        }
        self.begin(now)
    }

    fn established(&mut self, now: Moment) -> Vec<Effect> {
        if self.phase != Phase::Connecting {
            return Vec::new();
        }
        self.step(Step::Established, now);
        self.connection.note_success(now.wall);
        self.phase = Phase::Connected {
            due: Some(now.mono + self.rhythm.interval),
        };
        self.failing = None;
        self.quick_retries = 0;
        Vec::new()
    }

    fn attempt_failed(&mut self, error: Arc<DbError>, now: Moment, jitter: f64) -> Vec<Effect> {
        if self.phase != Phase::Connecting {
            return Vec::new();
        }
        self.step(Step::Failed(Failure::Counted(error.message())), now);
        self.wait(error, now, jitter);
        if let Some(failing) = &mut self.failing {
            failing.failed_tries = failing.failed_tries.saturating_add(1);
        }
        Vec::new()
    }

    fn check_succeeded(&mut self, now: Moment) -> Vec<Effect> {
        if let Phase::Connected { due } = &mut self.phase {
            *due = Some(now.mono + self.rhythm.interval);
            self.connection.note_success(now.wall);
        }
        Vec::new()
    }

    fn check_failed(&mut self, error: Arc<DbError>, now: Moment, jitter: f64) -> Vec<Effect> {
        let Phase::Connected { due } = &mut self.phase else {
            return Vec::new();
        };
        // A fault of our own side says nothing about the database.
        if matches!(error.kind(), ErrorKind::OwnSide | ErrorKind::Cancelled) {
            *due = Some(now.mono + self.rhythm.interval);
            return Vec::new();
        }
        self.step(Step::Lost(Failure::Counted(error.message())), now);
        self.wait(error, now, jitter);
        Vec::new()
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

    fn due(&mut self, now: Moment) -> Vec<Effect> {
        match self.phase {
            Phase::Connected { due: Some(due) } if due <= now.mono => self.check(),
            Phase::Waiting { due, .. } if due <= now.mono => self.begin(now),
            Phase::Closed
            | Phase::Connecting
            | Phase::Connected { .. }
            | Phase::Waiting { .. }
            | Phase::Paused
            | Phase::Closing { .. } => Vec::new(),
        }
    }

    fn wished(&mut self, command: Command, now: Moment) -> Vec<Effect> {
        let effects = match command {
            Command::Reconnect => self.reconnect(now),
            Command::Disconnect => self.disconnect(now),
            Command::CheckNow => self.check_now(now),
        };
        match effects {
            Ok(mut effects) => {
                effects.insert(0, Effect::Answer(command, CommandOutcome::Begun));
                effects
            }
            Err(reason) => vec![Effect::Answer(command, CommandOutcome::Needless(reason))],
        }
    }

    fn reconnect(&mut self, now: Moment) -> Result<Vec<Effect>, &'static str> {
        match &mut self.phase {
            Phase::Closed | Phase::Waiting { .. } | Phase::Paused => {
                // Who asks has probably mended something: the quick lane begins anew.
                self.quick_retries = 0;
                Ok(self.begin(now))
            }
            Phase::Connecting => Err("an attempt is under way"),
            Phase::Connected { .. } => Ok(self.close(AfterClosing::Open)),
            Phase::Closing { then } => {
                *then = AfterClosing::Open;
                Ok(Vec::new())
            }
        }
    }

    fn disconnect(&mut self, now: Moment) -> Result<Vec<Effect>, &'static str> {
        match &mut self.phase {
            Phase::Closed => Err("already disconnected"),
            Phase::Paused => Err("retries are paused already"),
            Phase::Waiting { .. } => {
                self.phase = Phase::Paused;
                Ok(Vec::new())
            }
            Phase::Connecting => {
                let left = Arc::new(DbError::new(Action::Connect, ErrorKind::Cancelled));
                self.step(Step::Failed(Failure::Cancelled(left.message())), now);
                self.phase = Phase::Paused;
                self.failing.get_or_insert(Failing {
                    since: now,
                    error: left,
                    failed_tries: 0,
                });
                Ok(vec![Effect::AbandonJob])
            }
            Phase::Connected { .. } => Ok(self.close(AfterClosing::Stay)),
            Phase::Closing { then } => {
                *then = AfterClosing::Stay;
                Ok(Vec::new())
            }
        }
    }

    fn check_now(&mut self, now: Moment) -> Result<Vec<Effect>, &'static str> {
        match self.phase {
            Phase::Connected { due: Some(_) } => Ok(self.check()),
            Phase::Connected { due: None } => Err("a check is under way"),
            Phase::Connecting => Err("an attempt is under way"),
            Phase::Waiting { .. } => Ok(self.begin(now)),
            Phase::Paused => Err("retries are paused; reconnect resumes them"),
            Phase::Closed | Phase::Closing { .. } => Err("disconnected; reconnect first"),
        }
    }

    fn check(&mut self) -> Vec<Effect> {
        self.phase = Phase::Connected { due: None };
        vec![Effect::StartCheck]
    }

    fn close(&mut self, then: AfterClosing) -> Vec<Effect> {
        self.phase = Phase::Closing { then };
        vec![Effect::AbandonJob, Effect::StartDisconnect]
    }

    /// Begins an attempt from Closed, Waiting or Paused.
    fn begin(&mut self, now: Moment) -> Vec<Effect> {
        let step = match self.connection.status() {
            ConnectionStatus::Error => Step::Retry,
            ConnectionStatus::Disconnected
            | ConnectionStatus::Connecting
            | ConnectionStatus::Connected => Step::Open,
        };
        self.step(step, now);
        self.phase = Phase::Connecting;
        vec![Effect::StartAttempt]
    }

    /// Goes to Waiting after a failure: quick lane first, then the slow one.
    fn wait(&mut self, error: Arc<DbError>, now: Moment, jitter: f64) {
        self.quick_retries = self.quick_retries.saturating_add(1);
        let lane = self.lane_of_retry(self.quick_retries);
        let delay = match lane {
            Lane::Quick { retry, .. } => self.rhythm.backoff.delay(retry, jitter),
            Lane::Slow | Lane::Paused if error.is_transient() => self.rhythm.interval,
            Lane::Slow | Lane::Paused => self.rhythm.interval.saturating_mul(PERMANENT_FACTOR),
        };
        self.phase = Phase::Waiting {
            due: now.mono + delay,
            lane,
        };
        match &mut self.failing {
            Some(failing) => failing.error = error,
            None => {
                self.failing = Some(Failing {
                    since: now,
                    error,
                    failed_tries: 0,
                });
            }
        }
    }

    fn lane_of_retry(&self, retry: u32) -> Lane {
        let of = self.rhythm.max_retries;
        if retry <= of {
            Lane::Quick { retry, of }
        } else {
            Lane::Slow
        }
    }

    /// Takes a step that the phase allows: phase and status move together.
    fn step(&mut self, step: Step, now: Moment) {
        let taken = self.connection.apply(step, now.wall);
        debug_assert!(taken.is_ok(), "{taken:?} in {:?}", self.phase);
        if let Err(illegal) = taken {
            tracing::error!(%illegal, "status and phase disagree; please report this");
        }
    }
}
