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
    /// The files that match, or make nothing here, and wait: one before them
    /// differs, or must be applied first.
    pub waiting: Vec<MigrationName>,
    /// The files whose table is not there.
    pub absent: Vec<MigrationName>,
    /// The files that a run would apply now, as things stand with what was recorded.
    pub appliable: Vec<MigrationName>,
    /// Every difference of the files that are not recorded.
    pub differences: Vec<Difference>,
    /// What is not as ours and does not keep a file from being recorded.
    pub remarks: Vec<String>,
}

/// The files to record, of those that are not in the ledger, in order.
///
/// Only what matches is recorded, and nothing behind a file that cannot be: a
/// ledger with a gap is refused afterwards. What follows a file that differs, or
/// one that is still to be applied, waits for it.
#[must_use]
pub fn recordable(compared: &[(MigrationName, Compared)]) -> Vec<MigrationName> {
    let recordable = compared.iter().take_while(|(_, how)| match how {
        Compared::Matches | Compared::Nothing => true,
        Compared::Absent | Compared::Differs => false,
    });
    recordable.map(|(name, _)| name.clone()).collect()
}

impl Adoption {
    /// The next step for the person who reads it; `None` when all is recorded.
    #[must_use]
    pub fn next_step(&self) -> Option<String> {
        if !self.differences.is_empty() {
            return Some(
                "change the tables so that they match, and adopt again; where they are meant for \
                 something else, give ours a schema of their own (first in the search_path)"
                    .to_owned(),
            );
        }
        if !self.appliable.is_empty() {
            let again = if self.waiting.is_empty() {
                ""
            } else {
                ", then adopt again"
            };
            return Some(format!("run 'dbvitals migrate up'{again}"));
        }
        // Before the first file that is there nothing can be recorded.
        let first = self.absent.first()?;
        Some(format!(
            "run what 'dbvitals migrate print {}' prints, then adopt again",
            first.version
        ))
    }
}

impl fmt::Display for Adoption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (recorded, differences) = (self.recorded.len(), self.differences.len());
        let noun = match differences {
            1 => "difference",
            _ => "differences",
        };
        write!(f, "{recorded} recorded, {differences} {noun}")
    }
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
    fn what_matches_is_recorded_and_no_gap_is_left() {
        check("mmm", &[1, 2, 3]);
        check("mdm", &[1]);
        check("dmm", &[]);
        check("mam", &[1]);
        check("dda", &[]);
        check("mmn", &[1, 2, 3]);
        check("mdn", &[1]);
        check("man", &[1]);
        check("", &[]);
    }

    #[test]
    fn the_next_step_is_one_that_can_be_taken() {
        let name = |version| MigrationName::new(version, "x");
        let difference = Difference {
            migration: name(2),
            object: "x".into(),
            ours: None,
            theirs: None,
        };
        let mut adoption = Adoption {
            schema: String::new(),
            ledger: String::new(),
            recorded_before: vec![],
            recorded: vec![name(1)],
            waiting: vec![],
            absent: vec![],
            appliable: vec![],
            differences: vec![],
            remarks: vec![],
        };
        let check = |adoption: &Adoption, begin: Option<&str>| {
            let next = adoption.next_step();
            assert_eq!(next.is_some(), begin.is_some(), "{next:?}");
            assert!(next.unwrap_or_default().starts_with(begin.unwrap_or("")));
        };
        check(&adoption, None);
        adoption.absent = vec![name(3)];
        check(
            &adoption,
            Some("run what 'dbvitals migrate print 3' prints"),
        );
        adoption.appliable = vec![name(3)];
        check(&adoption, Some("run 'dbvitals migrate up'"));
        adoption.differences = vec![difference];
        check(&adoption, Some("change the tables"));
        assert_eq!(adoption.to_string(), "1 recorded, 1 difference");
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
