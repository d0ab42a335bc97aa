//! Table and column names, checked against the server's catalogue before they
//! become part of a statement. Knows nothing of rows.

use chrono::DateTime;
use serde_json::Value;
use tokio_postgres::types::Type;

use crate::{
    adapter::{
        DbResult,
        local::{decode::time_text, fence::unlike_us, pool::Lease},
        mode_adapter::Record,
    },
    domain::{Action, DbError, ErrorKind},
};

const LOOK_UP: &str = include_str!("sql/table.sql");

/// A table that exists, under the name that is safe in a statement.
#[derive(Debug)]
pub(super) struct Table {
    /// Schema and name, quoted.
    pub(super) quoted: String,
    columns: Vec<String>,
    /// Those columns that are points in time.
    moments: Vec<String>,
    asked: String,
}

impl Table {
    /// Finds a table by `name` through the search path, or by `schema.name`.
    pub(super) async fn find(lease: &mut Lease, name: &str, action: Action) -> DbResult<Self> {
        let path: Vec<String> = name.splitn(2, '.').map(quoted).collect();
        let path = path.join(".");
        let found = lease
            .client()
            .query_typed_opt(LOOK_UP, &[(&path, Type::TEXT)])
            .await;
        let row = match found {
            Ok(Some(row)) => row,
            Ok(None) => {
                let words = format!("there is no table {name}");
                return Err(DbError::new(action, ErrorKind::SchemaMissing).with_details(&words));
            }
            Err(error) => return Err(lease.classify(error, action).await),
        };
        match (row.try_get(0), row.try_get(1), row.try_get(2)) {
            (Ok(quoted), Ok(columns), Ok(moments)) => Ok(Self {
                quoted,
                columns,
                moments,
                asked: name.to_owned(),
            }),
            (Err(error), _, _) | (_, Err(error), _) | (_, _, Err(error)) => {
                Err(unlike_us(error, action))
            }
        }
    }

    /// Brings the points in time of a row that the server wrote as JSON, in the
    /// session's time zone, to the form that all rows have.
    pub(super) fn with_utc(&self, mut row: Value) -> Value {
        for name in &self.moments {
            if let Some(Value::String(text)) = row.get_mut(name)
                && let Ok(moment) = DateTime::parse_from_rfc3339(text)
            {
                *text = time_text(moment.to_utc());
            }
        }
        row
    }

    /// The quoted names of the data's columns, each of which exists.
    pub(super) fn columns(&self, data: &Record, action: Action) -> DbResult<Vec<String>> {
        data.keys().map(|name| self.column(name, action)).collect()
    }

    /// The quoted name of a column that exists.
    pub(super) fn column(&self, name: &str, action: Action) -> DbResult<String> {
        if self.columns.iter().any(|column| column == name) {
            return Ok(quoted(name));
        }
        let words = format!("table {} has no column {name}", self.asked);
        Err(DbError::new(action, ErrorKind::SchemaMismatch).with_details(&words))
    }
}

/// An identifier in quotes, whatever is in it.
pub(in crate::adapter) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
