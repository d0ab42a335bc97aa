//! What the loop does about keys, refusals, missed events and a lost backend.

use std::{io, time::Duration};

use crossterm::event::{KeyCode, KeyModifiers};

use super::harness::{Screen, on_paused_time, text};
use crate::{
    domain::{
        Action, Command, CommandOutcome, ConnectionStatus, DbError, ErrorKind, Event, Lane,
        LatencySample, SampleOutcome,
    },
    tui::{
        TuiError,
        fixtures::{self, PLAIN},
        keys::BINDINGS,
        view::{Pane, Place},
    },
};

const LARGE: (u16, u16) = (120, 40);
const SMALL: (u16, u16) = (80, 24);

#[track_caller]
fn assert_shows(screen: &Screen, words: &str) {
    let picture = screen.picture();
    assert!(picture.contains(words), "no {words:?} in:\n{picture}");
}

#[track_caller]
fn assert_hides(screen: &Screen, words: &str) {
    let picture = screen.picture();
    assert!(!picture.contains(words), "{words:?} in:\n{picture}");
}

#[test]
fn keys_become_commands() {
    on_paused_time(|| async {
        let mut screen = Screen::start(SMALL, fixtures::healthy(), PLAIN);
        screen.type_in("rdc");
        screen.settle().await;
        let commands = &mut screen.outlet.as_mut().unwrap().commands;
        assert_eq!(commands.try_recv(), Ok(Command::Reconnect));
        assert_eq!(commands.try_recv(), Ok(Command::Disconnect));
        assert_eq!(commands.try_recv(), Ok(Command::CheckNow));
        assert!(commands.try_recv().is_err());
    });
}

#[test]
fn q_ends_the_loop_also_above_the_help() {
    for keys in ["q", "?q"] {
        on_paused_time(|| async {
            let screen = Screen::start(SMALL, fixtures::healthy(), PLAIN);
            screen.settle().await;
            assert!(!screen.has_ended());
            screen.type_in(keys);
            screen.settle().await;
            assert!(screen.has_ended());
        });
    }
}

#[test]
fn an_escape_and_a_key_in_one_read_are_two_keys() {
    on_paused_time(|| async {
        let screen = Screen::start(SMALL, fixtures::healthy(), PLAIN);
        screen.type_in("?");
        screen.settle().await;
        assert_shows(&screen, "resumes paused retries");
        // The reader of keys takes them for one key with Alt.
        screen.press_with(KeyCode::Char('3'), KeyModifiers::ALT);
        screen.settle().await;
        assert_hides(&screen, "resumes paused retries");
        screen.press_with(KeyCode::Char('q'), KeyModifiers::ALT);
        screen.settle().await;
        assert!(screen.has_ended());
    });
}

#[test]
fn a_resize_draws_everything_even_to_the_same_size() {
    on_paused_time(|| async {
        let screen = Screen::start(SMALL, fixtures::healthy(), PLAIN);
        screen.settle().await;
        let all = screen.written();
        screen.type_in("f");
        screen.settle().await;
        assert!(screen.written() < all, "{} of {all}", screen.written());
        screen.type_in("f");
        screen.settle().await;
        // It was small for a moment, and the terminal has cut what was there.
        screen.resized();
        screen.settle().await;
        assert_eq!(screen.written(), all);
    });
}

#[test]
fn what_became_of_a_command_is_said_for_some_seconds() {
    on_paused_time(|| async {
        let screen = Screen::start(SMALL, fixtures::healthy(), PLAIN);
        let outcome = CommandOutcome::Needless("it is connected already");
        screen.tell(Event::CommandDone {
            command: Command::Reconnect,
            outcome,
        });
        screen.settle().await;
        assert_shows(&screen, "reconnect: it is connected already");
        tokio::time::sleep(Duration::from_secs(6)).await;
        assert_hides(&screen, "it is connected already");
        assert_shows(&screen, "r reconnect");
    });
}

#[test]
fn an_outage_that_is_over_is_told_for_a_quarter_of_an_hour() {
    on_paused_time(|| async {
        let screen = Screen::start(SMALL, fixtures::healthy(), PLAIN);
        let step = |to, at, error| {
            let from = ConnectionStatus::Connected;
            screen.tell(Event::StatusChanged {
                from,
                to,
                at,
                error,
            });
        };
        let error = std::sync::Arc::new(fixtures::refused());
        step(ConnectionStatus::Error, fixtures::ago(7), Some(error));
        step(ConnectionStatus::Connected, fixtures::ago(5), None);
        tokio::time::sleep(Duration::from_secs(2)).await;
        let words = "was down 2.0 s at 12:30:53 (ConnectionRefused ECONNREFUSED)";
        assert_shows(&screen, words);
        step(ConnectionStatus::Error, fixtures::ago(4), None);
        step(ConnectionStatus::Connected, fixtures::ago(3), None);
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_shows(&screen, "2 outages in 15 min, last 1.0 s at 12:30:56");
        tokio::time::sleep(Duration::from_mins(15)).await;
        assert_hides(&screen, "outages");
    });
}

#[test]
fn a_command_that_is_not_taken_is_said() {
    on_paused_time(|| async {
        let screen = Screen::start(SMALL, fixtures::healthy(), PLAIN);
        screen.type_in(&"c".repeat(40));
        screen.settle().await;
        assert_shows(&screen, "check now not sent: busy");
    });
}

#[test]
fn a_backend_that_ended_is_said_for_ever() {
    on_paused_time(|| async {
        let mut screen = Screen::start(SMALL, fixtures::healthy(), PLAIN);
        screen.settle().await;
        assert_hides(&screen, "backend ended");
        screen.outlet = None;
        tokio::time::sleep(Duration::from_mins(5)).await;
        assert_shows(&screen, "backend ended — restart dbvitals");
        assert_shows(&screen, "? was connected");
        assert_shows(&screen, "as of 5 min");
        assert!(!screen.has_ended());
        screen.type_in("r");
        screen.settle().await;
        assert_shows(&screen, "reconnect not sent: the backend has ended");
    });
}

#[test]
fn missed_events_are_counted() {
    on_paused_time(|| async {
        let screen = Screen::start(SMALL, fixtures::healthy(), PLAIN);
        for _ in 0..1_100 {
            screen.tell(Event::Sampled(LatencySample {
                at: fixtures::now(),
                outcome: SampleOutcome::OwnSide,
            }));
        }
        screen.settle().await;
        assert_shows(&screen, "76 events missed");
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert_shows(&screen, "76 events missed");
    });
}

#[test]
fn a_new_snapshot_is_drawn_and_the_countdown_counts() {
    on_paused_time(|| async {
        let screen = Screen::start(SMALL, fixtures::healthy(), PLAIN);
        screen.settle().await;
        assert_shows(&screen, "● connected");
        let lane = Lane::Quick { retry: 3, of: 3 };
        screen.publish(fixtures::lost(fixtures::refused(), lane));
        screen.settle().await;
        assert_shows(
            &screen,
            "✖ error ConnectionRefused at tcp · since 12:30:48 ·",
        );
        assert_shows(&screen, "· try 3 of 3 · next in 3 s");
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_shows(&screen, "next in 2 s");
        assert_shows(&screen, "as of 9 s ago");
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_shows(&screen, "next now");
    });
}

#[test]
fn every_cause_is_readable_in_80_columns_whole() {
    let kinds = [
        ErrorKind::ConnectionForbidden,
        ErrorKind::TlsCertificate,
        ErrorKind::LoginRefused,
        ErrorKind::TooManyConnections,
        ErrorKind::HostNotFound,
        ErrorKind::Timeout { after_ms: 60_000 },
    ];
    for kind in kinds {
        on_paused_time(|| async {
            let error = DbError::new(Action::Connect, kind).with_code("28000");
            let screen = Screen::start(SMALL, fixtures::lost(error.clone(), Lane::Slow), PLAIN);
            screen.settle().await;
            let picture = screen.picture().replace('\n', " ");
            assert!(picture.contains(&error.message()), "{picture}");
            assert!(picture.contains(error.hint()), "{picture}");
            assert!(picture.contains("28000"), "{picture}");
            assert!(picture.contains("(10:30:48 UTC)"), "{picture}");
        });
    }
}

#[test]
fn footer_and_help_name_every_key() {
    on_paused_time(|| async {
        let screen = Screen::start((220, 60), fixtures::healthy(), PLAIN);
        screen.type_in("3");
        screen.settle().await;
        let footer = screen.picture().lines().last().unwrap().to_owned();
        screen.type_in("?");
        screen.settle().await;
        let help = screen.picture();
        for binding in BINDINGS {
            let line = help.lines().find(|line| line.contains(binding.help));
            assert!(
                line.is_some_and(|line| line.contains(binding.name)),
                "{help}"
            );
            if binding.scope.holds_at(Place::Pane(Pane::Checks)) {
                let named = format!("{} {}", binding.name, binding.word);
                assert!(footer.contains(&named), "{named:?} in {footer:?}");
            }
        }
        screen.type_in("?6");
        screen.settle().await;
        assert_shows(&screen, "G newest");
    });
}

#[test]
fn the_help_key_is_named_on_the_narrowest_screen() {
    on_paused_time(|| async {
        let screen = Screen::start((40, 10), fixtures::healthy(), PLAIN);
        screen.settle().await;
        assert_shows(&screen, "q quit  ? help");
    });
}

#[test]
fn control_characters_from_outside_reach_no_cell() {
    on_paused_time(|| async {
        const EVIL: &str = "a\u{1b}[31m\u{7}\u{202e}b";
        let mut snapshot = fixtures::lost(
            DbError::new(Action::Connect, ErrorKind::Unknown)
                .with_code(EVIL)
                .with_details(EVIL)
                .with_source(io::Error::other(EVIL)),
            Lane::Slow,
        );
        let mut session = fixtures::session();
        session.target.database = EVIL.into();
        session.target.role = EVIL.into();
        session.environment = Some(EVIL.into());
        session.profile = Some(EVIL.into());
        session.mode_reason = EVIL.into();
        session.warnings = vec![EVIL.into()];
        session.config_file = Some(EVIL.into());
        snapshot.session = session.into();
        snapshot.checks = [fixtures::check_at(0, Err(EVIL.into()))].into();
        let screen = Screen::start(LARGE, snapshot, PLAIN);
        for keys in ["", "3", "\n", "\u{1b}5", "\n", "\u{1b}1z"] {
            for key in keys.chars() {
                screen.press(match key {
                    '\n' => KeyCode::Enter,
                    '\u{1b}' => KeyCode::Esc,
                    key => KeyCode::Char(key),
                });
            }
            screen.settle().await;
            let cells = screen.cells();
            let bad = cells.content().iter().find(|cell| {
                cell.symbol()
                    .chars()
                    .any(|c| c.is_control() || c == '\u{202e}')
            });
            assert!(bad.is_none(), "{bad:?} in\n{}", text(&cells));
            assert!(text(&cells).contains("<1B>[31m"), "{}", text(&cells));
        }
    });
}

#[test]
fn a_terminal_that_is_gone_ends_the_loop() {
    on_paused_time(|| async {
        let screen = Screen::start(SMALL, fixtures::healthy(), PLAIN);
        screen.settle().await;
        let ended = screen.hang_up().await;
        assert!(matches!(ended, Err(TuiError::InputEnded)), "{ended:?}");
    });
}
