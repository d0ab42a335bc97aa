//! What is wrong with a configuration, all of it at once and without a secret.
//! Knows nothing of how a source is read.

use std::{error::Error, fmt};

use serde::{Serialize, Serializer};

use crate::config::{Origin, shown::shown};

/// Characters of a value that a complaint shows at most.
const VALUE_SHOWN: usize = 60;

/// One broken rule.
///
/// `Display` is one line: `pool_size = 0 (config.toml:4): must be between 1
/// and 100`; the value is left out where there is none or where it must not
/// be shown in part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Complaint {
    /// The key, or the flag or variable where no key is concerned.
    pub key: String,
    /// The value as it may be shown; never a secret.
    pub value: Option<String>,
    /// What is wrong, or what is allowed.
    pub problem: String,
    /// Where the value came from.
    #[serde(serialize_with = "as_text")]
    pub origin: Origin,
}

/// Every broken rule, in the order of the sources.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Complaints(Vec<Complaint>);

// === impl Complaint ===

impl Complaint {
    /// A complaint that shows no value.
    pub(crate) fn new(key: impl AsRef<str>, problem: impl Into<String>, origin: Origin) -> Self {
        Self {
            key: shown(key.as_ref()).into_owned(),
            value: None,
            problem: problem.into(),
            origin,
        }
    }

    /// The same, with a value as it was given: cleaned, cut when long, and
    /// stars when it may hold credentials.
    #[must_use]
    pub(crate) fn with_value(self, value: impl AsRef<str>) -> Self {
        self.with_shown(&shown(value.as_ref()))
    }

    /// The same, with a value that was made ready to be shown; cut when long.
    #[must_use]
    pub(crate) fn with_shown(mut self, shown: &str) -> Self {
        self.value = Some(match shown.char_indices().nth(VALUE_SHOWN) {
            Some((end, _)) => format!("{}…", &shown[..end]),
            None => shown.to_owned(),
        });
        self
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)?;
        if let Some(value) = &self.value {
            write!(f, " = {value}")?;
        }
        write!(f, " ({}): {}", self.origin, self.problem)
    }
}

impl Error for Complaint {}

// === impl Complaints ===

impl Complaints {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Complaint> {
        self.0.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn push(&mut self, complaint: Complaint) {
        self.0.push(complaint);
    }

    /// Keeps the complaint of a result, if it is one.
    pub(crate) fn keep<T>(&mut self, result: Result<T, Complaint>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(complaint) => {
                self.push(complaint);
                None
            }
        }
    }

    /// Whether this key was complained about, so that nothing more can be
    /// said about its value.
    pub(crate) fn concern(&self, key: &str) -> bool {
        self.0.iter().any(|complaint| complaint.key == key)
    }
}

impl fmt::Display for Complaints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, complaint) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{complaint}")?;
        }
        Ok(())
    }
}

impl Error for Complaints {}

fn as_text<S: Serializer>(origin: &Origin, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(origin)
}
