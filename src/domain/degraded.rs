//! What is wrong with a database that answers, one thing at a time, in words.

use std::{fmt, time::Duration};

use crate::domain::millis;

/// One thing that is wrong with a database that answers. `Display` is its text
/// on the screen and in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DegradedReason {
    /// The round trip took longer than the threshold.
    Slow {
        /// What was so slow.
        asked: Asked,
        /// It took this long; of heartbeats, the median of the newest.
        latency: Duration,
        /// The threshold.
        threshold: Duration,
    },
    /// A new session cannot write although writes are expected.
    ReadOnly {
        /// Because the server is a standby or recovers.
        in_recovery: bool,
    },
    /// Required tables are missing.
    SchemaMissing {
        /// Required tables that exist.
        present: usize,
        /// Required tables.
        required: usize,
    },
    /// Files of ours are not applied to a database that has our ledger.
    MigrationsPending {
        /// So many.
        count: u64,
    },
    /// The ledger of our migrations is not as we left it.
    LedgerFault {
        /// What is wrong with it.
        what: String,
    },
    /// Something that is expected of the database could not be read, so that
    /// nobody knows whether it is so.
    DetailsUnread {
        /// What, and why not.
        what: String,
    },
    /// The role may not read the table that a check over REST asks for.
    NotPermitted {
        /// The table.
        table: String,
        /// The role, where it is known.
        role: String,
    },
    /// A check over REST is shown no row: row-level security may hide them.
    RowsHidden {
        /// The table.
        table: String,
        /// The role, where it is known.
        role: String,
        /// Whether it is known that there are rows.
        is_certain: bool,
    },
    /// The table that a check over REST asks for is not one of the required
    /// ones, and is missing.
    HealthTableMissing {
        /// The table.
        table: String,
    },
    /// Tables that are required are others than ours.
    OtherColumns {
        /// Their names.
        tables: Vec<String>,
    },
    /// A check over REST was answered without the database.
    DatabaseNotAsked,
    /// The way to a project's database itself does not work; that over REST does.
    DirectBroken {
        /// Why not: message and code.
        cause: String,
    },
    /// An answer is overdue: it may hang.
    Suspect,
    /// The connection lives, and a new client cannot get in.
    NewConnectionsRefused {
        /// Why not: message and code.
        cause: String,
    },
    /// Nobody watches the connection between checks.
    Unguarded {
        /// Why not: message and code.
        cause: String,
    },
    /// A pooler in between takes no transactions.
    NoTransactions,
    /// Every connection of our pool is used and callers wait.
    PoolFull {
        /// Callers that wait.
        waiting: u64,
    },
}

/// By what the database was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The newest health check.
    Check,
    /// The newest heartbeats.
    Heartbeats,
}

// === impl DegradedReason ===

impl DegradedReason {
    /// The command that leads on, where there is one of ours.
    #[must_use]
    pub const fn next_step(&self) -> Option<&'static str> {
        match self {
            Self::SchemaMissing { .. } | Self::LedgerFault { .. } => {
                Some("'dbvitals migrate status' tells what to do")
            }
            Self::MigrationsPending { .. } => {
                Some("'dbvitals migrate plan' lists them, 'dbvitals migrate up' applies them")
            }
            Self::Slow { .. }
            | Self::ReadOnly { .. }
            | Self::DetailsUnread { .. }
            | Self::Suspect
            | Self::NewConnectionsRefused { .. }
            | Self::Unguarded { .. }
            | Self::NoTransactions
            | Self::NotPermitted { .. }
            | Self::RowsHidden { .. }
            | Self::HealthTableMissing { .. }
            | Self::OtherColumns { .. }
            | Self::DatabaseNotAsked
            | Self::DirectBroken { .. }
            | Self::PoolFull { .. } => None,
        }
    }
}

impl fmt::Display for DegradedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slow {
                asked,
                latency,
                threshold,
            } => write!(
                f,
                "{}: {:.1} ms, above {:.0} ms",
                match asked {
                    Asked::Check => "slow",
                    Asked::Heartbeats => "slow heartbeats",
                },
                millis::as_ms(*latency),
                millis::as_ms(*threshold)
            ),
            Self::ReadOnly { in_recovery: true } => f.write_str("read-only: standby or recovery"),
            Self::ReadOnly { in_recovery: false } => {
                f.write_str("read-only: nothing can be written")
            }
            Self::SchemaMissing {
                present: 0,
                required,
            } => {
                write!(f, "schema: not initialised 0/{required}")
            }
            Self::SchemaMissing { present, required } => {
                write!(f, "schema: incomplete {present}/{required}")
            }
            Self::MigrationsPending { count: 1 } => f.write_str("schema: 1 migration pending"),
            Self::MigrationsPending { count } => {
                write!(f, "schema: {count} migrations pending")
            }
            Self::LedgerFault { what } => write!(f, "schema: {what}"),
            Self::DetailsUnread { what } => write!(f, "details could not be read: {what}"),
            Self::NotPermitted { table, role } => {
                write!(f, "permission: {} may not read {table}", whom(role))
            }
            Self::RowsHidden {
                table,
                role,
                is_certain: true,
            } => write!(
                f,
                "row-level security: it hides the rows of {table} from {}",
                whom(role)
            ),
            Self::RowsHidden {
                table,
                role,
                is_certain: false,
            } => write!(
                f,
                "row-level security: {} sees no row of {table}; it is empty, or they are hidden",
                whom(role)
            ),
            Self::HealthTableMissing { table } => {
                write!(f, "health_table: {table} does not exist")
            }
            Self::OtherColumns { tables } => {
                write!(f, "schema: other columns than ours: {}", tables.join(", "))
            }
            Self::DatabaseNotAsked => {
                f.write_str("database not asked: no table is there to read a row of")
            }
            Self::DirectBroken { cause } => {
                write!(f, "database_url does not work, the key does: {cause}")
            }
            Self::Suspect => f.write_str("suspect: an answer is overdue"),
            Self::NewConnectionsRefused { cause } => write!(f, "new connections refused: {cause}"),
            Self::Unguarded { cause } => write!(f, "not guarded: {cause}"),
            Self::NoTransactions => {
                f.write_str("pooler in statement mode: transactions are refused")
            }
            Self::PoolFull { waiting } => write!(f, "pool full: {waiting} waiting"),
        }
    }
}

fn whom(role: &str) -> &str {
    if role.is_empty() { "the role" } else { role }
}
