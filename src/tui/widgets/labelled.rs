//! A name and its value, the value wrapped beside the name. Knows columns only.

use ratatui::text::{Line, Span};

use crate::tui::{theme::Theme, widgets::flow, words};

/// Columns of a label, the space after it included.
const LABEL: usize = 10;

/// A name and its value.
#[derive(Debug, Clone)]
pub(in crate::tui) struct Fact {
    pub(in crate::tui) label: &'static str,
    /// Phrases that may be broken between two lines.
    pub(in crate::tui) value: Vec<Span<'static>>,
}

impl Fact {
    /// A fact of phrases.
    pub(in crate::tui) fn new(label: &'static str, value: Vec<Span<'static>>) -> Self {
        Self { label, value }
    }
}

/// The fact in lines of at most `width` columns.
pub(in crate::tui) fn labelled(fact: Fact, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let value = flow(
        fact.value,
        &Span::raw(" "),
        width.saturating_sub(LABEL).max(1),
    );
    let mut label = words::fit(fact.label, LABEL, ' ');
    value
        .into_iter()
        .map(|mut line| {
            let empty = " ".repeat(LABEL);
            let label = std::mem::replace(&mut label, empty);
            line.spans.insert(0, Span::styled(label, theme.dim));
            line
        })
        .collect()
}
