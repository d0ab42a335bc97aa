//! A result as comma-separated values (RFC 4180): a null is nothing, an empty
//! text is `""`. Knows nothing of where it goes.

use std::fmt::Write as _;

use crate::{adapter::ResultColumn, domain::is_unsafe};

/// Who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// A program, which gets every character as it is.
    Program,
    /// A terminal, which must not execute what it shows.
    Terminal,
}

/// Writes the line of names.
pub(super) fn write_columns(columns: &[ResultColumn], reader: Reader, out: &mut String) {
    write_line(
        columns.iter().map(|column| Some(column.name.as_str())),
        reader,
        out,
    );
}

/// Writes the line of a row.
pub(super) fn write_row(cells: &[Option<String>], reader: Reader, out: &mut String) {
    write_line(cells.iter().map(Option::as_deref), reader, out);
}

fn write_line<'a>(cells: impl Iterator<Item = Option<&'a str>>, reader: Reader, out: &mut String) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            out.push(',');
        }
        if let Some(text) = cell {
            write_text(text, reader, out);
        }
    }
    out.push('\n');
}

fn write_text(text: &str, reader: Reader, out: &mut String) {
    // A long value must not make it grow in steps that double it.
    out.reserve(text.len() + 2);
    let needs_quotes = text.is_empty() || text.contains([',', '"', '\r', '\n']);
    if needs_quotes {
        out.push('"');
    }
    for c in text.chars() {
        match c {
            '"' => out.push_str("\"\""),
            '\n' | '\t' => out.push(c),
            c if reader == Reader::Terminal && is_unsafe(c) => {
                write!(out, "<{:02X}>", u32::from(c)).expect("a String takes any text");
            }
            c => out.push(c),
        }
    }
    if needs_quotes {
        out.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cells: &[Option<&str>], reader: Reader, expected: &str) {
        let mut out = String::new();
        let cells: Vec<_> = cells.iter().map(|cell| cell.map(str::to_owned)).collect();
        write_row(&cells, reader, &mut out);
        assert_eq!(out, expected);
    }

    #[test]
    fn null_is_told_from_an_empty_text() {
        check(&[Some("a"), None, Some("")], Reader::Program, "a,,\"\"\n");
    }

    #[test]
    fn what_would_end_a_value_is_quoted() {
        check(
            &[Some("a,b"), Some("say \"x\""), Some("two\r\nlines")],
            Reader::Program,
            "\"a,b\",\"say \"\"x\"\"\",\"two\r\nlines\"\n",
        );
    }

    #[test]
    fn only_a_terminal_is_spared_control_characters() {
        check(&[Some("\u{1b}[2J")], Reader::Program, "\u{1b}[2J\n");
        check(
            &[Some("\u{1b}[2J\u{9b}")],
            Reader::Terminal,
            "<1B>[2J<9B>\n",
        );
    }
}
