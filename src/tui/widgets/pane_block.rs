//! The border of a pane with its number, name and what is said beside it.

use ratatui::{
    text::{Line, Span},
    widgets::Block,
};

use crate::tui::view::{Pane, View};

/// The border. `aside` stands at the right of the title.
///
/// The focused pane differs by the shape of its border too, not by colour alone.
pub(in crate::tui) fn pane_block<'a>(pane: Pane, aside: Vec<Span<'a>>, view: &View) -> Block<'a> {
    let theme = &view.look.theme;
    let is_focused = view.focus == pane;
    let (set, style, title) = if is_focused {
        (
            view.look.glyphs.border_focused,
            theme.border_focused,
            theme.title.patch(theme.accent),
        )
    } else {
        (view.look.glyphs.border, theme.border, theme.text)
    };
    let number = Span::styled(format!(" {} ", pane.number()), theme.key);
    let name = Span::styled(format!("{} ", pane.title()), title);
    let mut title_line = vec![number, name];
    if view.shares_lower && pane == view.lower {
        title_line.extend(neighbours(pane, view));
    }
    let block = Block::bordered()
        .border_set(set)
        .border_style(style)
        .title_top(Line::from(title_line));
    if aside.is_empty() {
        return block;
    }
    let mut spans = vec![Span::raw(" ")];
    spans.extend(aside);
    spans.push(Span::raw(" "));
    block.title_top(Line::from(spans).right_aligned())
}

/// The panes that wait at the same place.
fn neighbours<'a>(shown: Pane, view: &View) -> impl Iterator<Item = Span<'a>> {
    let theme = view.look.theme;
    let others = Pane::ALL
        .into_iter()
        .filter(move |pane| pane.is_lower() && *pane != shown);
    others.flat_map(move |pane| {
        [
            Span::styled(format!(" {} ", pane.number()), theme.key),
            Span::styled(format!("{} ", pane.title()), theme.dim),
        ]
    })
}
