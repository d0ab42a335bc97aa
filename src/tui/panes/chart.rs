//! From samples to the columns of the latency graph. Knows no sizes but a
//! width, and nothing of how columns are drawn.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    domain::{LatencyBook, LatencySample, SampleOutcome},
    tui::{text, widgets::Column},
};

/// Seconds that share a column where samples come that fast.
const BUCKET: i64 = 5;

/// Where there is room, the graph moves on by so many columns at once and fills
/// them one by one: moved at each new column, it would be most of all that is
/// written to the terminal.
const STRIDE: i64 = 4;

/// From this width on there is room for that.
const ROOMY: usize = 24;

/// A column in which nothing came for this long has begun all the same.
const SILENCE: TimeDelta = TimeDelta::seconds(2);

/// Gaps between samples that are looked at to see how fast they come: at one
/// heartbeat a second about a minute, so that a hiccup does not change the
/// meaning of the columns.
const LOOKED_AT: usize = 64;

/// The columns of the graph, newest first, and the time that they span.
pub(super) struct Chart {
    pub(super) columns: Vec<Column>,
    /// Columns to the right of the newest that are still to come.
    pub(super) ahead: usize,
    pub(super) unit: &'static str,
    /// The oldest sample that is shown.
    pub(super) oldest: Option<DateTime<Utc>>,
    /// When the newest column begins.
    pub(super) newest: Option<DateTime<Utc>>,
}

impl Chart {
    /// A chart of at most `width` columns.
    pub(super) fn of(book: &LatencyBook, now: DateTime<Utc>, width: usize) -> Self {
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
            ahead: 0,
            unit: text::COLUMN_PER_SAMPLE,
            oldest: shown().next_back().map(|sample| sample.at),
            newest: shown().next().map(|sample| sample.at),
        }
    }

    /// The newest column begins with its first sample. Where none comes in
    /// time it begins without one, so that silence shows as gaps.
    fn of_buckets(book: &LatencyBook, now: DateTime<Utc>, width: usize) -> Self {
        let number = |at: DateTime<Utc>| at.timestamp().div_euclid(BUCKET);
        let sampled = book.recent().next_back().map(|sample| sample.at);
        let newest = number(now - SILENCE).max(sampled.map_or(i64::MIN, number));
        let ahead = usize::try_from((STRIDE - 1 - newest).rem_euclid(STRIDE)).unwrap_or(0);
        let ahead = if width < ROOMY { 0 } else { ahead };
        let width = width - ahead;
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
            ahead,
            unit: text::COLUMN_PER_BUCKET,
            oldest,
            // The first column of all begins with its first sample.
            newest: DateTime::from_timestamp(newest * BUCKET, 0).max(oldest),
        }
    }

    /// The slowest answer that is shown.
    pub(super) fn highest(&self) -> Duration {
        let answered = self.columns.iter().filter_map(|column| match column {
            Column::Answered(latency) => Some(*latency),
            Column::Failed | Column::TimedOut | Column::OwnSide | Column::Gap => None,
        });
        answered.max().unwrap_or_default()
    }
}

/// True unless the newest samples come more slowly than buckets pass.
fn is_dense(book: &LatencyBook) -> bool {
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
        .is_none_or(|median| *median <= BUCKET * 1_000)
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
        let timed_out = SampleOutcome::TimedOut(Duration::from_secs(1));
        let book = book(&[
            (24, SampleOutcome::OwnSide),
            (23, timed_out),
            (22, answered(1)),
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
            Column::Failed,
            Column::Answered(Duration::from_millis(9)),
            Column::Gap,
            Column::Answered(Duration::from_millis(7)),
            Column::TimedOut,
        ];
        assert_eq!(chart.columns, columns);
        assert_eq!(chart.unit, text::COLUMN_PER_BUCKET);
        assert_eq!(chart.highest(), Duration::from_millis(9));
        assert_eq!(Chart::of(&book, now(), 2).columns, columns[..2]);
    }

    /// The columns as they stand on the screen, left to right.
    fn on_screen(chart: &Chart, width: usize) -> Vec<Option<Column>> {
        let known = chart.columns.iter().copied().map(Some);
        let mut all: Vec<_> = std::iter::repeat_n(None, chart.ahead)
            .chain(known)
            .collect();
        all.resize(width, None);
        all.reverse();
        all
    }

    #[test]
    fn the_graph_stands_still_until_it_moves_on_by_a_stride() {
        let mut book = LatencyBook::new();
        let mut before = Vec::new();
        let mut moves = 0;
        for second in 0..600u64 {
            let at = now() + Duration::from_secs(second);
            let outcome = SampleOutcome::Answered(Duration::from_micros(300 + second));
            book.push(LatencySample { at, outcome });
            let chart = Chart::of(&book, at, 50);
            let screen = on_screen(&chart, 50);
            let newest = 50 - 1 - chart.ahead;
            assert!(screen[newest].is_some() && screen[newest + 1..].iter().all(Option::is_none));
            let changed = before.iter().zip(&screen).filter(|(was, is)| was != is);
            moves += usize::from(changed.count() > 1);
            before = screen;
        }
        assert_eq!(moves, 600 / 20 - 1);
    }

    #[test]
    fn a_heartbeat_changes_the_newest_column_only() {
        let mut book = LatencyBook::new();
        let mut before: Vec<Column> = Vec::new();
        for second in 0..600u64 {
            let at = now() + Duration::from_secs(second);
            let micros = 300 + second * 7_919 % 900;
            let outcome = SampleOutcome::Answered(Duration::from_micros(micros));
            book.push(LatencySample { at, outcome });
            let chart = Chart::of(&book, at, 50);
            let shifted = usize::from(second.is_multiple_of(5));
            let old = chart.columns.iter().skip(1);
            for (was, is) in before.iter().skip(1 - shifted).zip(old) {
                assert_eq!(was, is, "at {second}");
            }
            before = chart.columns;
        }
        assert!(before.len() > 50 - 4);
    }

    #[test]
    fn a_column_begins_with_its_first_sample_or_with_silence() {
        let columns = |seconds: i64| {
            let book = book(&[(2, answered(1)), (1, answered(2))]);
            Chart::of(&book, now() + TimeDelta::seconds(seconds), 9).columns
        };
        let answer = Column::Answered(Duration::from_millis(2));
        assert_eq!(now().timestamp() % BUCKET, 0);
        assert_eq!(columns(0), [answer]);
        assert_eq!(columns(1), [answer]);
        assert_eq!(columns(2), [Column::Gap, answer]);
        assert_eq!(columns(7), [Column::Gap, Column::Gap, answer]);
    }

    #[test]
    fn the_axis_never_runs_backwards() {
        for seconds_ago in 0..12 {
            let book = book(&[(seconds_ago, answered(1))]);
            let chart = Chart::of(&book, now(), 9);
            assert!(chart.oldest <= chart.newest, "{seconds_ago} s ago");
        }
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
}
