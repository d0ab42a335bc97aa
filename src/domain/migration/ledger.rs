//! What is still to be applied by a ledger of ours, or what is wrong with it.
//! Files are applied in order and none is skipped; whatever contradicts that
//! stops everything.

use std::fmt;

use crate::domain::{AppliedMigration, Migration, MigrationName};

/// What is wrong with a ledger of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerFault {
    /// A file is not recorded, and one that follows it is.
    Gap {
        /// The file that is not recorded.
        missing: MigrationName,
        /// The next file that is.
        later: MigrationName,
    },
    /// A row whose checksum is not that of our file.
    ChecksumChanged(MigrationName),
    /// A row whose version is ours and whose name is another.
    Renamed {
        /// Our file.
        ours: MigrationName,
        /// The row.
        recorded: MigrationName,
    },
    /// A row that is there more than once.
    Duplicate(MigrationName),
    /// A row of which nobody can tell when its file was applied.
    NoTime(MigrationName),
    /// A file was applied before one that it follows.
    OutOfOrder {
        /// The file that was applied too early.
        early: MigrationName,
        /// The file that it follows, and that was applied later.
        late: MigrationName,
    },
    /// A row of which this program has no file.
    UnknownVersion {
        /// The row.
        recorded: MigrationName,
        /// The newest file of this program.
        newest: MigrationName,
    },
}

/// The files that are still to be applied, in order.
///
/// # Errors
/// The fault at the lowest version, if the ledger has any.
pub fn pending(
    catalogue: &[Migration],
    ledger: &[AppliedMigration],
) -> Result<Vec<MigrationName>, LedgerFault> {
    let mut rows: Vec<_> = ledger.iter().collect();
    rows.sort_by_key(|row| row.id.version);
    let mut files = catalogue.iter().peekable();
    let mut before: Option<&AppliedMigration> = None;
    let mut newest = None;
    for row in rows {
        if newest.replace(row.id.version) == Some(row.id.version) {
            return Err(LedgerFault::Duplicate(row.id.clone()));
        }
        if let Some(missing) = files.next_if(|file| file.id.version < row.id.version) {
            return Err(match find(catalogue, row) {
                Some(_) => LedgerFault::Gap {
                    missing: missing.id.clone(),
                    later: row.id.clone(),
                },
                None => unknown(catalogue, row),
            });
        }
        let Some(file) = files.next_if(|file| file.id.version == row.id.version) else {
            return Err(unknown(catalogue, row));
        };
        check_row(file, row, before)?;
        // What was adopted says when it was recorded, not when it was applied.
        if row.execution_ms > 0 {
            before = Some(row);
        }
    }
    Ok(files.map(|file| file.id.clone()).collect())
}

/// Compares a row with our file and with the row that was applied before it.
fn check_row(
    file: &Migration,
    row: &AppliedMigration,
    before: Option<&AppliedMigration>,
) -> Result<(), LedgerFault> {
    if row.id != file.id {
        return Err(LedgerFault::Renamed {
            ours: file.id.clone(),
            recorded: row.id.clone(),
        });
    }
    if row.checksum != file.checksum {
        return Err(LedgerFault::ChecksumChanged(row.id.clone()));
    }
    if row.applied_at.is_none() {
        return Err(LedgerFault::NoTime(row.id.clone()));
    }
    match before.filter(|_| row.execution_ms > 0) {
        Some(before) if before.applied_at > row.applied_at => Err(LedgerFault::OutOfOrder {
            early: row.id.clone(),
            late: before.id.clone(),
        }),
        _ => Ok(()),
    }
}

fn find<'a>(catalogue: &'a [Migration], row: &AppliedMigration) -> Option<&'a Migration> {
    catalogue
        .iter()
        .find(|file| file.id.version == row.id.version)
}

fn unknown(catalogue: &[Migration], row: &AppliedMigration) -> LedgerFault {
    let newest = catalogue.last().map(|file| file.id.clone());
    LedgerFault::UnknownVersion {
        recorded: row.id.clone(),
        newest: newest.unwrap_or_else(|| MigrationName::new(0, "none")),
    }
}

impl LedgerFault {
    /// The name used in JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Gap { .. } => "gap",
            Self::ChecksumChanged(_) => "checksumChanged",
            Self::Renamed { .. } => "renamed",
            Self::Duplicate(_) => "duplicate",
            Self::NoTime(_) => "noTime",
            Self::OutOfOrder { .. } => "outOfOrder",
            Self::UnknownVersion { .. } => "unknownVersion",
        }
    }

    /// The migration that it is about.
    #[must_use]
    pub const fn migration(&self) -> &MigrationName {
        match self {
            Self::Gap { missing, .. } => missing,
            Self::ChecksumChanged(name) | Self::Duplicate(name) | Self::NoTime(name) => name,
            Self::Renamed { recorded, .. } | Self::UnknownVersion { recorded, .. } => recorded,
            Self::OutOfOrder { early, .. } => early,
        }
    }

    /// The next step for the person who reads it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Gap { .. } => {
                "run 'dbvitals migrate adopt': it records the file where its table matches, and \
                 names every difference"
            }
            Self::ChecksumChanged(_) | Self::Renamed { .. } => {
                "use the version of dbvitals that applied it, or put the row back as it was"
            }
            Self::Duplicate(_) => {
                "remove what is there twice, and put the ledger's primary key (version) back"
            }
            Self::NoTime(_) => "put back the time at which it was applied",
            Self::OutOfOrder { .. } => "find out who wrote the ledger, and correct its times",
            Self::UnknownVersion { .. } => "use a version of dbvitals that has this migration",
        }
    }
}

impl fmt::Display for LedgerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gap { missing, later } => write!(
                f,
                "{missing} is not in the ledger, but the later {later} is: \
                 a row was removed, or files were applied out of order"
            ),
            Self::ChecksumChanged(name) => {
                write!(
                    f,
                    "{name} was applied with another content: its checksum differs"
                )
            }
            Self::Renamed { ours, recorded } => {
                write!(
                    f,
                    "{recorded} is in the ledger where this program has {ours}"
                )
            }
            Self::Duplicate(name) => write!(f, "{name} is in the ledger twice"),
            Self::NoTime(name) => write!(
                f,
                "{name} has no time in the ledger: its applied_at is empty, infinite or \
                 out of all bounds"
            ),
            Self::OutOfOrder { early, late } => {
                write!(f, "{early} was applied before {late}, which it follows")
            }
            Self::UnknownVersion { recorded, newest } => write!(
                f,
                "{recorded} is in the ledger and unknown to this program, whose newest is {newest}"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    const NAMES: [&str; 4] = ["agents", "commands", "presets", "queues"];

    fn catalogue() -> Vec<Migration> {
        let files = (1..).zip(NAMES);
        files
            .map(|(version, name)| Migration {
                id: MigrationName::new(version, name),
                checksum: vec![version.try_into().unwrap()],
            })
            .collect()
    }

    /// The row that applying the file of this version makes.
    fn row(version: i64) -> AppliedMigration {
        let index = usize::try_from(version).unwrap() - 1;
        AppliedMigration {
            id: MigrationName::new(version, *NAMES.get(index).unwrap_or(&"later")),
            applied_at: Some(DateTime::UNIX_EPOCH + TimeDelta::seconds(version)),
            checksum: vec![version.try_into().unwrap()],
            execution_ms: 5,
        }
    }

    /// What follows from a ledger of these versions, after a change of its rows.
    #[track_caller]
    fn check(
        versions: &[i64],
        change: impl FnOnce(&mut Vec<AppliedMigration>),
        expected: Result<&[i64], &str>,
    ) {
        let mut rows: Vec<_> = versions.iter().map(|version| row(*version)).collect();
        change(&mut rows);
        let found = pending(&catalogue(), &rows);
        let found = found.map(|names| names.iter().map(|name| name.version).collect::<Vec<_>>());
        let found = found.map_err(|fault| fault.to_string());
        assert_eq!(found.as_deref().map_err(String::as_str), expected);
    }

    fn unchanged(_: &mut Vec<AppliedMigration>) {}

    #[test]
    fn what_is_not_recorded_is_pending_in_order() {
        check(&[], unchanged, Ok(&[1, 2, 3, 4]));
        check(&[1, 2], unchanged, Ok(&[3, 4]));
        check(&[2, 1], unchanged, Ok(&[3, 4]));
        check(&[1, 2, 3, 4], unchanged, Ok(&[]));
    }

    #[test]
    fn a_gap_is_named_with_what_follows_it() {
        let words = |missing: &str, later: &str| {
            format!(
                "{missing} is not in the ledger, but the later {later} is: \
                 a row was removed, or files were applied out of order"
            )
        };
        check(
            &[2, 3],
            unchanged,
            Err(&words("0001_agents", "0002_commands")),
        );
        check(
            &[1, 4],
            unchanged,
            Err(&words("0002_commands", "0004_queues")),
        );
    }

    #[test]
    fn another_content_or_name_is_named() {
        check(
            &[1, 2],
            |rows| rows[1].checksum = vec![9],
            Err("0002_commands was applied with another content: its checksum differs"),
        );
        check(
            &[1, 2],
            |rows| rows[1].id.name = "orders".into(),
            Err("0002_orders is in the ledger where this program has 0002_commands"),
        );
    }

    #[test]
    fn an_unknown_version_is_named() {
        let words = "0005_later is in the ledger and unknown to this program, whose newest is \
                     0004_queues";
        check(&[1, 2, 3, 4, 5], unchanged, Err(words));
        // It is what is wrong, not the files that it seems to follow.
        check(&[1, 2, 5], unchanged, Err(words));
        check(
            &[1],
            |rows| rows[0].id.version = 0,
            Err(
                "0000_agents is in the ledger and unknown to this program, whose newest is 0004_queues",
            ),
        );
    }

    #[test]
    fn a_file_applied_too_early_is_named() {
        let earlier = |rows: &mut Vec<AppliedMigration>| rows[2].applied_at = rows[0].applied_at;
        let words = "0003_presets was applied before 0002_commands, which it follows";
        check(&[1, 2, 3], earlier, Err(words));
        let same = |rows: &mut Vec<AppliedMigration>| rows[1].applied_at = rows[0].applied_at;
        check(&[1, 2], same, Ok(&[3, 4]));
    }

    #[test]
    fn a_row_that_is_there_twice_or_has_no_time_is_named() {
        check(
            &[1, 2, 2, 5],
            unchanged,
            Err("0002_commands is in the ledger twice"),
        );
        check(
            &[1, 2, 3],
            |rows| rows[1].applied_at = None,
            Err(
                "0002_commands has no time in the ledger: its applied_at is empty, infinite or \
                 out of all bounds",
            ),
        );
    }

    #[test]
    fn what_was_adopted_says_nothing_about_the_order() {
        let adopted = |rows: &mut Vec<AppliedMigration>| {
            rows[0].execution_ms = 0;
            rows[0].applied_at = Some(DateTime::UNIX_EPOCH + TimeDelta::days(1));
        };
        check(&[1, 2], adopted, Ok(&[3, 4]));
    }

    #[test]
    fn the_fault_at_the_lowest_version_comes_first() {
        check(
            &[1, 3, 5],
            |rows| rows[0].checksum = Vec::new(),
            Err("0001_agents was applied with another content: its checksum differs"),
        );
    }
}
