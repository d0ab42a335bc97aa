//! Which constraint a statement has broken. SQLite names those that check a
//! value; of all others it tells the columns at best, and their names are looked
//! up in what the tables are made of. Knows nothing of error kinds.

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use crate::adapter::{
    SqlValue,
    mock::{
        definition::{Constraint, Rule, constraints},
        params::bind,
    },
};

/// SQLite's extended codes of constraints that it does not name.
const FOREIGN_KEY: &str = "787";
const PRIMARY_KEY: &str = "1555";
const UNIQUE: &str = "2067";

/// The name of the constraint that the statement broke, where SQLite does not
/// give it.
pub(super) async fn broken(
    connection: &mut SqliteConnection,
    error: &sqlx::Error,
    sql: &str,
    params: &[SqlValue],
) -> Result<Option<String>, sqlx::Error> {
    let Some(engine) = error.as_database_error() else {
        return Ok(None);
    };
    match engine.code().as_deref() {
        Some(FOREIGN_KEY) => broken_reference(connection, sql, params).await,
        Some(PRIMARY_KEY | UNIQUE) => match columns_named(engine.message()) {
            Some((table, columns)) => name_of_key(connection, table, &columns).await,
            None => Ok(None),
        },
        _ => Ok(None),
    }
}

/// The columns in `UNIQUE constraint failed: t.a, t.b`, which is how SQLite
/// tells a key. One over expressions it tells by its name.
fn columns_named(message: &str) -> Option<(&str, Vec<&str>)> {
    let (_, list) = message.split_once(": ")?;
    let named = list.split(", ").map(|column| column.rsplit_once('.'));
    let named: Vec<_> = named.collect::<Option<_>>()?;
    let (table, _) = *named.first()?;
    Some((table, named.into_iter().map(|(_, column)| column).collect()))
}

async fn name_of_key(
    connection: &mut SqliteConnection,
    table: &str,
    columns: &[&str],
) -> Result<Option<String>, sqlx::Error> {
    let is_this = |constraint: &Constraint| {
        matches!(constraint.rule, Rule::PrimaryKey | Rule::Unique) && constraint.columns == columns
    };
    if let Some(constraint) = of_table(connection, table).await?.into_iter().find(is_this) {
        return Ok(Some(constraint.name));
    }
    // A key may also have been made as an index of its own.
    let sql = "select listed.name from pragma_index_list($1) as listed \
        where listed.\"unique\" and listed.origin = 'c' and $2 = ( \
            select json_group_array(name) from ( \
                select name from pragma_index_info(listed.name) order by seqno))";
    sqlx::query_scalar(sql)
        .bind(table.to_owned())
        .bind(Value::from(columns.to_vec()).to_string())
        .fetch_optional(connection)
        .await
}

/// SQLite tells nothing about a reference that leads nowhere. So the statement
/// is run again with the look at references put off, what it breaks is looked
/// up, and it is undone.
async fn broken_reference(
    connection: &mut SqliteConnection,
    sql: &str,
    params: &[SqlValue],
) -> Result<Option<String>, sqlx::Error> {
    let mut again = connection.begin().await?;
    let found = run_unchecked(&mut again, sql, params).await;
    again.rollback().await?;
    // It outlasts the rollback where that is one to a savepoint.
    sqlx::query("pragma defer_foreign_keys = off")
        .execute(connection)
        .await?;
    found
}

async fn run_unchecked(
    connection: &mut SqliteConnection,
    sql: &str,
    params: &[SqlValue],
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query("pragma defer_foreign_keys = on")
        .execute(&mut *connection)
        .await?;
    let mut query = sqlx::query(AssertSqlSafe(sql.to_owned())).persistent(false);
    for value in params {
        query = bind(query, value);
    }
    query.execute(&mut *connection).await?;
    // A table's references are numbered from the last to the first.
    let broken: Option<(String, i64)> = sqlx::query_as(
        "select \"table\", max(fkid) from pragma_foreign_key_check group by 1 order by 1",
    )
    .fetch_optional(&mut *connection)
    .await?;
    match broken {
        Some((table, number)) => name_of_reference(connection, &table, number).await,
        None => Ok(None),
    }
}

async fn name_of_reference(
    connection: &mut SqliteConnection,
    table: &str,
    number: i64,
) -> Result<Option<String>, sqlx::Error> {
    let columns: Vec<String> = sqlx::query_scalar(
        "select \"from\" from pragma_foreign_key_list($1) where id = $2 order by seq",
    )
    .bind(table.to_owned())
    .bind(number)
    .fetch_all(&mut *connection)
    .await?;
    let is_this = |constraint: &Constraint| {
        constraint.rule == Rule::ForeignKey && constraint.columns == columns
    };
    let named = of_table(connection, table).await?.into_iter().find(is_this);
    Ok(Some(named.map_or_else(
        || format!("{table}.{}", columns.join(", ")),
        |constraint| constraint.name,
    )))
}

/// The constraints that a table was made with.
async fn of_table(
    connection: &mut SqliteConnection,
    table: &str,
) -> Result<Vec<Constraint>, sqlx::Error> {
    let sql = "select sql from sqlite_schema where type = 'table' and name = $1 collate nocase";
    let made: Option<String> = sqlx::query_scalar(sql)
        .bind(table.to_owned())
        .fetch_optional(connection)
        .await?;
    Ok(made.map_or_else(Vec::new, |made| constraints(&made)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_read_from_what_sqlite_says() {
        assert_eq!(
            columns_named("UNIQUE constraint failed: a.x, a.y"),
            Some(("a", vec!["x", "y"]))
        );
        assert_eq!(
            columns_named("UNIQUE constraint failed: index 'by_lower'"),
            None
        );
        assert_eq!(columns_named("FOREIGN KEY constraint failed"), None);
    }
}
