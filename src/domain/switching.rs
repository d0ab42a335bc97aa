//! What could be watched instead, and what another configuration would change:
//! told to people before anything happens.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::domain::{AutoMigrate, Target};

/// What is chosen from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlternativeKind {
    /// The modes.
    Mode,
    /// The profiles of the configuration file.
    Profile,
}

/// Everything of one kind that could be chosen, as the configuration was at a
/// moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternatives {
    /// Which list it is, counted from the start of the program.
    pub number: u64,
    /// What is chosen from.
    pub kind: AlternativeKind,
    /// When the configuration was read.
    pub at: DateTime<Utc>,
    /// The rows, or in words why there are none.
    pub rows: Result<Arc<[Alternative]>, Arc<[String]>>,
    /// How many there are beside the rows.
    pub unlisted: usize,
}

/// One thing that could be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// Its name; `None`: to use no profile.
    pub name: Option<String>,
    /// What would be rehearsed there; `None` where nothing is, or nothing is asked for.
    pub scene: Option<Scene>,
    /// Whether it is what is in use.
    pub use_now: Use,
    /// What would be connected to, or everything that speaks against it.
    pub standing: Result<Destination, Vec<String>>,
}

/// A rehearsal that could be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene {
    /// Its word.
    pub name: &'static str,
    /// What is seen of it, in a few words; or the steps of somebody's own.
    pub summary: String,
}

/// Whether something that could be chosen is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// It is not.
    Not,
    /// It is, exactly so.
    InUse,
    /// It is, with other settings than those that were read now.
    InUseOtherwise,
}

/// What would be connected to. Holds no secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The target.
    pub target: Target,
    /// The database that SQL and migrations would go to, where it is another
    /// address.
    pub direct: Option<Target>,
    /// The free label of its environment.
    pub environment: Option<String>,
    /// Whether our own configuration forbids writing there.
    pub read_only: bool,
    /// The profile whose settings hold there.
    pub profile: Option<String>,
    /// Whether pending migrations would be applied there, unasked.
    pub auto_migrate: AutoMigrate,
    /// What should be known before.
    pub remarks: Vec<String>,
}

/// One row of a list, as it was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pick {
    /// The list's number.
    pub list: u64,
    /// The row, from 0.
    pub row: usize,
}

/// What was chosen by hand, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chosen {
    /// What it was chosen from.
    pub kind: AlternativeKind,
    /// When.
    pub at: DateTime<Utc>,
}

/// A configuration that was read again, beside the one in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigReview {
    /// Which reading it is, counted from the start of the program.
    pub number: u64,
    /// When it was read.
    pub at: DateTime<Utc>,
    /// What it would change, or everything that is wrong with it.
    pub result: Result<ConfigDifference, Vec<String>>,
}

/// What another configuration would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigDifference {
    /// Every key whose value differs.
    pub changes: Vec<ConfigChange>,
    /// What would be watched.
    pub destination: Destination,
    /// Whether the connection stays.
    pub connection: Fate,
}

/// What becomes of the connection when a configuration is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It stays.
    Stays,
    /// It ends, and a new one begins.
    IsReplaced,
}

/// One key whose value differs. Secrets are stars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigChange {
    /// The key.
    pub key: &'static str,
    /// What is in use; `None`: nothing.
    pub old: Option<String>,
    /// What was read; `None`: nothing.
    pub new: Option<String>,
    /// What follows it.
    pub taking: Taking,
}

/// What follows a changed value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taking {
    /// What runs already.
    Running,
    /// Only a new connection.
    NewConnection,
    /// Only another start of the program.
    NextStart,
}

impl AlternativeKind {
    /// The word used in sentences.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mode => "mode",
            Self::Profile => "profile",
        }
    }
}
