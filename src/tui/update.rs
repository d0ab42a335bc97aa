//! What an action does to the view. A function of data, view and action that
//! returns an effect: it neither draws nor sends.

use tui_logger::TuiWidgetEvent;

use crate::{
    domain::{Command, ConnectionStatus, Event, Snapshot},
    tui::{
        action::{Action, Effect, Motion},
        data::Data,
        detail::Detail,
        migrations::{self, Answer, Offer, Write},
        panes,
        picker::Scroll,
        review, switcher, text,
        view::{Overlay, Pane, View},
    },
};

/// Carries an action out on the view, and says what else is to be done.
pub(super) fn update(data: &Data, view: &mut View, action: Action) -> Option<Effect> {
    // Keys move about in what is seen, frozen or not.
    let snapshot = &*data.shown().snapshot;
    let was_leaving = std::mem::replace(&mut view.is_leaving, action == Action::Quit);
    match action {
        Action::Quit if data.is_migrating() && !was_leaving => {
            return Some(Effect::Say(text::LEAVING));
        }
        Action::Quit => return Some(Effect::Quit),
        Action::Suspend => return Some(Effect::Suspend),
        Action::Freeze if data.frozen.is_some() => return Some(Effect::Thaw),
        Action::Freeze => return Some(Effect::Freeze),
        Action::Command(command) => return Some(Effect::Send(command)),
        Action::Diagnose => {
            view.overlay = Some(Overlay::Diagnosis(Scroll::default()));
            return Some(Effect::Send(Command::Diagnose));
        }
        Action::Migrations => {
            view.overlay = Some(Overlay::Migrations(Box::default()));
            return Some(Effect::Send(Command::LookAtMigrations));
        }
        Action::List(kind) => {
            let panel = switcher::Panel::new(kind, &data.snapshot);
            view.overlay = Some(Overlay::Switcher(panel));
            return Some(Effect::Send(Command::List(kind)));
        }
        Action::Choose => return choose(data, view),
        Action::Review => {
            view.overlay = Some(Overlay::Review(review::Panel::new(&data.snapshot)));
            return Some(Effect::Send(Command::ReadConfig));
        }
        Action::Apply => return apply(data, view),
        Action::Ask(write) => return ask(data, view, write),
        Action::Confirm => return confirm(data, view),
        Action::Type(c) => {
            if let Some(Overlay::Migrations(panel)) = &mut view.overlay {
                panel.type_in(c);
            }
        }
        Action::Erase => {
            if let Some(Overlay::Migrations(panel)) = &mut view.overlay {
                panel.erase();
            }
        }
        Action::Help => {
            view.overlay = match view.overlay {
                Some(Overlay::Help(_)) => None,
                _ => Some(Overlay::Help(Scroll::default())),
            }
        }
        Action::Focus(pane) => view.focus(pane),
        Action::FocusNext => view.focus(view.focus.next()),
        Action::FocusPrevious => view.focus(view.focus.previous()),
        Action::Move(motion) => scroll(data, view, motion),
        Action::Details => open_detail(snapshot, view),
        Action::Zoom => view.is_zoomed = !view.is_zoomed,
        Action::Back => return back(data, view),
    }
    None
}

/// What is asked anew because of something that happened: how the migrations
/// stand, where that is looked at and a connection stands again.
pub(super) fn follow_up(data: &Data, view: &View, event: &Event) -> Option<Command> {
    let stands = matches!(
        event,
        Event::StatusChanged {
            to: ConnectionStatus::Connected,
            ..
        }
    );
    let is_looked_at = matches!(view.overlay, Some(Overlay::Migrations(_)));
    (stands && is_looked_at && !data.is_migrating()).then_some(Command::LookAtMigrations)
}

fn scroll(data: &Data, view: &mut View, motion: Motion) {
    let snapshot = &*data.shown().snapshot;
    match &mut view.overlay {
        None => {}
        Some(Overlay::Help(scroll) | Overlay::Detail(_, scroll) | Overlay::Diagnosis(scroll)) => {
            return scroll.step(motion);
        }
        Some(Overlay::Migrations(panel)) => return panel.scroll.step(motion),
        Some(Overlay::Switcher(panel)) => return panel.step(motion, &data.snapshot),
        Some(Overlay::Review(panel)) => return panel.scroll.step(motion),
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

/// Sends what is selected of the list, if it can be switched to.
fn choose(data: &Data, view: &mut View) -> Option<Effect> {
    let Some(Overlay::Switcher(panel)) = &mut view.overlay else {
        return None;
    };
    match panel.choose(&data.snapshot) {
        switcher::Wish::Switch(pick) => {
            view.overlay = None;
            Some(Effect::Send(Command::Switch(pick)))
        }
        switcher::Wish::Nothing(why) => Some(Effect::Say(why)),
    }
}

/// Has the configuration applied that is shown, if it can be.
fn apply(data: &Data, view: &mut View) -> Option<Effect> {
    let Some(Overlay::Review(panel)) = &view.overlay else {
        return None;
    };
    match panel.confirm(&data.snapshot) {
        Ok(command) => {
            view.overlay = None;
            Some(Effect::Send(command))
        }
        Err(why) => Some(Effect::Say(why)),
    }
}

/// Asks before something is written: for the target's name, where it matters most.
fn ask(data: &Data, view: &mut View, write: Write) -> Option<Effect> {
    let Some(Overlay::Migrations(panel)) = &mut view.overlay else {
        return None;
    };
    match migrations::offer(data) {
        offer if offer.is(write) => {
            let answer = if data.snapshot.session.is_production() {
                Answer::NAME
            } else {
                Answer::Key
            };
            let id = data.snapshot.connection.id();
            panel.ask(write, id, answer);
            None
        }
        Offer::Nothing(why) => Some(Effect::Say(why)),
        Offer::Migrate(_) | Offer::Adopt => None,
    }
}

/// Sends what was confirmed, if it still can be done.
fn confirm(data: &Data, view: &mut View) -> Option<Effect> {
    let Some(Overlay::Migrations(panel)) = &mut view.overlay else {
        return None;
    };
    let (write, command) = panel.confirm(&data.snapshot.session)?;
    match migrations::offer(data) {
        offer if offer.is(write) => Some(Effect::Send(command)),
        Offer::Nothing(why) => Some(Effect::Say(why)),
        Offer::Migrate(_) | Offer::Adopt => None,
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
fn back(data: &Data, view: &mut View) -> Option<Effect> {
    if let Some(Overlay::Migrations(panel)) = &mut view.overlay
        && panel.asking.take().is_some()
    {
        return None;
    }
    if view.overlay.take().is_some() {
        return None;
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
    if was_scrolled || std::mem::take(&mut view.is_zoomed) {
        return None;
    }
    data.frozen.is_some().then_some(Effect::Thaw)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::tui::fixtures::{self, PLAIN};

    /// Carries actions out on a fresh view of a healthy connection.
    fn after(actions: &[Action]) -> (View, Option<Effect>) {
        let data = data();
        let mut view = fixtures::view(PLAIN);
        let mut last = None;
        for action in actions {
            last = update(&data, &mut view, *action);
        }
        (view, last)
    }

    fn data() -> Data {
        Data::new(Arc::new(fixtures::healthy()), fixtures::moment())
    }

    #[track_caller]
    fn check_focus(actions: &[Action], focus: Pane, lower: Pane) {
        let (view, effect) = after(actions);
        assert_eq!((view.focus, view.lower, effect), (focus, lower, None));
    }

    #[test]
    fn the_focus_goes_around_and_the_lower_pane_follows_it() {
        use Action::{Focus, FocusNext, FocusPrevious};
        check_focus(&[], Pane::Connection, Pane::Checks);
        check_focus(&[FocusPrevious], Pane::Log, Pane::Log);
        check_focus(&[FocusNext; 4], Pane::Errors, Pane::Errors);
        check_focus(&[FocusNext; 6], Pane::Connection, Pane::Log);
        let there_and_back = [Focus(Pane::Operations), Focus(Pane::Latency)];
        check_focus(&there_and_back, Pane::Latency, Pane::Operations);
    }

    #[test]
    fn commands_and_quit_are_effects_and_change_nothing_else() {
        for command in [Command::Reconnect, Command::Disconnect, Command::CheckNow] {
            let (_, effect) = after(&[Action::Command(command)]);
            assert_eq!(effect, Some(Effect::Send(command)));
        }
        let (view, effect) = after(&[Action::Quit]);
        assert_eq!(effect, Some(Effect::Quit));
        assert!(view.overlay.is_none() && !view.is_zoomed);
    }

    #[test]
    fn a_diagnosis_is_asked_for_and_shown_until_esc() {
        let (mut view, effect) = after(&[Action::Diagnose]);
        assert_eq!(effect, Some(Effect::Send(Command::Diagnose)));
        assert!(matches!(view.overlay, Some(Overlay::Diagnosis(_))));
        update(&data(), &mut view, Action::Back);
        assert!(view.overlay.is_none());
    }

    #[test]
    fn back_undoes_one_thing_at_a_time_from_the_inside() {
        let data = data();
        let (mut view, _) = after(&[
            Action::Focus(Pane::Checks),
            Action::Zoom,
            Action::Move(Motion::Down),
            Action::Details,
        ]);
        let extent = panes::checks::extent(&data.snapshot);
        assert!(view.overlay.is_some());
        update(&data, &mut view, Action::Back);
        assert!(view.overlay.is_none());
        assert_eq!((view.checks.selected(extent), view.is_zoomed), (1, true));
        update(&data, &mut view, Action::Back);
        assert_eq!((view.checks.selected(extent), view.is_zoomed), (0, true));
        update(&data, &mut view, Action::Back);
        assert!(!view.is_zoomed);
    }

    #[test]
    fn details_show_the_selected_row_and_stay_with_it() {
        let data = data();
        let (view, _) = after(&[
            Action::Focus(Pane::Checks),
            Action::Move(Motion::Last),
            Action::Details,
        ]);
        let Some(Overlay::Detail(detail, _)) = view.overlay else {
            panic!("no details");
        };
        let Detail::Check(check) = *detail else {
            panic!("details of something else");
        };
        assert_eq!(Some(&check), data.snapshot.checks.first());
    }

    #[test]
    fn without_rows_there_are_no_details() {
        let data = Data::new(Arc::new(fixtures::blank()), fixtures::moment());
        let mut view = fixtures::view(PLAIN);
        for pane in Pane::ALL {
            update(&data, &mut view, Action::Focus(pane));
            update(&data, &mut view, Action::Details);
            assert!(view.overlay.is_none(), "{pane:?}");
        }
    }

    #[test]
    fn back_ends_the_freeze_when_nothing_else_is_left_to_undo() {
        let mut data = data();
        let mut view = fixtures::view(PLAIN);
        assert_eq!(update(&data, &mut view, Action::Back), None);
        let freeze = update(&data, &mut view, Action::Freeze);
        assert_eq!(freeze, Some(Effect::Freeze));
        data.freeze();
        update(&data, &mut view, Action::Zoom);
        assert_eq!(update(&data, &mut view, Action::Back), None);
        let thaw = Some(Effect::Thaw);
        assert_eq!(update(&data, &mut view, Action::Back), thaw);
        assert_eq!(update(&data, &mut view, Action::Freeze), thaw);
    }

    #[test]
    fn help_opens_closes_and_takes_the_place_of_details() {
        let (view, _) = after(&[Action::Help, Action::Help]);
        assert!(view.overlay.is_none());
        let (view, _) = after(&[Action::Focus(Pane::Errors), Action::Details, Action::Help]);
        assert!(matches!(view.overlay, Some(Overlay::Help(_))));
    }
}
