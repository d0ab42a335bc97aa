//! How a statement ended, and what it came to in a line.

use crate::{
    adapter::{DbResult, Ran, RunAccess},
    cli::{json::millis, sql::notices::Notices},
};

/// How a statement ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended<'a> {
    pub(super) result: &'a DbResult<Ran>,
    pub(super) sql: &'a str,
    /// What it was allowed to do.
    pub(super) access: RunAccess,
    /// Whether our own configuration forbids writing.
    pub(super) policy: Policy,
    /// Whether a signal told us to stop it.
    pub(super) asked: Asked,
    /// What the server remarked.
    pub(super) notices: &'a Notices,
}

/// What our own configuration says of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    ReadOnly,
    MayWrite,
}

/// What was asked for meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Nothing,
    ToStop,
}

impl Ended<'_> {
    /// Whether it ran where nothing can be written.
    pub(super) fn is_read_only(&self) -> bool {
        self.access == RunAccess::ReadOnly || self.policy == Policy::ReadOnly
    }
}

/// What of a result was shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    pub(super) rows: u64,
    /// Whether the statement has a result, be it without rows.
    pub(super) has_columns: bool,
    pub(super) reader: Reader,
}

/// Whether somebody still reads what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    Reads,
    Gone,
}

/// What a statement that ran came to, and what its reader should know of it, in
/// lines. `cut_mark` ends values that were cut.
pub(super) fn success(
    ran: &Ran,
    shown: Shown,
    ended: &Ended<'_>,
    cut_mark: Option<char>,
) -> String {
    let mut lines = vec![words(ran, shown)];
    if ended.is_read_only() {
        lines[0].push_str(", in a read-only transaction");
    }
    if let Some(mark) = cut_mark {
        lines.push(format!(
            "values that end with {mark} are cut to fit; through a pipe they are whole"
        ));
    }
    if ran.is_lost {
        lines.push("mock mode: nothing that was written persists".to_owned());
    }
    lines.join("\n")
}

/// What a statement that ran came to, in a line.
fn words(ran: &Ran, shown: Shown) -> String {
    let Shown {
        rows,
        has_columns,
        reader,
    } = shown;
    let what = match (ran.has_more, has_columns) {
        (_, true) if reader == Reader::Gone => {
            format!("nobody reads any more; {}", counted(rows, " read"))
        }
        (true, _) if ran.affected > rows => {
            format!(
                "first {} of {} rows (--limit 0 prints all)",
                grouped(rows),
                grouped(ran.affected)
            )
        }
        (true, _) => format!(
            "first {} rows; there are more (--limit 0 prints all)",
            grouped(rows)
        ),
        (false, true) => counted(rows, ""),
        (false, false) if ran.affected == 0 && !ran.counts_rows => "done".to_owned(),
        (false, false) => counted(ran.affected, " affected"),
    };
    format!("{what}, {:.1} ms", millis(ran.took))
}

fn counted(rows: u64, end: &str) -> String {
    let noun = if rows == 1 { "row" } else { "rows" };
    format!("{} {noun}{end}", grouped(rows))
}

/// `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[track_caller]
    fn check(affected: u64, rows: u64, has_more: bool, has_columns: bool, expected: &str) {
        let ran = Ran {
            affected,
            counts_rows: true,
            has_more,
            is_lost: false,
            took: Duration::from_micros(1_260),
        };
        let shown = Shown {
            rows,
            has_columns,
            reader: Reader::Reads,
        };
        assert_eq!(words(&ran, shown), format!("{expected}, 1.3 ms"));
    }

    #[test]
    fn a_zero_that_counts_nothing_is_not_told() {
        let ran = Ran {
            affected: 0,
            counts_rows: false,
            has_more: false,
            is_lost: false,
            took: Duration::from_millis(1),
        };
        let shown = Shown {
            rows: 0,
            has_columns: false,
            reader: Reader::Reads,
        };
        assert_eq!(words(&ran, shown), "done, 1.0 ms");
    }

    #[test]
    fn rows_are_counted_and_what_is_left_out_is_said() {
        check(1, 1, false, true, "1 row");
        check(0, 0, false, true, "0 rows");
        check(1_234_567, 0, false, false, "1,234,567 rows affected");
        check(
            1_000,
            1_000,
            true,
            true,
            "first 1,000 rows; there are more (--limit 0 prints all)",
        );
        check(
            5_000,
            100,
            true,
            true,
            "first 100 of 5,000 rows (--limit 0 prints all)",
        );
    }
}
