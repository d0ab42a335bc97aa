//! Pane 2: how fast the database answers. A column is a sample, or five
//! seconds where samples come faster; the worst of them wins, and a failure
//! always does.

use std::time::Duration;

use chrono::{DateTime, Utc};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
    widgets::Paragraph,
};

use crate::{
    domain::{LatencyBook, LatencySample, LatencyStats, SampleOutcome, Window},
    tui::{
        data::Data,
        panes::aside,
        text,
        view::{Look, Pane, View},
        widgets::{Column, Graph, pane_block},
        words,
    },
};

/// Columns of the scale at the left of the graph.
const SCALE: u16 = 7;

/// Lines of the table: a head, and one for each window.
const TABLE: u16 = 4;

/// Seconds that share a column where samples come faster than that.
const BUCKET: i64 = 5;

/// Draws the pane.
pub(in crate::tui) fn render(frame: &mut Frame, area: Rect, data: &Data, view: &mut View) {
    let look = &view.look;
    let block = pane_block(Pane::Latency, aside::staleness(data, view), view);
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
        graph(frame, top, data, look);
    }
}

fn graph(frame: &mut Frame, area: Rect, data: &Data, look: &Look) {
    let dim = look.theme.dim;
    let axis_height = u16::from(area.height > 2);
    let [bars, axis] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(axis_height)]).areas(area);
    let [labels, bars] =
        Layout::horizontal([Constraint::Length(SCALE), Constraint::Fill(1)]).areas(bars);
    let chart = Chart::of(&data.latency, data.moment.now, usize::from(bars.width));
    let scale = nice(chart.highest());
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

/// The columns of the graph, newest first, and the time that they span.
struct Chart {
    columns: Vec<Column>,
    unit: &'static str,
    oldest: Option<DateTime<Utc>>,
    newest: Option<DateTime<Utc>>,
}

impl Chart {
    fn of(book: &LatencyBook, now: DateTime<Utc>, width: usize) -> Self {
        if is_dense(book) {
            Self::of_buckets(book, now, width)
        } else {
            Self::of_samples(book, width)
        }
    }

    fn of_samples(book: &LatencyBook, width: usize) -> Self {
        let shown = || book.recent().rev().take(width);
        Self {
            columns: shown().map(|sample| column(sample.outcome)).collect(),
            unit: text::COLUMN_PER_SAMPLE,
            oldest: shown().next_back().map(|sample| sample.at),
            newest: shown().next().map(|sample| sample.at),
        }
    }

    /// The newest column holds now, so that silence shows as gaps.
    fn of_buckets(book: &LatencyBook, now: DateTime<Utc>, width: usize) -> Self {
        let number = |at: DateTime<Utc>| at.timestamp().div_euclid(BUCKET);
        let newest = number(now);
        let mut columns = Vec::with_capacity(width);
        let mut oldest = None;
        for LatencySample { at, outcome } in book.recent().rev() {
            let back = usize::try_from(newest - number(*at)).unwrap_or(0);
            if back >= width {
                break;
            }
            if columns.len() <= back {
                columns.resize(back + 1, Column::Gap);
            }
            columns[back] = worse(columns[back], column(*outcome));
            oldest = Some(*at);
        }
        Self {
            columns,
            unit: text::COLUMN_PER_BUCKET,
            oldest,
            newest: Some(now),
        }
    }

    fn highest(&self) -> Duration {
        let answered = self.columns.iter().filter_map(|column| match column {
            Column::Answered(latency) => Some(*latency),
            Column::Failed | Column::TimedOut | Column::OwnSide | Column::Gap => None,
        });
        answered.max().unwrap_or_default()
    }
}

/// True when the newest samples come at least as fast as buckets pass.
fn is_dense(book: &LatencyBook) -> bool {
    const LOOKED_AT: usize = 16;
    let mut gaps = [i64::MAX; LOOKED_AT];
    let newer = book.recent().rev();
    let older = book.recent().rev().skip(1);
    let mut count = 0;
    for (gap, (newer, older)) in gaps.iter_mut().zip(newer.zip(older)) {
        *gap = (newer.at - older.at).num_milliseconds();
        count += 1;
    }
    let gaps = &mut gaps[..count];
    gaps.sort_unstable();
    gaps.get(count / 2)
        .is_some_and(|median| *median <= BUCKET * 1_000)
}

fn column(outcome: SampleOutcome) -> Column {
    match outcome {
        SampleOutcome::Answered(latency) => Column::Answered(latency),
        SampleOutcome::Failed(_) => Column::Failed,
        SampleOutcome::TimedOut(_) => Column::TimedOut,
        SampleOutcome::OwnSide => Column::OwnSide,
    }
}

/// The worse of two: an answer hides a gap, a failure hides an answer.
fn worse(a: Column, b: Column) -> Column {
    let rank = |column| match column {
        Column::Gap => (0, Duration::ZERO),
        Column::OwnSide => (1, Duration::ZERO),
        Column::Answered(latency) => (2, latency),
        Column::TimedOut => (3, Duration::ZERO),
        Column::Failed => (4, Duration::ZERO),
    };
    if rank(b) > rank(a) { b } else { a }
}

/// The next value above that reads well: 1, 2 or 5 times a power of ten, at least 1 ms.
fn nice(highest: Duration) -> Duration {
    let mut power: u64 = 1_000;
    let micros = u64::try_from(highest.as_micros()).unwrap_or(u64::MAX);
    loop {
        for step in [1, 2, 5] {
            let value = power.saturating_mul(step);
            if value >= micros {
                return Duration::from_micros(value);
            }
        }
        power = power.saturating_mul(10);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::fixtures::{ago, now};

    fn book(samples: &[(i64, SampleOutcome)]) -> LatencyBook {
        let mut book = LatencyBook::new();
        for (seconds_ago, outcome) in samples {
            book.push(LatencySample {
                at: ago(*seconds_ago),
                outcome: *outcome,
            });
        }
        book
    }

    const fn answered(ms: u64) -> SampleOutcome {
        SampleOutcome::Answered(Duration::from_millis(ms))
    }

    #[test]
    fn of_samples_that_share_a_column_the_worst_wins() {
        let failed = SampleOutcome::Failed(Duration::from_millis(1));
        let book = book(&[
            (19, answered(7)),
            (18, SampleOutcome::OwnSide),
            (9, answered(2)),
            (8, answered(9)),
            (7, answered(3)),
            (4, failed),
            (3, answered(400)),
        ]);
        let chart = Chart::of(&book, now(), 40);
        let columns = [
            Column::Gap,
            Column::Failed,
            Column::Answered(Duration::from_millis(9)),
            Column::Gap,
            Column::Answered(Duration::from_millis(7)),
        ];
        assert_eq!(chart.columns, columns);
        assert_eq!(chart.unit, text::COLUMN_PER_BUCKET);
        assert_eq!(chart.highest(), Duration::from_millis(9));
        assert_eq!(Chart::of(&book, now(), 2).columns, columns[..2]);
    }

    #[test]
    fn samples_that_come_seldom_have_a_column_each() {
        let timed_out = SampleOutcome::TimedOut(Duration::from_secs(5));
        let book = book(&[
            (95, answered(4)),
            (65, timed_out),
            (35, answered(1)),
            (2, answered(2)),
        ]);
        let chart = Chart::of(&book, now(), 3);
        let columns = [
            Column::Answered(Duration::from_millis(2)),
            Column::Answered(Duration::from_millis(1)),
            Column::TimedOut,
        ];
        assert_eq!(chart.columns, columns);
        assert_eq!((chart.oldest, chart.newest), (Some(ago(65)), Some(ago(2))));
    }

    #[test]
    fn the_scale_reads_well_and_is_never_below_the_highest() {
        for (micros, ms) in [
            (0, 1),
            (1_000, 1),
            (1_001, 2),
            (2_100, 5),
            (5_001, 10),
            (7_000_000, 10_000),
        ] {
            let scale = nice(Duration::from_micros(micros));
            assert_eq!(scale, Duration::from_millis(ms), "{micros} µs");
        }
    }
}
