//! From a row of SQLite to a JSON object, by what each value is and what its
//! column is declared to hold. Knows nothing of statements.

use serde_json::Value;
use sqlx::{Column, Row, TypeInfo, ValueRef, sqlite::SqliteRow};

use crate::{
    adapter::{
        DbResult,
        local::{float_to_json, hex_text},
        mock::{catalogue::Catalogue, classify::from_sqlite, column_type::ColumnType},
    },
    domain::Action,
};

/// What the columns of one statement's rows hold.
#[derive(Debug)]
pub(super) struct Columns(Vec<ColumnType>);

impl Columns {
    /// Those of this row and of all that follow it.
    pub(super) fn of(row: &SqliteRow, catalogue: &Catalogue) -> Self {
        let types = row.columns().iter().map(|column| catalogue.type_of(column));
        Self(types.collect())
    }

    /// The row by its columns' names. Of two columns with one name the later stays.
    pub(super) fn row_to_json(&self, row: &SqliteRow, action: Action) -> DbResult<Value> {
        let values = self.values(row);
        let values = values.map_err(|error| from_sqlite(error, action))?;
        let names = row.columns().iter().map(|column| column.name().to_owned());
        Ok(Value::Object(names.zip(values).collect()))
    }

    /// The row's values in order.
    pub(super) fn values(&self, row: &SqliteRow) -> Result<Vec<Value>, sqlx::Error> {
        let columns = row.columns().iter().zip(&self.0);
        columns
            .map(|(column, declared)| Ok(meant(stored(row, column.ordinal())?, *declared)))
            .collect()
    }
}

/// The value as SQLite has it.
fn stored(row: &SqliteRow, index: usize) -> Result<Value, sqlx::Error> {
    let raw = row.try_get_raw(index)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let stored = raw.type_info().name().to_owned();
    Ok(match stored.as_str() {
        "INTEGER" | "BOOLEAN" => Value::from(row.try_get_unchecked::<i64, _>(index)?),
        "REAL" => float_to_json(row.try_get_unchecked(index)?),
        "BLOB" => Value::from(hex_text(row.try_get_unchecked::<&[u8], _>(index)?)),
        _ => Value::from(row.try_get_unchecked::<&str, _>(index)?),
    })
}

/// The value that is meant. What is not of the declared type, which a table
/// without our checks may hold, stays as it is.
fn meant(stored: Value, declared: ColumnType) -> Value {
    match (declared, &stored) {
        (ColumnType::Boolean, Value::Number(number)) => (number.as_i64() != Some(0)).into(),
        (ColumnType::Json | ColumnType::Array, Value::String(text)) => {
            serde_json::from_str(text).unwrap_or(stored)
        }
        (
            ColumnType::Boolean
            | ColumnType::Json
            | ColumnType::Array
            | ColumnType::Text
            | ColumnType::Integer
            | ColumnType::BigInt
            | ColumnType::Real
            | ColumnType::Uuid
            | ColumnType::Time
            | ColumnType::Inet
            | ColumnType::Bytes
            | ColumnType::Unknown,
            _,
        ) => stored,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(stored: Value, declared: ColumnType, expected: &Value) {
        assert_eq!(meant(stored, declared), *expected);
    }

    #[test]
    fn a_value_is_what_its_column_is_declared_to_hold() {
        check(json!(1), ColumnType::Boolean, &json!(true));
        check(json!(0), ColumnType::Boolean, &json!(false));
        check(json!("[1]"), ColumnType::Json, &json!([1]));
        check(json!("\"[1]\""), ColumnType::Json, &json!("[1]"));
        check(json!("[\"a\"]"), ColumnType::Array, &json!(["a"]));
        check(json!("[1]"), ColumnType::Text, &json!("[1]"));
        check(json!(null), ColumnType::Json, &json!(null));
    }

    #[test]
    fn what_is_not_of_its_type_stays_as_it_is() {
        check(json!("{"), ColumnType::Json, &json!("{"));
        check(json!("yes"), ColumnType::Boolean, &json!("yes"));
        check(json!(5), ColumnType::Json, &json!(5));
    }
}
