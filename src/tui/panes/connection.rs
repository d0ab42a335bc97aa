//! Pane 1: the connection and what the last good check told of its database.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::Line,
    widgets::Paragraph,
};

use crate::tui::{
    data::Data,
    panes::{
        aside,
        facts::{self, Facts},
    },
    view::{Pane, View},
    widgets::{Fact, labelled, pane_block},
};

/// From this width on, facts stand in two columns.
const TWO_COLUMNS: u16 = 56;

/// Columns of the right one of them; its values are short.
const RIGHT: u16 = 26;

/// On a wide screen the right column begins this much behind the middle.
const GAP: u16 = 4;

/// Draws the pane.
pub(in crate::tui) fn render(frame: &mut Frame, area: Rect, data: &Data, view: &mut View) {
    let mut aside = aside::staleness(data, view);
    let block = pane_block(Pane::Connection, Vec::new(), view);
    let inner = block.inner(area);
    let lines = lines(data, view, inner.width);
    let shown = view
        .connection
        .window(lines.len(), usize::from(inner.height));
    if view.connection.below() > 0 || shown.start > 0 {
        if !aside.is_empty() {
            aside.push(ratatui::text::Span::raw("  "));
        }
        let words = format!("+{}", lines.len() - shown.len());
        aside.push(ratatui::text::Span::styled(words, view.look.theme.dim));
    }
    let block = pane_block(Pane::Connection, aside, view);
    frame.render_widget(block, area);
    let visible: Vec<Line> = lines
        .into_iter()
        .skip(shown.start)
        .take(shown.len())
        .collect();
    frame.render_widget(Paragraph::new(visible), inner);
}

fn lines(data: &Data, view: &View, width: u16) -> Vec<Line<'static>> {
    let look = &view.look;
    let Facts {
        lamps,
        remedies,
        state,
        server,
        long,
    } = facts::facts(data, look);
    let wrap = |facts: Vec<Fact>, width: u16| -> Vec<Line<'static>> {
        let facts = facts.into_iter();
        facts
            .flat_map(|fact| labelled(fact, &look.theme, usize::from(width)))
            .collect()
    };
    let mut lines;
    if width < TWO_COLUMNS {
        let groups = [lamps, remedies, state, server];
        lines = wrap(groups.into_iter().flatten().collect(), width);
    } else {
        let right = RIGHT.max(width / 2 - GAP);
        let columns = Layout::horizontal([Constraint::Fill(1), Constraint::Length(right)]);
        let [left, right] = columns.spacing(1).areas(Rect::new(0, 0, width, 1));
        let left_facts = lamps.into_iter().chain(state).collect();
        let left_lines = wrap(left_facts, left.width);
        lines = beside(left_lines, wrap(server, right.width), right.x);
        lines.extend(wrap(remedies, width));
    }
    lines.extend(wrap(long, width));
    lines
}

/// Two lists of lines side by side, the second from column `at` on.
fn beside(left: Vec<Line<'static>>, right: Vec<Line<'static>>, at: u16) -> Vec<Line<'static>> {
    let mut left = left.into_iter();
    let mut right = right.into_iter();
    let mut lines = Vec::new();
    loop {
        let (first, second) = (left.next(), right.next());
        if first.is_none() && second.is_none() {
            return lines;
        }
        let mut line = first.unwrap_or_default();
        if let Some(second) = second {
            let missing = usize::from(at).saturating_sub(line.width());
            line.push_span(" ".repeat(missing));
            line.spans.extend(second.spans);
        }
        lines.push(line);
    }
}
