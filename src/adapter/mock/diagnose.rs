//! A diagnosis of the embedded database: what a server would tell and this one
//! can. Knows nothing of what follows from it.

use crate::{
    adapter::{
        DbResult, DiagnosisOptions, WriteTest,
        diagnosis::Findings,
        local::PhaseClock,
        mock::{look::Seen, mock_database::MockDatabase},
    },
    domain::{
        Action, DbError, ErrorKind, Exam, Finding, HealthDetails, PhaseTimings, REQUIRED_TABLES,
    },
};

/// What there is nothing to find out about.
const ELSEWHERE: [Exam; 7] = [
    Exam::HostName,
    Exam::Tls,
    Exam::Permission,
    Exam::Slots,
    Exam::Blocking,
    Exam::Pooler,
    Exam::Standby,
];

impl MockDatabase {
    /// Examines the embedded database. There is no way to it, except in a
    /// rehearsal: then it is told how far a client came.
    pub(in crate::adapter) async fn diagnose(
        &self,
        options: DiagnosisOptions,
        findings: &Findings,
    ) -> DbResult<()> {
        let embedded = "mock mode: embedded in this program";
        for exam in ELSEWHERE {
            findings.tell(Finding::skipped(exam, embedded));
        }
        let clock = PhaseClock::start(Action::HealthCheck, self.timeout());
        let looked = clock.within(self.look(&clock)).await;
        let phases = clock.timings();
        if self.rehearsing().is_some() {
            tell_way(phases, findings);
        } else {
            findings.tell(Finding::skipped(Exam::Tcp, embedded));
            findings.tell(Finding::skipped(Exam::Login, embedded));
        }
        let (seen, details) = looked?;
        let words = format!("SQLite {}, in memory: nothing is persisted", seen.version);
        findings.tell(Finding::ok(Exam::Database, words));
        findings.tell(schema(&details));
        findings.tell(write(&seen, options));
        let latency = phases.query.unwrap_or_default();
        let mut finding = Finding::ok(Exam::Latency, format!("one answer in {latency:.1?}"));
        finding.fact("medianMs", latency);
        findings.tell(finding.taking(latency));
        Ok(())
    }
}

/// The steps of the way that were taken.
fn tell_way(phases: PhaseTimings, findings: &Findings) {
    if let Some(took) = phases.tcp {
        findings.tell(Finding::ok(Exam::Tcp, "the rehearsed server answers").taking(took));
    }
    if let Some(took) = phases.login {
        findings.tell(Finding::ok(Exam::Login, "let in").taking(took));
    }
}

fn schema(details: &HealthDetails) -> Finding {
    let required = REQUIRED_TABLES.len();
    let Some(missing) = &details.missing_tables else {
        return Finding::skipped(Exam::Schema, "not watched (require_schema = false)");
    };
    let present = required.saturating_sub(missing.len());
    let words = match present {
        0 => format!("not initialised 0/{required}"),
        _ if missing.is_empty() => format!("{present} of {required} tables"),
        _ => format!("incomplete {present}/{required}"),
    };
    if missing.is_empty() {
        let mut finding = Finding::ok(Exam::Schema, words);
        let summary = details.migrations.as_ref();
        let wrong = summary.and_then(|it| match (it.fault(), it.waiting()) {
            (Some(fault), _) => Some(fault.to_owned()),
            (None, Some(_)) => Some(it.to_string()),
            (None, None) => None,
        });
        if let Some(words) = wrong {
            finding.warn(&words);
            finding.next = Some("look at 'dbvitals migrate status'".to_owned());
            let error = DbError::new(Action::HealthCheck, ErrorKind::SchemaMismatch);
            finding = finding.because(error);
        }
        return finding;
    }
    let error = DbError::new(Action::HealthCheck, ErrorKind::SchemaMissing);
    let mut finding = Finding::warning(Exam::Schema, words).because(error);
    finding.note(format!("missing: {}", missing.join(", ")));
    finding
}

fn write(seen: &Seen, options: DiagnosisOptions) -> Finding {
    let mut write = match (seen.query_only, options.policy.expects_writes) {
        (0, true) => Finding::ok(Exam::Write, "a session can write"),
        (_, false) => Finding::ok(Exam::Write, "switched off by read_only"),
        (_, true) => Finding::warning(Exam::Write, "the database is read-only")
            .because(DbError::new(Action::HealthCheck, ErrorKind::ReadOnly)),
    };
    if options.write_test == WriteTest::Try {
        write.note("not tried: what is written here is lost with the program anyway");
    }
    write
}
