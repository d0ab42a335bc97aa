//! What an action does to the view. A function of data, view and action that
//! returns an effect: it neither draws nor sends.

use tui_logger::TuiWidgetEvent;

use crate::{
    domain::Snapshot,
    tui::{
        action::{Action, Effect, Motion},
        data::Data,
        detail::Detail,
        panes,
        picker::Scroll,
        view::{Overlay, Pane, View},
    },
};

/// Carries an action out on the view, and says what else is to be done.
pub(super) fn update(data: &Data, view: &mut View, action: Action) -> Option<Effect> {
    match action {
        Action::Quit => return Some(Effect::Quit),
        Action::Command(command) => return Some(Effect::Send(command)),
        Action::Help => {
            view.overlay = match view.overlay {
                Some(Overlay::Help(_)) => None,
                _ => Some(Overlay::Help(Scroll::default())),
            }
        }
        Action::Focus(pane) => view.focus(pane),
        Action::FocusNext => view.focus(view.focus.next()),
        Action::FocusPrevious => view.focus(view.focus.previous()),
        Action::Move(motion) => scroll(&data.snapshot, view, motion),
        Action::Details => open_detail(&data.snapshot, view),
        Action::Zoom => view.is_zoomed = !view.is_zoomed,
        Action::Back => back(view),
    }
    None
}

fn scroll(snapshot: &Snapshot, view: &mut View, motion: Motion) {
    if let Some(Overlay::Help(scroll) | Overlay::Detail(_, scroll)) = &mut view.overlay {
        return scroll.step(motion);
    }
    match view.focus {
        Pane::Connection => view.connection.step(motion),
        Pane::Latency => {}
        Pane::Checks => view.checks.step(motion, panes::checks::extent(snapshot)),
        Pane::Operations => {
            let extent = panes::operations::extent(snapshot);
            view.operations.step(motion, extent);
        }
        Pane::Errors => view.errors.step(motion, panes::errors::extent(snapshot)),
        Pane::Log => match motion {
            Motion::Up | Motion::PageUp => view.log.transition(TuiWidgetEvent::PrevPageKey),
            Motion::Down | Motion::PageDown => view.log.transition(TuiWidgetEvent::NextPageKey),
            Motion::Last => view.log.transition(TuiWidgetEvent::EscapeKey),
            // The log widget cannot jump to its start, and no key asks for it.
            Motion::First => {}
        },
    }
}

fn open_detail(snapshot: &Snapshot, view: &mut View) {
    let detail = match view.focus {
        Pane::Checks => {
            let row = view.checks.selected(panes::checks::extent(snapshot));
            snapshot.checks.iter().nth_back(row).map(Detail::check)
        }
        Pane::Operations => {
            let extent = panes::operations::extent(snapshot);
            let row = view.operations.selected(extent);
            let operation = snapshot.operations.iter().nth_back(row);
            operation.map(Detail::operation)
        }
        Pane::Errors => {
            let row = view.errors.selected(panes::errors::extent(snapshot));
            snapshot.errors.iter().nth_back(row).map(Detail::error)
        }
        Pane::Connection | Pane::Latency | Pane::Log => None,
    };
    if let Some(detail) = detail {
        view.overlay = Some(Overlay::Detail(Box::new(detail), Scroll::default()));
    }
}

/// Undoes one thing: the innermost first.
fn back(view: &mut View) {
    if view.overlay.take().is_some() {
        return;
    }
    let was_scrolled = match view.focus {
        Pane::Connection => view.connection.rewind(),
        Pane::Latency => false,
        Pane::Checks => view.checks.follow(),
        Pane::Operations => view.operations.follow(),
        Pane::Errors => view.errors.follow(),
        Pane::Log => {
            view.log.transition(TuiWidgetEvent::EscapeKey);
            false
        }
    };
    if !was_scrolled {
        view.is_zoomed = false;
    }
}
