//! A box with text that scrolls, over whatever was there before.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::{Block, Clear, Paragraph},
};

use crate::tui::{picker::Scroll, text, view::Look};

/// Columns between the border and the text, on both sides together with the border.
const FRAME: u16 = 4;

/// Draws the box over the area. `lines` makes the text for a given width.
pub(in crate::tui) fn popup(
    frame: &mut Frame,
    area: Rect,
    title: &'static str,
    content: Popup<'_, impl FnOnce(usize) -> Vec<Line<'static>>>,
) {
    let Popup {
        lines,
        scroll,
        look,
    } = content;
    let lines = lines(usize::from(area.width.saturating_sub(FRAME)));
    let shown = scroll.window(lines.len(), usize::from(area.height.saturating_sub(2)));
    let mut block = Block::bordered()
        .border_set(look.glyphs.border_focused)
        .border_style(look.theme.border_focused)
        .title_top(Span::styled(format!(" {title} "), look.theme.title));
    if scroll.below() > 0 {
        let more = format!(" {} {} ", scroll.below(), text::MORE_BELOW);
        block = block.title_bottom(Line::styled(more, look.theme.accent).right_aligned());
    }
    let inner = block.inner(area);
    let text_area = Rect {
        x: inner.x.saturating_add(1),
        width: inner.width.saturating_sub(2),
        ..inner
    };
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    let visible: Vec<Line> = lines
        .into_iter()
        .skip(shown.start)
        .take(shown.len())
        .collect();
    frame.render_widget(Paragraph::new(visible), text_area.intersection(area));
}

/// What a popup shows.
pub(in crate::tui) struct Popup<'a, L> {
    /// Makes the text for a given width.
    pub(in crate::tui) lines: L,
    /// How far it is scrolled.
    pub(in crate::tui) scroll: &'a mut Scroll,
    /// How the box looks.
    pub(in crate::tui) look: &'a Look,
}
