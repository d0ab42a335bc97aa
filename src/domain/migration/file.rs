//! A migration's name, the file that this program holds, and the ledger's row.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;

/// Version and name: `0003_terminal_outputs` is version 3.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct MigrationName {
    /// Its place in the order; versions begin with 1 and leave none out.
    pub version: i64,
    /// What it is about; the name of its table where it makes one.
    pub name: String,
}

/// A file of this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Version and name.
    pub id: MigrationName,
    /// SHA-384 of the file.
    pub checksum: Vec<u8>,
}

/// A row of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedMigration {
    /// Version and name as recorded.
    pub id: MigrationName,
    /// When, by the server's clock; `None` where what is recorded is no time
    /// that a calendar has.
    pub applied_at: Option<DateTime<Utc>>,
    /// SHA-384 of the file that was applied.
    pub checksum: Vec<u8>,
    /// How long it took, in ms, at least 1; 0 when nobody measured it: it was
    /// adopted, or its SQL was pasted.
    pub execution_ms: i64,
}

impl MigrationName {
    /// A name from its parts.
    #[must_use]
    pub fn new(version: i64, name: impl Into<String>) -> Self {
        Self {
            version,
            name: name.into(),
        }
    }
}

impl fmt::Display for MigrationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}_{}", self.version, self.name)
    }
}
