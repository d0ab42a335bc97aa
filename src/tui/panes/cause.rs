//! Why a health check failed, beyond its fixed message: kind, code and the
//! server's words, as they stand among the errors.

use chrono::TimeDelta;

use crate::domain::{DbError, ErrorEntry, HealthCheckResult, clean};

/// An error is noted at most so long after the check has ended.
const LATER: TimeDelta = TimeDelta::seconds(1);

/// The error of a failed check, unless it was dropped from the list.
pub(super) fn of<'a>(check: &HealthCheckResult, errors: &'a [ErrorEntry]) -> Option<&'a DbError> {
    let message = check.error()?;
    let begun = check.timestamp();
    let ended = begun + TimeDelta::from_std(check.latency()).unwrap_or_default();
    let is_it = |entry: &&ErrorEntry| {
        // The same one again is folded: it was seen from the first to the last time.
        entry.first <= ended + LATER && entry.last >= begun && entry.error.message() == message
    };
    errors.iter().rev().find(is_it).map(|entry| &*entry.error)
}

/// Kind and code: `AuthFailed 28P01`.
pub(super) fn name(error: &DbError) -> String {
    let kind = error.kind().name();
    match error.code() {
        Some(code) => format!("{kind} {}", clean(code)),
        None => kind.to_owned(),
    }
}

/// Kind and code first, then the server's words where it sent some, else the
/// fixed message: what matters stands where nothing is cut. `None` for a check
/// that has not failed.
pub(super) fn in_a_row(check: &HealthCheckResult, errors: &[ErrorEntry]) -> Option<String> {
    let message = check.error()?;
    Some(match of(check, errors) {
        Some(error) => format!("{} {}", name(error), clean(&error.headline())),
        None => clean(message).into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        domain::{Action, ErrorKind},
        tui::fixtures,
    };

    fn entry(first: i64, last: i64, said: &str) -> ErrorEntry {
        let error = DbError::new(Action::HealthCheck, ErrorKind::DatabaseMissing)
            .with_code("3D000")
            .with_details(said);
        ErrorEntry {
            error: Arc::new(error),
            first: fixtures::ago(first),
            last: fixtures::ago(last),
            count: 2,
        }
    }

    #[track_caller]
    fn check(errors: &[ErrorEntry], row: &str) {
        let message = DbError::new(Action::HealthCheck, ErrorKind::DatabaseMissing).message();
        let failed = fixtures::check_at(60, Err(message));
        assert_eq!(in_a_row(&failed, errors).as_deref(), Some(row));
    }

    #[test]
    fn a_row_begins_with_kind_and_code_and_names_what_the_server_names() {
        let here = || entry(90, 30, "database \"nope\" does not exist");
        let named = "DatabaseMissing 3D000 database \"nope\" does not exist";
        check(&[here()], named);
        // Others of the same kind belong to other times.
        let before = entry(200, 100, "database \"old\" does not exist");
        let after = entry(20, 10, "database \"new\" does not exist");
        check(&[before.clone(), here(), after.clone()], named);
        let message = "Database does not exist. Please check the database name.";
        check(&[before, after], message);
    }
}
