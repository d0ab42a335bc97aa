//! From a value as PostgreSQL writes it to the JSON of the same value, by its
//! type. Knows nothing of rows; what it does not know stays a text.

use chrono::{DateTime, FixedOffset, NaiveDateTime, NaiveTime, Utc};
use serde::de::IgnoredAny;
use tokio_postgres::types::{Kind, Type};

use crate::adapter::local::{
    decode::time_text,
    run::array::{Item, parse_array},
};

/// The JSON text of a value.
pub(super) fn json_text(column_type: &Type, text: &str) -> String {
    match column_type.kind() {
        Kind::Domain(base) => return json_text(base, text),
        Kind::Array(element) => return array_text(column_type, element, text),
        // The driver may learn more kinds.
        _ => {}
    }
    let converted = match *column_type {
        Type::BOOL => match text {
            "t" => Some("true".to_owned()),
            "f" => Some("false".to_owned()),
            _ => None,
        },
        Type::INT2 | Type::INT4 | Type::INT8 | Type::OID | Type::XID | Type::CID => {
            text.parse::<i64>().ok().map(|number| number.to_string())
        }
        Type::FLOAT4 | Type::FLOAT8 => {
            let number: Option<serde_json::Number> = text.parse().ok();
            number.map(|_| text.to_owned())
        }
        // As they are: with every digit, and a document with its own order of keys.
        Type::NUMERIC | Type::JSON | Type::JSONB => {
            let json: Result<IgnoredAny, _> = serde_json::from_str(text);
            json.is_ok().then(|| text.to_owned())
        }
        Type::TIMESTAMPTZ | Type::TIMESTAMP | Type::TIME => {
            time(column_type, text).map(|time| quoted(&time))
        }
        Type::VOID => Some("null".to_owned()),
        _ => None,
    };
    converted.unwrap_or_else(|| quoted(text))
}

/// A text as JSON.
pub(super) fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("any text can be written as JSON")
}

/// Times in ISO form, as the server writes them by default. Infinity, years
/// before Christ and other styles stay as they are.
fn time(column_type: &Type, text: &str) -> Option<String> {
    match *column_type {
        Type::TIMESTAMPTZ => {
            let time: DateTime<FixedOffset> =
                DateTime::parse_from_str(&with_minutes(text), "%Y-%m-%d %H:%M:%S%.f%:z").ok()?;
            Some(time_text(time.with_timezone(&Utc)))
        }
        Type::TIMESTAMP => {
            let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok()?;
            Some(time.format("%Y-%m-%dT%H:%M:%S%.f").to_string())
        }
        _ => {
            let time = NaiveTime::parse_from_str(text, "%H:%M:%S%.f").ok()?;
            Some(time.to_string())
        }
    }
}

/// The server leaves out the minutes of an offset that has none.
fn with_minutes(text: &str) -> String {
    let is_short = text
        .rfind(['+', '-'])
        .is_some_and(|sign| sign > 10 && text.len() - sign == 3);
    if is_short {
        format!("{text}:00")
    } else {
        text.to_owned()
    }
}

fn array_text(column_type: &Type, element: &Type, text: &str) -> String {
    if matches!(*column_type, Type::INT2_VECTOR | Type::OID_VECTOR) {
        let numbers: Vec<_> = text.split_whitespace().collect();
        return format!("[{}]", numbers.join(","));
    }
    match parse_array(text) {
        Some(array) => item_text(element, &array),
        None => quoted(text),
    }
}

fn item_text(element: &Type, item: &Item) -> String {
    match item {
        Item::Null => "null".to_owned(),
        Item::Element(text) => json_text(element, text),
        Item::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| item_text(element, item)).collect();
            format!("[{}]", items.join(","))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[track_caller]
    fn check(column_type: &Type, text: &str, expected: &str) {
        assert_eq!(json_text(column_type, text), expected);
        let _: Value = serde_json::from_str(expected).unwrap();
    }

    #[test]
    fn numbers_and_truth_values_are_no_texts() {
        check(&Type::BOOL, "t", "true");
        check(&Type::INT8, "-9223372036854775808", "-9223372036854775808");
        check(&Type::FLOAT8, "1e+300", "1e+300");
        check(&Type::FLOAT8, "NaN", "\"NaN\"");
        check(&Type::NUMERIC, "12.50", "12.50");
        check(
            &Type::NUMERIC,
            "123456789012345678901",
            "123456789012345678901",
        );
        check(&Type::NUMERIC, "NaN", "\"NaN\"");
    }

    #[test]
    fn documents_keep_their_order_and_digits() {
        let document = "{\"b\": 1.000, \"a\": 12345678901234567890123}";
        check(&Type::JSON, document, document);
    }

    #[test]
    fn times_are_iso_where_the_server_writes_them_so() {
        check(
            &Type::TIMESTAMPTZ,
            "2024-02-29 12:00:00.5+02",
            "\"2024-02-29T10:00:00.500000Z\"",
        );
        check(
            &Type::TIMESTAMPTZ,
            "2024-02-29 12:00:00-03:30",
            "\"2024-02-29T15:30:00.000000Z\"",
        );
        check(&Type::TIMESTAMPTZ, "infinity", "\"infinity\"");
        check(
            &Type::TIMESTAMPTZ,
            "0044-03-15 12:00:00+00 BC",
            "\"0044-03-15 12:00:00+00 BC\"",
        );
        check(
            &Type::TIMESTAMP,
            "2024-02-29 12:00:00",
            "\"2024-02-29T12:00:00\"",
        );
        check(
            &Type::TIMESTAMP,
            "29.02.2024 12:00:00",
            "\"29.02.2024 12:00:00\"",
        );
    }

    #[test]
    fn arrays_are_arrays_of_their_elements() {
        check(&Type::INT4_ARRAY, "{1,NULL}", "[1,null]");
        check(
            &Type::TEXT_ARRAY,
            "{{\"a b\"},{NULL}}",
            "[[\"a b\"],[null]]",
        );
        check(&Type::INT2_VECTOR, "1 2", "[1,2]");
        check(&Type::BOOL_ARRAY, "{t,f}", "[true,false]");
    }

    #[test]
    fn what_is_not_known_stays_a_text() {
        check(&Type::POINT, "(1,2)", "\"(1,2)\"");
        check(&Type::INT4_RANGE, "[1,5)", "\"[1,5)\"");
        check(&Type::BOOL, "odd", "\"odd\"");
        check(&Type::JSON, "{", "\"{\"");
    }
}
