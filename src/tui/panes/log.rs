//! Pane 6: our own log lines, as they come.

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};
use tui_logger::{ExtLogRecord, LogFormatter, TuiLoggerWidget};

use crate::{
    domain::clean,
    tui::{
        data::Data,
        logging, text,
        view::{Look, Pane, View},
        widgets::{pane_block, paragraph},
    },
};

/// The prefix of our own targets, left out in the pane.
const OURS: &str = concat!(env!("CARGO_CRATE_NAME"), "::");

/// Draws the pane.
pub(in crate::tui) fn render(frame: &mut Frame, area: Rect, _: &Data, view: &mut View) {
    let dropped = logging::dropped();
    let aside = if dropped > 0 {
        vec![Span::styled(text::dropped(dropped), view.look.theme.dim)]
    } else {
        Vec::new()
    };
    let block = pane_block(Pane::Log, aside, view);
    let widget = TuiLoggerWidget::default()
        .block(block)
        .formatter(Box::new(Formatter(view.look)))
        .state(&view.log);
    frame.render_widget(widget, area);
}

/// Formats one record into lines of the pane's width.
struct Formatter(Look);

impl Formatter {
    fn level(&self, record: &ExtLogRecord) -> (&'static str, Style) {
        let theme = &self.0.theme;
        match record.level.as_str() {
            "ERROR" => ("ERROR", theme.bad),
            "WARN" => ("WARN ", theme.warn),
            "INFO" => ("INFO ", theme.text),
            _ => ("debug", theme.dim),
        }
    }
}

impl LogFormatter for Formatter {
    fn min_width(&self) -> u16 {
        20
    }

    fn format(&self, width: usize, record: &ExtLogRecord) -> Vec<Line<'_>> {
        let (level, style) = self.level(record);
        let target = record.target();
        let target = target.strip_prefix(OURS).unwrap_or(target);
        let layer = target.split("::").next().unwrap_or(target);
        let time = record.timestamp.strftime("%H:%M:%S");
        let message = clean(record.msg().trim());
        let mut lines = paragraph(&format!("{time} {level} {layer}: {message}"), style, width);
        if lines.is_empty() {
            lines.push(Line::default());
        }
        lines
    }
}
