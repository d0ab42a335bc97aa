//! Draws a whole frame: header, panes, footer and what lies over them. Knows
//! no details of any of them; only the panes can be frozen.

use ratatui::{Frame, buffer::Buffer, layout::Rect, widgets::Paragraph};

use crate::tui::{
    data::Data,
    detail, diagnosis, footer, header, help, layout, migrations, panes, review, switcher,
    too_small,
    view::{Charset, Overlay, Pane, View},
};

/// Draws everything. Only page sizes and scroll positions change in the view.
pub(super) fn render(frame: &mut Frame, area: Rect, data: &Data, view: &mut View) {
    compose(frame, area, data, view);
    if view.look.charset == Charset::Ascii {
        reduce(frame.buffer_mut());
    }
}

/// Leaves nothing but ASCII: sentences and outside text may hold more.
fn reduce(buffer: &mut Buffer) {
    let cells = buffer.content.iter_mut();
    for cell in cells.filter(|cell| !cell.symbol().is_ascii()) {
        cell.set_symbol(match cell.symbol() {
            "—" | "–" => "-",
            "…" => ".",
            _ => "?",
        });
    }
}

fn compose(frame: &mut Frame, area: Rect, data: &Data, view: &mut View) {
    if layout::is_too_small(area) {
        return too_small::render(frame, area, data, view);
    }
    let width = usize::from(area.width);
    let lines = header::lines(data, view, width);
    let plan = layout::plan(area, lines.len(), view);
    let lines = header::fit(lines, plan.header.height, &view.look, width);
    let shown = data.shown();
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
        draw(frame, area, shown, view);
    }
    match view.overlay {
        None => {}
        Some(Overlay::Help(_)) => help::render(frame, plan.body, shown, view),
        // What is asked for now is shown as it is now.
        Some(Overlay::Diagnosis(_)) => diagnosis::render(frame, plan.body, data, view),
        Some(Overlay::Migrations(_)) => migrations::render(frame, plan.body, data, view),
        Some(Overlay::Switcher(_)) => switcher::render(frame, plan.body, data, view),
        Some(Overlay::Review(_)) => review::render(frame, plan.body, data, view),
        Some(Overlay::Detail(..)) => detail::render(frame, plan.body, shown, view),
    }
    footer::render(frame, plan.footer, data, view);
}
