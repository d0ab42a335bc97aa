//! Which files an existing database may be said to have had applied, judged by
//! what is there; and how it differs from what they make.

use std::fmt;

use serde::Serialize;

use crate::domain::MigrationName;

/// How what a file makes compares with what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// All of it is there, as the file makes it.
    Matches,
    /// It is there, and not as the file makes it.
    Differs,
    /// Its table is not there: the file can still be applied.
    Absent,
    /// It makes nothing here that could be compared.
    Nothing,
}

/// One thing that is not as a file of ours makes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// The file.
    pub migration: MigrationName,
    /// What it is about: `agents.status`, or a table.
    pub object: String,
    /// What the file makes; `None` for what only the database has.
    pub ours: Option<String>,
    /// What the database has; `None` for what it lacks.
    pub theirs: Option<String>,
}

/// What came of comparing a database with our files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adoption {
    /// The schema of the tables.
    pub schema: String,
    /// The ledger: schema and table.
    pub ledger: String,
    /// The files that were recorded before.
    pub recorded_before: Vec<MigrationName>,
    /// The files that are recorded now.
    pub recorded: Vec<MigrationName>,
    /// The files that match and wait: one before them must be applied first.
    pub waiting: Vec<MigrationName>,
    /// The files that can be applied: their table is not there.
    pub absent: Vec<MigrationName>,
    /// Every difference of the files that are not recorded.
    pub differences: Vec<Difference>,
    /// What is not as ours and does not keep a file from being recorded.
    pub remarks: Vec<String>,
}

/// The files to record, of those that are not in the ledger, in order.
///
/// Only what matches is recorded. A file that differs is passed over: it stays
/// a gap that is named until its table is mended. What follows a file that can
/// be applied waits for it, since nothing may be applied behind what is
/// recorded. A file that makes nothing here is recorded behind a whole row only.
#[must_use]
pub fn recordable(compared: &[(MigrationName, Compared)]) -> Vec<MigrationName> {
    let mut is_whole = true;
    let mut names = Vec::new();
    for (name, how) in compared {
        match how {
            Compared::Absent => break,
            Compared::Differs => is_whole = false,
            Compared::Nothing if !is_whole => {}
            Compared::Matches | Compared::Nothing => names.push(name.clone()),
        }
    }
    names
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            object,
            ours,
            theirs,
            ..
        } = self;
        match (ours, theirs) {
            (Some(ours), Some(theirs)) => write!(f, "{object}: is {theirs}, ours is {ours}"),
            (Some(ours), None) => write!(f, "{object}: is missing {ours}"),
            (None, Some(theirs)) => write!(f, "{object}: has {theirs}, which ours has not"),
            (None, None) => write!(f, "{object}: differs"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The versions that are recorded; a letter a file: matches, differs, absent.
    #[track_caller]
    fn check(files: &str, expected: &[i64]) {
        let compared = (1..).zip(files.chars()).map(|(version, letter)| {
            let how = match letter {
                'm' => Compared::Matches,
                'd' => Compared::Differs,
                'n' => Compared::Nothing,
                _ => Compared::Absent,
            };
            (MigrationName::new(version, "x"), how)
        });
        let recorded = recordable(&compared.collect::<Vec<_>>());
        let versions: Vec<_> = recorded.iter().map(|name| name.version).collect();
        assert_eq!(versions, expected);
    }

    #[test]
    fn what_matches_is_recorded_up_to_a_file_that_can_be_applied() {
        check("mmm", &[1, 2, 3]);
        check("mdm", &[1, 3]);
        check("mam", &[1]);
        check("dda", &[]);
        check("mmn", &[1, 2, 3]);
        check("mdn", &[1]);
        check("man", &[1]);
        check("", &[]);
    }

    #[test]
    fn a_difference_says_what_is_and_what_should_be() {
        let mut difference = Difference {
            migration: MigrationName::new(1, "agents"),
            object: "agents.status".into(),
            ours: Some("text".into()),
            theirs: Some("integer".into()),
        };
        assert_eq!(
            difference.to_string(),
            "agents.status: is integer, ours is text"
        );
        difference.theirs = None;
        assert_eq!(difference.to_string(), "agents.status: is missing text");
        (difference.ours, difference.theirs) = (None, Some("text".into()));
        assert_eq!(
            difference.to_string(),
            "agents.status: has text, which ours has not"
        );
    }
}
