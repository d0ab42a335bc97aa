//! A diagnosis of the way to the database, told while it goes on. Knows no
//! driver and draws no conclusion: that is a rule of the domain.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::{self, error::TrySendError};

use crate::{
    adapter::{
        Database, DbResult,
        own_side::{self, Clocks},
    },
    domain::{
        DbError, Diagnosis, Exam, Finding, FindingStatus, HealthPolicy, Layer, OperationType,
    },
};

/// The service that a diagnosis is recorded under.
const DIAGNOSE: &str = "diagnose";

/// What a diagnosis expects of the database, and how far it may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiagnosisOptions {
    /// What is expected of the database.
    pub policy: HealthPolicy,
    /// Whether writing is tried.
    pub write_test: WriteTest,
}

/// Whether writing is judged or tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteTest {
    /// Judged from settings and rights: nothing is written.
    Judge,
    /// Tried, where it is judged to work: one small large object is made and
    /// rolled back in the same transaction.
    Try,
}

/// The findings so far. A finding replaces an earlier one of its examination.
#[derive(Debug)]
pub(super) struct Findings {
    exams: &'static [Exam],
    all: Mutex<Vec<Finding>>,
    told: mpsc::Sender<Finding>,
}

impl Database {
    /// Examines the way to the database and the database itself, also when
    /// nothing answers; takes at most about twice the configured timeout.
    ///
    /// Nothing is written, unless `options` say so, and nothing is run that
    /// the database's owner made. It is recorded as one operation of the
    /// service `diagnose`.
    ///
    /// Each finding is told as it is made; a later one of the same examination
    /// replaces it. Who does not listen, or not fast enough, misses nothing:
    /// the result holds the last finding of every examination.
    pub async fn diagnose(
        &self,
        options: DiagnosisOptions,
        told: mpsc::Sender<Finding>,
    ) -> Diagnosis {
        let recording = self.record_as(DIAGNOSE, OperationType::Query, None);
        let findings = Findings {
            exams: Exam::of_mode(self.mode_adapter().mode()),
            all: Mutex::default(),
            told,
        };
        let began = Clocks::now();
        let look_at_us = async { findings.tell(own_side::look().await) };
        let ((), reached): ((), DbResult<()>) =
            tokio::join!(look_at_us, self.mode_adapter().diagnose(options, &findings),);
        if let Err(error) = &reached {
            findings.place(error);
        }
        if let Some(mut own) = findings.of(Exam::OwnSide)
            && began.judge(&mut own)
        {
            findings.tell(own);
        }
        recording.finish(&reached, |()| None);
        Diagnosis::new(findings.take())
    }
}

// === impl Findings ===

impl Findings {
    /// Takes a finding and tells it to whoever listens.
    pub(super) fn tell(&self, finding: Finding) {
        {
            let mut all = self.lock();
            all.retain(|before| before.exam != finding.exam);
            all.push(finding.clone());
        }
        match self.told.try_send(finding) {
            Ok(()) | Err(TrySendError::Closed(_)) => {}
            Err(TrySendError::Full(finding)) => {
                tracing::debug!(exam = ?finding.exam, "a finding is told at the end only");
            }
        }
    }

    /// The finding of an examination so far.
    pub(super) fn of(&self, exam: Exam) -> Option<Finding> {
        let all = self.lock();
        all.iter().find(|finding| finding.exam == exam).cloned()
    }

    /// The way ended with this error: it is told at its layer. What was found
    /// wrong below it did not end the way, so it is a warning; what lies above
    /// it and was not found out is skipped.
    fn place(&self, error: &DbError) {
        let is_inside = self
            .of(Exam::Login)
            .is_some_and(|login| login.status == FindingStatus::Ok);
        let place = match error.layer() {
            Layer::HostName | Layer::Tcp | Layer::Tls if is_inside => Exam::Latency,
            layer => Exam::of(layer),
        };
        for exam in self.exams.iter().copied() {
            let found = self.of(exam);
            let is_failed = |finding: &Finding| finding.status == FindingStatus::Failed;
            if exam == place {
                self.tell(ended_by(error, exam, found));
            } else if let Some(mut lower) = found.clone().filter(is_failed)
                && exam < place
            {
                lower.status = FindingStatus::Warning;
                self.tell(lower);
            } else if found.as_ref().is_none_or(is_failed) {
                let why = format!("not reached: {} failed", place.as_str());
                self.tell(Finding::skipped(exam, why));
            }
        }
    }

    fn take(&self) -> Vec<Finding> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Finding>> {
        // The list is whole after every statement, so a panic elsewhere leaves it usable.
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The failure at its examination, with what was found out there otherwise.
fn ended_by(error: &DbError, exam: Exam, found: Option<Finding>) -> Finding {
    let failed = Finding::failed(exam, error.clone());
    match found {
        None => failed,
        Some(found) => Finding {
            took: found.took,
            notes: found.notes,
            facts: found.facts,
            next: found.next,
            ..failed
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Action, ErrorKind};

    /// What stands at the examinations after this error, given these findings.
    #[track_caller]
    fn check(found: &[Finding], error: &DbError, expected: &[(Exam, FindingStatus)]) {
        let findings = Findings {
            exams: &Exam::ALL,
            all: Mutex::default(),
            told: mpsc::channel(1).0,
        };
        for finding in found {
            findings.tell(finding.clone());
        }
        findings.place(error);
        for (exam, status) in expected {
            let finding = findings.of(*exam).expect("told of every examination");
            assert_eq!(finding.status, *status, "{finding:?}");
        }
        assert_eq!(findings.take().len(), Exam::ALL.len());
    }

    fn failed(exam: Exam) -> Finding {
        let error = DbError::new(Action::Connect, ErrorKind::HostUnreachable);
        Finding::failed(exam, error)
    }

    #[test]
    fn the_true_error_decides_where_the_way_ends() {
        use FindingStatus::{Failed, Ok, Skipped, Warning};
        let refused = DbError::new(Action::Connect, ErrorKind::AuthFailed);
        check(
            &[failed(Exam::Tcp), Finding::ok(Exam::Tls, "fine")],
            &refused,
            &[
                (Exam::Tcp, Warning),
                (Exam::Tls, Ok),
                (Exam::Login, Failed),
                (Exam::Database, Skipped),
            ],
        );
        let unreachable = DbError::new(Action::Connect, ErrorKind::ConnectionRefused);
        check(
            &[failed(Exam::Tls)],
            &unreachable,
            &[(Exam::Tcp, Failed), (Exam::Tls, Skipped)],
        );
        let lost = DbError::new(Action::Query, ErrorKind::ConnectionLost);
        check(
            &[Finding::ok(Exam::Login, "let in")],
            &lost,
            &[(Exam::Login, Ok), (Exam::Latency, Failed)],
        );
    }
}
