//! Table and column names, checked against the embedded database before they
//! become part of a statement. Knows nothing of rows.

use sqlx::SqliteConnection;

use crate::{
    adapter::{
        DbResult,
        local::quoted,
        mock::{classify::from_sqlite, column_type::ColumnType, engine::Session},
    },
    domain::{Action, DbError, ErrorKind},
};

/// By the name as it is written: where names are looked up in a statement,
/// SQLite takes capital letters for small ones, unlike PostgreSQL.
const COLUMNS: &str = "select told.name, told.type \
    from pragma_table_list as listed join pragma_table_info(listed.name) as told \
    where listed.name = $1 order by told.cid";

/// A table that exists, under the name that is safe in a statement.
#[derive(Debug)]
pub(super) struct Table {
    /// Its name, quoted.
    pub(super) quoted: String,
    columns: Vec<(String, ColumnType)>,
    asked: String,
}

impl Table {
    /// Finds a table.
    pub(super) async fn find(
        session: &mut Session<'_>,
        name: &str,
        action: Action,
    ) -> DbResult<Self> {
        let columns: Vec<(String, String)> = sqlx::query_as(COLUMNS)
            .bind(name.to_owned())
            .fetch_all(&mut *session.connection)
            .await
            .map_err(|error| from_sqlite(error, action))?;
        if columns.is_empty() {
            let words = format!("there is no table {name}");
            return Err(DbError::new(action, ErrorKind::SchemaMissing).with_details(&words));
        }
        let columns = columns
            .into_iter()
            .map(|(column, declared)| (column, ColumnType::of_declared(&declared)));
        Ok(Self {
            quoted: quoted(name),
            columns: columns.collect(),
            asked: name.to_owned(),
        })
    }

    /// The quoted name of a column that exists.
    pub(super) fn column(&self, name: &str, action: Action) -> DbResult<String> {
        if self.columns.iter().any(|(column, _)| column == name) {
            return Ok(quoted(name));
        }
        let words = format!("table {} has no column {name}", self.asked);
        Err(DbError::new(action, ErrorKind::SchemaMismatch).with_details(&words))
    }

    /// What the values of a column are.
    pub(super) fn type_of(&self, name: &str) -> ColumnType {
        let column = self.columns.iter().find(|(column, _)| column == name);
        column.map_or(ColumnType::Unknown, |(_, declared)| *declared)
    }
}

/// Whether the statement names a table that does not exist. SQLite has one
/// code for this and for every other mistake in a statement.
pub(super) async fn names_missing_table(
    connection: &mut SqliteConnection,
    sql: &str,
) -> Result<bool, sqlx::Error> {
    for name in tables_named(sql) {
        let known: i64 = sqlx::query_scalar(
            "select count(*) from pragma_table_list where name = $1 collate nocase",
        )
        .bind(name)
        .fetch_one(&mut *connection)
        .await?;
        if known == 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The words that stand where a statement names a table.
fn tables_named(sql: &str) -> Vec<String> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '"' | '.');
    let words: Vec<&str> = sql
        .split(|c: char| !is_part(c))
        .filter(|word| !word.is_empty())
        .collect();
    words
        .windows(2)
        .filter(|pair| {
            ["from", "join", "into", "update", "table"]
                .iter()
                .any(|keyword| pair[0].eq_ignore_ascii_case(keyword))
        })
        .map(|pair| {
            let name = pair[1].rsplit('.').next().unwrap_or(pair[1]);
            name.trim_matches('"').to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sql: &str, tables: &[&str]) {
        assert_eq!(tables_named(sql), tables);
    }

    #[test]
    fn tables_stand_behind_five_words() {
        check("select * from agents where id = $1", &["agents"]);
        check("SELECT 1 FROM a JOIN \"b\" ON a.x = b.x", &["a", "b"]);
        check("insert into main.agents(id) values (1)", &["agents"]);
        check("select 1", &[]);
    }
}
