//! Writes the times of our tables as the other modes do. The interface sends
//! no types, so only columns whose types we know are touched.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{
    adapter::{local::time_text, mode_adapter::Record},
    domain::REQUIRED_COLUMNS,
};

/// The columns of our tables that are times, whatever the table.
const TIMES: [&str; 6] = [
    "completed_at",
    "created_at",
    "last_ping",
    "started_at",
    "timestamp",
    "updated_at",
];

/// Rewrites the times of a row of this table. What cannot be read as one stays.
pub(super) fn rewrite(table: &str, row: &mut Record) {
    let columns = REQUIRED_COLUMNS.iter().find(|(name, _)| *name == table);
    let Some((_, columns)) = columns else {
        return;
    };
    for column in TIMES.iter().filter(|time| columns.contains(time)) {
        if let Some(Value::String(text)) = row.get_mut(*column)
            && let Ok(time) = DateTime::parse_from_rfc3339(text)
        {
            *text = time_text(time.with_timezone(&Utc));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(table: &str, given: &str, expected: &str) {
        let mut row = Record::new();
        row.insert("created_at".to_owned(), json!(given));
        row.insert("name".to_owned(), json!(given));
        rewrite(table, &mut row);
        assert_eq!(row["created_at"], expected);
        assert_eq!(row["name"], given);
    }

    #[test]
    fn only_times_of_our_tables_are_rewritten() {
        let given = "2024-02-29T14:30:00.5+02:30";
        check("agents", given, "2024-02-29T12:00:00.500000Z");
        check("somebody's", given, given);
        check("agents", "infinity", "infinity");
    }
}
