//! The verdict of a diagnosis: which layer is broken and why, in one sentence,
//! and the next step in another. A rule over findings, and nothing else.

use std::sync::Arc;

use crate::domain::{DbError, Exam, Finding, FindingStatus, Health, Layer};

/// What follows from the findings.
#[derive(Debug, Clone)]
pub struct Conclusion {
    /// The word that a health check would use.
    pub health: Health,
    /// The layer that is broken, or not as it should be.
    pub layer: Option<Layer>,
    /// The cause, where it is one of the known kinds.
    pub error: Option<Arc<DbError>>,
    /// What is wrong and why, in one sentence.
    pub verdict: String,
    /// What to do next, in one sentence.
    pub next_step: String,
}

impl Conclusion {
    /// Judges the findings, which are in the order of the examinations.
    ///
    /// - The first failure on the way decides: what comes after it could not work.
    /// - Without a failure the database is usable. Of the warnings the first
    ///   that has a cause of a known kind leads, else the first; what is said
    ///   of this machine comes last.
    /// - Without either all is well.
    #[must_use]
    pub fn of(findings: &[Finding]) -> Self {
        let of_status = |status| {
            let rest = findings.iter();
            rest.filter(move |finding| finding.status == status)
        };
        if let Some(failed) = of_status(FindingStatus::Failed).next() {
            return Self::broken(failed);
        }
        let leading = of_status(FindingStatus::Warning)
            .min_by_key(|finding| (finding.error.is_none(), finding.exam == Exam::OwnSide));
        match leading {
            Some(leading) => {
                let others = of_status(FindingStatus::Warning).count() - 1;
                Self::degraded(leading, others)
            }
            None => Self::healthy(findings),
        }
    }

    fn broken(failed: &Finding) -> Self {
        let layer = layer_of(failed);
        let kind = match &failed.error {
            None => String::new(),
            Some(error) => match error.code() {
                Some(code) => format!(" ({}, {code})", error.kind().name()),
                None => format!(" ({})", error.kind().name()),
            },
        };
        let words = format!("Broken at {}: {}{kind}", layer.as_str(), failed.summary);
        Self {
            health: Health::Unhealthy,
            layer: Some(layer),
            error: failed.error.clone(),
            verdict: sentence(&words),
            next_step: next_step(failed),
        }
    }

    fn degraded(leading: &Finding, others: usize) -> Self {
        let layer = layer_of(leading);
        let more = match others {
            0 => String::new(),
            1 => ", and 1 warning more".to_owned(),
            _ => format!(", and {others} warnings more"),
        };
        let words = format!(
            "Usable, but degraded at {}: {}{more}",
            layer.as_str(),
            leading.summary
        );
        Self {
            health: Health::Degraded,
            layer: Some(layer),
            error: leading.error.clone(),
            verdict: sentence(&words),
            next_step: next_step(leading),
        }
    }

    fn healthy(findings: &[Finding]) -> Self {
        let latency = findings
            .iter()
            .find(|finding| finding.exam == Exam::Latency && finding.status == FindingStatus::Ok)
            .map(|finding| format!(" ({})", finding.summary));
        let words = format!(
            "Healthy: every layer that was examined is as it should be{}",
            latency.unwrap_or_default()
        );
        Self {
            health: Health::Healthy,
            layer: None,
            error: None,
            verdict: sentence(&words),
            next_step: "Nothing is to be done.".to_owned(),
        }
    }
}

fn layer_of(finding: &Finding) -> Layer {
    let by_error = finding.error.as_ref().map(|error| error.layer());
    by_error.unwrap_or_else(|| finding.exam.layer())
}

fn next_step(finding: &Finding) -> String {
    let hint = finding.error.as_ref().map(|error| error.hint());
    let words = finding
        .next
        .as_deref()
        .or(hint)
        .unwrap_or("look at the lines above that are not ok");
    sentence(words)
}

/// The words with a capital first and one period at the end.
fn sentence(words: &str) -> String {
    let words = words.trim_end_matches('.');
    let mut chars = words.chars();
    match chars.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), chars.as_str()),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Action, ErrorKind};

    fn error(kind: ErrorKind) -> DbError {
        DbError::new(Action::HealthCheck, kind)
    }

    fn failed(exam: Exam, kind: ErrorKind) -> Finding {
        Finding::failed(exam, error(kind))
    }

    #[track_caller]
    fn check(
        findings: &[Finding],
        health: Health,
        layer: Option<Layer>,
        verdict: &str,
        next_step: &str,
    ) {
        let found = Conclusion::of(findings);
        assert_eq!((found.health, found.layer), (health, layer));
        assert_eq!(found.verdict, verdict);
        assert_eq!(found.next_step, next_step);
    }

    #[test]
    fn without_anything_wrong_all_is_well() {
        check(
            &[
                Finding::ok(Exam::Tcp, "answers"),
                Finding::skipped(Exam::Tls, "over a socket"),
                Finding::ok(Exam::Latency, "median 0.2 ms"),
            ],
            Health::Healthy,
            None,
            "Healthy: every layer that was examined is as it should be (median 0.2 ms).",
            "Nothing is to be done.",
        );
    }

    #[test]
    fn the_first_failure_decides_whatever_else_is_wrong() {
        check(
            &[
                Finding::warning(Exam::OwnSide, "few files left"),
                failed(Exam::Tcp, ErrorKind::ConnectionRefused),
                failed(Exam::Login, ErrorKind::AuthFailed),
            ],
            Health::Unhealthy,
            Some(Layer::Tcp),
            "Broken at tcp: Cannot connect to database (ConnectionRefused).",
            "Start the server, or check host and port: nothing listens there.",
        );
    }

    #[test]
    fn the_error_knows_its_layer_better_than_the_examination() {
        let lost = error(ErrorKind::ConnectionLost).with_code("57P01");
        check(
            &[Finding::failed(Exam::Latency, lost)],
            Health::Unhealthy,
            Some(Layer::Tcp),
            "Broken at tcp: Database connection lost (ConnectionLost, 57P01).",
            "Look into the server's log for why it ended the connection.",
        );
    }

    #[test]
    fn a_warning_of_a_known_kind_leads_and_this_machine_comes_last() {
        let own = Finding::warning(Exam::OwnSide, "few files left");
        let name = Finding::warning(Exam::HostName, "no A record");
        let schema = Finding::warning(Exam::Schema, "2 tables are missing")
            .because(error(ErrorKind::SchemaMissing));
        check(
            &[own.clone(), name.clone(), schema],
            Health::Degraded,
            Some(Layer::Schema),
            "Usable, but degraded at schema: 2 tables are missing, and 2 warnings more.",
            "Run the migrations, or check database and search_path.",
        );
        check(
            &[own, name],
            Health::Degraded,
            Some(Layer::HostName),
            "Usable, but degraded at host name: no A record, and 1 warning more.",
            "Look at the lines above that are not ok.",
        );
    }

    #[test]
    fn a_better_next_step_than_the_hint_is_taken() {
        let mut refused = failed(Exam::Tls, ErrorKind::TlsRefused);
        refused.next = Some("switch TLS on, or set sslmode=prefer.".to_owned());
        check(
            &[refused],
            Health::Unhealthy,
            Some(Layer::Tls),
            "Broken at tls: Database server does not offer TLS (TlsRefused).",
            "Switch TLS on, or set sslmode=prefer.",
        );
    }
}
