//! Parameters on their way to SQLite. Knows nothing of statements.

use serde_json::Value;
use sqlx::{Sqlite, query::Query, sqlite::SqliteArguments};

use crate::adapter::{
    SqlValue,
    local::{float_to_json, hex_text, time_text},
};

/// A statement that is being made ready.
pub(super) type Prepared<'q> = Query<'q, Sqlite, SqliteArguments>;

/// Binds a parameter. What SQLite has no type for is bound as text, in the form
/// in which our tables hold it.
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
        SqlValue::Timestamp(value) => query.bind(time_text(*value)),
        SqlValue::Array(elements) => {
            let elements: Value = elements.iter().map(element).collect();
            query.bind(elements.to_string())
        }
    }
}

/// An array's element as it stands in the JSON text of the array.
fn element(value: &SqlValue) -> Value {
    match value {
        SqlValue::Null => Value::Null,
        SqlValue::Bool(value) => Value::from(*value),
        SqlValue::Int(value) => Value::from(*value),
        SqlValue::Float(value) => float_to_json(*value),
        SqlValue::Text(value) => Value::from(value.as_str()),
        SqlValue::Bytes(value) => Value::from(hex_text(value)),
        SqlValue::Json(value) => value.clone(),
        SqlValue::Uuid(value) => Value::from(value.to_string()),
        SqlValue::Timestamp(value) => Value::from(time_text(*value)),
        SqlValue::Array(elements) => elements.iter().map(element).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_array_is_its_json_text() {
        let values = [
            SqlValue::Null,
            SqlValue::Text("a\"b".into()),
            SqlValue::Uuid(uuid::Uuid::from_u128(7)),
            SqlValue::Bytes(vec![255]),
            SqlValue::Array(vec![SqlValue::Float(0.5)]),
        ];
        let expected = json!([
            null,
            "a\"b",
            "00000000-0000-0000-0000-000000000007",
            "\\xff",
            [0.5]
        ]);
        assert_eq!(element(&SqlValue::Array(values.into())), expected);
    }
}
