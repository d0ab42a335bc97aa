//! What the role may do with the required tables that it finds. Knows nothing
//! of tables that are missing.

use std::sync::Arc;

use tokio_postgres::Row;

use crate::{
    adapter::{DbResult, local::diagnose::columns::texts},
    domain::{Action, DbError, ErrorKind, Exam, Finding, HealthPolicy},
};

/// What the role may do with the required tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rights {
    /// Required tables that are found.
    pub(super) found: usize,
    /// Those of them that can be inserted into, updated and deleted from.
    pub(super) writable: usize,
}

pub(super) fn found(
    row: &Row,
    policy: &HealthPolicy,
    rights: &mut Option<Rights>,
) -> DbResult<Finding> {
    let found = texts(row, 0)?;
    let lacking = [
        ("SELECT", texts(row, 1)?),
        ("INSERT", texts(row, 2)?),
        ("UPDATE", texts(row, 3)?),
        ("DELETE", texts(row, 4)?),
    ];
    let (row_security, closed) = (texts(row, 5)?, texts(row, 6)?);
    let is_writable = |table: &&String| {
        lacking[1..]
            .iter()
            .all(|(_, tables)| !tables.contains(table))
    };
    let writable = found.iter().filter(is_writable).count();
    *rights = Some(Rights {
        found: found.len(),
        writable,
    });
    let readable = found.len() - lacking[0].1.len();
    let words = match found.len() {
        0 => "no required table is found to be judged".to_owned(),
        found => format!("of {found} tables {readable} can be read, {writable} written"),
    };
    let mut finding = Finding::ok(Exam::Permission, words);
    finding.fact(
        "readableTables",
        i64::try_from(readable).unwrap_or(i64::MAX),
    );
    finding.fact(
        "writableTables",
        i64::try_from(writable).unwrap_or(i64::MAX),
    );
    lacking_rights(&mut finding, &lacking, policy);
    lacking_usage(&mut finding, closed);
    if !row_security.is_empty() {
        finding.note(format!(
            "row-level security decides which rows are seen in {}",
            row_security.join(", ")
        ));
        finding.fact("rowSecurity", row_security);
    }
    for (name, (_, tables)) in ["noSelect", "noInsert", "noUpdate", "noDelete"]
        .iter()
        .zip(lacking)
    {
        if !tables.is_empty() {
            finding.fact(name, tables);
        }
    }
    Ok(finding)
}

/// Rights on tables, each with the tables that it is missing on.
fn lacking_rights(
    finding: &mut Finding,
    lacking: &[(&str, Vec<String>); 4],
    policy: &HealthPolicy,
) {
    // Who only reads needs no more than that.
    let needed = if policy.expects_writes { 4 } else { 1 };
    let missing: Vec<_> = lacking
        .iter()
        .take(needed)
        .filter(|(_, tables)| !tables.is_empty())
        .map(|(right, tables)| format!("{right} on {}", tables.join(", ")))
        .collect();
    if missing.is_empty() {
        return;
    }
    let missing = missing.join("; ");
    finding.warn(&format!("the role lacks {missing}"));
    finding.next = Some(format!("grant {missing} to this role"));
    finding.error = Some(Arc::new(denied()));
}

/// Schemas of the search path that the role may not use.
fn lacking_usage(finding: &mut Finding, closed: Vec<String>) {
    if closed.is_empty() {
        return;
    }
    let schemas = closed.join(", ");
    finding.warn(&format!("the role lacks USAGE on schema {schemas}"));
    finding.next = Some(format!("grant usage on schema {schemas} to this role"));
    finding.fact("schemasWithoutUsage", closed);
    finding.error = Some(Arc::new(denied()));
}

fn denied() -> DbError {
    DbError::new(Action::HealthCheck, ErrorKind::PermissionDenied)
}
