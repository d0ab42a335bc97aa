//! The database and the role: whether they take clients, and their limits.
//! Knows nothing of tables.

use std::time::{Duration, SystemTime};

use tokio_postgres::Row;

use crate::{
    adapter::{
        DbResult,
        local::diagnose::columns::{column, seconds, text},
    },
    domain::{Action, DbError, ErrorKind, Exam, Finding},
};

/// A role that expires sooner than this is worth a warning, in seconds.
const SOON: f64 = 7.0 * 86_400.0;

pub(super) fn found(row: &Row) -> DbResult<Finding> {
    let (allows, database_limit): (bool, i64) = (column(row, 0)?, column(row, 1)?);
    let (may_connect, database_used): (bool, i64) = (column(row, 2)?, column(row, 3)?);
    let (role_limit, role_used): (i64, i64) = (column(row, 4)?, column(row, 5)?);
    let (is_superuser, expires): (bool, Option<f64>) = (column(row, 6)?, column(row, 7)?);
    let (role, database, version) = (text(row, 8)?, text(row, 9)?, text(row, 10)?);
    let words = format!("{database} exists and takes {role}; PostgreSQL {version}");
    let mut finding = Finding::ok(Exam::Database, words);
    for (name, value) in [
        ("serverVersion", version),
        ("database", database.clone()),
        ("role", role.clone()),
    ] {
        finding.fact(name, value);
    }
    finding.fact("allowsConnections", allows);
    finding.fact("connectRight", may_connect);
    finding.fact("databaseConnections", database_used);
    finding.fact("databaseConnectionLimit", database_limit);
    finding.fact("roleConnections", role_used);
    finding.fact("roleConnectionLimit", role_limit);
    finding.fact("superuser", is_superuser);
    if !allows {
        finding.warn(&format!("{database} takes no new connections"));
        finding = finding.because(DbError::new(Action::HealthCheck, ErrorKind::DatabaseClosed));
    }
    if !may_connect {
        finding.warn(&format!("{role} lacks CONNECT on {database}"));
        finding = finding.because(DbError::new(
            Action::HealthCheck,
            ErrorKind::PermissionDenied,
        ));
    }
    if !is_superuser {
        limit(
            &mut finding,
            &format!("database {database}"),
            database_used,
            database_limit,
        );
        limit(&mut finding, &format!("role {role}"), role_used, role_limit);
    }
    if let Some(expires) = expires {
        expiry(&mut finding, &role, expires);
    }
    Ok(finding)
}

/// A limit of -1 is none.
fn limit(finding: &mut Finding, what: &str, used: i64, limit: i64) {
    if limit < 0 {
        return;
    }
    finding.note(format!("{what}: {used} of {limit} connections"));
    if used * 10 >= limit * 9 {
        finding.warn(&format!("{what} has used {used} of {limit} connections"));
        finding.next = Some(format!("raise the connection limit of the {what}"));
    }
}

fn expiry(finding: &mut Finding, role: &str, expires: f64) {
    // A clock before the epoch makes everything look valid for long.
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    let left = expires - now.as_secs_f64();
    if left.is_finite() {
        finding.fact("roleExpiresInSeconds", left);
    }
    if left < 0.0 {
        finding.warn(&format!("the password of {role} has expired"));
        finding.next = Some(format!("alter role {role} valid until a later time"));
    } else if left < SOON {
        let words = format!("the password of {role} expires in {}", seconds(left));
        finding.warn(&words);
        finding.next = Some(format!("alter role {role} valid until a later time"));
    }
}
