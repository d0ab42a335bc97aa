//! The help: every key of the table, and every sign that panes draw.

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use crate::tui::{
    data::Data,
    keys::BINDINGS,
    text,
    view::{Look, Overlay, View},
    widgets::{Fact, Popup, labelled, popup},
};

/// Draws the help over the panes.
pub(super) fn render(frame: &mut Frame, area: Rect, _: &Data, view: &mut View) {
    let look = &view.look;
    let Some(Overlay::Help(scroll)) = &mut view.overlay else {
        return;
    };
    let lines = |width| lines(look, width);
    let content = Popup {
        lines,
        scroll,
        look,
    };
    popup(frame, area, "Help", content);
}

fn lines(look: &Look, width: usize) -> Vec<Line<'static>> {
    let theme = &look.theme;
    let mut lines = vec![Line::styled(text::KEYS, theme.title)];
    for binding in BINDINGS {
        let value = words_of(binding.help, theme.text);
        let mut entry = labelled(Fact::new(binding.name, value), theme, width);
        if let Some(name) = entry.first_mut().and_then(|line| line.spans.first_mut()) {
            name.style = theme.key;
        }
        lines.append(&mut entry);
    }
    lines.push(Line::default());
    lines.push(Line::styled(text::SIGNS, theme.title));
    for (glyph, meaning, style) in signs(look) {
        lines.push(Line::from(vec![
            Span::styled(format!(" {glyph}  "), style),
            Span::styled(meaning, theme.text),
        ]));
    }
    lines
}

fn words_of(sentence: &'static str, style: Style) -> Vec<Span<'static>> {
    let words = sentence.split(' ');
    words.map(|word| Span::styled(word, style)).collect()
}

fn signs(look: &Look) -> [(&'static str, &'static str, Style); 13] {
    let (glyphs, theme) = (&look.glyphs, &look.theme);
    [
        (glyphs.connected, "connected", theme.ok),
        (glyphs.connecting, "connecting", theme.warn),
        (glyphs.failed, "error, or a sample that failed", theme.bad),
        (glyphs.disconnected, "disconnected", theme.warn),
        (glyphs.good, "as it should be", theme.ok),
        (glyphs.warning, "it works, and not as it should", theme.warn),
        (glyphs.unknown, "nothing is known (any more)", theme.dim),
        (glyphs.off, "not watched", theme.dim),
        (glyphs.running, "still running", theme.accent),
        (glyphs.timed_out, "no answer in time", theme.bad),
        (
            glyphs.own_side,
            "our own side was asleep: says nothing",
            theme.warn,
        ),
        (glyphs.gap, "nothing was measured", theme.dim),
        (
            glyphs.bars[7],
            "answered; the scale is at the left",
            theme.ok,
        ),
    ]
}
