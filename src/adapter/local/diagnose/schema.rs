//! The required tables: found through the search path, found elsewhere, or not
//! at all; and their columns. Knows nothing of rights.

use tokio_postgres::Row;

use crate::{
    adapter::{
        DbResult,
        local::diagnose::columns::{column, text, texts},
    },
    domain::{Action, DbError, ErrorKind, Exam, Finding, REQUIRED_TABLES},
};

pub(super) fn found(row: &Row) -> DbResult<Finding> {
    let (schemas, missing) = (texts(row, 0)?, texts(row, 1)?);
    let (elsewhere, other_schemas) = (texts(row, 2)?, texts(row, 3)?);
    let (columns, search_path) = (texts(row, 4)?, text(row, 5)?);
    let has_old_name: bool = column(row, 6)?;
    let required = REQUIRED_TABLES.len();
    let present = required - missing.len();
    let words = format!("{present} of {required} tables, in {}", schemas.join(", "));
    let mut finding = Finding::ok(Exam::Schema, words);
    if !missing.is_empty() {
        finding.warn(&lacking(present, &elsewhere, &other_schemas, &search_path));
        if let [schema] = other_schemas.as_slice() {
            finding.next = Some(format!(
                "add schema {schema} to the search_path of this role or database"
            ));
        }
        finding.note(format!("missing: {}", missing.join(", ")));
        if !elsewhere.is_empty() {
            finding.note(format!("elsewhere: {}", elsewhere.join(", ")));
        }
        finding = finding.because(schema_error(ErrorKind::SchemaMissing));
    }
    if has_old_name {
        finding.note("a table command_queue is there: an older name of command_queues");
    }
    if !columns.is_empty() {
        let count = columns.len();
        let (noun, verb) = if count == 1 {
            ("column", "is")
        } else {
            ("columns", "are")
        };
        let some = columns
            .iter()
            .take(3)
            .cloned()
            .collect::<Vec<_>>()
            .join(", ");
        let rest = if count > 3 { ", …" } else { "" };
        finding.warn(&format!("{count} {noun} {verb} missing: {some}{rest}"));
        if finding.error.is_none() {
            finding = finding.because(schema_error(ErrorKind::SchemaMismatch));
        }
    }
    finding.fact("present", whole(present));
    finding.fact("required", whole(required));
    finding.fact("searchPath", search_path);
    finding.fact("schemas", schemas);
    finding.fact("missingTables", missing);
    finding.fact("elsewhere", elsewhere);
    finding.fact("missingColumns", columns);
    Ok(finding)
}

/// How much is there, and where the tables are instead.
fn lacking(
    present: usize,
    elsewhere: &[String],
    other_schemas: &[String],
    search_path: &str,
) -> String {
    let required = REQUIRED_TABLES.len();
    if !elsewhere.is_empty() {
        return format!(
            "{} of {required} tables are in schema {}, outside the search_path ({search_path})",
            elsewhere.len(),
            other_schemas.join(", "),
        );
    }
    match present {
        0 => format!("not initialised 0/{required}"),
        _ => format!("incomplete {present}/{required}"),
    }
}

fn schema_error(kind: ErrorKind) -> DbError {
    DbError::new(Action::HealthCheck, kind)
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(present: usize, elsewhere: &[&str], words: &str) {
        let elsewhere: Vec<_> = elsewhere.iter().map(ToString::to_string).collect();
        let schemas = ["old".to_owned()];
        let found = lacking(present, &elsewhere, &schemas, "\"$user\", public");
        assert_eq!(found, words);
    }

    #[test]
    fn tables_elsewhere_are_told_apart_from_tables_that_are_not_there() {
        check(0, &[], "not initialised 0/9");
        check(4, &[], "incomplete 4/9");
        check(
            7,
            &["old.agents", "old.commands"],
            "2 of 9 tables are in schema old, outside the search_path (\"$user\", public)",
        );
    }
}
