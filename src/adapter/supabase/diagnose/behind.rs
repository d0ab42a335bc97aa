//! The database behind the interface, and the direct way to it where one is
//! configured. Knows nothing of what the role may do there.

use tokio::time::{Instant, timeout_at};

use crate::{
    adapter::{
        local::Limits,
        supabase::{diagnose::Subject, direct},
    },
    domain::{Action, DbError, DegradedReason, Exam, Finding, FindingStatus, Layer, RestDetails},
};

const ACTION: Action = Action::HealthCheck;

/// The direct way.
pub(super) enum Way {
    /// None is configured.
    Absent,
    /// Who answers, in words, and the server's version.
    Open { words: String, version: String },
    /// It does not work.
    Broken(DbError),
}

/// Logs in to the database itself.
pub(super) async fn look(subject: Subject<'_>, limits: Limits) -> Way {
    let Some(direct) = subject.direct else {
        return Way::Absent;
    };
    let began = Instant::now();
    let Ok(checked) = timeout_at(limits.answers(), direct.check(ACTION)).await else {
        return Way::Broken(direct::late(limits.timeout()));
    };
    match checked.result {
        Ok(()) => {
            let version = checked.details.server_version.unwrap_or_default();
            let role = checked.details.role.unwrap_or_default();
            let took = began.elapsed().as_millis();
            Way::Open {
                words: format!("database_url: PostgreSQL {version} as {role} ({took} ms)"),
                version,
            }
        }
        Err(error) => Way::Broken(error),
    }
}

/// What is told of the database and of the way to it.
pub(super) fn told(way: Way, seen: &RestDetails, reasons: &[DegradedReason]) -> Finding {
    let mut finding = behind(seen, reasons);
    match way {
        Way::Absent => {
            finding.note("no database_url: SQL, transactions and migrations have no way");
        }
        Way::Open { words, version } => {
            finding.note(words);
            finding.fact("serverVersion", version);
        }
        Way::Broken(error) => {
            let cause = direct::fault(&error);
            let words = DegradedReason::DirectBroken { cause }.to_string();
            let other = std::mem::replace(&mut finding.summary, words);
            finding.note(other);
            finding.status = FindingStatus::Warning;
            finding.next = Some(format!(
                "mend database_url alone, supabase_url and the key work: {}",
                error.hint()
            ));
            // Login is where the key is refused, and it is not.
            finding = finding.because(error.at_layer(Layer::Database));
        }
    }
    finding
}

fn behind(seen: &RestDetails, reasons: &[DegradedReason]) -> Finding {
    if seen.asked_database() {
        let words = format!("the database behind it answers ({})", seen.asked_words());
        return Finding::ok(Exam::Database, words);
    }
    let reason = reasons.iter().find(|reason| {
        matches!(
            reason,
            DegradedReason::HealthTableMissing { .. } | DegradedReason::DatabaseNotAsked
        )
    });
    let Some(reason) = reason else {
        let words = format!("not asked: the interface knows no table {}", seen.table);
        return Finding::skipped(Exam::Database, words);
    };
    let mut finding = Finding::warning(Exam::Database, reason.to_string());
    finding.next = Some("name a table that exists in health_table".to_owned());
    finding
}

impl Way {
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Open { .. })
    }

    /// Why it does not work, as a health check says it.
    pub(super) fn fault(&self) -> Option<String> {
        match self {
            Self::Absent | Self::Open { .. } => None,
            Self::Broken(error) => Some(direct::fault(error)),
        }
    }
}
