//! Pane 4: what was asked of the database, newest first, with those that still
//! run at the top.

use std::time::Duration;

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    domain::{DatabaseOperation, Outcome, Snapshot, clean},
    tui::{
        data::Data,
        panes::aside,
        picker::Extent,
        text,
        view::{Pane, View},
        widgets::{Rows, pane_block, render_rows},
        words,
    },
};

/// From this width on, every word of a row has room.
const WIDE: usize = 90;

/// The rows of the pane.
pub(in crate::tui) fn extent(snapshot: &Snapshot) -> Extent {
    Extent {
        len: snapshot.operations.len(),
        dropped: snapshot.operations_dropped,
    }
}

/// Draws the pane.
pub(in crate::tui) fn render(frame: &mut Frame, area: Rect, data: &Data, view: &mut View) {
    let snapshot = &*data.snapshot;
    let extent = extent(snapshot);
    let aside = aside::position(view.operations.selected(extent), extent, view);
    let block = pane_block(Pane::Operations, aside, view);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let look = view.look;
    if extent.len == 0 {
        let words = Line::styled(text::NO_OPERATIONS, look.theme.dim);
        return frame.render_widget(words, inner);
    }
    let oldest = snapshot.operations.first();
    let time_width = data
        .moment
        .local_width(oldest.map(|operation| operation.start_time()));
    let painter = Painter {
        data,
        view_width: usize::from(inner.width),
        time_width,
        look: &look,
    };
    let row = |back: usize| match snapshot.operations.iter().nth_back(back) {
        Some(operation) => vec![painter.line(operation)],
        None => Vec::new(),
    };
    let rows = Rows {
        extent,
        head: Some(painter.head()),
        height: 1,
        selected: (view.focus == Pane::Operations).then_some(look.theme.selected),
        row,
    };
    render_rows(frame, inner, rows, &mut view.operations);
}

struct Painter<'a> {
    data: &'a Data,
    view_width: usize,
    time_width: usize,
    look: &'a crate::tui::view::Look,
}

impl Painter<'_> {
    /// Columns for service, type and table; narrow panes cut the longest words.
    fn widths(&self) -> [usize; 3] {
        if self.view_width < WIDE {
            [8, 6, 10]
        } else {
            [12, 11, 18]
        }
    }

    fn head(&self) -> Line<'static> {
        let [service, kind, table] = self.widths();
        let time = self.time_width;
        let head = format!(
            "{:time$}   {:service$} {:kind$} {:table$}{:>9}  {}",
            "begun", "service", "type", "table", "took", "result"
        );
        Line::styled(head, self.look.theme.dim)
    }

    fn line(&self, operation: &DatabaseOperation) -> Line<'static> {
        let (theme, glyphs) = (&self.look.theme, &self.look.glyphs);
        let started = operation.start_time();
        let time = words::fit(&self.data.moment.local(started), self.time_width, ' ');
        let (glyph, style, duration) = match operation.outcome() {
            Outcome::Running => {
                let elapsed = self.data.moment.now - started;
                let elapsed = elapsed.to_std().unwrap_or(Duration::ZERO);
                (glyphs.running, theme.accent, words::span(elapsed))
            }
            Outcome::Succeeded { duration, .. } => {
                (glyphs.good, theme.ok, words::latency(*duration))
            }
            Outcome::Failed { duration, .. } => {
                (glyphs.failed, theme.bad, words::latency(*duration))
            }
        };
        let table = operation.table().unwrap_or("-");
        let [service_width, type_width, table_width] = self.widths();
        let what = format!(
            "{} {} {}",
            words::fit(&clean(operation.service()), service_width, glyphs.cut),
            words::fit(operation.kind().as_str(), type_width, glyphs.cut),
            words::fit(&clean(table), table_width, glyphs.cut),
        );
        let mut line = Line::from(vec![
            Span::styled(format!("{time} "), theme.dim),
            Span::styled(format!("{glyph} "), style),
            Span::styled(what, theme.text),
            Span::styled(format!("{duration:>9}  "), theme.text),
        ]);
        let (result, style) = match operation.outcome() {
            Outcome::Running => ("running".to_owned(), theme.accent),
            Outcome::Succeeded { affected_rows, .. } => match affected_rows {
                Some(1) => ("1 row".to_owned(), theme.ok),
                Some(rows) => (format!("{rows} rows"), theme.ok),
                None => ("ok".to_owned(), theme.ok),
            },
            Outcome::Failed { error, .. } => (format!("FAIL {}", clean(error)), theme.bad),
        };
        let room = self.view_width.saturating_sub(line.width());
        let result = words::cut(&result, room, glyphs.cut);
        line.push_span(Span::styled(result, style));
        line
    }
}
