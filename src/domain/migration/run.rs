//! A run of migrations while it goes on, and what it came to.

use std::{fmt, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::domain::{Adoption, MigrationName};

/// What happens during a run, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MigrationEvent {
    /// Another run holds the lock; it is waited for.
    Waiting {
        /// Who holds it, as far as the server tells.
        holder: Option<LockHolder>,
    },
    /// A file that is being applied waits for a lock, or does not any more.
    Blocked {
        /// The file.
        migration: MigrationName,
        /// Who holds the lock; nobody when the file goes on.
        holders: Vec<LockHolder>,
    },
    /// A file that was pending when the run began is recorded by another one.
    AppliedByOther(MigrationName),
    /// A file is being applied.
    Started(MigrationName),
    /// A file is applied and recorded: it holds.
    Applied {
        /// The file.
        migration: MigrationName,
        /// How long its statements took.
        took: Duration,
    },
}

/// A session that holds a lock which a run needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LockHolder {
    /// The server's process; 0 of a prepared transaction, which has none.
    pub pid: i32,
    /// Its `application_name`; empty when it has none.
    pub application_name: String,
    /// Its role, where that may be seen.
    pub role: Option<String>,
    /// Where it comes from, where that may be seen; `local` for a Unix socket.
    pub client: Option<String>,
    /// Since when its transaction runs, where that may be seen.
    pub since: Option<DateTime<Utc>>,
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationReport {
    /// The schema of the tables.
    pub schema: String,
    /// The ledger: schema and table.
    pub ledger: String,
    /// The files that this run applied, with the time that each took.
    pub applied: Vec<(MigrationName, Duration)>,
    /// The files that were pending at first, and that another run has applied.
    pub applied_by_others: Vec<MigrationName>,
}

/// What was asked for, and what it came to.
#[derive(Debug, Clone)]
pub enum MigrationRun {
    /// Files were applied.
    Migrated(Arc<MigrationReport>),
    /// Tables were compared, and what matches was recorded.
    Adopted(Arc<Adoption>),
}

impl fmt::Display for MigrationEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting { holder: None } => f.write_str("another run holds the lock"),
            Self::Waiting {
                holder: Some(holder),
            } if holder.is_migrating() => write!(f, "another run holds the lock: {holder}"),
            Self::Waiting {
                holder: Some(holder),
            } => write!(
                f,
                "another session holds the lock of the migrations: {holder}"
            ),
            Self::Blocked { migration, holders } if holders.is_empty() => {
                write!(f, "{migration} goes on")
            }
            Self::Blocked { migration, holders } => {
                write!(f, "{migration} needs a lock that another session holds: ")?;
                for (index, holder) in holders.iter().enumerate() {
                    let between = if index == 0 { "" } else { "; " };
                    write!(f, "{between}{holder}")?;
                }
                Ok(())
            }
            Self::AppliedByOther(name) => {
                write!(f, "{name} was applied by another run meanwhile")
            }
            Self::Started(name) => write!(f, "{name} begins"),
            Self::Applied { migration, took } => {
                write!(f, "{migration} applied in {} ms", took.as_millis())
            }
        }
    }
}

impl fmt::Display for MigrationRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Migrated(report) if report.applied.is_empty() => f.write_str("nothing to apply"),
            Self::Migrated(report) => write!(f, "{} applied", report.applied.len()),
            Self::Adopted(adoption) => adoption.fmt(f),
        }
    }
}

impl LockHolder {
    /// Whether it is a run of migrations, by its name.
    #[must_use]
    pub fn is_migrating(&self) -> bool {
        self.application_name.ends_with("-migrate")
    }
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            0 => f.write_str("a prepared transaction")?,
            pid => write!(f, "pid {pid}")?,
        }
        if !self.application_name.is_empty() {
            write!(f, ", application {}", self.application_name)?;
        }
        if let Some(role) = &self.role {
            write!(f, ", role {role}")?;
        }
        if let Some(client) = &self.client {
            write!(f, ", client {client}")?;
        }
        if let Some(since) = &self.since {
            write!(f, ", since {}", since.format("%Y-%m-%d %H:%M:%S UTC"))?;
        }
        Ok(())
    }
}
