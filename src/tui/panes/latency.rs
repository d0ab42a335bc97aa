//! Pane 2: how fast the database answers. A column is five seconds, or a
//! sample where they come more slowly; the worst wins, and a failure always does.

use std::time::Duration;

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

/// Columns of a window's name, of a time, and of the share that failed.
const LABEL: usize = 7;
const TIME: usize = 6;
const FAILED: usize = 7;

/// A time of the table: its name, how many others are needed more, and itself.
type Time = (&'static str, usize, fn(&LatencyStats) -> Duration);

const TIMES: [Time; 4] = [
    ("p50", 0, |stats| stats.p50),
    ("p95", 2, |stats| stats.p95),
    ("p99", 3, |stats| stats.p99),
    ("max", 1, |stats| stats.max),
];

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
    frame.render_widget(
        Paragraph::new(statistics(data, look, usize::from(table.width))),
        table,
    );
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
    let ahead = u16::try_from(chart.ahead).unwrap_or(0);
    let filled = Rect {
        width: bars.width.saturating_sub(ahead),
        ..bars
    };
    frame.render_widget(graph, filled);
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

/// The table, with as many columns as the width has room for: none is cut.
fn statistics(data: &Data, look: &Look, width: usize) -> Vec<Line<'static>> {
    let theme = &look.theme;
    let room = width.saturating_sub(LABEL + FAILED) / TIME;
    let is_shown = |rank: usize| rank < room;
    let times = TIMES.iter().filter(|(_, rank, _)| is_shown(*rank));
    let head: Vec<_> = times.map(|(name, ..)| format!("{name:>TIME$}")).collect();
    let head = format!("{:<LABEL$}{}{:>FAILED$}", "ms", head.concat(), "failed");
    let mut lines = vec![Line::styled(head, theme.dim)];
    for (window, stats) in Window::ALL.iter().zip(&data.stats) {
        let label = Span::styled(format!("{:<LABEL$}", window.as_str()), theme.dim);
        let times = TIMES.iter().filter(|(_, rank, _)| is_shown(*rank));
        let times: Vec<_> = times
            .map(|(.., time)| match stats.answered {
                0 => format!("{:>TIME$}", "-"),
                _ => format!("{:>TIME$}", words::milliseconds(time(stats))),
            })
            .collect();
        let (failed, style) = match stats.failure_percent() {
            None => ("-".to_owned(), theme.dim),
            Some(percent) if stats.failed == 0 => (format!("{percent:.0} %"), theme.ok),
            Some(percent) if percent < 10.0 => (format!("{percent:.1} %"), theme.bad),
            Some(percent) => (format!("{percent:.0} %"), theme.bad),
        };
        lines.push(Line::from(vec![
            label,
            Span::styled(times.concat(), theme.text),
            Span::styled(format!("{failed:>FAILED$}"), style),
        ]));
    }
    lines
}
