//! What a frozen screen keeps, counts and cannot hide.

use std::time::Duration;

use crossterm::event::KeyCode;

use super::harness::{Screen, on_paused_time};
use crate::{
    domain::{ConnectionStatus, Event, Lane, LatencySample, SampleOutcome, Snapshot},
    tui::fixtures::{self, PLAIN},
};

const SIZE: (u16, u16) = (120, 40);

/// The picture from the first pane down, without the footer.
fn panes(screen: &Screen) -> String {
    let picture = screen.picture();
    let from = picture.find("1 Connection").expect("the pane is there");
    let to = picture.trim_end().rfind('\n').expect("there are lines");
    picture[from..to].to_owned()
}

fn failure(screen: &Screen, seconds: u64) {
    screen.tell(Event::Sampled(LatencySample {
        at: fixtures::now() + Duration::from_secs(seconds),
        outcome: SampleOutcome::Failed(Duration::ZERO),
    }));
}

fn lost() -> Snapshot {
    fixtures::lost(fixtures::refused(), Lane::Quick { retry: 3, of: 3 })
}

fn lose(screen: &Screen) {
    screen.publish(lost());
    screen.tell(Event::StatusChanged {
        from: ConnectionStatus::Connected,
        to: ConnectionStatus::Error,
        at: fixtures::now(),
        error: None,
    });
}

#[track_caller]
fn assert_shows(screen: &Screen, words: &str) {
    let picture = screen.picture();
    assert!(picture.contains(words), "no {words:?} in:\n{picture}");
}

#[test]
fn frozen_panes_keep_still_and_what_goes_by_is_counted() {
    on_paused_time(|| async {
        let screen = Screen::start(SIZE, fixtures::healthy(), PLAIN);
        failure(&screen, 0);
        screen.settle().await;
        screen.type_in("f");
        screen.settle().await;
        let before = panes(&screen);
        let banner = "FROZEN since 12:31:00 — f to go on — missed: 0 failures, 0 changes";
        assert_shows(&screen, banner);
        tokio::time::sleep(Duration::from_secs(20)).await;
        for second in 0..3 {
            failure(&screen, second);
        }
        // As many header lines as before, so that the panes can be compared.
        let mut changed = fixtures::healthy();
        changed.lamps = fixtures::degraded().lamps;
        changed.errors = [].into();
        screen.publish(changed);
        screen.tell(Event::HealthChanged {
            verdict: fixtures::degraded().verdict,
            at: fixtures::now(),
        });
        screen.settle().await;
        assert_eq!(panes(&screen), before);
        assert_shows(&screen, "f to go on — missed: 3 failures, 1 change");
        screen.type_in("f");
        screen.settle().await;
        assert_ne!(panes(&screen), before);
        assert!(!screen.picture().contains("FROZEN"));
        assert_shows(&screen, "schema    ▲ not initialised 0/9");
        assert_shows(&screen, "no errors");
    });
}

#[test]
fn a_connection_that_is_lost_while_frozen_is_an_alarm() {
    on_paused_time(|| async {
        let screen = Screen::start((80, 24), fixtures::healthy(), PLAIN);
        screen.type_in("f");
        screen.settle().await;
        lose(&screen);
        screen.settle().await;
        let picture = screen.picture();
        let mut rows = picture.lines();
        let first = rows.next().unwrap();
        assert!(first.starts_with("✖ error ConnectionRefused"), "{picture}");
        let banner = "FROZEN since 12:31:00 — CONNECTION LOST SINCE THEN — now error";
        assert!(rows.next().unwrap().contains(banner), "{picture}");
        let cells = screen.cells();
        let style = cells[(1, 1)].style();
        assert_eq!(style.bg, Some(ratatui::style::Color::Red));
        // The way back is no alarm any more, and still a change.
        screen.publish(fixtures::healthy());
        screen.settle().await;
        assert!(!screen.picture().contains("CONNECTION LOST"));
        assert_shows(&screen, "missed: 0 failures, 1 change");
    });
}

#[test]
fn keys_move_in_what_is_frozen_and_escape_ends_it_last() {
    on_paused_time(|| async {
        let screen = Screen::start(SIZE, fixtures::healthy(), PLAIN);
        screen.type_in("f3z");
        let mut emptied = fixtures::healthy();
        emptied.checks = [].into();
        screen.publish(emptied);
        screen.press(KeyCode::Enter);
        screen.settle().await;
        assert_shows(&screen, "Health check");
        for _ in 0..2 {
            screen.press(KeyCode::Esc);
            screen.settle().await;
            assert_shows(&screen, "FROZEN");
        }
        screen.press(KeyCode::Esc);
        screen.settle().await;
        assert!(!screen.picture().contains("FROZEN"));
        assert_shows(&screen, "no health check yet");
    });
}
