//! What stands beside the title of a pane: how old its content is, and where
//! in the list the reader is. Ages are rough: the header has the seconds.

use ratatui::text::Span;

use crate::tui::{data::Data, picker::Extent, text, view::View, words};

/// The age of what is shown, while nothing vouches for it.
pub(super) fn staleness(data: &Data, view: &View) -> Vec<Span<'static>> {
    let Some(since) = data.stale_since() else {
        return Vec::new();
    };
    let age = words::rough_age(data.moment.now, since);
    vec![Span::styled(text::as_of(&age), view.look.theme.warn)]
}

/// The age of the newest answer, while none can come or one is overdue.
pub(super) fn silence(data: &Data, view: &View) -> Vec<Span<'static>> {
    let Some(answer) = data.last_answer().filter(|_| !data.is_answering()) else {
        return Vec::new();
    };
    let age = words::rough_age(data.moment.now, answer.at);
    let words = format!("{} {age} ago", text::LAST_ANSWER);
    vec![Span::styled(words, view.look.theme.warn)]
}

/// Which row is selected of how many, and how many were dropped.
pub(super) fn position(selected: usize, extent: Extent, view: &View) -> Vec<Span<'static>> {
    let mut words = String::new();
    if extent.len > 0 {
        words = format!("{} of {}", selected + 1, extent.len);
    }
    if extent.dropped > 0 {
        let dropped = text::dropped(extent.dropped);
        words = format!("{words} {} {dropped}", view.look.glyphs.dot);
    }
    if words.is_empty() {
        return Vec::new();
    }
    vec![Span::styled(words, view.look.theme.dim)]
}
