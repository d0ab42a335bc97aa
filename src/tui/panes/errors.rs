//! Pane 5: the errors, newest first; the same one again is counted, not listed.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use unicode_width::UnicodeWidthStr;

use crate::{
    domain::{DbError, ErrorEntry, Snapshot, clean},
    tui::{
        data::Data,
        panes::{aside, cause},
        picker::Extent,
        text,
        view::{Look, Pane, View},
        widgets::{Rows, pane_block, render_rows},
        words,
    },
};

/// Lines of an entry: kind, code, time and the server's words; message; next step.
const LINES: u16 = 3;

/// Columns from which on the beginning of the server's words is worth its place.
const WORTH_READING: usize = 24;

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

/// ```text
/// DatabaseMissing 3D000 · database "app" does not exist 12:30:59 × 41 since 12:30
///   Database does not exist. Please check the database name.
///   → create the database, or correct its name
/// ```
fn lines(entry: &ErrorEntry, data: &Data, width: usize, look: &Look) -> Vec<Line<'static>> {
    let (theme, error) = (&look.theme, &*entry.error);
    let cut = |words: &str| words::cut(words, width.saturating_sub(2), look.glyphs.cut);
    let name = cause::name(error);
    let last = format!(" {}", data.moment.local(entry.last));
    let folded = match entry.count {
        0 | 1 => String::new(),
        count => {
            let first = data.moment.local_minute(entry.first);
            format!(" {} {count} since {first}", look.glyphs.times)
        }
    };
    let said = said(error, look);
    let room = width.saturating_sub(name.width() + last.width() + folded.width());
    let message = clean(&error.message()).into_owned();
    let (first, behind) = if said.width() <= room {
        (said, String::new())
    } else if room < WORTH_READING {
        (String::new(), said)
    } else {
        // The whole of them behind the message, if that has the room.
        let has_room = message.width() + said.width() + 2 <= width;
        let first = words::cut(&said, room, look.glyphs.cut);
        (first, if has_room { said } else { String::new() })
    };
    let mut head = Line::from(vec![
        Span::styled(name, theme.bad),
        Span::styled(first, theme.text),
        Span::styled(last, theme.dim),
        Span::styled(folded, theme.title),
    ]);
    let during = format!(" {} {}", look.glyphs.dot, error.action().as_str());
    let during = Span::styled(during, theme.dim);
    if head.width() + during.width() <= width {
        head.push_span(during);
    }
    let message = cut(&format!("{message}{behind}"));
    let hint = cut(&format!("{} {}", look.glyphs.next_step, error.hint()));
    vec![
        head,
        Line::styled(format!("  {message}"), theme.text),
        Line::styled(format!("  {hint}"), theme.accent),
    ]
}

/// The server's own words with a sign before them, unless the message holds them.
fn said(error: &DbError, look: &Look) -> String {
    let message = error.message();
    let details = error.details().filter(|details| !message.contains(details));
    let details = details.map(|details| format!(" {} {}", look.glyphs.dot, clean(details)));
    details.unwrap_or_default()
}
