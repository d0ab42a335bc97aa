//! Reads the columns of our own statements. Knows nothing of what they mean.

use tokio_postgres::{Row, types::FromSql};

use crate::{
    adapter::{DbResult, local::fence::unlike_us},
    domain::{Action, excerpt},
};

/// Names that are kept of one list, whatever a server sends.
const LONGEST_LIST: usize = 200;

/// A column as it is.
pub(super) fn column<'r, T: FromSql<'r>>(row: &'r Row, index: usize) -> DbResult<T> {
    row.try_get(index)
        .map_err(|error| unlike_us(error, Action::HealthCheck))
}

/// A text, cleaned.
pub(super) fn text(row: &Row, index: usize) -> DbResult<String> {
    let text: &str = column(row, index)?;
    Ok(excerpt(text))
}

/// Texts, cleaned.
pub(super) fn texts(row: &Row, index: usize) -> DbResult<Vec<String>> {
    let texts: Vec<&str> = column(row, index)?;
    let kept = texts.into_iter().take(LONGEST_LIST);
    Ok(kept.map(excerpt).collect())
}

/// A number of seconds in words.
pub(super) fn seconds(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => format!("{:.0} ms", s * 1_000.0),
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7_200.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.0} h", s / 3_600.0),
        s => format!("{:.0} days", s / 86_400.0),
    }
}
