//! What the machine does with a reader's wish, or why it is needless.

use std::sync::Arc;

use crate::{
    backend::{
        clock::Moment,
        machine::{
            Effect, MigrationTask,
            core::Machine,
            phase::{AfterClosing, Phase, stop},
            verdict::Verdict,
        },
    },
    domain::{Action, Command, CommandOutcome, DbError, ErrorKind, Failure, Step},
};

impl Machine {
    pub(super) fn wished(&mut self, command: Command, now: Moment) -> Vec<Effect> {
        let effects = match command {
            Command::Reconnect => self.reconnect(now),
            Command::Disconnect => self.disconnect(now),
            Command::CheckNow => self.check_now(now),
            // It looks from outside, whatever the connection does.
            Command::Diagnose => Ok(vec![Effect::StartDiagnosis]),
            // These have a session of their own, and say themselves what fails.
            Command::LookAtMigrations => Ok(vec![Effect::StartMigration(MigrationTask::Look)]),
            Command::Migrate(_) => Ok(vec![Effect::StartMigration(MigrationTask::Migrate)]),
            Command::Adopt(_) => Ok(vec![Effect::StartMigration(MigrationTask::Adopt)]),
            // What is watched is not this machine's to choose.
            Command::List(_)
            | Command::Switch(_)
            | Command::ReadConfig
            | Command::ApplyConfig(_) => {
                return Vec::new();
            }
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
        // Who asks has probably mended something: the quick lane begins anew.
        self.lanes.restart();
        match &mut self.phase {
            Phase::Closed | Phase::Waiting { .. } | Phase::Paused => Ok(self.begin(now)),
            Phase::Connecting { .. } => Err("an attempt is under way"),
            Phase::Connected(_) => Ok(self.close(AfterClosing::Open)),
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
            Phase::Waiting { knocking, .. } => {
                let effects = stop(knocking);
                self.phase = Phase::Paused;
                Ok(effects)
            }
            Phase::Connecting { knocking } => {
                let mut effects = stop(knocking);
                let left = Arc::new(DbError::new(Action::Connect, ErrorKind::Cancelled));
                self.step(Step::Failed(Failure::Cancelled(left.message())), now);
                self.phase = Phase::Paused;
                if self.lanes.failing().is_none() {
                    self.lanes.note(left, now);
                }
                effects.push(Effect::AbandonJob);
                Ok(effects)
            }
            Phase::Connected(_) => Ok(self.close(AfterClosing::Stay)),
            Phase::Closing { then } => {
                *then = AfterClosing::Stay;
                Ok(Vec::new())
            }
        }
    }

    /// What a check tells has changed. One that is under way may have looked
    /// before that; the next one will tell.
    pub(super) fn check_again(&mut self, now: Moment) -> Vec<Effect> {
        match &self.phase {
            Phase::Connected(_) => self.check_now(now).unwrap_or_default(),
            Phase::Closed
            | Phase::Connecting { .. }
            | Phase::Waiting { .. }
            | Phase::Paused
            | Phase::Closing { .. } => Vec::new(),
        }
    }

    fn check_now(&mut self, now: Moment) -> Result<Vec<Effect>, &'static str> {
        match &mut self.phase {
            Phase::Connected(watching) => match watching.begin_check(now) {
                Verdict::Check => Ok(vec![Effect::StartCheck]),
                Verdict::Stay
                | Verdict::Guard
                | Verdict::Knock
                | Verdict::StopKnock
                | Verdict::Lost(_) => Err("a check is under way"),
            },
            Phase::Connecting { .. } => Err("an attempt is under way"),
            Phase::Waiting { .. } => Ok(self.begin(now)),
            Phase::Paused => Err("retries are paused; reconnect resumes them"),
            Phase::Closed | Phase::Closing { .. } => Err("disconnected; reconnect first"),
        }
    }
}
