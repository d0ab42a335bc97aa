//! A diagnosis: what was found on the way to the database, one examination
//! after the other, and what follows from it. Knows nothing of how it is found.

use std::{sync::Arc, time::Duration};

use serde::Serialize;

use crate::domain::{Conclusion, DbError, Layer, Mode};

/// One examination. The order is that of the way: from this machine up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Exam {
    /// This program and its machine.
    OwnSide,
    /// The host name and its addresses.
    HostName,
    /// Every address, or the socket's file.
    Tcp,
    /// What is offered and shown, and what another `sslmode` would do.
    Tls,
    /// The role is let in; over REST, the gateway takes the key.
    Login,
    /// The REST service before the database.
    Rest,
    /// The database and the limits of it and of the role.
    Database,
    /// What the role may do with the required tables.
    Permission,
    /// The required tables and columns.
    Schema,
    /// Whether a new session can write.
    Write,
    /// Bare round trips.
    Latency,
    /// Connection slots, and who holds them.
    Slots,
    /// Who waits for whom.
    Blocking,
    /// Whether somebody stands between this program and the server.
    Pooler,
    /// Recovery and replication.
    Standby,
}

/// How an examination ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FindingStatus {
    /// As it should be.
    Ok,
    /// It works, and not as it should.
    Warning,
    /// The way to the database ends here.
    Failed,
    /// It could not be looked at, or there is nothing to look at; the summary says why.
    Skipped,
}

/// What one examination found. Whatever came from outside is cleaned.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Which examination.
    pub exam: Exam,
    /// How it ended.
    pub status: FindingStatus,
    /// How long it took; absent where nothing was measured.
    pub took: Option<Duration>,
    /// What was found, in one phrase without a period.
    pub summary: String,
    /// What else a person should know, a sentence each.
    pub notes: Vec<String>,
    /// The same and more, for programs.
    pub facts: Vec<Fact>,
    /// The cause of a failure or warning, where it is one of the known kinds.
    pub error: Option<Arc<DbError>>,
    /// The next step, where more is known than the kind's own hint says.
    pub next: Option<String>,
}

/// A value by its name in JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// The name, in camelCase; the unit ends it where there is one.
    pub name: &'static str,
    /// The value.
    pub value: FactValue,
}

/// A value that a program can read.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum FactValue {
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Whole(i64),
    /// A measured number.
    Number(f64),
    /// A text.
    Text(String),
    /// Several texts.
    List(Vec<String>),
}

/// A whole diagnosis.
#[derive(Debug, Clone)]
pub struct Diagnosis {
    /// What was found, in the order of the examinations.
    pub findings: Vec<Finding>,
    /// What follows from it.
    pub conclusion: Conclusion,
}

// === impl Exam ===

impl Exam {
    /// The examinations of a project over REST, in order.
    const OF_PROJECT: [Self; 11] = [
        Self::OwnSide,
        Self::HostName,
        Self::Tcp,
        Self::Tls,
        Self::Login,
        Self::Rest,
        Self::Database,
        Self::Permission,
        Self::Schema,
        Self::Write,
        Self::Latency,
    ];

    /// The examinations of a mode, in order.
    #[must_use]
    pub const fn of_mode(mode: Mode) -> &'static [Self] {
        match mode {
            Mode::Supabase => &Self::OF_PROJECT,
            Mode::Local | Mode::Mock => &Self::ALL,
        }
    }

    /// All examinations of a database server, in order.
    pub const ALL: [Self; 14] = [
        Self::OwnSide,
        Self::HostName,
        Self::Tcp,
        Self::Tls,
        Self::Login,
        Self::Database,
        Self::Permission,
        Self::Schema,
        Self::Write,
        Self::Latency,
        Self::Slots,
        Self::Blocking,
        Self::Pooler,
        Self::Standby,
    ];

    /// The words used on screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OwnSide
            | Self::HostName
            | Self::Tcp
            | Self::Tls
            | Self::Login
            | Self::Rest
            | Self::Database
            | Self::Permission
            | Self::Schema => self.layer().as_str(),
            Self::Write => "write",
            Self::Latency => "latency",
            Self::Slots => "slots",
            Self::Blocking => "blocking",
            Self::Pooler => "pooler",
            Self::Standby => "standby",
        }
    }

    /// The layer that is examined.
    #[must_use]
    pub const fn layer(self) -> Layer {
        match self {
            Self::OwnSide => Layer::OwnSide,
            Self::HostName => Layer::HostName,
            Self::Tcp => Layer::Tcp,
            Self::Tls => Layer::Tls,
            Self::Login | Self::Slots | Self::Pooler => Layer::Login,
            Self::Rest => Layer::Rest,
            Self::Database | Self::Write | Self::Standby => Layer::Database,
            Self::Permission => Layer::Permission,
            Self::Schema => Layer::Schema,
            Self::Latency | Self::Blocking => Layer::Statement,
        }
    }

    /// The examination of a layer: where a failure at that layer is told.
    #[must_use]
    pub const fn of(layer: Layer) -> Self {
        match layer {
            Layer::OwnSide => Self::OwnSide,
            Layer::HostName => Self::HostName,
            Layer::Tcp => Self::Tcp,
            Layer::Tls => Self::Tls,
            Layer::Login => Self::Login,
            Layer::Rest => Self::Rest,
            Layer::Database => Self::Database,
            Layer::Permission => Self::Permission,
            Layer::Schema => Self::Schema,
            Layer::Statement => Self::Latency,
        }
    }
}

// === impl FindingStatus ===

impl FindingStatus {
    /// The word used in JSON and on the screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

// === impl Finding ===

impl Finding {
    /// A finding of these words and no more.
    #[must_use]
    pub fn new(exam: Exam, status: FindingStatus, summary: impl Into<String>) -> Self {
        Self {
            exam,
            status,
            took: None,
            summary: summary.into(),
            notes: Vec::new(),
            facts: Vec::new(),
            error: None,
            next: None,
        }
    }

    /// All is well, in these words.
    #[must_use]
    pub fn ok(exam: Exam, summary: impl Into<String>) -> Self {
        Self::new(exam, FindingStatus::Ok, summary)
    }

    /// It could not be looked at, for this reason.
    #[must_use]
    pub fn skipped(exam: Exam, why: impl Into<String>) -> Self {
        Self::new(exam, FindingStatus::Skipped, why)
    }

    /// Something is not as it should be, in these words.
    #[must_use]
    pub fn warning(exam: Exam, summary: impl Into<String>) -> Self {
        Self::new(exam, FindingStatus::Warning, summary)
    }

    /// The way ends here, for this cause.
    #[must_use]
    pub fn failed(exam: Exam, error: DbError) -> Self {
        Self::new(exam, FindingStatus::Failed, cause_words(&error)).because(error)
    }

    /// Adds the time that it took.
    #[must_use]
    pub fn taking(mut self, took: Duration) -> Self {
        self.took = Some(took);
        self
    }

    /// Adds a cause of a known kind.
    #[must_use]
    pub fn because(mut self, error: DbError) -> Self {
        self.error = Some(Arc::new(error));
        self
    }

    /// Adds a sentence for people.
    pub fn note(&mut self, words: impl Into<String>) {
        self.notes.push(words.into());
    }

    /// Adds a value for programs.
    pub fn fact(&mut self, name: &'static str, value: impl Into<FactValue>) {
        let value = value.into();
        self.facts.push(Fact { name, value });
    }

    /// Makes it at least a warning, with these words in front.
    pub fn warn(&mut self, words: &str) {
        if self.status == FindingStatus::Ok {
            words.clone_into(&mut self.summary);
            self.status = FindingStatus::Warning;
        } else {
            self.note(words);
        }
    }
}

/// The first sentence of an error's message, and what the server or system
/// said, in one phrase.
#[must_use]
pub fn cause_words(error: &DbError) -> String {
    let message = error.message();
    let first = message.split(". ").next().unwrap_or(&message);
    let first = first.trim_end_matches('.');
    let details = error.details().unwrap_or_default().trim_end_matches('.');
    if details.is_empty() || first.contains(details) {
        return first.to_owned();
    }
    format!("{first}: {details}")
}

// === impl FactValue ===

impl From<bool> for FactValue {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<i64> for FactValue {
    fn from(number: i64) -> Self {
        Self::Whole(number)
    }
}

impl From<f64> for FactValue {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for FactValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for FactValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<String>> for FactValue {
    fn from(texts: Vec<String>) -> Self {
        Self::List(texts)
    }
}

impl From<Duration> for FactValue {
    fn from(duration: Duration) -> Self {
        Self::Number(crate::domain::millis::as_ms(duration))
    }
}

// === impl Diagnosis ===

impl Diagnosis {
    /// Puts the findings in order and draws the conclusion.
    #[must_use]
    pub fn new(mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| finding.exam);
        let conclusion = Conclusion::of(&findings);
        Self {
            findings,
            conclusion,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Action, ErrorKind};

    #[test]
    fn every_layer_has_its_examination() {
        for exam in Exam::ALL {
            let own = Exam::of(exam.layer());
            assert_eq!(own.layer(), exam.layer(), "{exam:?}");
        }
        for mode in Mode::ALL {
            assert!(Exam::of_mode(mode).is_sorted());
        }
    }

    #[track_caller]
    fn check(kind: ErrorKind, details: &str, words: &str) {
        let error = DbError::new(Action::Connect, kind).with_details(details);
        assert_eq!(cause_words(&error), words);
    }

    #[test]
    fn a_cause_is_one_phrase_of_fixed_words_and_what_was_said() {
        check(
            ErrorKind::AuthFailed,
            "no such password.",
            "Database authentication failed: no such password",
        );
        check(
            ErrorKind::Timeout { after_ms: 500 },
            "the address did not answer",
            "Database operation timed out after 500ms: the address did not answer",
        );
        check(
            ErrorKind::OwnSide,
            "no files left",
            "This program could not ask the database: no files left",
        );
    }
}
