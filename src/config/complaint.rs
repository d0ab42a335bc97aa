//! What is wrong with a configuration, all of it at once and without a secret.
//! Knows nothing of how a source is read.

use std::{error::Error, fmt};

use serde::{Serialize, Serializer};

use crate::config::{Origin, shown::shown};

/// Characters of a key or value that a complaint shows at most.
const SHOWN: usize = 60;

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

/// Complaints that are kept at most; more are counted.
const KEPT: usize = 50;

/// Every broken rule, in the order of the sources; of very many the first, and
/// how many more there are.
///
/// `Display` is a line for each, then `and 17 more` where some were left off;
/// serialised it is the list of those that were kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Complaints {
    kept: Vec<Complaint>,
    #[serde(skip)]
    left_off: usize,
}

// === impl Complaint ===

impl Complaint {
    /// A complaint that shows no value.
    pub(crate) fn new(key: impl AsRef<str>, problem: impl Into<String>, origin: Origin) -> Self {
        Self {
            key: cut(&shown(key.as_ref())),
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
        self.value = Some(cut(shown));
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
    /// Those that were kept.
    pub fn iter(&self) -> impl Iterator<Item = &Complaint> {
        self.kept.iter()
    }

    /// How many there are, with those that were left off.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept.len() + self.left_off
    }

    /// How many there are beside those that were kept.
    #[must_use]
    pub const fn left_off(&self) -> usize {
        self.left_off
    }

    /// True when nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    pub(crate) fn push(&mut self, complaint: Complaint) {
        if self.kept.len() < KEPT {
            self.kept.push(complaint);
        } else {
            self.left_off += 1;
        }
    }

    /// Takes many, and makes only those that are kept.
    pub(crate) fn push_all(&mut self, many: impl ExactSizeIterator<Item: FnOnce() -> Complaint>) {
        let free = KEPT - self.kept.len();
        self.left_off += many.len().saturating_sub(free);
        self.kept.extend(many.take(free).map(|make| make()));
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

    /// Keeps only those that are of interest.
    pub(crate) fn retain(&mut self, is_wanted: impl Fn(&Complaint) -> bool) {
        self.kept.retain(is_wanted);
    }

    /// Whether this key was complained about, so that nothing more can be
    /// said about its value.
    pub(crate) fn concern(&self, key: &str) -> bool {
        self.kept.iter().any(|complaint| complaint.key == key)
    }
}

impl fmt::Display for Complaints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, complaint) in self.kept.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{complaint}")?;
        }
        if self.left_off > 0 {
            write!(f, "\nand {} more", self.left_off)?;
        }
        Ok(())
    }
}

impl Error for Complaints {}

fn cut(shown: &str) -> String {
    match shown.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &shown[..end]),
        None => shown.to_owned(),
    }
}

fn as_text<S: Serializer>(origin: &Origin, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(origin)
}
