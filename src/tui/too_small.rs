//! What a screen says that has no room for panes: still the state and the cause.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

use crate::{
    domain::{ConnectionStatus, clean},
    tui::{data::Data, failure, header, layout, text, view::View, widgets::flow, words},
};

/// Draws as much of the one sentence as fits: the state first, then the cause.
/// The last line says why there is no more, unless it is the only one.
pub(super) fn render(frame: &mut Frame, mut area: Rect, data: &Data, view: &mut View) {
    let look = &view.look;
    if area.height > 1 {
        let words = text::too_small(area.as_size(), layout::SMALLEST);
        let words = words::cut(&words, usize::from(area.width), look.glyphs.cut);
        area.height -= 1;
        let last = Rect {
            y: area.bottom(),
            height: 1,
            ..area
        };
        frame.render_widget(Line::styled(words, look.theme.dim), last);
    }
    let snapshot = &*data.snapshot;
    let mut phrases = Vec::new();
    if data.ended.is_some() {
        phrases.push(Span::styled(text::BACKEND_ENDED, look.theme.alarm));
    }
    phrases.push(header::state(data, look));
    if data.is_connected() && header::is_mock(snapshot) {
        phrases.push(Span::styled(text::MOCK, look.theme.banner));
    }
    if snapshot.session.is_production() {
        let words = format!("{} {}", look.glyphs.warning, text::PRODUCTION);
        phrases.push(Span::styled(words, look.theme.alarm));
    }
    let is_connected = snapshot.connection.status() == ConnectionStatus::Connected;
    match &snapshot.outage {
        Some(outage) if !is_connected => {
            let message = failure::message(outage);
            phrases.push(Span::styled(message, look.theme.bad));
        }
        _ => {
            let reasons = &snapshot.verdict.reasons;
            let reasons = reasons.iter().map(ToString::to_string);
            phrases.extend(reasons.map(|words| Span::styled(words, look.theme.warn)));
            let target = clean(&snapshot.session.target.to_string()).into_owned();
            phrases.push(Span::styled(target, look.theme.dim));
        }
    }
    let lines: Vec<Line> = flow(phrases, &Span::raw(" "), usize::from(area.width));
    frame.render_widget(Paragraph::new(lines), area);
}
