//! What the command line asks for. It must not know what rows do.

use std::time::Duration;

use crate::row::{Length, Row};

/// The short rows must be done within this time on two cores.
const SHORT_BUDGET: Duration = Duration::from_mins(5);

/// All rows must be.
const FULL_BUDGET: Duration = Duration::from_mins(15);

/// What is to be run.
#[derive(Debug)]
pub(crate) struct Options {
    wanted: Vec<String>,
    is_full: bool,
    /// Rows are to be listed instead.
    pub(crate) lists: bool,
}

impl Options {
    /// Reads the arguments. Other flags are those of the usual harness, which
    /// `cargo test` passes to every test: they change nothing here.
    pub(crate) fn read(arguments: impl Iterator<Item = String>) -> Self {
        let mut options = Self {
            wanted: Vec::new(),
            is_full: std::env::var("DBVITALS_MATRIX").is_ok_and(|value| value == "full"),
            lists: false,
        };
        for argument in arguments {
            match argument.as_str() {
                "--full" => options.is_full = true,
                "--list" => options.lists = true,
                flag if flag.starts_with('-') => {}
                _ => options.wanted.push(argument),
            }
        }
        options
    }

    /// The rows that are asked for.
    pub(crate) fn choose(&self, rows: Vec<Row>) -> Vec<Row> {
        let is_wanted = |row: &Row| {
            let is_named = self.wanted.iter().any(|part| row.name.contains(part));
            let is_short = row.length == Length::Short;
            (self.is_full || is_short) && (self.wanted.is_empty() || is_named)
        };
        rows.into_iter().filter(is_wanted).collect()
    }

    /// How long all of it may take.
    pub(crate) fn budget(&self) -> Duration {
        if self.is_full {
            FULL_BUDGET
        } else {
            SHORT_BUDGET
        }
    }
}
