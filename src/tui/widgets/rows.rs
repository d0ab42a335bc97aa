//! A list that is shown newest first and formats only the rows that are seen.

use ratatui::{Frame, layout::Rect, style::Style, text::Line, widgets::Widget};

use crate::tui::picker::{Extent, Picker};

/// What is listed.
pub(in crate::tui) struct Rows<'a, F> {
    /// How many rows there are.
    pub(in crate::tui) extent: Extent,
    /// A line above the rows that does not scroll.
    pub(in crate::tui) head: Option<Line<'a>>,
    /// Lines that each row takes.
    pub(in crate::tui) height: u16,
    /// The style of the selected row; none where the pane has no focus.
    pub(in crate::tui) selected: Option<Style>,
    /// Formats a row, counted from the newest, into `height` lines or fewer.
    pub(in crate::tui) row: F,
}

/// Draws the rows.
pub(in crate::tui) fn render_rows<'a>(
    frame: &mut Frame,
    mut area: Rect,
    rows: Rows<'a, impl Fn(usize) -> Vec<Line<'a>>>,
    picker: &mut Picker,
) {
    let buffer = frame.buffer_mut();
    if let Some(head) = rows.head
        && area.height > rows.height
    {
        head.render(Rect { height: 1, ..area }, buffer);
        area = Rect {
            y: area.y + 1,
            height: area.height - 1,
            ..area
        };
    }
    let height = rows.height.max(1);
    let page = usize::from(area.height.div_ceil(height).max(1));
    let whole = usize::from((area.height / height).max(1));
    let selected = picker.selected(rows.extent);
    // The window counts whole rows, so that the selected one is seen whole;
    // what is left of the area shows the beginning of one more.
    let window = picker.window(rows.extent, whole);
    let shown = window.start..(window.start + page).min(rows.extent.len);
    let mut y = area.y;
    for row in shown {
        let top = y;
        for line in (rows.row)(row).into_iter().take(usize::from(height)) {
            if y < area.bottom() {
                line.render(
                    Rect {
                        y,
                        height: 1,
                        ..area
                    },
                    buffer,
                );
            }
            y = y.saturating_add(1);
        }
        if row == selected
            && let Some(style) = rows.selected
        {
            let marked = Rect {
                y: top,
                height: 1,
                ..area
            };
            buffer.set_style(marked.intersection(area), style);
        }
        y = top.saturating_add(height);
    }
}
