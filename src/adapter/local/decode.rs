//! From a row of PostgreSQL to a JSON object, by the columns' types. Knows
//! nothing of statements; what it cannot read it names.

use std::error::Error;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, Utc};
use serde_json::{Map, Number, Value};
use tokio_postgres::{
    Row,
    types::{FromSql, Kind, Type},
};
use uuid::Uuid;

use crate::{
    adapter::{
        DbResult,
        local::{decode_network::network_text, decode_numeric::numeric_to_json, params::hex_text},
    },
    domain::{Action, DbError, ErrorKind},
};

type Decoded = Result<Value, Box<dyn Error + Sync + Send>>;

/// 2⁵³: below it every whole number is a f64 of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The time value that PostgreSQL calls infinity, in its own encoding.
const INFINITY: [u8; 8] = i64::MAX.to_be_bytes();
const MINUS_INFINITY: [u8; 8] = i64::MIN.to_be_bytes();

/// The bytes of a value as the server sent them.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// The row by its columns' names. Of two columns with one name the later stays.
pub(super) fn row_to_json(row: &Row, action: Action) -> DbResult<Value> {
    let mut object = Map::with_capacity(row.len());
    for (index, column) in row.columns().iter().enumerate() {
        let raw: Result<Option<Raw<'_>>, _> = row.try_get(index);
        let decoded = match raw {
            Ok(None) => Ok(Value::Null),
            Ok(Some(Raw(bytes))) => decode(column.type_(), bytes),
            Err(error) => Err(error.into()),
        };
        let value = decoded.map_err(|cause| unreadable(column, cause, action))?;
        object.insert(column.name().to_owned(), value);
    }
    Ok(Value::Object(object))
}

fn unreadable(
    column: &tokio_postgres::Column,
    cause: Box<dyn Error + Sync + Send>,
    action: Action,
) -> DbError {
    let words = format!(
        "column {} of type {} cannot be read; cast it to text",
        column.name(),
        column.type_().name()
    );
    DbError::new(action, ErrorKind::Unsupported)
        .with_details(&words)
        .with_source(Unreadable(cause))
}

/// A boxed cause as an error of its own, so that it can be shared.
#[derive(Debug)]
struct Unreadable(Box<dyn Error + Sync + Send>);

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Unreadable {}

fn decode(column_type: &Type, raw: &[u8]) -> Decoded {
    match column_type.kind() {
        Kind::Array(element) => return decode_array(column_type, element, raw),
        Kind::Domain(base) => return decode(base, raw),
        Kind::Enum(_) => return text(raw),
        Kind::Simple | Kind::Pseudo => {}
        Kind::Range(_) | Kind::Multirange(_) | Kind::Composite(_) => {
            return Err("no such type is read".into());
        }
        // The driver may learn more kinds.
        _ => return Err("an unknown kind of type".into()),
    }
    match *column_type {
        Type::BOOL => Ok(bool::from_sql(column_type, raw)?.into()),
        Type::INT2 => Ok(i16::from_sql(column_type, raw)?.into()),
        Type::INT4 => Ok(i32::from_sql(column_type, raw)?.into()),
        Type::INT8 => Ok(i64::from_sql(column_type, raw)?.into()),
        Type::OID | Type::XID | Type::CID => Ok(u32::from_sql(&Type::OID, raw)?.into()),
        // By its own shortest digits, which are fewer than those of a f64.
        Type::FLOAT4 => {
            let shown = f32::from_sql(column_type, raw)?.to_string();
            Ok(float_to_json(shown.parse()?))
        }
        Type::FLOAT8 => Ok(float_to_json(f64::from_sql(column_type, raw)?)),
        Type::NUMERIC => numeric_to_json(raw),
        Type::CHAR => {
            let byte = i8::from_sql(column_type, raw)?.cast_unsigned();
            Ok(char::from(byte).to_string().into())
        }
        Type::BYTEA => Ok(hex_text(raw).into()),
        Type::UUID => Ok(Uuid::from_sql(column_type, raw)?.to_string().into()),
        Type::JSON | Type::JSONB => Ok(Value::from_sql(column_type, raw)?),
        Type::INET | Type::CIDR => Ok(network_text(raw)?.into()),
        Type::TIMESTAMPTZ | Type::TIMESTAMP | Type::DATE | Type::TIME => time(column_type, raw),
        Type::VOID => Ok(Value::Null),
        _ if is_text_like(column_type) => text(raw),
        _ => Err("no such type is read".into()),
    }
}

/// Types whose binary form is their text.
fn is_text_like(column_type: &Type) -> bool {
    matches!(
        *column_type,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN | Type::XML
    ) || column_type.name() == "citext"
}

fn text(raw: &[u8]) -> Decoded {
    Ok(std::str::from_utf8(raw)?.into())
}

/// A float as `to_jsonb` shows it: a whole number without a point, and an unreal
/// number, for which JSON has no words, as a text.
pub(in crate::adapter) fn float_to_json(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < EXACT && (value != 0.0 || value.is_sign_positive()) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it is whole and small enough"
        )]
        return Value::from(value as i64);
    }
    match Number::from_f64(value) {
        Some(number) => Value::Number(number),
        None if value.is_nan() => "NaN".into(),
        None if value > 0.0 => "Infinity".into(),
        None => "-Infinity".into(),
    }
}

fn time(column_type: &Type, raw: &[u8]) -> Decoded {
    match *column_type {
        Type::DATE if raw == i32::MAX.to_be_bytes() => return Ok("infinity".into()),
        Type::DATE if raw == i32::MIN.to_be_bytes() => return Ok("-infinity".into()),
        Type::TIMESTAMP | Type::TIMESTAMPTZ if raw == INFINITY => return Ok("infinity".into()),
        Type::TIMESTAMP | Type::TIMESTAMPTZ if raw == MINUS_INFINITY => {
            return Ok("-infinity".into());
        }
        _ => {}
    }
    let shown = match *column_type {
        Type::DATE => NaiveDate::from_sql(column_type, raw)?.to_string(),
        Type::TIME => NaiveTime::from_sql(column_type, raw)?.to_string(),
        Type::TIMESTAMP => NaiveDateTime::from_sql(column_type, raw)?
            .format("%Y-%m-%dT%H:%M:%S%.f")
            .to_string(),
        _ => time_text(DateTime::<Utc>::from_sql(column_type, raw)?),
    };
    Ok(shown.into())
}

/// RFC 3339 in UTC with microseconds: of one length, so that the order of the
/// texts is the order of the times.
pub(in crate::adapter) fn time_text(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn decode_array(array: &Type, element: &Type, raw: &[u8]) -> Decoded {
    let elements: Vec<Option<Raw<'_>>> = Vec::from_sql(array, raw)?;
    elements
        .into_iter()
        .map(|value| match value {
            None => Ok(Value::Null),
            Some(Raw(bytes)) => decode(element, bytes),
        })
        .collect::<Result<Vec<_>, _>>()
        .map(Value::Array)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(column_type: &Type, raw: &[u8], expected: &Value) {
        assert_eq!(decode(column_type, raw).unwrap(), *expected);
    }

    #[test]
    fn plain_types_become_plain_values() {
        check(&Type::BOOL, &[1], &json!(true));
        check(&Type::INT2, &[0xff, 0xfe], &json!(-2));
        check(&Type::OID, &[0xff, 0xff, 0xff, 0xff], &json!(u32::MAX));
        check(&Type::FLOAT4, &0.1f32.to_be_bytes(), &json!(0.1));
        check(
            &Type::FLOAT8,
            &f64::NEG_INFINITY.to_be_bytes(),
            &json!("-Infinity"),
        );
        check(&Type::FLOAT8, &f64::MAX.to_be_bytes(), &json!(f64::MAX));
        check(&Type::FLOAT8, &(-2.0f64).to_be_bytes(), &json!(-2));
        check(&Type::FLOAT8, &(-0.0f64).to_be_bytes(), &json!(-0.0));
        check(&Type::CHAR, b"r", &json!("r"));
        check(&Type::BYTEA, &[1, 0xab], &json!("\\x01ab"));
        check(&Type::NAME, "é".as_bytes(), &json!("é"));
    }

    #[test]
    fn times_are_iso_and_infinity_has_its_word() {
        check(
            &Type::TIMESTAMPTZ,
            &[0; 8],
            &json!("2000-01-01T00:00:00.000000Z"),
        );
        check(
            &Type::TIMESTAMP,
            &1_500_000i64.to_be_bytes(),
            &json!("2000-01-01T00:00:01.500"),
        );
        check(&Type::DATE, &1i32.to_be_bytes(), &json!("2000-01-02"));
        check(&Type::TIMESTAMPTZ, &INFINITY, &json!("infinity"));
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        assert!(decode(&Type::POINT, &[0; 16]).is_err());
        assert!(decode(&Type::INT4_RANGE, &[1]).is_err());
        assert!(decode(&Type::INT4, &[1]).is_err());
    }
}
