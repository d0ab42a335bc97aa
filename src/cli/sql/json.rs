//! A result as one JSON object that is written as it comes, a row a line. Knows
//! nothing of where it goes.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::{adapter::ResultColumn, domain::is_unsafe};

/// Keys of the object and their values, in order.
pub(super) type Entries = Vec<(&'static str, Value)>;

/// An object that is being written.
#[derive(Debug)]
pub(super) struct JsonWriter {
    /// What stands before the columns.
    head: Entries,
    is_begun: bool,
    rows: u64,
}

impl JsonWriter {
    /// An object that begins with these keys.
    pub(super) fn new(head: Entries) -> Self {
        Self {
            head,
            is_begun: false,
            rows: 0,
        }
    }

    pub(super) fn columns(&mut self, columns: &[ResultColumn], out: &mut String) {
        let columns: Value = columns
            .iter()
            .map(|column| json!({ "name": column.name, "type": column.type_name }))
            .collect();
        self.is_begun = true;
        out.push('{');
        for (key, value) in &self.head {
            entry(key, value, out);
            out.push(',');
        }
        entry("columns", &columns, out);
        out.push_str(",\"rows\":[");
    }

    /// The cells are JSON already.
    pub(super) fn row(&mut self, cells: &[Option<String>], out: &mut String) {
        out.push_str(if self.rows == 0 { "\n[" } else { ",\n[" });
        self.rows += 1;
        for (index, cell) in cells.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            match cell {
                Some(json) => write_safe(json, out),
                None => out.push_str("null"),
            }
        }
        out.push(']');
    }

    /// Ends the object with these keys; it is whole also where no row has come.
    pub(super) fn end(&mut self, tail: &Entries, out: &mut String) {
        if !self.is_begun {
            self.columns(&[], out);
        }
        out.push_str(if self.rows == 0 { "]" } else { "\n]" });
        for (key, value) in tail {
            out.push(',');
            entry(key, value, out);
        }
        out.push_str("}\n");
    }
}

/// One key and its value.
fn entry(key: &str, value: &Value, out: &mut String) {
    write!(out, "\"{key}\":{}", safe(&value.to_string())).expect("a String takes any text");
}

/// The same JSON with nothing in it that a terminal would execute: within a
/// text such characters are escaped, between values they are blanks.
pub(super) fn safe(json: &str) -> String {
    let mut shown = String::new();
    write_safe(json, &mut shown);
    shown
}

fn write_safe(json: &str, out: &mut String) {
    // A long value must not make it grow in steps that double it.
    out.reserve(json.len());
    for c in json.chars() {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            c if is_unsafe(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}").expect("a String takes any text");
                }
            }
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str) -> ResultColumn {
        ResultColumn {
            name: name.to_owned(),
            type_name: Some("text".to_owned()),
            is_number: false,
        }
    }

    #[track_caller]
    fn check(columns: &[&str], rows: &[&[Option<&str>]], expected: &Value) -> String {
        let mut writer = JsonWriter::new(vec![("mode", json!("mock"))]);
        let mut out = String::new();
        if !columns.is_empty() {
            let columns: Vec<_> = columns.iter().map(|name| column(name)).collect();
            writer.columns(&columns, &mut out);
        }
        for row in rows {
            let cells: Vec<_> = row.iter().map(|cell| cell.map(str::to_owned)).collect();
            writer.row(&cells, &mut out);
        }
        writer.end(&vec![("rowCount", json!(rows.len()))], &mut out);
        let read: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(read, *expected);
        out
    }

    #[test]
    fn two_columns_of_one_name_are_two_values() {
        let a = json!({"name": "a", "type": "text"});
        check(
            &["a", "a"],
            &[&[Some("1"), None], &[Some("\"x\""), Some("{\"b\": [1]}")]],
            &json!({"mode": "mock", "columns": [a, a],
                "rows": [[1, null], ["x", {"b": [1]}]], "rowCount": 2}),
        );
    }

    #[test]
    fn an_object_without_a_result_is_whole() {
        let nothing = json!({"mode": "mock", "columns": [], "rows": [], "rowCount": 0});
        check(&[], &[], &nothing);
    }

    #[test]
    fn nothing_that_is_written_is_executed() {
        let hostile = "\u{9b}31m\u{202e}\u{e0041}\u{1b}";
        let json = json!(hostile).to_string();
        let out = check(
            &[hostile],
            &[&[Some(&json)], &[Some("{\n\t\"a\": 1}")]],
            &json!({"mode": "mock", "columns": [{"name": hostile, "type": "text"}],
                "rows": [[hostile], [{"a": 1}]], "rowCount": 2}),
        );
        assert!(!out.chars().any(|c| c != '\n' && is_unsafe(c)), "{out:?}");
    }
}
