//! Puts phrases side by side into as many lines as they need. Knows no styles
//! but those that it is given.

use ratatui::text::{Line, Span};

use crate::tui::words::wrap;

/// The phrases, with the separator between neighbours of one line. A phrase
/// that is wider than a line is broken between words; nothing is cut.
pub(in crate::tui) fn flow(
    phrases: impl IntoIterator<Item = Span<'static>>,
    separator: &Span<'static>,
    width: usize,
) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut line = Line::default();
    for phrase in phrases {
        if phrase.content.is_empty() {
            continue;
        }
        let needed = line.width() + separator.width() + phrase.width();
        if line.spans.is_empty() {
            // The first of its line.
        } else if needed <= width {
            line.push_span(separator.clone());
        } else {
            lines.push(std::mem::take(&mut line));
        }
        if line.spans.is_empty() && phrase.width() > width {
            let mut broken = paragraph(&phrase.content, phrase.style, width);
            line = broken.pop().unwrap_or_default();
            lines.append(&mut broken);
        } else {
            line.push_span(phrase);
        }
    }
    if !line.spans.is_empty() {
        lines.push(line);
    }
    lines
}

/// One text in lines of one style.
pub(in crate::tui) fn paragraph(
    text: &str,
    style: ratatui::style::Style,
    width: usize,
) -> Vec<Line<'static>> {
    wrap(text, width)
        .into_iter()
        .map(|line| Line::styled(line.to_owned(), style))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(phrases: &[&'static str], width: usize, expected: &[&str]) {
        let phrases = phrases.iter().map(|phrase| Span::raw(*phrase));
        let lines = flow(phrases, &Span::raw(" · "), width);
        let lines: Vec<_> = lines.iter().map(ToString::to_string).collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn phrases_share_lines_and_none_is_cut() {
        check(&["one", "two", "three"], 40, &["one · two · three"]);
        check(&["one", "two", "three"], 10, &["one · two", "three"]);
        check(&["a", "much longer", "b"], 6, &["a", "much", "longer", "b"]);
        check(&["", "a"], 6, &["a"]);
    }
}
