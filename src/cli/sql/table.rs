//! A result as a table for people: aligned, and on a terminal no wider than it
//! can be. Knows nothing of where it goes.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::{adapter::ResultColumn, domain::clean};

/// So much decides how wide the columns are; what comes later must live with it.
const MEASURED_ROWS: usize = 1_000;
const MEASURED_BYTES: usize = 4 << 20;

/// No column is made wider than this: a value that is longer stands out, and a
/// long one does not fill the lines of all others with blanks.
const WIDEST: usize = 1_000;

/// No column is cut to less than this many cells of a terminal.
const NARROWEST: usize = 12;

/// Between two columns.
const GAP: &str = "  ";

/// What stands for SQL's null: an empty text is shown as nothing.
const NULL: &str = "NULL";

/// A terminal that shows a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// How many cells a line has.
    pub columns: usize,
    /// Draw with ASCII characters only.
    pub ascii: bool,
}

/// A table that is being written.
#[derive(Debug)]
pub(super) struct TableWriter {
    screen: Option<Screen>,
    columns: Vec<ResultColumn>,
    /// Rows that wait until the widths are decided.
    waiting: Vec<Vec<String>>,
    waiting_bytes: usize,
    widths: Option<Vec<usize>>,
    has_cut: bool,
}

impl TableWriter {
    pub(super) fn new(screen: Option<Screen>) -> Self {
        Self {
            screen,
            columns: Vec::new(),
            waiting: Vec::new(),
            waiting_bytes: 0,
            widths: None,
            has_cut: false,
        }
    }

    /// Whether a value was cut to fit the terminal.
    pub(super) fn has_cut(&self) -> bool {
        self.has_cut
    }

    /// The mark of a value that was cut.
    pub(super) fn mark(&self) -> char {
        match self.screen {
            Some(screen) if screen.ascii => '~',
            _ => '…',
        }
    }

    pub(super) fn columns(&mut self, columns: Vec<ResultColumn>) {
        self.columns = columns;
    }

    pub(super) fn row(&mut self, cells: Vec<Option<String>>, out: &mut String) {
        let cells: Vec<String> = cells
            .into_iter()
            .map(|cell| cell.map_or(NULL.to_owned(), cleaned))
            .collect();
        if let Some(widths) = self.widths.take() {
            self.line(&cells, &widths, out);
            self.widths = Some(widths);
            return;
        }
        self.waiting_bytes += cells.iter().map(String::len).sum::<usize>();
        self.waiting.push(cells);
        if self.waiting.len() >= MEASURED_ROWS || self.waiting_bytes >= MEASURED_BYTES {
            self.decide(out);
        }
    }

    /// What is left to be written.
    pub(super) fn end(&mut self, out: &mut String) {
        if self.widths.is_none() {
            self.decide(out);
        }
    }

    /// Decides the widths and writes what waited for that.
    fn decide(&mut self, out: &mut String) {
        if self.columns.is_empty() {
            self.waiting.clear();
            return;
        }
        let names: Vec<String> = self
            .columns
            .iter()
            .map(|column| clean(&column.name).into_owned())
            .collect();
        let mut widths: Vec<usize> = names.iter().map(|name| name.width()).collect();
        for row in &self.waiting {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        match self.screen {
            Some(screen) => fit(&mut widths, screen.columns),
            None => widths.iter_mut().for_each(|it| *it = (*it).min(WIDEST)),
        }
        self.line(&names, &widths, out);
        let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        out.push_str(&rule.join(GAP));
        out.push('\n');
        for row in std::mem::take(&mut self.waiting) {
            self.line(&row, &widths, out);
        }
        self.widths = Some(widths);
    }

    fn line(&mut self, cells: &[String], widths: &[usize], out: &mut String) {
        let start = out.len();
        for (index, (cell, width)) in cells.iter().zip(widths).enumerate() {
            if index > 0 {
                out.push_str(GAP);
            }
            let cell = self.cut(cell, *width);
            let blanks = " ".repeat(width.saturating_sub(cell.width()));
            let is_number = self.columns.get(index).is_some_and(|it| it.is_number);
            let (before, after) = if is_number {
                (blanks.as_str(), "")
            } else {
                ("", blanks.as_str())
            };
            out.extend([before, cell.as_ref(), after]);
        }
        let end = out.trim_end_matches(' ').len().max(start);
        out.truncate(end);
        out.push('\n');
    }

    /// On a terminal, a value that is wider than its column loses its end.
    fn cut<'a>(&mut self, cell: &'a str, width: usize) -> Cow<'a, str> {
        if self.screen.is_none() || cell.width() <= width {
            return cell.into();
        }
        self.has_cut = true;
        let mut kept = String::new();
        let mut left = width.saturating_sub(1);
        for c in cell.chars() {
            let needed = c.width().unwrap_or(0);
            if needed > left {
                break;
            }
            left -= needed;
            kept.push(c);
        }
        kept.push(self.mark());
        kept.into()
    }
}

/// The text as it is shown; copied only where that is another one.
fn cleaned(text: String) -> String {
    match clean(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(shown) => shown,
    }
}

/// Takes from the widest columns until the line fits, but not all of anything.
fn fit(widths: &mut [usize], screen: usize) {
    let gaps = GAP.len() * widths.len().saturating_sub(1);
    let fits =
        |most: usize| widths.iter().map(|it| (*it).min(most)).sum::<usize>() + gaps <= screen;
    let widest = widths.iter().copied().max().unwrap_or(0);
    if fits(widest) {
        return;
    }
    // Of all limits the largest that fits; widths are no longer than a line after that.
    let (mut low, mut high) = (NARROWEST, widest);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if fits(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    for width in widths {
        *width = (*width).min(low);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, is_number: bool) -> ResultColumn {
        ResultColumn {
            name: name.to_owned(),
            type_name: None,
            is_number,
        }
    }

    fn written(
        screen: Option<usize>,
        columns: &[(&str, bool)],
        rows: &[&[Option<&str>]],
    ) -> String {
        let screen = screen.map(|columns| Screen {
            columns,
            ascii: false,
        });
        let mut writer = TableWriter::new(screen);
        let mut out = String::new();
        let columns = columns.iter().map(|(name, number)| column(name, *number));
        writer.columns(columns.collect());
        for row in rows {
            let cells = row.iter().map(|cell| cell.map(str::to_owned)).collect();
            writer.row(cells, &mut out);
        }
        writer.end(&mut out);
        out
    }

    #[test]
    fn wide_characters_nulls_and_numbers_are_aligned() {
        let table = written(
            None,
            &[("id", true), ("name", false), ("name", false)],
            &[
                &[Some("1"), Some("漢字"), Some("x")],
                &[Some("200"), None, Some("")],
                &[Some("3"), Some("e\u{301}é"), Some("two\nlines\u{1b}[2J")],
            ],
        );
        let expected = concat!(
            " id  name  name\n",
            "---  ----  ----------------\n",
            "  1  漢字  x\n",
            "200  NULL\n",
            "  3  e\u{301}é    two lines<1B>[2J\n",
        );
        assert_eq!(table, expected);
    }

    #[test]
    fn a_result_without_rows_has_its_columns() {
        assert_eq!(written(None, &[("a", false)], &[]), "a\n-\n");
        assert_eq!(written(None, &[], &[&[], &[]]), "");
    }

    #[test]
    fn only_a_terminal_cuts_and_the_widest_first() {
        let (long, longer) = ("x".repeat(30), "漢".repeat(30));
        let columns = [("id", true), ("a", false), ("b", false)];
        let row: [Option<&str>; 3] = [Some("12345"), Some(&long), Some(&longer)];
        let whole = written(None, &columns, &[&row]);
        assert!(whole.contains(&long) && whole.contains(&longer));
        let fitted = written(Some(60), &columns, &[&row]);
        for line in fitted.lines() {
            assert!(line.width() <= 60, "{line}");
        }
        let last = fitted.lines().last().unwrap();
        assert!(
            last.starts_with("12345  xxxx") && last.ends_with("漢…"),
            "{last}"
        );
        let narrow = written(Some(10), &columns, &[&row]);
        assert!(narrow.contains("xxxxxxxxxxx…"), "{narrow}");
    }

    #[test]
    fn a_long_value_widens_no_other_line() {
        let long = "x".repeat(5_000);
        let columns = [("a", false), ("b", false)];
        let short: &[Option<&str>] = &[Some("y"), Some("z")];
        let table = written(None, &columns, &[short, &[Some(&long), Some("z")]]);
        let lines: Vec<_> = table.lines().collect();
        assert_eq!(lines[2].len(), WIDEST + 3);
        assert_eq!(lines[3], format!("{long}  z"));
    }

    #[test]
    fn rows_beyond_those_measured_are_written_at_once() {
        let mut writer = TableWriter::new(None);
        writer.columns(vec![column("a", false)]);
        let mut out = String::new();
        for _ in 1..MEASURED_ROWS {
            writer.row(vec![Some("x".to_owned())], &mut out);
        }
        assert_eq!(out, "");
        writer.row(vec![Some("x".to_owned())], &mut out);
        assert_eq!(out.lines().count(), MEASURED_ROWS + 2);
        writer.row(vec![Some("longer than the others".to_owned())], &mut out);
        assert!(out.ends_with("\nlonger than the others\n"));
    }
}
