//! A bar graph whose columns may also say that there is no value, and why.
//! Knows columns and a scale, not where they come from.

use std::time::Duration;

use ratatui::{buffer::Buffer, layout::Rect, style::Style, widgets::Widget};

use crate::tui::{glyphs::Glyphs, theme::Theme};

/// One column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Column {
    /// An answer that took this long.
    Answered(Duration),
    /// An error came back.
    Failed,
    /// No answer came in time.
    TimedOut,
    /// Our own side was asleep.
    OwnSide,
    /// Nothing was measured.
    Gap,
}

/// The graph. Columns come newest first and are drawn newest right.
pub(in crate::tui) struct Graph<'a> {
    pub(in crate::tui) columns: &'a [Column],
    /// What a bar of full height stands for.
    pub(in crate::tui) scale: Duration,
    /// Bars above this are marked as slow.
    pub(in crate::tui) slow: Duration,
    pub(in crate::tui) glyphs: &'a Glyphs,
    pub(in crate::tui) theme: &'a Theme,
}

impl Widget for Graph<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        for (back, column) in (0..area.width).zip(self.columns) {
            let x = area.right() - 1 - back;
            self.column(
                *column,
                Rect {
                    x,
                    width: 1,
                    ..area
                },
                buffer,
            );
        }
    }
}

impl Graph<'_> {
    fn column(&self, column: Column, area: Rect, buffer: &mut Buffer) {
        match column {
            Column::Answered(latency) => self.bar(latency, area, buffer),
            Column::Failed => self.post(self.glyphs.failed, area, buffer),
            Column::TimedOut => self.post(self.glyphs.timed_out, area, buffer),
            Column::OwnSide => foot(self.glyphs.own_side, self.theme.warn, area, buffer),
            Column::Gap => foot(self.glyphs.gap, self.theme.dim, area, buffer),
        }
    }

    fn bar(&self, latency: Duration, area: Rect, buffer: &mut Buffer) {
        let style = if latency > self.slow {
            self.theme.warn
        } else {
            self.theme.ok
        };
        let mut eighths = eighths(latency, self.scale, area.height);
        for y in area.rows().rev().map(|row| row.y) {
            let Some(top) = eighths.checked_sub(1) else {
                break;
            };
            let glyph = self.glyphs.bars[usize::from(top.min(7))];
            buffer[(area.x, y)].set_symbol(glyph).set_style(style);
            eighths = eighths.saturating_sub(8);
        }
    }

    /// A column over the whole height, with its glyph at the foot.
    fn post(&self, glyph: &'static str, area: Rect, buffer: &mut Buffer) {
        for row in area.rows() {
            buffer[(area.x, row.y)]
                .set_symbol(self.glyphs.post)
                .set_style(self.theme.bad);
        }
        foot(glyph, self.theme.bad, area, buffer);
    }
}

fn foot(glyph: &'static str, style: Style, area: Rect, buffer: &mut Buffer) {
    buffer[(area.x, area.bottom() - 1)]
        .set_symbol(glyph)
        .set_style(style);
}

/// The height of a bar in eighths of a row: at least one, at most all.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is clamped to the range first"
)]
fn eighths(latency: Duration, scale: Duration, rows: u16) -> u16 {
    let all = f64::from(rows.saturating_mul(8));
    let share = latency.as_secs_f64() / scale.as_secs_f64().max(1e-6);
    (share * all).round().clamp(1.0, all) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{ThemeName, TuiSection},
        tui::glyphs,
    };

    #[test]
    fn each_column_has_its_own_sign_and_the_newest_is_right() {
        let section = TuiSection {
            theme: ThemeName::Dark,
            ascii: false,
            no_color: true,
        };
        let columns = [
            Column::Failed,
            Column::Answered(Duration::from_millis(10)),
            Column::Answered(Duration::from_millis(5)),
            Column::Answered(Duration::ZERO),
            Column::TimedOut,
            Column::OwnSide,
            Column::Gap,
        ];
        let graph = Graph {
            columns: &columns,
            scale: Duration::from_millis(10),
            slow: Duration::from_millis(200),
            glyphs: &glyphs::UNICODE,
            theme: &Theme::new(section),
        };
        let mut buffer = Buffer::empty(Rect::new(0, 0, 8, 2));
        graph.render(buffer.area, &mut buffer);
        let rows: Vec<String> = buffer
            .content()
            .chunks(8)
            .map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect())
            .collect();
        assert_eq!(rows, ["   ░  █░", " ·~⊘▁██✖"]);
    }
}
