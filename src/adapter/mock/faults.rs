//! The way to the rehearsed database. Every call goes through it and meets what
//! the script says, as a call on a real server would. Knows no SQL.

use std::{future::pending, io, time::Duration};

use tokio::time::{Instant, sleep, sleep_until};

use crate::{
    adapter::{
        DbResult,
        classify::{from_io, kind_of_sqlstate},
        local::{Phase, PhaseClock},
    },
    config::MockSection,
    domain::{
        Action, Condition, DbError, FaultScript, Layer, Rehearsal, RoundTrip, Scenario, Situation,
    },
};

/// What the system says of a port at which nobody listens, and of a connection
/// that the other side has cut.
#[cfg(any(target_os = "linux", target_os = "android"))]
const REFUSED_AND_RESET: [i32; 2] = [111, 104];
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
const REFUSED_AND_RESET: [i32; 2] = [61, 54];

/// What the jitter of every rehearsal is drawn from.
const SEED: u64 = 0x6462_7669_7461_6c73;

/// Where the rehearsal of a mock database stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rehearsing {
    /// The scenario; `None` for steps of somebody's own.
    pub scenario: Option<Scenario>,
    /// What holds now.
    pub condition: Condition,
    /// What comes next, and in how much time; `None` when nothing changes any more.
    pub next: Option<(Duration, Condition)>,
}

/// The way in, with a clock that started with the adapter.
#[derive(Debug)]
pub(super) struct Gate {
    began: Instant,
    trip: RoundTrip,
    script: FaultScript,
    /// What is rehearsed, where somebody asked for it.
    rehearsal: Option<Rehearsal>,
}

/// A client that was let in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Client {
    /// Until when it is known to have stood, since the gate began.
    seen: Duration,
}

// === what holds ===

impl Gate {
    pub(super) fn new(section: &MockSection) -> Self {
        let rehearsal = section.rehearsal.clone();
        let script = rehearsal.as_ref().map(|asked| asked.script.clone());
        Self {
            began: Instant::now(),
            trip: section.trip,
            script: script.unwrap_or_else(FaultScript::calm),
            rehearsal,
        }
    }

    /// Where the rehearsal stands; `None` when nothing is rehearsed.
    pub(super) fn rehearsing(&self) -> Option<Rehearsing> {
        let rehearsal = self.rehearsal.as_ref()?;
        let now = self.began.elapsed();
        let situation = self.script.at(now);
        Some(Rehearsing {
            scenario: rehearsal.scenario,
            condition: situation.condition,
            next: situation
                .next
                .map(|(at, next)| (at.saturating_sub(now), next)),
        })
    }

    /// What holds now.
    pub(super) fn condition(&self) -> Condition {
        self.situation().condition
    }

    fn situation(&self) -> Situation {
        self.script.at(self.began.elapsed())
    }
}

// === the way ===

impl Gate {
    /// Opens a session: the address answers, then the login.
    pub(super) async fn log_in(&self, clock: &PhaseClock) -> DbResult<Client> {
        let mut client = self.reach(clock).await?;
        self.introduce(&mut client, clock).await?;
        match self.condition() {
            Condition::Auth => Err(refused_password(clock.action())),
            Condition::Full => Err(no_slot(clock.action())),
            Condition::Calm
            | Condition::Refuse
            | Condition::Lose
            | Condition::Hang
            | Condition::Schema
            | Condition::Slow { .. } => {
                clock.end();
                Ok(client)
            }
        }
    }

    /// Asks whether a login would be asked for; a refused one is an answer.
    pub(super) async fn knock(&self, clock: &PhaseClock) -> DbResult<()> {
        let mut client = self.reach(clock).await?;
        self.introduce(&mut client, clock).await
    }

    /// As far as the address: the system accepts for a frozen server, too.
    async fn reach(&self, clock: &PhaseClock) -> DbResult<Client> {
        clock.skip(Phase::Dns);
        clock.begin(Phase::Tcp);
        self.pass(Duration::ZERO).await;
        if self.condition() == Condition::Refuse {
            let refused = io::Error::from_raw_os_error(REFUSED_AND_RESET[0]);
            return Err(from_io(refused, clock.action()));
        }
        clock.end();
        clock.skip(Phase::Tls);
        let seen = self.began.elapsed();
        Ok(Client { seen })
    }

    /// As far as the server's first word about a login.
    async fn introduce(&self, client: &mut Client, clock: &PhaseClock) -> DbResult<()> {
        clock.begin(Phase::Login);
        tokio::select! {
            biased;
            error = self.end(client, clock.action()) => Err(error.at_layer(Layer::Login)),
            () = self.answer() => Ok(()),
        }
    }

    /// The time that an answer takes, and for as long as nothing is answered.
    pub(super) async fn answer(&self) {
        self.pass(self.condition().delay()).await;
        self.thaw().await;
    }

    /// Waits for as long as nothing is answered.
    pub(super) async fn thaw(&self) {
        loop {
            let situation = self.situation();
            match (situation.condition, situation.next) {
                (Condition::Hang, Some((at, _))) => sleep_until(self.began + at).await,
                (Condition::Hang, None) => pending().await,
                _ => return,
            }
        }
    }

    /// What is asked in a session: until its answer is there, or the session's end.
    pub(super) async fn within<T: Send>(
        &self,
        client: &mut Client,
        action: Action,
        ask: impl Future<Output = DbResult<T>> + Send,
    ) -> DbResult<T> {
        let answered = async {
            self.answer().await;
            let answer = ask.await;
            self.thaw().await;
            answer
        };
        tokio::select! {
            biased;
            error = self.end(client, action) => Err(error),
            answer = answered => answer,
        }
    }

    /// Whether a session stands that nobody has looked at for a while.
    pub(super) fn stands(&self, client: Client) -> bool {
        let now = self.began.elapsed();
        self.script.first_end(client.seen, now).is_none()
    }

    /// Waits for the end of a session and gives its cause.
    pub(super) async fn end(&self, client: &mut Client, action: Action) -> DbError {
        loop {
            let now = self.began.elapsed();
            match self.script.first_end(client.seen, now) {
                Some(Condition::Refuse) => return shut_down(action),
                Some(_) => return reset(action),
                None => client.seen = now,
            }
            match self.script.at(now).next {
                Some((at, _)) => sleep_until(self.began + at).await,
                None => pending().await,
            }
        }
    }

    /// One round trip, and what is added to it.
    async fn pass(&self, delay: Duration) {
        let took = self.trip.at(SEED, self.began.elapsed()) + delay;
        if !took.is_zero() {
            sleep(took).await;
        }
    }
}

// === what a server says ===

/// A server that is stopped tells those who are in.
fn shut_down(action: Action) -> DbError {
    told(
        "57P01",
        "terminating connection due to administrator command",
        action,
    )
}

fn refused_password(action: Action) -> DbError {
    told(
        "28P01",
        "password authentication failed for user \"mock\"",
        action,
    )
}

fn no_slot(action: Action) -> DbError {
    told("53300", "sorry, too many clients already", action)
}

fn reset(action: Action) -> DbError {
    let reset = io::Error::from_raw_os_error(REFUSED_AND_RESET[1]);
    from_io(reset, action)
}

/// A code of PostgreSQL with the words that come with it.
fn told(code: &str, words: &str, action: Action) -> DbError {
    DbError::new(action, kind_of_sqlstate(code))
        .with_code(code)
        .with_details(words)
}

#[cfg(test)]
#[path = "faults_tests.rs"]
mod tests;
