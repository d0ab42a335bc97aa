//! A diagnosis while it goes on, and after it: what a reader of the screen sees.

use chrono::{DateTime, Utc};

use crate::domain::{Conclusion, DbError, Diagnosis, Exam, Finding};

/// The newest diagnosis, as far as it has come.
#[derive(Debug, Clone)]
pub struct DiagnosisProgress {
    began: DateTime<Utc>,
    findings: Vec<Finding>,
    ended: Option<(DateTime<Utc>, Conclusion)>,
}

impl DiagnosisProgress {
    /// One that begins, with nothing found yet.
    #[must_use]
    pub fn new(began: DateTime<Utc>) -> Self {
        Self {
            began,
            findings: Vec::new(),
            ended: None,
        }
    }

    /// When it began.
    #[must_use]
    pub fn began(&self) -> DateTime<Utc> {
        self.began
    }

    /// What was found so far, in the order of the examinations.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The finding of one examination, if there is one yet.
    #[must_use]
    pub fn of(&self, exam: Exam) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.exam == exam)
    }

    /// When it ended, and with which verdict; `None` while it goes on.
    #[must_use]
    pub fn ended(&self) -> Option<&(DateTime<Utc>, Conclusion)> {
        self.ended.as_ref()
    }

    /// Takes a finding, which replaces an earlier one of its examination.
    pub fn take(&mut self, finding: Finding) {
        self.findings.retain(|before| before.exam != finding.exam);
        self.findings.push(finding);
        self.findings.sort_by_key(|finding| finding.exam);
    }

    /// It has ended: the whole result replaces what was told on the way.
    pub fn end(&mut self, at: DateTime<Utc>, diagnosis: Diagnosis) {
        self.findings = diagnosis.findings;
        self.ended = Some((at, diagnosis.conclusion));
    }

    /// It broke off with this error, which is told at its layer.
    pub fn break_off(&mut self, at: DateTime<Utc>, error: &DbError) {
        self.take(Finding::failed(Exam::of(error.layer()), error.clone()));
        let findings = std::mem::take(&mut self.findings);
        self.end(at, Diagnosis::new(findings));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Action, ErrorKind, Health, Layer};

    #[test]
    fn findings_stand_in_order_and_the_newest_of_each_counts() {
        let mut progress = DiagnosisProgress::new(DateTime::UNIX_EPOCH);
        progress.take(Finding::ok(Exam::Login, "let in"));
        progress.take(Finding::warning(Exam::Tcp, "one of two"));
        progress.take(Finding::ok(Exam::Tcp, "answers"));
        let words: Vec<_> = progress
            .findings()
            .iter()
            .map(|finding| finding.summary.as_str())
            .collect();
        assert_eq!(words, ["answers", "let in"]);
        assert!(progress.ended().is_none());
    }

    #[test]
    fn one_that_breaks_off_has_a_verdict_too() {
        let mut progress = DiagnosisProgress::new(DateTime::UNIX_EPOCH);
        progress.take(Finding::ok(Exam::Tcp, "answers"));
        let error = DbError::new(Action::HealthCheck, ErrorKind::OwnSide);
        progress.break_off(DateTime::UNIX_EPOCH, &error);
        let (_, conclusion) = progress.ended().unwrap();
        assert_eq!(conclusion.health, Health::Unhealthy);
        assert_eq!(conclusion.layer, Some(Layer::OwnSide));
    }
}
