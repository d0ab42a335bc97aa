//! Lines of text for people: words broken at the right margin, under each
//! other. Knows columns only.

use unicode_width::UnicodeWidthStr;

/// Columns that every terminal has.
pub(super) const WIDTH: usize = 80;

/// The text in lines of at most `width` columns. A word that is longer has a
/// line of its own; nothing is cut.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let needed = line.width() + usize::from(!line.is_empty()) + word.width();
        if needed > width && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, width: usize, expected: &[&str]) {
        assert_eq!(wrap(text, width), expected);
    }

    #[test]
    fn words_are_broken_at_the_margin_and_none_is_cut() {
        check("one two three", 7, &["one two", "three"]);
        check("a much-longer-word b", 6, &["a", "much-longer-word", "b"]);
        check("漢字 漢字", 5, &["漢字", "漢字"]);
        check("", 5, &[""]);
    }
}
