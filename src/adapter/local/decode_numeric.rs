//! Reads PostgreSQL's binary `numeric` without losing a digit. Knows nothing of
//! columns and rows.

use std::{error::Error, fmt::Write as _};

use serde_json::Value;

/// Each digit of the binary form stands for four decimal ones.
const DECIMALS: usize = 4;

/// As a JSON number where that is exact, else as text.
pub(super) fn numeric_to_json(raw: &[u8]) -> Result<Value, Box<dyn Error + Sync + Send>> {
    numeric_text(raw).map(number_to_json)
}

fn number_to_json(text: String) -> Value {
    if let Ok(whole) = text.parse::<i64>() {
        return whole.into();
    }
    let exact = text
        .parse::<f64>()
        .ok()
        .filter(|float| float.is_finite() && float.to_string() == without_zeros(&text));
    exact.map_or_else(|| text.into(), Value::from)
}

/// Number of digits, weight of the first, sign, decimals shown, digits.
fn numeric_text(raw: &[u8]) -> Result<String, Box<dyn Error + Sync + Send>> {
    let (words, rest) = raw.as_chunks::<2>();
    let words: Vec<u16> = words.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
    let [count, weight, sign, scale, digits @ ..] = words.as_slice() else {
        return Err("a numeric without a head".into());
    };
    let sign = match sign {
        0x0000 => "",
        0x4000 => "-",
        0xc000 => return Ok("NaN".into()),
        0xd000 => return Ok("Infinity".into()),
        0xf000 => return Ok("-Infinity".into()),
        _ => return Err("a numeric with an unknown sign".into()),
    };
    if !rest.is_empty() || digits.len() != usize::from(*count) {
        return Err("a numeric of the wrong length".into());
    }
    let weight = i32::from(weight.cast_signed());
    let digit = |place: i32| -> u16 {
        usize::try_from(weight - place)
            .ok()
            .and_then(|index| digits.get(index))
            .copied()
            .unwrap_or(0)
    };
    let mut whole = String::new();
    for place in (0..=weight.max(0)).rev() {
        four_decimals(&mut whole, digit(place));
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let scale = usize::from(*scale);
    if scale == 0 {
        return Ok(format!("{sign}{whole}"));
    }
    let mut fraction = String::new();
    let mut place = -1;
    while fraction.len() < scale.next_multiple_of(DECIMALS) {
        four_decimals(&mut fraction, digit(place));
        place -= 1;
    }
    fraction.truncate(scale);
    Ok(format!("{sign}{whole}.{fraction}"))
}

fn four_decimals(text: &mut String, digit: u16) {
    write!(text, "{digit:04}").expect("writing to a string does not fail");
}

fn without_zeros(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(words: &[u16], text: &str, value: &Value) {
        let raw: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        assert_eq!(numeric_text(&raw).unwrap(), text);
        assert_eq!(numeric_to_json(&raw).unwrap(), *value);
    }

    #[test]
    fn numbers_that_json_holds_exactly_are_numbers() {
        check(&[0, 0, 0, 0], "0", &json!(0));
        check(&[2, 1, 0, 0, 1, 2345], "12345", &json!(12345));
        check(&[1, 2, 0, 0, 1], "100000000", &json!(100_000_000));
        check(&[2, 0, 0x4000, 2, 12, 5000], "-12.50", &json!(-12.5));
        check(&[1, 0xffff, 0, 3, 10], "0.001", &json!(0.001));
        check(&[1, 0xfffe, 0, 6, 100], "0.000001", &json!(0.000_001));
    }

    #[test]
    fn numbers_that_it_does_not_hold_are_texts() {
        check(&[0, 0, 0xc000, 0], "NaN", &json!("NaN"));
        check(
            &[5, 4, 0, 0, 1, 0, 0, 0, 1],
            "10000000000000001",
            &json!(10_000_000_000_000_001_i64),
        );
        let long = "1234567890123456789.12345678";
        check(
            &[7, 4, 0, 8, 123, 4567, 8901, 2345, 6789, 1234, 5678],
            long,
            &json!(long),
        );
    }

    #[test]
    fn a_broken_numeric_is_an_error() {
        assert!(numeric_text(&[0, 1]).is_err());
        assert!(numeric_text(&[0, 2, 0, 0, 0, 0, 0, 0, 0, 1]).is_err());
    }
}
