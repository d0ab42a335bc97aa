//! How a statement ended, in words for people and as an object for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::{
    adapter::{DbResult, Ran, RunAccess},
    cli::json::{error_json, millis},
    domain::{DbError, ErrorKind},
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

    /// What the person who reads it does next.
    fn hint(&self, error: &DbError) -> &'static str {
        if self.asked == Asked::ToStop {
            return "run it again when its result is wanted";
        }
        match (error.kind(), self.policy) {
            (ErrorKind::ReadOnly, Policy::ReadOnly) => ErrorKind::ReadOnlyConfigured.hint(),
            (ErrorKind::Timeout { .. }, _) if error.code().is_none() => {
                "look at the server's load and locks; --timeout SECONDS gives it longer"
            }
            (ErrorKind::Unsupported, _) => "use psql for it",
            _ => error.hint(),
        }
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

/// What a statement that ran came to, in a line.
pub(super) fn words(ran: &Ran, shown: Shown) -> String {
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
            "first {} of more rows (--limit 0 prints all)",
            grouped(rows)
        ),
        (false, true) => counted(rows, ""),
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

/// What went wrong, in lines for people.
pub(super) fn failure(error: &DbError, ended: &Ended<'_>) -> String {
    let message = match ended.asked {
        Asked::Nothing => error.message(),
        Asked::ToStop => stopped(error),
    };
    let mut words = format!("dbvitals: {message}\n");
    let mut line = |line: std::fmt::Arguments<'_>| {
        writeln!(words, "  {line}").expect("a String takes any text");
    };
    if let Some(details) = error.details().filter(|it| !message.contains(it)) {
        line(format_args!("said: {details}"));
    }
    let code = error
        .code()
        .map_or(String::new(), |code| format!(", code {code}"));
    let place = place(error, ended.sql).map_or(String::new(), |(line, column)| {
        format!(", line {line}, column {column}")
    });
    let (kind, layer) = (error.kind().name(), error.layer().as_str());
    line(format_args!("kind {kind}, layer {layer}{code}{place}"));
    // A cause with the same code has the same words.
    let is_news = |cause: &String| error.code().is_none_or(|code| !cause.contains(code));
    for cause in error.causes().filter(is_news) {
        line(format_args!("cause: {cause}"));
    }
    line(format_args!("next: {}", ended.hint(error)));
    words
}

/// What a signal of ours has led to.
fn stopped(error: &DbError) -> String {
    match error.kind() {
        ErrorKind::StatementCancelled => {
            "Interrupted: the server was told to cancel the statement, and did.".to_owned()
        }
        ErrorKind::Cancelled if error.details().is_none() => {
            "Interrupted. Nothing was sent.".to_owned()
        }
        _ => format!("Interrupted. {}", error.message()),
    }
}

/// Line and column, from 1, of where in the statement it went wrong.
fn place(error: &DbError, sql: &str) -> Option<(usize, usize)> {
    let before = usize::try_from(error.position()?).ok()?.checked_sub(1)?;
    let mut place = (1, 1);
    for c in sql.chars().take(before) {
        place = if c == '\n' {
            (place.0 + 1, 1)
        } else {
            (place.0, place.1 + 1)
        };
    }
    Some(place)
}

/// The error with all that is known of it.
pub(super) fn error_object(error: &DbError, ended: &Ended<'_>) -> Value {
    let mut object = error_json(error);
    object["hint"] = json!(ended.hint(error));
    object["position"] = json!(error.position());
    object["line"] = json!(place(error, ended.sql).map(|(line, _)| line));
    object["interrupted"] = json!(ended.asked == Asked::ToStop);
    object
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::Action;

    #[track_caller]
    fn check(affected: u64, rows: u64, has_more: bool, has_columns: bool, expected: &str) {
        let ran = Ran {
            affected,
            has_more,
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
    fn rows_are_counted_and_what_is_left_out_is_said() {
        check(1, 1, false, true, "1 row");
        check(0, 0, false, true, "0 rows");
        check(1_234_567, 0, false, false, "1,234,567 rows affected");
        check(
            1_000,
            1_000,
            true,
            true,
            "first 1,000 of more rows (--limit 0 prints all)",
        );
        check(
            5_000,
            100,
            true,
            true,
            "first 100 of 5,000 rows (--limit 0 prints all)",
        );
    }

    #[test]
    fn a_place_is_told_by_line_and_column() {
        let error = DbError::new(Action::Query, ErrorKind::StatementInvalid).with_position(10);
        assert_eq!(place(&error, "select é\nfrm x"), Some((2, 1)));
        assert_eq!(place(&error, "select * frm x"), Some((1, 10)));
    }
}
