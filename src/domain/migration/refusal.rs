//! Why migrations are not applied to a database as it is, in words and with a
//! next step. A refusal changes nothing.

use std::{error::Error, fmt};

use crate::domain::{LedgerFault, LedgerTool, MigrationName, OLDER_NAME};

/// Why nothing is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MigrationRefusal {
    /// Our ledger is not as we left it.
    Ledger(LedgerFault),
    /// The table in the ledger's place is another tool's, and stays as it is.
    ForeignLedger {
        /// Schema and name.
        table: String,
        /// Whose it is.
        tool: LedgerTool,
    },
    /// Required tables are there, and no ledger of ours says where they come from.
    TablesWithoutLedger {
        /// The required tables that are there.
        tables: Vec<String>,
    },
    /// Files are recorded, and the tables that they make are not there.
    TablesMissing {
        /// The first of these files.
        first: MigrationName,
        /// How many there are besides.
        others: usize,
    },
    /// A file is not recorded, and the table that it makes is there.
    TableExists(MigrationName),
    /// A file is not recorded, and its table is there under an older name.
    OlderName(MigrationName),
    /// A file is not recorded, and the policies that it makes are there.
    PoliciesExist(MigrationName),
    /// There is no schema in which the tables could be made.
    NoSchema {
        /// The session's search path.
        search_path: String,
    },
}

impl MigrationRefusal {
    /// The name used in JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Ledger(fault) => fault.name(),
            Self::ForeignLedger { .. } => "foreignLedger",
            Self::TablesWithoutLedger { .. } => "tablesWithoutLedger",
            Self::TablesMissing { .. } => "tablesMissing",
            Self::TableExists(_) => "tableExists",
            Self::OlderName(_) => "olderName",
            Self::PoliciesExist(_) => "policiesExist",
            Self::NoSchema { .. } => "noSchema",
        }
    }

    /// The migration that it is about, if it is about one.
    #[must_use]
    pub const fn migration(&self) -> Option<&MigrationName> {
        match self {
            Self::Ledger(fault) => Some(fault.migration()),
            Self::TablesMissing { first: name, .. }
            | Self::TableExists(name)
            | Self::OlderName(name)
            | Self::PoliciesExist(name) => Some(name),
            Self::ForeignLedger { .. }
            | Self::TablesWithoutLedger { .. }
            | Self::NoSchema { .. } => None,
        }
    }

    /// The next step for the person who reads it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Ledger(fault) => fault.hint(),
            Self::ForeignLedger { .. } => {
                "set ledger_schema to another schema for our ledger: --set ledger_schema=dbvitals, or \
                 in the configuration file"
            }
            Self::TablesMissing { first, others: 0 } => restoring(first.version),
            Self::TablesMissing { .. } => {
                "restore the tables, or look at search_path where they are in another schema; \
                 'dbvitals migrate print 0001 0002 …' prints what makes them"
            }
            Self::TablesWithoutLedger { .. } | Self::TableExists(_) | Self::PoliciesExist(_) => {
                "run 'dbvitals migrate adopt': it compares the tables with ours and records what matches"
            }
            Self::OlderName(_) => {
                "rename the table and run 'dbvitals migrate adopt', or drop it where it is not needed"
            }
            Self::NoSchema { .. } => "create a schema of the search_path, or change search_path",
        }
    }
}

macro_rules! restoring {
    ($number:literal) => {
        concat!(
            "restore the table, or run what 'dbvitals migrate print ",
            $number,
            "' prints: it makes it anew, empty"
        )
    };
}

/// How the table of a file is had again.
const fn restoring(version: i64) -> &'static str {
    match version {
        1 => restoring!("0001"),
        2 => restoring!("0002"),
        3 => restoring!("0003"),
        4 => restoring!("0004"),
        5 => restoring!("0005"),
        6 => restoring!("0006"),
        7 => restoring!("0007"),
        8 => restoring!("0008"),
        9 => restoring!("0009"),
        _ => restoring!("NUMBER"),
    }
}

impl fmt::Display for MigrationRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ledger(fault) => fault.fmt(f),
            Self::ForeignLedger { table, tool } => {
                write!(f, "{table} is the ledger of {}", tool.as_str())
            }
            Self::TablesWithoutLedger { tables } => {
                write!(
                    f,
                    "there are tables and no ledger of ours: {}",
                    tables.join(", ")
                )
            }
            Self::TablesMissing { first, others } => {
                write!(
                    f,
                    "{first} is in the ledger, but its table {} is missing",
                    first.name
                )?;
                match others {
                    0 => Ok(()),
                    1 => f.write_str(", and 1 table more"),
                    _ => write!(f, ", and {others} tables more"),
                }
            }
            Self::TableExists(name) => write!(
                f,
                "{name} is not in the ledger, but its table {} is there",
                name.name
            ),
            Self::OlderName(name) => {
                let (older, table) = OLDER_NAME;
                write!(
                    f,
                    "{name} would make {table} beside {older}, which is its older name"
                )
            }
            Self::PoliciesExist(name) => {
                write!(f, "{name} is not in the ledger, but its policies are there")
            }
            Self::NoSchema { search_path } => {
                write!(f, "no schema of the search_path exists: {search_path}")
            }
        }
    }
}

impl Error for MigrationRefusal {}
