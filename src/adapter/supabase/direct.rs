//! What only the database itself can tell of a table, asked over the direct
//! way. Knows nothing of the interface.

use std::time::Duration;

use serde_json::Value;

use crate::{
    adapter::{
        DbResult, SqlValue,
        local::{LocalDatabase, quoted, timeout_error},
        mode_adapter::Statement,
    },
    domain::{
        Action, DbError, ErrorKind, HealthDetails, MIGRATIONS_UNREAD, TableSight, cause_words,
    },
};

const ACTION: Action = Action::HealthCheck;

/// The error of a way on which nobody has answered within this time.
pub(super) fn late(limit: Duration) -> DbError {
    timeout_error(ACTION, limit).with_details("the database did not answer in time")
}

/// Why the way does not work: what is wrong and the code, without a next step.
pub(super) fn fault(error: &DbError) -> String {
    let words = cause_words(error);
    match error.code() {
        Some(code) => format!("{words} ({code})"),
        None => words,
    }
}

/// Adds what the database itself told: how the migrations stand, and the tables
/// that a client of it does not see, whatever the interface shows.
pub(super) fn add(details: &mut HealthDetails, found: HealthDetails) {
    details.migrations = found.migrations;
    let of_migrations = |what: &String| what.starts_with(MIGRATIONS_UNREAD);
    let unread = found.unread.into_iter().filter(of_migrations);
    details.unread.extend(unread);
    for table in found.missing_tables.unwrap_or_default() {
        let missing = details.missing_tables.get_or_insert_default();
        if !missing.contains(&table) {
            missing.push(table);
        }
    }
}

/// A table of which the role saw no row: whether there are any. Who asks here
/// must see every row itself.
pub(super) async fn reveal(direct: &LocalDatabase, table: &str) -> DbResult<TableSight> {
    let name = quoted(table);
    let sql = format!(
        "select exists (select from {name}) as has_rows, \
         pg_catalog.row_security_active($1::pg_catalog.regclass) as is_secured"
    );
    let row = one(direct, &sql, &[SqlValue::Text(name)]).await?;
    Ok(
        match (row["has_rows"].as_bool(), row["is_secured"].as_bool()) {
            (Some(true), _) => TableSight::Hidden,
            (Some(false), Some(false)) => TableSight::Empty,
            _ => TableSight::EmptyOrHidden,
        },
    )
}

/// Whether a role may add rows to a table, by its rights alone.
pub(super) async fn may_insert(direct: &LocalDatabase, role: &str, table: &str) -> DbResult<bool> {
    let sql = "select pg_catalog.has_table_privilege($1, $2, 'insert') as may";
    let params = [
        SqlValue::Text(role.to_owned()),
        SqlValue::Text(quoted(table)),
    ];
    let row = one(direct, sql, &params).await?;
    Ok(row["may"].as_bool().unwrap_or_default())
}

async fn one(direct: &LocalDatabase, sql: &str, params: &[SqlValue]) -> DbResult<Value> {
    direct.open();
    let mut row = None;
    let statement = Statement {
        sql,
        params,
        action: ACTION,
    };
    let mut take = |found| {
        row = Some(found);
        Ok(())
    };
    direct.query(statement, &mut take).await?;
    row.ok_or_else(|| DbError::new(ACTION, ErrorKind::RowNotFound))
}
