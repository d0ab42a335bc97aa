//! The few figures of the migrations that a health check tells.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a line of what could not be read begins that is about the ledger.
pub const MIGRATIONS_UNREAD: &str = "migrations: ";

/// Whose the table in the place of our ledger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LedgerStanding {
    /// Ours.
    Ours,
    /// Nobody's: there is none.
    Absent,
    /// Another tool's.
    Foreign,
    /// Ours, and another session keeps everybody from reading it.
    Locked,
}

/// The migrations in a health check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MigrationSummary {
    /// Whose ledger it is.
    pub ledger: LedgerStanding,
    /// Rows of our ledger; null when they could not be read.
    pub applied: Option<u64>,
    /// Files to be applied; null when a problem stands against it.
    pub pending: Option<u64>,
    /// Why nothing would be applied, if so.
    pub problem: Option<String>,
}

impl MigrationSummary {
    /// Of a ledger that another session keeps locked, as these words say.
    #[must_use]
    pub fn locked(words: String) -> Self {
        Self {
            ledger: LedgerStanding::Locked,
            applied: None,
            pending: None,
            problem: Some(words),
        }
    }

    /// What is wrong with our own ledger, if it is there: a database whose
    /// tables others made is watched without one.
    #[must_use]
    pub fn fault(&self) -> Option<&str> {
        match self.ledger {
            LedgerStanding::Ours | LedgerStanding::Locked => self.problem.as_deref(),
            LedgerStanding::Absent | LedgerStanding::Foreign => None,
        }
    }

    /// Files that our own ledger waits for.
    #[must_use]
    pub fn waiting(&self) -> Option<u64> {
        match self.ledger {
            LedgerStanding::Ours => self.pending.filter(|count| *count > 0),
            LedgerStanding::Absent | LedgerStanding::Foreign | LedgerStanding::Locked => None,
        }
    }
}

impl fmt::Display for MigrationSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.ledger, self.pending) {
            (LedgerStanding::Foreign, _) => f.write_str("no ledger of ours"),
            (LedgerStanding::Locked, _) => f.write_str("ledger locked"),
            (LedgerStanding::Absent, None) => f.write_str("no ledger"),
            (_, None) => f.write_str("ledger refused"),
            (_, Some(0)) => write!(f, "{} migrations", self.applied.unwrap_or_default()),
            (_, Some(1)) => f.write_str("1 migration pending"),
            (_, Some(count)) => write!(f, "{count} migrations pending"),
        }
    }
}
