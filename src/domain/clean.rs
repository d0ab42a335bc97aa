//! Makes text from outside safe to show: control characters become visible.

use std::{
    borrow::Cow,
    fmt::{self, Display, Write as _},
};

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

/// The longest text from outside that is kept, in bytes before cleaning.
const LONGEST: usize = 2048;

/// A text from outside, cleaned and cut to about two kilobytes; what was cut
/// off is counted. A text of any length costs no more memory than this.
#[must_use]
pub fn excerpt<T: Display + ?Sized>(text: &T) -> String {
    let mut kept = Excerpt::default();
    // A text that cannot say itself to the end has said this much.
    let said = write!(kept, "{text}");
    let mut words = clean(&kept.text).into_owned();
    if kept.more > 0 {
        write!(words, "… ({} more bytes)", kept.more).expect("a String takes any text");
    }
    if said.is_err() {
        words.push('…');
    }
    words
}

/// The beginning of what is written to it, and the length of the rest.
#[derive(Default)]
struct Excerpt {
    text: String,
    more: usize,
}

impl fmt::Write for Excerpt {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let room = if self.more > 0 {
            0
        } else {
            LONGEST - self.text.len()
        };
        let fits = part.floor_char_boundary(room);
        self.text.push_str(&part[..fits]);
        self.more += part.len() - fits;
        Ok(())
    }
}

/// Whether a terminal might do something else than show the character: control
/// characters, and those that reorder text, hide in it or change the
/// width of their neighbours, so that a terminal draws another number of
/// columns than was counted.
#[must_use]
pub fn is_unsafe(c: char) -> bool {
    c.is_control() || turns_text(c) || is_invisible(c)
}

/// Direction marks, embeddings, overrides and isolates (Unicode Standard Annex
/// 9), and separators that break lines.
fn turns_text(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{206F}')
}

/// What Unicode calls ignorable by default: joiners, fillers, selectors of
/// variants, tags; and annotations.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{AD}' | '\u{34F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200D}' | '\u{2060}'..='\u{2065}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}'
    )
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
        check("a\u{61c}b\u{e0041}", "a<61C>b<E0041>");
    }

    #[test]
    fn what_turns_or_hides_text_is_shown() {
        let turning = "\u{200e}\u{200f}\u{202a}\u{202e}\u{2066}\u{2069}\u{61c}\u{2028}";
        let hidden =
            "\u{200b}\u{200d}\u{2060}\u{feff}\u{fe0f}\u{3164}\u{34f}\u{115f}\u{e0101}\u{ad}";
        for c in turning.chars().chain(hidden.chars()) {
            check(&format!("a{c}b"), &format!("a<{:02X}>b", u32::from(c)));
        }
        check("e\u{301} 한글 עברית", "e\u{301} 한글 עברית");
    }

    #[test]
    fn a_long_text_is_cut_and_the_rest_counted() {
        assert_eq!(excerpt("short"), "short");
        assert_eq!(excerpt(&"x".repeat(LONGEST)).len(), LONGEST);
        let cut = excerpt(&format!(
            "{}漢{}",
            "x".repeat(LONGEST - 1),
            "y".repeat(20_000)
        ));
        assert!(cut.ends_with("x… (20003 more bytes)"), "{cut}");
        assert!(!excerpt("\u{1b}[2J").contains('\u{1b}'));
    }
}
