//! What the tables of the embedded database hold: each column's type. Knows
//! nothing of statements.

use std::collections::HashMap;

use sqlx::{Column, SqliteConnection, sqlite::SqliteColumn};

use crate::adapter::mock::column_type::ColumnType;

const VERSION: &str = "select schema_version from pragma_schema_version";

const COLUMNS: &str = "select listed.name, told.name, told.type \
    from pragma_table_list as listed join pragma_table_info(listed.name) as told \
    where listed.schema = 'main'";

/// The columns of all tables, read again when a table was made or changed.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    version: Option<i64>,
    tables: HashMap<String, HashMap<String, ColumnType>>,
}

impl Catalogue {
    /// Takes in what has changed since the last look.
    pub(super) async fn refresh(
        &mut self,
        connection: &mut SqliteConnection,
    ) -> Result<(), sqlx::Error> {
        let version: i64 = sqlx::query_scalar(VERSION)
            .fetch_one(&mut *connection)
            .await?;
        if self.version == Some(version) {
            return Ok(());
        }
        let columns: Vec<(String, String, String)> =
            sqlx::query_as(COLUMNS).fetch_all(connection).await?;
        self.tables.clear();
        for (table, column, declared) in columns {
            let known = self.tables.entry(table).or_default();
            known.insert(column, ColumnType::of_declared(&declared));
        }
        self.version = Some(version);
        Ok(())
    }

    /// What the values of a statement's column are. An expression has no type,
    /// whatever it is made of.
    pub(super) fn type_of(&self, column: &SqliteColumn) -> ColumnType {
        let known = column.origin().table_column().and_then(|origin| {
            let columns = self.tables.get(&*origin.table)?;
            columns.get(&*origin.name).copied()
        });
        known.unwrap_or(ColumnType::Unknown)
    }
}
