//! What is to be printed and was not yet. Knows nothing of its form.

use std::mem;

/// A statement that may have to run again holds its result back up to here.
const HELD_BACK: usize = 1 << 20;

/// Text is printed in pieces of about this size.
const CHUNK: usize = 32 << 10;

/// Whether what was printed may turn out to have been printed too soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Printing {
    /// As it comes.
    AtOnce,
    /// Not before there is a lot, or the end.
    HeldBack,
}

/// Text on its way to the printer.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) text: String,
    printing: Printing,
    is_begun: bool,
}

impl Output {
    pub(super) fn new(printing: Printing) -> Self {
        Self {
            text: String::new(),
            printing,
            is_begun: false,
        }
    }

    /// Whether anything was given out.
    pub(super) fn is_begun(&self) -> bool {
        self.is_begun
    }

    /// Whether there is enough to be printed now. A line that has not ended yet
    /// waits for its end, however long it is.
    pub(super) fn is_due(&self) -> bool {
        let enough = match self.printing {
            Printing::HeldBack if !self.is_begun => HELD_BACK,
            Printing::HeldBack | Printing::AtOnce => CHUNK,
        };
        self.text.len() >= enough && self.has_line()
    }

    /// Whether there is something to be printed while nothing else comes.
    pub(super) fn is_ready(&self) -> bool {
        let is_held = self.printing == Printing::HeldBack && !self.is_begun;
        !is_held && self.has_line()
    }

    /// Looked for from the end, where one is close by unless the last line is long.
    fn has_line(&self) -> bool {
        self.text.rfind('\n').is_some()
    }

    /// The whole lines that are to be printed, without the last line break;
    /// `None` where there are none.
    pub(super) fn take(&mut self) -> Option<String> {
        let end = self.text.rfind('\n')?;
        let rest = self.text.split_off(end + 1);
        let mut lines = mem::replace(&mut self.text, rest);
        lines.pop();
        self.is_begun = true;
        Some(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_lines_are_printed() {
        let mut output = Output::new(Printing::AtOnce);
        assert!(output.take().is_none() && !output.is_begun());
        output.text.push_str("one\ntwo\nthr");
        assert!(output.is_ready());
        assert_eq!(output.take().as_deref(), Some("one\ntwo"));
        assert!(!output.is_ready() && output.is_begun());
        output.text.push_str("ee\n");
        assert_eq!(output.take().as_deref(), Some("three"));
    }

    #[test]
    fn a_line_that_has_not_ended_is_not_due() {
        let mut output = Output::new(Printing::AtOnce);
        output.text.push_str("head\n");
        output.text.push_str(&"x".repeat(2 * CHUNK));
        assert!(output.is_due());
        assert_eq!(output.take().as_deref(), Some("head"));
        assert!(!output.is_due() && !output.is_ready());
        output.text.push('\n');
        assert!(output.is_due() && output.is_ready());
        assert_eq!(output.take().map(|line| line.len()), Some(2 * CHUNK));
        assert!(!output.is_due() && output.take().is_none());
    }

    #[test]
    fn what_may_come_again_is_held_back() {
        let mut output = Output::new(Printing::HeldBack);
        output.text.push_str(&"x\n".repeat(CHUNK));
        assert!(!output.is_due() && !output.is_ready());
        output.text.push_str(&"x\n".repeat(HELD_BACK));
        assert!(output.is_due());
        assert!(output.take().is_some() && output.is_begun());
    }
}
