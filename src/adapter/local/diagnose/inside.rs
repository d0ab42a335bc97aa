//! What only a client that is logged in can see: logs in as every client does,
//! asks, and leaves. Knows the order of things and no layer by itself.

use std::time::Duration;

use tokio::time::timeout_at;
use tokio_postgres::Row;

use crate::{
    adapter::{
        DbResult, DiagnosisOptions, WriteTest,
        diagnosis::Findings,
        local::{
            details::{RoundTrip, round_trip},
            diagnose::{
                answers::{Answer, Answers, Read, ask, untold},
                blocking, database,
                examine::Limits,
                latency, login, migrations, permission, pooler, schema, slots, standby, write,
            },
            fence::Fence,
            phase_clock::PhaseClock,
            pooler::{look as look_for_pooler, names_another},
            schema_state::Asked,
            session::Session,
            target::{Purpose, Target},
        },
    },
    domain::{Action, DbError, Exam, Finding},
};

/// A session and what is told of it.
struct Looking<'a> {
    target: &'a Target,
    options: DiagnosisOptions,
    findings: &'a Findings,
    session: Session,
    /// The pooler in between.
    seen: pooler::Way,
    /// The first sign that the session has ended.
    ended: Option<DbError>,
}

/// Logs in and looks; an error is the one that a health check would meet.
pub(super) async fn look(
    target: &Target,
    options: DiagnosisOptions,
    limits: Limits,
    findings: &Findings,
) -> DbResult<()> {
    let clock = PhaseClock::start(Action::HealthCheck, limits.timeout());
    let entering = async {
        let mut session = Session::open(target, Purpose::Probe, &clock).await?;
        findings.tell(login::let_in(target, &session, clock.timings().login));
        let trip = round_trip(&mut session, &clock).await?;
        let mode = look_for_pooler(&mut session, target, trip.process, &clock).await?;
        let seen = pooler::Way {
            mode,
            names_another: names_another(&session, trip.process),
        };
        Ok((session, trip, seen))
    };
    let (session, trip, seen) = clock.within(entering).await?;
    let mut looking = Looking {
        target,
        options,
        findings,
        session,
        seen,
        ended: None,
    };
    let ledger_schema = target.section().ledger_schema.as_deref();
    let asked = options
        .policy
        .requires_schema
        .then(|| Asked::about(ledger_schema));
    // Boxed: a flight of statements makes every future that may look large.
    let fence = Fence::of(target);
    let asking = ask(looking.session.client(), fence, asked, limits.answers());
    let answers = Box::pin(asking).await;
    looking.read(answers, limits).await;
    looking.finish(trip, limits).await
}

impl Looking<'_> {
    /// Reads the answers in the order of the examinations.
    async fn read(&mut self, answers: Answers, limits: Limits) {
        self.told(Exam::Database, answers.database, database::found)
            .await;
        let policy = self.options.policy;
        let (permission, schema) = (answers.permission, answers.schema);
        let mut rights = None;
        match permission {
            None => self.without_schema(Exam::Permission),
            Some(answer) => {
                let found = |row: &Row| permission::found(row, &policy, &mut rights);
                self.told(Exam::Permission, answer, found).await;
            }
        }
        match schema {
            None => self.without_schema(Exam::Schema),
            Some(answer) => self.told(Exam::Schema, answer, schema::found).await,
        }
        if let Some(answer) = answers.ledger {
            self.migrations(answer, limits).await;
        }
        let mut access = None;
        let found = |row: &Row| write::found(row, &policy, rights.as_ref(), &mut access);
        self.told(Exam::Write, answers.write, found).await;
        if let Some(access) = access {
            self.try_writing(access, limits).await;
        }
        self.told(Exam::Slots, answers.slots, slots::found).await;
        self.told(Exam::Blocking, answers.blocking, blocking::found)
            .await;
        self.pooler(answers.pooler).await;
        self.told(Exam::Standby, answers.standby, standby::found)
            .await;
    }

    /// Tells what an examination's answer comes to.
    async fn told(
        &mut self,
        exam: Exam,
        answer: Answer,
        found: impl FnOnce(&Row) -> DbResult<Finding>,
    ) {
        let finding = match answer.read(&mut self.session).await {
            Read::Row(row, took) => match found(&row) {
                Ok(finding) => finding.taking(took),
                Err(error) => untold(exam, &error),
            },
            Read::Untold(error) => untold(exam, &error),
            Read::Late => Finding::skipped(exam, "the server did not answer this in time"),
            Read::Ended(error) => {
                let finding = Finding::skipped(exam, "not reached: the session has ended");
                self.ended.get_or_insert(error);
                finding
            }
        };
        self.findings.tell(finding);
    }

    /// Adds to what was found of the schema how the migrations stand.
    async fn migrations(&mut self, answer: Answer, limits: Limits) {
        let Some(mut finding) = self.findings.of(Exam::Schema) else {
            return;
        };
        match answer.read(&mut self.session).await {
            Read::Row(row, _) => {
                let (session, target) = (&mut self.session, self.target);
                let asking = migrations::add(&mut finding, &row, session, target);
                match timeout_at(limits.answers(), Box::pin(asking)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => {
                        finding.note("how the migrations stand could not be read");
                        self.ended.get_or_insert(error);
                    }
                    Err(_elapsed) => finding.note("the ledger was not read in time"),
                }
            }
            Read::Untold(error) => {
                let code = error.code().unwrap_or("no code");
                finding.note(format!("how the migrations stand is not told: {code}"));
            }
            Read::Late => finding.note("the ledger was not read in time"),
            Read::Ended(error) => {
                self.ended.get_or_insert(error);
            }
        }
        self.findings.tell(finding);
    }

    fn without_schema(&self, exam: Exam) {
        let words = "no tables are required (require_schema = false)";
        self.findings.tell(Finding::skipped(exam, words));
    }

    async fn try_writing(&mut self, access: write::Access, limits: Limits) {
        let Some(mut finding) = self.findings.of(Exam::Write) else {
            return;
        };
        if Fence::of(self.target) == Fence::None {
            if self.options.write_test == WriteTest::Try {
                finding.note("not tried: the pooler takes no transactions");
                self.findings.tell(finding);
            }
            return;
        }
        write::test(
            &mut finding,
            &mut self.session,
            (access, self.options.write_test),
            limits,
        )
        .await;
        self.findings.tell(finding);
    }

    async fn pooler(&mut self, [first, second]: [Answer; 2]) {
        let mut seen = Vec::new();
        let mut took = Duration::ZERO;
        for answer in [first, second] {
            match answer.read(&mut self.session).await {
                Read::Row(row, time) => {
                    took += time;
                    seen.extend(pooler::Seen::of(&row).ok());
                }
                Read::Ended(error) => {
                    self.ended.get_or_insert(error);
                }
                Read::Untold(error) => tracing::debug!(%error, "the session is not told of"),
                Read::Late => {}
            }
        }
        let is_encrypted = self.session.is_encrypted();
        let finding = pooler::found(self.target, self.seen, &seen, is_encrypted);
        self.findings.tell(finding.taking(took));
    }

    /// Some round trips more, and the end of the session.
    async fn finish(mut self, trip: RoundTrip, limits: Limits) -> DbResult<()> {
        if let Some(error) = self.ended {
            return Err(error);
        }
        let policy = self.options.policy;
        let finding = latency::look(&mut self.session, trip, &policy, limits).await?;
        self.findings.tell(finding);
        self.session.close().await;
        Ok(())
    }
}
