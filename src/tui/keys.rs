//! The key table: which key means what, and where. Footer and help are made
//! from it, so they cannot disagree with the keys.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::{
    domain::{AlternativeKind, Command},
    tui::{
        action::{Action, Motion},
        migrations::Write,
        scope::Scope,
        view::{Pane, Place},
    },
};

/// One line of the table: keys that belong together.
pub(super) struct Binding {
    /// The keys, each with its meaning.
    pub(super) keys: &'static [(Key, Action)],
    /// Where they mean it.
    pub(super) scope: Scope,
    /// Their name in footer and help.
    pub(super) name: &'static str,
    /// What they do, in a word for the footer.
    pub(super) word: &'static str,
    /// What they do, in a sentence for the help.
    pub(super) help: &'static str,
    /// Where room in the footer is short, higher ranks leave first.
    pub(super) rank: u8,
}

/// A key with its modifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// A key alone (or with Shift, where that makes another character).
    Plain(KeyCode),
    /// A character with Ctrl.
    Ctrl(char),
}

const fn plain(c: char) -> Key {
    Key::Plain(KeyCode::Char(c))
}

/// The table, in the order of footer and help.
pub(super) const BINDINGS: &[Binding] = &[
    Binding {
        keys: &[(plain('q'), Action::Quit), (Key::Ctrl('c'), Action::Quit)],
        scope: Scope::Everywhere,
        name: "q",
        word: "quit",
        help: "quit (Ctrl-C too)",
        rank: 0,
    },
    Binding {
        keys: &[(plain('?'), Action::Help)],
        scope: Scope::Everywhere,
        name: "?",
        word: "help",
        help: "open and close this help",
        rank: 0,
    },
    Binding {
        keys: &[(plain('r'), Action::Command(Command::Reconnect))],
        scope: Scope::Everywhere,
        name: "r",
        word: "reconnect",
        help: "reconnect: try at once; resumes paused retries",
        rank: 1,
    },
    Binding {
        keys: &[(plain('d'), Action::Command(Command::Disconnect))],
        scope: Scope::Everywhere,
        name: "d",
        word: "disconnect",
        help: "disconnect, or pause the retries; r undoes it",
        rank: 3,
    },
    Binding {
        keys: &[(plain('c'), Action::Command(Command::CheckNow))],
        scope: Scope::Everywhere,
        name: "c",
        word: "check",
        help: "run a health check now",
        rank: 2,
    },
    Binding {
        keys: &[(plain('D'), Action::Diagnose)],
        scope: Scope::Everywhere,
        name: "D",
        word: "diagnose",
        help: "examine the way to the database layer by layer; Esc closes it",
        rank: 3,
    },
    Binding {
        keys: &[(plain('M'), Action::Migrations)],
        scope: Scope::Everywhere,
        name: "M",
        word: "migrations",
        help: "how the migrations stand, file by file; Esc closes it",
        rank: 5,
    },
    Binding {
        keys: &[(plain('m'), Action::List(AlternativeKind::Mode))],
        scope: Scope::Everywhere,
        name: "m",
        word: "mode",
        help: "choose another mode, or in mock mode what is rehearsed; Esc closes it",
        rank: 6,
    },
    Binding {
        keys: &[(plain('p'), Action::List(AlternativeKind::Profile))],
        scope: Scope::Everywhere,
        name: "p",
        word: "profile",
        help: "choose another profile of the configuration file; Esc closes it",
        rank: 6,
    },
    Binding {
        keys: &[(plain('R'), Action::Review)],
        scope: Scope::Everywhere,
        name: "R",
        word: "reload",
        help: "read the configuration again and show what it would change",
        rank: 7,
    },
    Binding {
        keys: &[(Key::Plain(KeyCode::Enter), Action::Choose)],
        scope: Scope::Switcher,
        name: "Enter",
        word: "switch",
        help: "end this connection and begin the one that is selected (modes, profiles)",
        rank: 0,
    },
    Binding {
        keys: &[(plain('y'), Action::Apply)],
        scope: Scope::Review,
        name: "y",
        word: "apply",
        help: "apply what has changed (configuration)",
        rank: 0,
    },
    Binding {
        keys: &[
            (plain('u'), Action::Ask(Write::Migrate)),
            (Key::Plain(KeyCode::Enter), Action::Ask(Write::Migrate)),
        ],
        scope: Scope::Migrations,
        name: "u",
        word: "apply",
        help: "apply what is pending, after asking; Enter too (migrations)",
        rank: 0,
    },
    Binding {
        keys: &[(plain('a'), Action::Ask(Write::Adopt))],
        scope: Scope::Migrations,
        name: "a",
        word: "adopt",
        help: "compare tables that others made and record what matches (migrations)",
        rank: 0,
    },
    Binding {
        keys: &[(plain('y'), Action::Confirm)],
        scope: Scope::Question,
        name: "y",
        word: "do it",
        help: "do what is asked (questions)",
        rank: 0,
    },
    Binding {
        keys: &[
            (plain('n'), Action::Back),
            (Key::Plain(KeyCode::Esc), Action::Back),
        ],
        scope: Scope::Question,
        name: "n",
        word: "leave it",
        help: "leave what is asked; Esc too (questions)",
        rank: 0,
    },
    Binding {
        keys: &[
            (plain('q'), Action::Quit),
            (Key::Ctrl('c'), Action::Quit),
            (Key::Ctrl('z'), Action::Suspend),
        ],
        scope: Scope::Question,
        name: "q",
        word: "quit",
        help: "quit; Ctrl-C and Ctrl-Z as everywhere (questions)",
        rank: 1,
    },
    Binding {
        keys: &[(Key::Plain(KeyCode::Enter), Action::Confirm)],
        scope: Scope::Name,
        name: "Enter",
        word: "do it",
        help: "do what is asked, when the name is right (names)",
        rank: 0,
    },
    Binding {
        keys: &[(Key::Plain(KeyCode::Backspace), Action::Erase)],
        scope: Scope::Name,
        name: "Backspace",
        word: "erase",
        help: "take the last character back (names)",
        rank: 2,
    },
    Binding {
        keys: &[(Key::Plain(KeyCode::Esc), Action::Back)],
        scope: Scope::Name,
        name: "Esc",
        word: "leave it",
        help: "leave what is asked (names)",
        rank: 0,
    },
    Binding {
        keys: &[
            (Key::Ctrl('c'), Action::Quit),
            (Key::Ctrl('z'), Action::Suspend),
        ],
        scope: Scope::Name,
        name: "Ctrl-C",
        word: "quit",
        help: "quit; Ctrl-Z as everywhere (names)",
        rank: 1,
    },
    Binding {
        keys: &[
            (Key::Plain(KeyCode::Tab), Action::FocusNext),
            (Key::Plain(KeyCode::BackTab), Action::FocusPrevious),
            (Key::Plain(KeyCode::Right), Action::FocusNext),
            (Key::Plain(KeyCode::Left), Action::FocusPrevious),
            (plain('l'), Action::FocusNext),
            (plain('h'), Action::FocusPrevious),
            (plain('1'), Action::Focus(Pane::Connection)),
            (plain('2'), Action::Focus(Pane::Latency)),
            (plain('3'), Action::Focus(Pane::Checks)),
            (plain('4'), Action::Focus(Pane::Operations)),
            (plain('5'), Action::Focus(Pane::Errors)),
            (plain('6'), Action::Focus(Pane::Log)),
        ],
        scope: Scope::Panes,
        name: "1-6",
        word: "pane",
        help: "go to a pane; Tab, right, l to the next, Shift-Tab, left, h back",
        rank: 1,
    },
    Binding {
        keys: &[(plain('z'), Action::Zoom)],
        scope: Scope::Panes,
        name: "z",
        word: "zoom",
        help: "let the pane fill the screen, and back",
        rank: 4,
    },
    Binding {
        keys: &[(plain('f'), Action::Freeze)],
        scope: Scope::Everywhere,
        name: "f",
        word: "freeze",
        help: "freeze the panes and count what goes by; f or Esc goes on",
        rank: 4,
    },
    Binding {
        keys: &[(Key::Plain(KeyCode::Enter), Action::Details)],
        scope: Scope::Rows,
        name: "Enter",
        word: "details",
        help: "everything about the selected row (panes 3 to 5)",
        rank: 1,
    },
    Binding {
        keys: &[
            (Key::Plain(KeyCode::Up), Action::Move(Motion::Up)),
            (plain('k'), Action::Move(Motion::Up)),
            (Key::Plain(KeyCode::Down), Action::Move(Motion::Down)),
            (plain('j'), Action::Move(Motion::Down)),
            (Key::Plain(KeyCode::PageUp), Action::Move(Motion::PageUp)),
            (
                Key::Plain(KeyCode::PageDown),
                Action::Move(Motion::PageDown),
            ),
        ],
        scope: Scope::Scrolled,
        name: "j/k",
        word: "move",
        help: "select or scroll; also Up and Down, by pages with PgUp and PgDn",
        rank: 5,
    },
    Binding {
        keys: &[
            (plain('g'), Action::Move(Motion::First)),
            (plain('G'), Action::Move(Motion::Last)),
        ],
        scope: Scope::Ends,
        name: "g/G",
        word: "ends",
        help: "go to the first and to the last row",
        rank: 6,
    },
    Binding {
        keys: &[(plain('G'), Action::Move(Motion::Last))],
        scope: Scope::Log,
        name: "G",
        word: "newest",
        help: "follow the newest line again (log)",
        rank: 3,
    },
    Binding {
        keys: &[(Key::Plain(KeyCode::Esc), Action::Back)],
        scope: Scope::Everywhere,
        name: "Esc",
        word: "back",
        help: "close help or details, return to the newest row, end zoom and freeze",
        rank: 5,
    },
    Binding {
        keys: &[(Key::Ctrl('z'), Action::Suspend)],
        scope: Scope::Everywhere,
        name: "Ctrl-Z",
        word: "suspend",
        help: "give the terminal back and stop; the shell's fg goes on",
        rank: 7,
    },
];

/// The keys that a person pressed.
///
/// The reader of keys takes an Esc, and a key that came in the same read, for
/// that key with Alt. Over a slow connection that is how they come, and no key
/// of ours has Alt, so they are taken for two. Keys that tell their modifiers
/// by themselves (Alt-Left) are left as they are.
pub(super) fn pressed(event: KeyEvent) -> impl Iterator<Item = KeyEvent> {
    let may_follow = matches!(
        event.code,
        KeyCode::Char(_) | KeyCode::Enter | KeyCode::Tab | KeyCode::Backspace
    );
    let is_two = may_follow && event.modifiers.contains(KeyModifiers::ALT);
    let escape = is_two.then_some(KeyEvent {
        code: KeyCode::Esc,
        modifiers: KeyModifiers::NONE,
        ..event
    });
    let mut key = event;
    if is_two {
        key.modifiers -= KeyModifiers::ALT;
    }
    escape.into_iter().chain([key])
}

/// What a pressed key means at a place; `None` when nothing.
pub(super) fn lookup(event: &KeyEvent, place: Place) -> Option<Action> {
    if event.kind != KeyEventKind::Press {
        return None;
    }
    let key = Key::of(event)?;
    if let (Place::Name, Key::Plain(KeyCode::Char(c))) = (place, key) {
        return Some(Action::Type(c));
    }
    BINDINGS
        .iter()
        .filter(|binding| binding.scope.holds_at(place))
        .flat_map(|binding| binding.keys)
        .find_map(|(bound, action)| (*bound == key).then_some(*action))
}

// === impl Key ===

impl Key {
    fn of(event: &KeyEvent) -> Option<Self> {
        match (event.code, event.modifiers - KeyModifiers::SHIFT) {
            (code, KeyModifiers::NONE) => Some(Self::Plain(code)),
            (KeyCode::Char(c), KeyModifiers::CONTROL) => Some(Self::Ctrl(c)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> impl Iterator<Item = Place> {
        let panes = Pane::ALL.into_iter().map(Place::Pane);
        panes.chain([
            Place::Help,
            Place::Detail,
            Place::Diagnosis,
            Place::Migrations,
            Place::Switcher,
            Place::Review,
            Place::Question,
            Place::Name,
        ])
    }

    #[test]
    fn no_key_means_two_things_at_one_place() {
        for place in places() {
            let mut seen = Vec::new();
            for binding in BINDINGS.iter().filter(|b| b.scope.holds_at(place)) {
                for (key, _) in binding.keys {
                    assert!(!seen.contains(key), "{key:?} twice at {place:?}");
                    seen.push(*key);
                }
            }
        }
    }

    #[test]
    fn only_a_key_that_may_follow_an_escape_is_two() {
        let split = |code, held| -> Vec<_> {
            let keys = pressed(KeyEvent::new(code, held));
            keys.filter_map(|key| Key::of(&key)).collect()
        };
        let escape = Key::Plain(KeyCode::Esc);
        let q = KeyCode::Char('q');
        let held = KeyModifiers::ALT | KeyModifiers::CONTROL;
        assert_eq!(split(q, KeyModifiers::NONE), [plain('q')]);
        assert_eq!(split(q, KeyModifiers::ALT), [escape, plain('q')]);
        assert_eq!(split(KeyCode::Char('c'), held), [escape, Key::Ctrl('c')]);
        assert_eq!(split(KeyCode::Left, KeyModifiers::ALT), []);
    }

    #[track_caller]
    fn check(event: KeyEvent, place: Place, action: Option<Action>) {
        assert_eq!(lookup(&event, place), action);
    }

    #[test]
    fn keys_are_found_by_place_and_only_when_pressed() {
        let key = |c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
        let log = Place::Pane(Pane::Log);
        let errors = Place::Pane(Pane::Errors);
        check(key('q'), Place::Help, Some(Action::Quit));
        check(key('z'), Place::Help, None);
        check(key('g'), log, None);
        check(key('g'), errors, Some(Action::Move(Motion::First)));
        let enter = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
        check(enter, errors, Some(Action::Details));
        check(enter, log, None);
        let shifted = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        check(shifted, log, Some(Action::Move(Motion::Last)));
        let ctrl = |c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL);
        check(ctrl('c'), log, Some(Action::Quit));
        check(ctrl('z'), Place::Detail, Some(Action::Suspend));
        check(ctrl('d'), log, None);
        check(
            key('u'),
            Place::Migrations,
            Some(Action::Ask(Write::Migrate)),
        );
        check(enter, Place::Switcher, Some(Action::Choose));
        check(key('y'), Place::Review, Some(Action::Apply));
        check(key('y'), Place::Switcher, None);
        check(key('R'), Place::Name, Some(Action::Type('R')));
        check(key('y'), Place::Question, Some(Action::Confirm));
        check(key('r'), Place::Question, None);
        check(key('q'), Place::Name, Some(Action::Type('q')));
        check(ctrl('c'), Place::Name, Some(Action::Quit));
        check(enter, Place::Name, Some(Action::Confirm));
        let released = KeyEvent::new_with_kind(
            KeyCode::Char('q'),
            KeyModifiers::NONE,
            KeyEventKind::Release,
        );
        check(released, log, None);
    }
}
