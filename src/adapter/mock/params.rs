//! Parameters on their way to SQLite. Knows nothing of statements.

use chrono::SecondsFormat;
use serde_json::Value;
use sqlx::{Sqlite, query::Query, sqlite::SqliteArguments};

use crate::adapter::SqlValue;

/// A statement that is being made ready.
pub(super) type Prepared<'q> = Query<'q, Sqlite, SqliteArguments>;

/// Binds a parameter. What SQLite has no type for is bound as text.
pub(super) fn bind<'q>(query: Prepared<'q>, value: &SqlValue) -> Prepared<'q> {
    match value {
        SqlValue::Null => query.bind(None::<String>),
        SqlValue::Bool(value) => query.bind(*value),
        SqlValue::Int(value) => query.bind(*value),
        SqlValue::Float(value) => query.bind(*value),
        SqlValue::Text(value) => query.bind(value.clone()),
        SqlValue::Bytes(value) => query.bind(value.clone()),
        SqlValue::Json(value) => query.bind(value.to_string()),
        SqlValue::Uuid(value) => query.bind(value.to_string()),
        SqlValue::Timestamp(value) => {
            query.bind(value.to_rfc3339_opts(SecondsFormat::Micros, true))
        }
    }
}

/// A column's value as a parameter; what is nested becomes its JSON text.
pub(super) fn of_json(value: &Value) -> SqlValue {
    match value {
        Value::Null => SqlValue::Null,
        Value::Bool(value) => SqlValue::Bool(*value),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => SqlValue::Int(whole),
            (None, Some(float)) => SqlValue::Float(float),
            (None, None) => SqlValue::Text(number.to_string()),
        },
        Value::String(text) => SqlValue::Text(text.clone()),
        nested @ (Value::Array(_) | Value::Object(_)) => SqlValue::Json(nested.clone()),
    }
}
