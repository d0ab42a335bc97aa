//! From a row of SQLite to a JSON object, by what each value is. Knows nothing
//! of statements.

use serde_json::Value;
use sqlx::{Column, Row, TypeInfo, ValueRef, sqlite::SqliteRow};

use crate::{
    adapter::{DbResult, local::hex_text, mock::classify::from_sqlite},
    domain::Action,
};

/// The row by its columns' names. Of two columns with one name the later stays.
pub(super) fn row_to_json(row: &SqliteRow, action: Action) -> DbResult<Value> {
    let values = row_values(row).map_err(|error| from_sqlite(error, action))?;
    let names = row.columns().iter().map(|column| column.name().to_owned());
    Ok(Value::Object(names.zip(values).collect()))
}

/// The row's values in order.
pub(super) fn row_values(row: &SqliteRow) -> Result<Vec<Value>, sqlx::Error> {
    let mut values = Vec::with_capacity(row.len());
    for (index, column) in row.columns().iter().enumerate() {
        let value = decode(row, index)?;
        values.push(match (column.type_info().name(), value) {
            // SQLite has no truth values; the column's declared type says what it means.
            ("BOOLEAN", Value::Number(number)) => Value::Bool(number.as_i64() != Some(0)),
            (_, value) => value,
        });
    }
    Ok(values)
}

fn decode(row: &SqliteRow, index: usize) -> Result<Value, sqlx::Error> {
    let raw = row.try_get_raw(index)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let stored = raw.type_info().name().to_owned();
    Ok(match stored.as_str() {
        "INTEGER" | "BOOLEAN" => Value::from(row.try_get_unchecked::<i64, _>(index)?),
        "REAL" => Value::from(row.try_get_unchecked::<f64, _>(index)?),
        "BLOB" => Value::from(hex_text(row.try_get_unchecked::<&[u8], _>(index)?)),
        _ => Value::from(row.try_get_unchecked::<&str, _>(index)?),
    })
}
