//! Makes text from outside safe to show: control characters become visible.

use std::borrow::Cow;

/// The text with every control, escape and direction-changing character shown
/// as its Unicode picture or code, and line breaks as one space each.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' | '\t' => shown.push(' '),
            '\r' => {}
            c if !is_unsafe(c) => shown.push(c),
            c => shown.extend(
                ['<']
                    .into_iter()
                    .chain(format!("{:02X}", u32::from(c)).chars())
                    .chain(['>']),
            ),
        }
    }
    Cow::Owned(shown)
}

/// Control characters, and the format characters that reorder or hide text
/// (Unicode Standard Annex 9, and the zero-width ones).
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, shown: &str) {
        assert_eq!(clean(text), shown);
    }

    #[test]
    fn control_characters_are_shown_not_executed() {
        check("plain é 漢", "plain é 漢");
        check("two\r\nlines\tand a tab", "two lines and a tab");
        check("\u{1b}]52;c;x\u{7}", "<1B>]52;c;x<07>");
        check("abc\u{202e}fed", "abc<202E>fed");
        check("\u{9b}31m", "<9B>31m");
    }
}
