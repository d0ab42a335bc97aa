//! Pane 2: how fast the database answers. A column is five seconds, or a
//! sample where they come more slowly; the worst wins, and a failure always does.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
    widgets::Paragraph,
};

use crate::{
    domain::{LatencyStats, Window},
    tui::{
        data::Data,
        panes::{aside, chart::Chart},
        text,
        view::{Look, Pane, View},
        widgets::{Graph, pane_block},
        words,
    },
};

/// Columns of the scale at the left of the graph.
const SCALE: u16 = 7;

/// Lines of the table: a head, and one for each window.
const TABLE: u16 = 4;

/// Draws the pane.
pub(in crate::tui) fn render(frame: &mut Frame, area: Rect, data: &Data, view: &mut View) {
    let look = &view.look.clone();
    let block = pane_block(Pane::Latency, aside::silence(data, view), view);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if data.latency.recent().len() == 0 && data.stats[2] == LatencyStats::default() {
        return frame.render_widget(Line::styled(text::NO_SAMPLES, look.theme.dim), inner);
    }
    let table_height = if inner.height > TABLE {
        TABLE
    } else {
        inner.height
    };
    let [top, table] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(table_height)]).areas(inner);
    frame.render_widget(Paragraph::new(statistics(data, look)), table);
    if top.height > 0 && top.width > SCALE {
        graph(frame, top, data, view);
    }
}

fn graph(frame: &mut Frame, area: Rect, data: &Data, view: &mut View) {
    let look = &view.look;
    let dim = look.theme.dim;
    let axis_height = u16::from(area.height > 2);
    let [bars, axis] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(axis_height)]).areas(area);
    let [labels, bars] =
        Layout::horizontal([Constraint::Length(SCALE), Constraint::Fill(1)]).areas(bars);
    let chart = Chart::of(&data.latency, data.moment.now, usize::from(bars.width));
    let scale = view.scale.follow(chart.highest());
    let label = |words: &str| Line::styled(format!("{words:>6} "), dim);
    frame.render_widget(
        label(&words::scale(scale)),
        Rect {
            height: 1,
            ..labels
        },
    );
    if bars.height > 1 {
        let bottom = Rect {
            y: labels.bottom() - 1,
            height: 1,
            ..labels
        };
        frame.render_widget(label("0"), bottom);
    }
    let graph = Graph {
        columns: &chart.columns,
        scale,
        slow: data.snapshot.session.policy.slow_threshold,
        glyphs: &look.glyphs,
        theme: &look.theme,
    };
    frame.render_widget(graph, bars);
    let axis = Rect {
        x: bars.x,
        width: bars.width,
        ..axis
    };
    if let (Some(oldest), Some(newest)) = (chart.oldest, chart.newest) {
        let unit = Line::styled(chart.unit, dim);
        frame.render_widget(unit, axis);
        let span = format!(
            "{} {} {}",
            data.moment.local(oldest),
            look.glyphs.next_step,
            data.moment.local(newest)
        );
        if chart.unit.len() + span.len() < usize::from(axis.width) {
            frame.render_widget(Line::styled(span, dim).right_aligned(), axis);
        }
    }
}

fn statistics(data: &Data, look: &Look) -> Vec<Line<'static>> {
    let theme = &look.theme;
    let head = format!(
        "{:<7}{:>6}{:>6}{:>6}{:>6}{:>7}",
        "ms", "p50", "p95", "p99", "max", "failed"
    );
    let mut lines = vec![Line::styled(head, theme.dim)];
    for (window, stats) in Window::ALL.iter().zip(&data.stats) {
        let label = Span::styled(format!("{:<7}", window.as_str()), theme.dim);
        let times = [stats.p50, stats.p95, stats.p99, stats.max].map(|time| {
            if stats.answered == 0 {
                format!("{:>6}", "-")
            } else {
                format!("{:>6}", words::milliseconds(time))
            }
        });
        let (failed, style) = match stats.failure_percent() {
            None => ("-".to_owned(), theme.dim),
            Some(percent) if stats.failed == 0 => (format!("{percent:.0} %"), theme.ok),
            Some(percent) if percent < 10.0 => (format!("{percent:.1} %"), theme.bad),
            Some(percent) => (format!("{percent:.0} %"), theme.bad),
        };
        lines.push(Line::from(vec![
            label,
            Span::styled(times.concat(), theme.text),
            Span::styled(format!("{failed:>7}"), style),
        ]));
    }
    lines
}
