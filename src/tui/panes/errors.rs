//! Pane 5: the errors, newest first; the same one again is counted, not listed.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    domain::{ErrorEntry, Snapshot, clean},
    tui::{
        data::Data,
        panes::aside,
        picker::Extent,
        text,
        view::{Look, Pane, View},
        widgets::{Rows, pane_block, render_rows},
        words,
    },
};

/// Lines of an entry: what, message, next step.
const LINES: u16 = 3;

/// The rows of the pane.
pub(in crate::tui) fn extent(snapshot: &Snapshot) -> Extent {
    Extent {
        len: snapshot.errors.len(),
        dropped: snapshot.errors_dropped,
    }
}

/// Draws the pane.
pub(in crate::tui) fn render(frame: &mut Frame, area: Rect, data: &Data, view: &mut View) {
    let snapshot = &*data.snapshot;
    let extent = extent(snapshot);
    let aside = aside::position(view.errors.selected(extent), extent, view);
    let block = pane_block(Pane::Errors, aside, view);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let look = view.look;
    if extent.len == 0 {
        return frame.render_widget(Line::styled(text::NO_ERRORS, look.theme.ok), inner);
    }
    let row = |back: usize| match snapshot.errors.iter().nth_back(back) {
        Some(entry) => lines(entry, data, usize::from(inner.width), &look),
        None => Vec::new(),
    };
    let rows = Rows {
        extent,
        head: None,
        height: if inner.height < LINES { 1 } else { LINES },
        selected: (view.focus == Pane::Errors).then_some(look.theme.selected),
        row,
    };
    render_rows(frame, inner, rows, &mut view.errors);
}

fn lines(entry: &ErrorEntry, data: &Data, width: usize, look: &Look) -> Vec<Line<'static>> {
    let theme = &look.theme;
    let error = &*entry.error;
    let cut = |words: &str| words::cut(words, width.saturating_sub(2), look.glyphs.cut);
    let last = data.moment.local(entry.last);
    let mut head = Line::from(Span::styled(format!("{last} "), theme.dim));
    if entry.count > 1 {
        let first = data.moment.local_minute(entry.first);
        let folded = format!("{} {} since {first} ", look.glyphs.times, entry.count);
        head.push_span(Span::styled(folded, theme.title));
    }
    head.push_span(Span::styled(error.kind().name(), theme.bad));
    if let Some(code) = error.code() {
        head.push_span(Span::styled(format!(" {}", clean(code)), theme.bad));
    }
    let during = format!(" {}", error.action().as_str());
    let during = Span::styled(during, theme.dim);
    if head.width() + during.width() <= width {
        head.push_span(during);
    }
    let message = clean(&error.message()).into_owned();
    let details = error
        .details()
        .filter(|details| !message.contains(details))
        .map(|details| format!(" {} {}", look.glyphs.dot, clean(details)))
        .unwrap_or_default();
    let hint = format!("{} {}", look.glyphs.next_step, error.hint());
    vec![
        head,
        Line::styled(
            format!("  {}", cut(&format!("{message}{details}"))),
            theme.text,
        ),
        Line::styled(format!("  {}", cut(&hint)), theme.accent),
    ]
}
