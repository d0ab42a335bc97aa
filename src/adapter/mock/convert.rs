//! From the JSON of a row that is to be written to what its column holds, as
//! PostgreSQL converts it. Knows nothing of statements.

use std::{error::Error, fmt, net::IpAddr};

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, SubsecRound, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::adapter::{SqlValue, mock::column_type::ColumnType};

/// A value that its column cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unfit {
    column_type: ColumnType,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.column_type {
            ColumnType::Text | ColumnType::Unknown => "is no text without the character 0",
            ColumnType::Integer => "is no whole number of 32 bits",
            ColumnType::BigInt => "is no whole number of 64 bits",
            ColumnType::Real => "is no number",
            ColumnType::Boolean => "is no truth value",
            ColumnType::Uuid => "is no UUID",
            ColumnType::Time => "is no point in time",
            ColumnType::Json => "is no JSON without the character 0",
            ColumnType::Array => "is no list of texts",
            ColumnType::Inet => "is no network address",
            ColumnType::Bytes => "is no text of bytes",
        })
    }
}

impl Error for Unfit {}

/// The parameter for a column of this type.
pub(super) fn convert(value: &Value, column_type: ColumnType) -> Result<SqlValue, Unfit> {
    if value.is_null() {
        return Ok(SqlValue::Null);
    }
    let converted = match column_type {
        ColumnType::Json => Some(SqlValue::Json(value.clone())).filter(|_| !holds_nul(value)),
        ColumnType::Array => array(value),
        ColumnType::Unknown => plain(value),
        ColumnType::Text
        | ColumnType::Integer
        | ColumnType::BigInt
        | ColumnType::Real
        | ColumnType::Boolean
        | ColumnType::Uuid
        | ColumnType::Time
        | ColumnType::Inet
        | ColumnType::Bytes => from_text(&text(value), column_type),
    };
    converted.ok_or(Unfit { column_type })
}

/// As an untyped column takes it.
fn plain(value: &Value) -> Option<SqlValue> {
    Some(match value {
        Value::Null => SqlValue::Null,
        Value::Bool(value) => SqlValue::Bool(*value),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => SqlValue::Int(whole),
            (None, Some(float)) => SqlValue::Float(float),
            (None, None) => SqlValue::Text(number.to_string()),
        },
        Value::String(text) => from_text(text, ColumnType::Text)?,
        Value::Array(_) | Value::Object(_) => SqlValue::Json(value.clone()),
    })
}

/// PostgreSQL reads every value that is no JSON and no array from its text.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn from_text(text: &str, column_type: ColumnType) -> Option<SqlValue> {
    if text.contains('\0') {
        return None;
    }
    let trimmed = text.trim();
    match column_type {
        ColumnType::Integer => trimmed.parse::<i32>().ok().map(|n| SqlValue::Int(n.into())),
        ColumnType::BigInt => trimmed.parse().ok().map(SqlValue::Int),
        ColumnType::Real => trimmed.parse().ok().map(SqlValue::Float),
        ColumnType::Boolean => truth(trimmed).map(SqlValue::Bool),
        ColumnType::Uuid => trimmed.parse::<Uuid>().ok().map(SqlValue::Uuid),
        ColumnType::Time => time(trimmed).map(SqlValue::Timestamp),
        ColumnType::Inet => address(trimmed).map(SqlValue::Text),
        ColumnType::Bytes => bytes(text).map(SqlValue::Bytes),
        ColumnType::Text | ColumnType::Json | ColumnType::Array | ColumnType::Unknown => {
            Some(SqlValue::Text(text.to_owned()))
        }
    }
}

fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// With an offset, or in UTC, which is the time zone of every session here.
fn time(text: &str) -> Option<DateTime<Utc>> {
    let moment = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z"))
        .map(|moment| moment.to_utc())
        .ok()
        .or_else(|| {
            ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
                .iter()
                .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
                .or_else(|| {
                    let day = text.parse::<NaiveDate>().ok()?;
                    Some(day.and_time(NaiveTime::MIN))
                })
                .map(|moment| moment.and_utc())
        })?;
    Some(moment.round_subsecs(6))
}

/// As PostgreSQL shows it: the mask is left out for the address of one host.
fn address(text: &str) -> Option<String> {
    let (host, mask) = match text.split_once('/') {
        Some((host, mask)) => (host, Some(mask.parse::<u8>().ok()?)),
        None => (text, None),
    };
    let host: IpAddr = host.parse().ok()?;
    let all_bits = if host.is_ipv4() { 32 } else { 128 };
    match mask {
        Some(bits) if bits > all_bits => None,
        Some(bits) if bits < all_bits => Some(format!("{host}/{bits}")),
        Some(_) | None => Some(host.to_string()),
    }
}

/// `\x` and two digits a byte; any other text stands for its own bytes.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let Some(digits) = text.strip_prefix("\\x") else {
        return Some(text.as_bytes().to_vec());
    };
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

/// Texts stay as they are; whatever else is in the list becomes text.
fn array(value: &Value) -> Option<SqlValue> {
    let elements = value.as_array()?.iter().map(|element| match element {
        Value::Null => Some(SqlValue::Null),
        // PostgreSQL has no list of lists, but a table of equal rows.
        Value::Array(_) => None,
        other => from_text(&text(other), ColumnType::Text),
    });
    elements.collect::<Option<_>>().map(SqlValue::Array)
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => text.contains('\0'),
        Value::Array(elements) => elements.iter().any(holds_nul),
        Value::Object(members) => members
            .iter()
            .any(|(name, member)| name.contains('\0') || holds_nul(member)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(value: &Value, column_type: ColumnType, expected: &SqlValue) {
        assert_eq!(convert(value, column_type).as_ref(), Ok(expected));
    }

    #[track_caller]
    fn check_unfit(values: &[Value], column_type: ColumnType) {
        for value in values {
            let unfit = Err(Unfit { column_type });
            assert_eq!(convert(value, column_type), unfit, "{value}");
        }
    }

    fn moment(text: &str) -> SqlValue {
        SqlValue::Timestamp(text.parse().unwrap())
    }

    #[test]
    fn a_value_is_read_as_its_column_demands() {
        check(&json!(5), ColumnType::Text, &SqlValue::Text("5".into()));
        check(&json!("5"), ColumnType::Integer, &SqlValue::Int(5));
        check(&json!("0.5"), ColumnType::Real, &SqlValue::Float(0.5));
        check(&json!("off"), ColumnType::Boolean, &SqlValue::Bool(false));
        check(
            &json!("00000000-0000-0000-0000-00000000000A"),
            ColumnType::Uuid,
            &SqlValue::Uuid(Uuid::from_u128(10)),
        );
        check(&json!("x"), ColumnType::Json, &SqlValue::Json(json!("x")));
        check(
            &json!(["a", 1, null]),
            ColumnType::Array,
            &SqlValue::Array(vec![
                SqlValue::Text("a".into()),
                SqlValue::Text("1".into()),
                SqlValue::Null,
            ]),
        );
        check(
            &json!("\\x00fF"),
            ColumnType::Bytes,
            &SqlValue::Bytes(vec![0, 255]),
        );
        check(&json!(null), ColumnType::Json, &SqlValue::Null);
    }

    #[test]
    fn a_time_is_brought_to_utc_and_microseconds() {
        let noon = moment("2024-02-29T12:00:00Z");
        check(&json!("2024-02-29T14:00:00+02:00"), ColumnType::Time, &noon);
        check(&json!("2024-02-29 14:00:00+02"), ColumnType::Time, &noon);
        check(&json!("2024-02-29T12:00:00"), ColumnType::Time, &noon);
        let midnight = moment("2024-02-29T00:00:00Z");
        check(&json!("2024-02-29"), ColumnType::Time, &midnight);
        let fine = moment("2024-02-29T12:00:00.123457Z");
        check(
            &json!("2024-02-29T12:00:00.1234567Z"),
            ColumnType::Time,
            &fine,
        );
    }

    #[test]
    fn an_address_is_written_as_the_server_writes_it() {
        let text = |text: &str| SqlValue::Text(text.into());
        check(&json!("10.0.0.1/32"), ColumnType::Inet, &text("10.0.0.1"));
        check(&json!("10.0.0.1/8"), ColumnType::Inet, &text("10.0.0.1/8"));
        check(&json!("2001:DB8::0"), ColumnType::Inet, &text("2001:db8::"));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        check_unfit(&[json!("a\0b")], ColumnType::Text);
        check_unfit(
            &[
                json!(2_147_483_648_i64),
                json!(1.5),
                json!("x"),
                json!(true),
            ],
            ColumnType::Integer,
        );
        check_unfit(&[json!("maybe"), json!(2)], ColumnType::Boolean);
        check_unfit(&[json!("no-uuid"), json!(7)], ColumnType::Uuid);
        check_unfit(
            &[json!("soon"), json!("2024-02-30"), json!(7)],
            ColumnType::Time,
        );
        check_unfit(&[json!({"a": ["\0"]})], ColumnType::Json);
        check_unfit(&[json!("a"), json!([["a"]])], ColumnType::Array);
        check_unfit(
            &[json!("localhost"), json!("10.0.0.1/33")],
            ColumnType::Inet,
        );
        check_unfit(&[json!("\\x0")], ColumnType::Bytes);
    }
}
