//! Where a value came from, in words that a reader can follow to the place.
//! Knows nothing of what the values mean.

use std::{fmt, sync::Arc};

use crate::config::shown::shown;

/// The place that gave a value. `Display` is one of
/// `default`, `flag --mode`, `argument`, `environment DB_MODE`,
/// `config.toml:12`, `config.toml:12 [profiles.NAME]`, `pg_service.conf [NAME]`,
/// `~/.pgpass:3` or words of their own for what was derived.
///
/// Names and paths are somebody's text, so `Display` and `Debug` show stars for
/// one that may hold credentials.
#[derive(Clone, PartialEq, Eq)]
pub enum Origin {
    /// No source named it.
    Default,
    /// A flag, with its dashes; for `--set` the key is named too.
    Flag(String),
    /// The positional URL.
    Argument,
    /// An environment variable.
    Environment(String),
    /// A line of the configuration file.
    File {
        /// The file, as it is shown.
        file: Arc<str>,
        /// Line, from 1.
        line: usize,
        /// The profile that holds the line.
        profile: Option<Arc<str>>,
    },
    /// A section of libpq's service file.
    Service {
        /// The file, as it is shown.
        file: Arc<str>,
        /// The section.
        name: Arc<str>,
    },
    /// A line of libpq's password file.
    PassFile {
        /// The file, as it is shown.
        file: Arc<str>,
        /// Line, from 1.
        line: usize,
    },
    /// Follows from something else, in these words.
    Derived(&'static str),
}

/// A value and its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sourced<T> {
    /// The value.
    pub(crate) value: T,
    /// Where it came from.
    pub(crate) origin: Origin,
}

// === impl Origin ===

impl Origin {
    /// The origin as part of a sentence: "in config.toml:3", "by flag --mode".
    pub(crate) fn in_sentence(&self) -> String {
        match self {
            Self::Default | Self::Derived(_) => format!("as {self}"),
            Self::Flag(_) | Self::Argument => format!("by {self}"),
            Self::Environment(_)
            | Self::File { .. }
            | Self::Service { .. }
            | Self::PassFile { .. } => format!("in {self}"),
        }
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({self})")
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Flag(name) => write!(f, "flag {}", shown(name)),
            Self::Argument => f.write_str("argument"),
            Self::Environment(name) => write!(f, "environment {}", shown(name)),
            Self::File {
                file,
                line,
                profile,
            } => {
                write!(f, "{}:{line}", shown(file))?;
                match profile {
                    Some(profile) => write!(f, " [profiles.{}]", shown(profile)),
                    None => Ok(()),
                }
            }
            Self::Service { file, name } => write!(f, "{} [{}]", shown(file), shown(name)),
            Self::PassFile { file, line } => write!(f, "{}:{line}", shown(file)),
            Self::Derived(words) => f.write_str(words),
        }
    }
}

// === impl Sourced ===

impl<T> Sourced<T> {
    /// A value that no source named.
    pub(crate) const fn by_default(value: T) -> Self {
        Self {
            value,
            origin: Origin::Default,
        }
    }
}
