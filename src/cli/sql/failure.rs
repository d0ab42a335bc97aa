//! Why a statement failed, in words for people and as an object for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::{
    cli::{
        json::error_json,
        sql::summary::{Asked, Ended, Policy},
    },
    domain::{DbError, ErrorKind, REQUIRED_TABLES},
};

/// What went wrong, in lines for people.
pub(super) fn failure(error: &DbError, ended: &Ended<'_>) -> String {
    let message = headline(error, ended);
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
    let is_news = |cause: &String| match (error.code(), error.details()) {
        (Some(code), _) => !cause.contains(code),
        (None, Some(details)) => cause != details,
        (None, None) => true,
    };
    for cause in error.causes().filter(is_news) {
        line(format_args!("cause: {cause}"));
    }
    line(format_args!("next: {}", ended.hint(error)));
    words
}

/// The first line about it.
fn headline(error: &DbError, ended: &Ended<'_>) -> String {
    match ended.asked {
        Asked::Nothing => error.headline(),
        Asked::ToStop => stopped(error),
    }
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
        _ => format!("Interrupted. {}", error.headline()),
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
    object["message"] = json!(headline(error, ended));
    object["hint"] = json!(ended.hint(error));
    object["position"] = json!(error.position());
    object["line"] = json!(place(error, ended.sql).map(|(line, _)| line));
    object["interrupted"] = json!(ended.asked == Asked::ToStop);
    object
}

impl Ended<'_> {
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
            // Who knows what would do has said it.
            (ErrorKind::Unsupported, _) if error.hint() == ErrorKind::Unsupported.hint() => {
                "use psql for it"
            }
            (ErrorKind::SchemaMissing, _) if names_table_of_ours(error) => {
                "'dbvitals migrate status' tells whether the tables of its migrations are there"
            }
            (ErrorKind::SchemaMissing, _) => "check the name, and the search_path",
            (ErrorKind::SchemaMismatch, _) => {
                "check the name, and of a function the types of its arguments"
            }
            (ErrorKind::InvalidData, _) => "correct the value, or how it is computed",
            (ErrorKind::TransactionRolledBack, _) => "run it again",
            _ => error.hint(),
        }
    }
}

/// Whether the server's words hold the name of a table that our migrations make:
/// names are the same in every language.
fn names_table_of_ours(error: &DbError) -> bool {
    let mut words = error
        .details()
        .unwrap_or_default()
        .split(|c: char| !c.is_alphanumeric() && c != '_');
    words.any(|word| REQUIRED_TABLES.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Action;

    #[test]
    fn a_place_is_told_by_line_and_column() {
        let error = DbError::new(Action::Query, ErrorKind::StatementInvalid).with_position(10);
        assert_eq!(place(&error, "select é\nfrm x"), Some((2, 1)));
        assert_eq!(place(&error, "select * frm x"), Some((1, 10)));
    }
}
