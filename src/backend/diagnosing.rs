//! What the supervisor does with a diagnosis: one at a time, told finding by
//! finding, and no part of the machine's affairs.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::{
    adapter::{DiagnosisOptions, WriteTest},
    backend::{
        clock::Moment,
        jobs,
        slots::Slot,
        supervisor::{Supervisor, Visible},
        watched::Watched,
    },
    domain::{
        Command, CommandOutcome, DbError, Diagnosis, DiagnosisProgress, Event, Exam, Finding,
    },
};

impl<A: Watched> Supervisor<A> {
    /// A wish that is needless whatever the machine's phase is.
    pub(super) fn is_diagnosing(&mut self) -> bool {
        let is_under_way = self.slots.is_under_way(Slot::Diagnosis);
        if is_under_way {
            self.tell(Event::CommandDone {
                command: Command::Diagnose,
                outcome: CommandOutcome::Needless("a diagnosis is under way"),
            });
        }
        is_under_way
    }

    pub(super) fn start_diagnosis(&mut self, now: Moment) {
        let options = DiagnosisOptions {
            policy: self.parts.session.policy,
            // The screen is there to look: it never writes unasked.
            write_test: WriteTest::Judge,
        };
        let (told, heard) = mpsc::channel(Exam::ALL.len() * 2);
        let watched = Arc::clone(&self.parts.watched);
        let timeout = self.parts.session.health_check_timeout;
        let work = jobs::diagnose(watched, options, timeout, told);
        self.slots.start(Slot::Diagnosis, now, work);
        self.slots.hear_findings(heard);
        self.diagnosis = Some(Arc::new(DiagnosisProgress::new(now.wall)));
    }

    pub(super) fn finding(&mut self, finding: Finding) -> Visible {
        let Some(progress) = &mut self.diagnosis else {
            return Visible::No;
        };
        Arc::make_mut(progress).take(finding);
        Visible::Yes
    }

    pub(super) fn diagnosed(&mut self, result: Result<Box<Diagnosis>, Arc<DbError>>) -> Visible {
        let at = self.parts.clock.now().wall;
        let Some(progress) = &mut self.diagnosis else {
            return Visible::No;
        };
        match result {
            Ok(diagnosis) => Arc::make_mut(progress).end(at, *diagnosis),
            Err(error) => Arc::make_mut(progress).break_off(at, &error),
        }
        let progress = Arc::clone(progress);
        self.tell(Event::Diagnosed(progress));
        Visible::Yes
    }
}
