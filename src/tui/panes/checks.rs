//! Pane 3: the health checks, newest first, each with its phases or its error.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    domain::{ErrorEntry, HealthCheckResult, Mode, Snapshot},
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

/// The rows of the pane.
pub(in crate::tui) fn extent(snapshot: &Snapshot) -> Extent {
    Extent {
        len: snapshot.checks.len(),
        dropped: snapshot.checks_dropped,
    }
}

/// Draws the pane.
pub(in crate::tui) fn render(frame: &mut Frame, area: Rect, data: &Data, view: &mut View) {
    let snapshot = &*data.snapshot;
    let extent = extent(snapshot);
    let aside = aside::position(view.checks.selected(extent), extent, view);
    let block = pane_block(Pane::Checks, aside, view);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let look = view.look;
    if extent.len == 0 {
        return frame.render_widget(Line::styled(text::NO_CHECKS, look.theme.dim), inner);
    }
    let oldest = snapshot.checks.first().map(|check| check.timestamp());
    let time_width = data.moment.local_width(oldest);
    let row = |back: usize| {
        let Some(check) = snapshot.checks.iter().nth_back(back) else {
            return Vec::new();
        };
        let time = words::fit(&data.moment.local(check.timestamp()), time_width, ' ');
        let painter = Painter {
            errors: &snapshot.errors,
            width: usize::from(inner.width),
            look: &look,
        };
        vec![painter.line(check, &time)]
    };
    // Over REST nobody logs in, and what is timed is the answer's first byte.
    let (login, query) = match snapshot.session.target.mode {
        Mode::Supabase => ("", "answer"),
        Mode::Local | Mode::Mock => ("login", "query"),
    };
    let head = format!(
        "{:time_width$} {:<6} {:>8} {:>6}{:>6}{:>6}{login:>6}{query:>6}",
        "begun", "result", "latency", "dns", "tcp", "tls"
    );
    let rows = Rows {
        extent,
        head: Some(Line::styled(head, look.theme.dim)),
        height: 1,
        selected: (view.focus == Pane::Checks).then_some(look.theme.selected),
        row,
    };
    render_rows(frame, inner, rows, &mut view.checks);
}

/// What every row is drawn from.
struct Painter<'a> {
    errors: &'a [ErrorEntry],
    width: usize,
    look: &'a Look,
}

impl Painter<'_> {
    fn line(&self, check: &HealthCheckResult, time: &str) -> Line<'static> {
        let (look, width) = (self.look, self.width);
        let theme = &look.theme;
        let mut line = Line::from(Span::styled(format!("{time} "), theme.dim));
        let latency = words::latency(check.latency());
        match cause::in_a_row(check, self.errors) {
            None => {
                line.push_span(Span::styled(
                    format!("{} ok   ", look.glyphs.good),
                    theme.ok,
                ));
                line.push_span(Span::styled(format!("{latency:>8} "), theme.text));
                if let Some(details) = check.details() {
                    let is_request = details.rest.is_some();
                    let phases = details.phases.named().map(|(name, time)| match time {
                        Some(_) if is_request && name == "login" => String::new(),
                        Some(time) => words::milliseconds(time),
                        None => "-".to_owned(),
                    });
                    let phases = phases.map(|time| format!("{time:>6}"));
                    line.push_span(Span::styled(phases.concat(), theme.text));
                }
            }
            Some(error) => {
                line.push_span(Span::styled(
                    format!("{} FAIL ", look.glyphs.failed),
                    theme.bad,
                ));
                line.push_span(Span::styled(format!("{latency:>8}  "), theme.text));
                let room = width.saturating_sub(line.width());
                let error = words::cut(&error, room, look.glyphs.cut);
                line.push_span(Span::styled(error, theme.bad));
            }
        }
        line
    }
}
