//! Draws a whole frame: header, panes, footer and what lies over them.

use ratatui::{Frame, layout::Rect, widgets::Paragraph};

use crate::tui::{
    data::Data,
    detail, footer, header, help, layout, panes, too_small,
    view::{Overlay, Pane, View},
};

/// Draws everything. Only page sizes and scroll positions change in the view.
pub(super) fn render(frame: &mut Frame, area: Rect, data: &Data, view: &mut View) {
    if layout::is_too_small(area) {
        return too_small::render(frame, area, data, view);
    }
    let lines = header::lines(data, view, usize::from(area.width));
    let plan = layout::plan(area, lines.len(), view);
    frame.render_widget(Paragraph::new(lines), plan.header);
    view.shares_lower = plan.shares_lower;
    for (pane, area) in plan.panes {
        let draw = match pane {
            Pane::Connection => panes::connection::render,
            Pane::Latency => panes::latency::render,
            Pane::Checks => panes::checks::render,
            Pane::Operations => panes::operations::render,
            Pane::Errors => panes::errors::render,
            Pane::Log => panes::log::render,
        };
        draw(frame, area, data, view);
    }
    match view.overlay {
        None => {}
        Some(Overlay::Help(_)) => help::render(frame, plan.body, data, view),
        Some(Overlay::Detail(..)) => detail::render(frame, plan.body, data, view),
    }
    footer::render(frame, plan.footer, data, view);
}
