//! Parameters on their way to PostgreSQL: as text, which the server converts.
//! Knows nothing of statements.

use std::{error::Error, fmt::Write as _};

use chrono::SecondsFormat;
use tokio_postgres::types::{Format, IsNull, ToSql, Type, private::BytesMut, to_sql_checked};

use crate::adapter::SqlValue;

/// A parameter in the server's text format.
#[derive(Debug)]
pub(super) struct Param<'a>(pub(super) &'a SqlValue);

impl Param<'_> {
    /// The type that is declared for it. A text is declared like a literal in
    /// quotes: the server takes the type that the place demands.
    pub(super) fn declared(&self) -> Type {
        match self.0 {
            SqlValue::Null | SqlValue::Text(_) => Type::UNKNOWN,
            SqlValue::Bool(_) => Type::BOOL,
            SqlValue::Int(_) => Type::INT8,
            SqlValue::Float(_) => Type::FLOAT8,
            SqlValue::Bytes(_) => Type::BYTEA,
            SqlValue::Json(_) => Type::JSONB,
            SqlValue::Uuid(_) => Type::UUID,
            SqlValue::Timestamp(_) => Type::TIMESTAMPTZ,
            SqlValue::Array(elements) => array_type(elements),
        }
    }

    fn text(&self) -> Option<String> {
        Some(match self.0 {
            SqlValue::Null => return None,
            SqlValue::Bool(value) => value.to_string(),
            SqlValue::Int(value) => value.to_string(),
            SqlValue::Float(value) => float_text(*value),
            SqlValue::Text(value) => value.clone(),
            SqlValue::Bytes(value) => hex_text(value),
            SqlValue::Json(value) => value.to_string(),
            SqlValue::Uuid(value) => value.to_string(),
            SqlValue::Timestamp(value) => value.to_rfc3339_opts(SecondsFormat::Micros, true),
            SqlValue::Array(elements) => array_text(elements),
        })
    }
}

impl ToSql for Param<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self.text() {
            None => Ok(IsNull::Yes),
            Some(text) => {
                out.extend_from_slice(text.as_bytes());
                Ok(IsNull::No)
            }
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

/// The type that is declared for an array: by its first element that is not
/// null. One of texts takes the type of its place, as a text does.
fn array_type(elements: &[SqlValue]) -> Type {
    let known = elements
        .iter()
        .find(|element| !matches!(element, SqlValue::Null));
    match known {
        None | Some(SqlValue::Null | SqlValue::Text(_) | SqlValue::Array(_)) => Type::UNKNOWN,
        Some(SqlValue::Bool(_)) => Type::BOOL_ARRAY,
        Some(SqlValue::Int(_)) => Type::INT8_ARRAY,
        Some(SqlValue::Float(_)) => Type::FLOAT8_ARRAY,
        Some(SqlValue::Bytes(_)) => Type::BYTEA_ARRAY,
        Some(SqlValue::Json(_)) => Type::JSONB_ARRAY,
        Some(SqlValue::Uuid(_)) => Type::UUID_ARRAY,
        Some(SqlValue::Timestamp(_)) => Type::TIMESTAMPTZ_ARRAY,
    }
}

/// `{"a","b",NULL}`: every element in quotes, so that none is taken for a null
/// or a brace.
fn array_text(elements: &[SqlValue]) -> String {
    let mut text = String::from("{");
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        match (element, Param(element).text()) {
            (_, None) => text.push_str("NULL"),
            (SqlValue::Array(_), Some(nested)) => text.push_str(&nested),
            (_, Some(plain)) => {
                text.push('"');
                for c in plain.chars() {
                    if matches!(c, '"' | '\\') {
                        text.push('\\');
                    }
                    text.push(c);
                }
                text.push('"');
            }
        }
    }
    text.push('}');
    text
}

/// PostgreSQL writes the unreal numbers in words of its own.
fn float_text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    format!("{value:?}")
}

/// `\x` and two digits a byte: how PostgreSQL shows and takes bytes.
pub(in crate::adapter) fn hex_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 + bytes.len() * 2);
    text.push_str("\\x");
    for byte in bytes {
        write!(text, "{byte:02x}").expect("writing to a string does not fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &SqlValue, declared: &Type, text: Option<&str>) {
        let param = Param(value);
        assert_eq!(param.declared(), *declared);
        assert_eq!(param.text().as_deref(), text);
    }

    #[test]
    fn every_parameter_is_written_as_the_server_reads_it() {
        check(&SqlValue::Null, &Type::UNKNOWN, None);
        check(&SqlValue::Bool(true), &Type::BOOL, Some("true"));
        check(
            &SqlValue::Int(i64::MIN),
            &Type::INT8,
            Some("-9223372036854775808"),
        );
        check(&SqlValue::Float(0.1), &Type::FLOAT8, Some("0.1"));
        check(&SqlValue::Float(1e300), &Type::FLOAT8, Some("1e300"));
        check(
            &SqlValue::Float(f64::NEG_INFINITY),
            &Type::FLOAT8,
            Some("-Infinity"),
        );
        check(&SqlValue::Text("a'b".into()), &Type::UNKNOWN, Some("a'b"));
        check(
            &SqlValue::Bytes(vec![0, 255]),
            &Type::BYTEA,
            Some("\\x00ff"),
        );
        check(
            &SqlValue::Json(serde_json::json!([1])),
            &Type::JSONB,
            Some("[1]"),
        );
    }

    #[test]
    fn an_array_has_the_type_of_its_elements() {
        let texts = ["a", "", "NULL", "{,}", "\"\\"].map(|text| SqlValue::Text(text.into()));
        check(
            &SqlValue::Array(texts.into()),
            &Type::UNKNOWN,
            Some(r#"{"a","","NULL","{,}","\"\\"}"#),
        );
        check(&SqlValue::Array(vec![]), &Type::UNKNOWN, Some("{}"));
        check(
            &SqlValue::Array(vec![SqlValue::Null, SqlValue::Int(-1)]),
            &Type::INT8_ARRAY,
            Some(r#"{NULL,"-1"}"#),
        );
        let row = SqlValue::Array(vec![SqlValue::Bool(true)]);
        check(
            &SqlValue::Array(vec![row]),
            &Type::UNKNOWN,
            Some(r#"{{"true"}}"#),
        );
    }
}
