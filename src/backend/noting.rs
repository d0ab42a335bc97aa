//! What the supervisor notes of the jobs' results: checks, errors, samples and
//! operations. Nothing that failed passes without a line.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;

use crate::{
    adapter::{Beat, HealthReport},
    backend::{
        clock::Moment,
        jobs::JobResult,
        machine::{Input, LATE_AFTER},
        slots::News,
        supervisor::{Supervisor, Visible},
        watched::Watched,
    },
    domain::{
        ConnectionStatus, DatabaseOperation, DbError, ErrorKind, Event, HealthCheckDraft,
        HealthCheckResult, Lamps, LatencySample, SampleOutcome,
    },
};

/// Operations taken between two snapshots at most.
const OPERATIONS_AT_ONCE: usize = 256;

/// While nobody answers knocks, one of them a second counts as a sample.
const FAILED_SAMPLE_EVERY: Duration = Duration::from_secs(1);

impl<A: Watched> Supervisor<A> {
    pub(super) fn news(&mut self, news: News) -> Visible {
        let (result, since) = match news {
            News::Beat(beat) => return self.beat(beat),
            News::Finding(finding) => return self.finding(finding),
            News::Migrating(event) => return self.migrating(event),
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
            JobResult::Diagnosed(result) => self.diagnosed(result),
            JobResult::Looked(result) => self.looked(result),
            JobResult::Migrated(result) => self.migrated(result),
            JobResult::Listed(listing) => self.listed(listing),
            JobResult::Reread(result) => self.reread(result),
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
        // The guard itself leaves our absence out of what it calls silence;
        // only its last moment may have come too soon.
        let heard = Moment {
            mono: now.mono.saturating_sub(LATE_AFTER),
            ..now
        };
        let error = self.excuse(error, heard);
        self.feed(Input::GuardEnded(Arc::clone(&error)));
        if self.parts.machine.connection().status() == ConnectionStatus::Connected {
            self.record.error(error, now.wall);
        } else {
            self.note_failure(now, &error);
        }
        Visible::Yes
    }

    /// A silence during which our own side was away proves nothing: it is told
    /// as own-side.
    fn excuse(&self, error: Arc<DbError>, since: Moment) -> Arc<DbError> {
        let is_silence = matches!(error.kind(), ErrorKind::Timeout { .. });
        if !is_silence || !self.own_side.was_away_since(since) {
            return error;
        }
        let own = DbError::new(error.action(), ErrorKind::OwnSide)
            .with_details("no answer in time, but our own side was away meanwhile");
        Arc::new(own)
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
        let error = match report {
            Ok(report) => {
                let HealthReport { result, error } = *report;
                let excused = error.as_ref().map(|e| self.excuse(Arc::clone(e), since));
                match (error, excused) {
                    (Some(error), Some(excused)) if !Arc::ptr_eq(&error, &excused) => excused,
                    (error, _) => {
                        self.note_check(&Arc::new(result), error.as_ref());
                        return error.map_or(Ok(()), Err);
                    }
                }
            }
            Err(error) => self.excuse(error, since),
        };
        self.note_failure(since, &error);
        Err(error)
    }

    /// A failure that comes without a report of its own still gets its line
    /// among the checks: nobody who reads that list may think all was well.
    fn note_failure(&mut self, since: Moment, error: &Arc<DbError>) {
        let now = self.parts.clock.now();
        // Who noticed the silence had waited before this began.
        let waited = if let ErrorKind::Timeout { after_ms } = error.kind() {
            Duration::from_millis(after_ms)
        } else {
            Duration::ZERO
        };
        let took = now.mono.saturating_sub(since.mono).max(waited);
        let began = now.wall - TimeDelta::from_std(took).unwrap_or_default();
        let draft = HealthCheckDraft {
            connection_id: self.parts.machine.connection().id(),
            timestamp: since.wall.min(began),
            latency: took,
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
        self.tell(Event::CheckFinished {
            result: Arc::clone(check),
            error: error.map(Arc::clone),
        });
        self.tell(Event::Sampled(LatencySample {
            at: now.wall,
            outcome,
        }));
    }

    /// Takes what waits in one go, so that a flood of operations makes few snapshots.
    pub(super) fn operations(&mut self, first: Arc<DatabaseOperation>) -> Visible {
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
