//! Pane 6: our own log lines, as they come.

use std::sync::Arc;

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};
use tui_logger::{ExtLogRecord, LogFormatter, TuiLoggerWidget};

use crate::{
    domain::{Session, clean},
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
pub(in crate::tui) fn render(frame: &mut Frame, area: Rect, data: &Data, view: &mut View) {
    let dropped = logging::dropped();
    let aside = if dropped > 0 {
        vec![Span::styled(text::dropped(dropped), view.look.theme.dim)]
    } else {
        Vec::new()
    };
    let block = pane_block(Pane::Log, aside, view);
    let widget = TuiLoggerWidget::default()
        .block(block)
        .formatter(Box::new(Formatter {
            look: view.look,
            session: Arc::clone(&data.snapshot.session),
        }))
        .state(&view.log);
    frame.render_widget(widget, area);
}

/// The target that was watched at a time, when it is not the present one.
fn former(session: &Session, us: i64) -> Option<&str> {
    let mut left = session.former.iter();
    let at = left.find(|former| us < former.until.timestamp_micros())?;
    Some(&at.name)
}

/// Formats one record into lines of the pane's width.
struct Formatter {
    look: Look,
    session: Arc<Session>,
}

impl Formatter {
    fn level(&self, record: &ExtLogRecord) -> (&'static str, Style) {
        let theme = &self.look.theme;
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
        let us = record.timestamp.timestamp().as_microsecond();
        // What is not about the present connection names its target.
        let (former, style) = match former(&self.session, us) {
            Some(target) => (text::former(&clean(target)), self.look.theme.dim),
            None => (String::new(), style),
        };
        let words = format!("{time} {level} {layer}: {former}{message}");
        let mut lines = paragraph(&words, style, width);
        if lines.is_empty() {
            lines.push(Line::default());
        }
        lines
    }
}
