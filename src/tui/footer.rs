//! The last line: a notice while there is one, else the keys that work here;
//! at its right end what went past unread.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    domain::AlternativeKind,
    tui::{
        action::Action,
        data::Data,
        header,
        keys::{BINDINGS, Binding},
        migrations,
        panes::remedies,
        text,
        view::{Overlay, View},
    },
};

/// Draws the footer.
pub(super) fn render(frame: &mut Frame, area: Rect, data: &Data, view: &mut View) {
    let theme = &view.look.theme;
    let mut room = usize::from(area.width);
    if data.missed > 0 {
        let words = format!(
            " {} {} ",
            view.look.glyphs.warning,
            text::missed(data.missed)
        );
        let missed = Line::styled(words, theme.banner).right_aligned();
        room = room.saturating_sub(missed.width() + 1);
        frame.render_widget(missed, area);
    }
    let line = match data.notice() {
        Some(notice) => Line::styled(format!(" {notice}"), theme.accent.patch(theme.title)),
        None => keys(data, view, room),
    };
    let width = u16::try_from(room).unwrap_or(area.width);
    let area = Rect {
        width: width.min(area.width),
        ..area
    };
    frame.render_widget(line, area);
}

/// The keys of this place that fit: the least needed leave first, and those that
/// would do nothing are not there at all.
fn keys(data: &Data, view: &View, room: usize) -> Line<'static> {
    let theme = &view.look.theme;
    let place = view.place();
    let mut shown: Vec<&Binding> = BINDINGS
        .iter()
        .filter(|binding| binding.scope.holds_at(place) && is_of_use(binding, data, view))
        .collect();
    // What covers the panes must say how it is left.
    let rank = |binding: &Binding| match &view.overlay {
        Some(_) if leads_back(binding) => 0,
        None if is_called_for(binding, data) => 1,
        Some(_) | None => binding.rank,
    };
    let width = |binding: &Binding| binding.name.len() + binding.word.len() + 3;
    while shown.iter().map(|binding| width(binding)).sum::<usize>() > room {
        let last = shown
            .iter()
            .enumerate()
            .max_by_key(|(_, binding)| rank(binding))
            .map(|(at, _)| at);
        let Some(last) = last else { break };
        shown.remove(last);
    }
    let mut line = Line::default();
    for binding in shown {
        line.push_span(Span::styled(format!(" {}", binding.name), theme.key));
        line.push_span(Span::styled(format!(" {} ", binding.word), theme.dim));
    }
    line
}

fn leads_back(binding: &Binding) -> bool {
    let mut actions = binding.keys.iter().map(|(_, action)| action);
    actions.any(|action| matches!(action, Action::Back))
}

/// Whether what is seen asks for this key: the way to migrations while some are
/// wanted, and in mock mode, while it answers, to what can be rehearsed.
fn is_called_for(binding: &Binding, data: &Data) -> bool {
    let snapshot = &*data.snapshot;
    let means = |wanted: Action| binding.keys.iter().any(|(_, action)| *action == wanted);
    let is_wanted = snapshot
        .verdict
        .reasons
        .iter()
        .any(remedies::is_about_migrations);
    (means(Action::Migrations) && is_wanted)
        || (means(Action::List(AlternativeKind::Mode))
            && data.is_answering()
            && header::is_mock(snapshot))
}

/// Whether the binding does something now.
fn is_of_use(binding: &Binding, data: &Data, view: &View) -> bool {
    binding.keys.iter().all(|(_, action)| {
        if let Action::Ask(write) = action {
            return migrations::offer(data).is(*write);
        }
        let is_about_nothing = matches!(&view.overlay, Some(Overlay::Review(panel))
            if panel.confirm(&data.snapshot).is_err());
        !(is_about_nothing && *action == Action::Apply)
    })
}
