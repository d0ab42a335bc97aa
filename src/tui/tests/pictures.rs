//! Text pictures of the real loop, at four sizes.

use crossterm::event::KeyCode;

use super::harness::{Screen, on_paused_time};
use crate::{
    config::TuiSection,
    domain::{Action, Condition, DbError, ErrorKind, Event, Lane, PoolMode, Scenario, Snapshot},
    tui::fixtures::{self, PLAIN},
};

const LARGE: (u16, u16) = (120, 40);
const SMALL: (u16, u16) = (80, 24);
const TINY: (u16, u16) = (40, 10);
const TOO_SMALL: (u16, u16) = (39, 9);

/// A picture that is to be taken: a snapshot, then keys.
struct Shot {
    name: &'static str,
    size: (u16, u16),
    snapshot: Snapshot,
    section: TuiSection,
    keys: &'static [KeyCode],
}

impl Shot {
    fn new(name: &'static str, size: (u16, u16), snapshot: Snapshot) -> Self {
        Self {
            name,
            size,
            snapshot,
            section: PLAIN,
            keys: &[],
        }
    }

    fn after(self, keys: &'static [KeyCode]) -> Self {
        Self { keys, ..self }
    }
}

#[track_caller]
fn check(shot: Shot) {
    on_paused_time(|| async {
        let samples = fixtures::samples(&shot.snapshot);
        let screen = Screen::start(shot.size, shot.snapshot, shot.section);
        for sample in samples {
            screen.tell(Event::Sampled(sample));
        }
        screen.settle().await;
        for key in shot.keys {
            screen.press(*key);
            screen.settle().await;
        }
        insta::assert_snapshot!(shot.name, screen.picture());
    });
}

#[test]
fn healthy() {
    check(Shot::new("healthy_120x40", LARGE, fixtures::healthy()));
    check(Shot::new("healthy_80x24", SMALL, fixtures::healthy()));
    check(Shot::new("healthy_40x10", TINY, fixtures::healthy()));
    check(Shot::new(
        "healthy_too_small",
        TOO_SMALL,
        fixtures::healthy(),
    ));
}

#[test]
fn behind_poolers() {
    let transaction = fixtures::pooled(PoolMode::Transaction);
    check(Shot::new("pooler_120x40", LARGE, transaction.clone()));
    let zoom: &[_] = &[KeyCode::Char('z')];
    check(Shot::new("pooler_80x24", SMALL, transaction).after(zoom));
    let statement = fixtures::pooled(PoolMode::Statement);
    check(Shot::new("pooler_of_statements_80x24", SMALL, statement));
}

#[test]
fn degraded_for_the_schema() {
    check(Shot::new("degraded_80x24", SMALL, fixtures::degraded()));
    let unmigrated = || fixtures::unmigrated(2);
    check(Shot::new("unmigrated_80x24", SMALL, unmigrated()));
    check(Shot::new("unmigrated_120x40", LARGE, unmigrated()));
    check(Shot::new(
        "degraded_too_small",
        TOO_SMALL,
        fixtures::degraded(),
    ));
}

#[test]
fn suspect_in_the_first_row() {
    check(Shot::new("suspect_80x24", SMALL, fixtures::troubled(None)));
    check(Shot::new(
        "suspect_too_small",
        TOO_SMALL,
        fixtures::troubled(None),
    ));
}

#[test]
fn refused_clients_with_their_cause() {
    let full = DbError::new(Action::HealthCheck, ErrorKind::TooManyConnections)
        .with_code("53300")
        .with_details("sorry, too many clients already");
    let refused = || fixtures::troubled(Some(&full));
    check(Shot::new("clients_refused_80x24", SMALL, refused()));
    check(Shot::new("clients_refused_120x40", LARGE, refused()));
}

#[test]
fn a_lost_connection_with_the_servers_last_words() {
    let error = DbError::new(Action::HealthCheck, ErrorKind::ConnectionLost)
        .with_code("57P01")
        .with_details("terminating connection due to administrator command");
    let lost = fixtures::lost(error, Lane::Quick { retry: 1, of: 3 });
    check(Shot::new("server_closed_80x24", SMALL, lost));
}

#[test]
fn a_database_that_does_not_exist_is_named_in_every_first_row() {
    use KeyCode::Char;
    let error = fixtures::no_database();
    let mut lost = fixtures::lost(fixtures::no_database(), Lane::Slow);
    let message = error.message();
    let checks = lost.checks.iter().cloned();
    lost.checks = checks
        .chain([fixtures::check_at(12, Err(message))])
        .collect();
    check(Shot::new("no_database_80x24", SMALL, lost.clone()));
    check(Shot::new("no_database_errors_80x24", SMALL, lost.clone()).after(&[Char('5')]));
    check(Shot::new("no_database_120x40", LARGE, lost));
}

#[test]
fn connecting_for_the_first_time() {
    check(Shot::new(
        "connecting_120x40",
        LARGE,
        fixtures::connecting(),
    ));
    check(Shot::new("connecting_80x24", SMALL, fixtures::connecting()));
    check(Shot::new("connecting_40x10", TINY, fixtures::connecting()));
}

#[test]
fn lost_with_a_countdown() {
    let lost = || fixtures::lost(fixtures::refused(), Lane::Quick { retry: 3, of: 3 });
    check(Shot::new("lost_120x40", LARGE, lost()));
    check(Shot::new("lost_80x24", SMALL, lost()));
    check(Shot::new("lost_40x10", TINY, lost()));
    check(Shot::new("lost_too_small", TOO_SMALL, lost()));
}

#[test]
fn a_refused_login_in_the_slow_lane() {
    let auth = || fixtures::lost(fixtures::auth_failed(), Lane::Slow);
    check(Shot::new("auth_80x24", SMALL, auth()));
    check(Shot::new("auth_40x10", TINY, auth()));
}

#[test]
fn retries_paused() {
    let paused = fixtures::lost(fixtures::refused(), Lane::Paused);
    check(Shot::new("paused_80x24", SMALL, paused));
    let lost = DbError::new(Action::HealthCheck, ErrorKind::ConnectionLost);
    let paused = fixtures::lost(lost, Lane::Paused);
    check(Shot::new("lost_and_paused_80x24", SMALL, paused));
}

#[test]
fn disconnected() {
    check(Shot::new("disconnected_80x24", SMALL, fixtures::blank()));
}

#[test]
fn mock_mode_keeps_its_banner() {
    check(Shot::new("mock_120x40", LARGE, fixtures::mock()));
    check(Shot::new("mock_80x24", SMALL, fixtures::mock()));
}

#[test]
fn a_rehearsed_outage_is_never_taken_for_a_real_one() {
    let outage = || {
        let lost = fixtures::lost(fixtures::refused(), Lane::Quick { retry: 3, of: 3 });
        let (refuse, calm) = (Condition::Refuse, Condition::Calm);
        fixtures::rehearsed(lost, Some(Scenario::Outage), refuse, calm)
    };
    check(Shot::new("rehearsed_outage_120x40", LARGE, outage()));
    check(Shot::new("rehearsed_outage_80x24", SMALL, outage()));
    check(Shot::new("rehearsed_outage_40x10", TINY, outage()));
    check(Shot::new("rehearsed_outage_too_small", TOO_SMALL, outage()));
}

#[test]
fn a_rehearsal_says_what_comes_next() {
    let slow = Condition::Slow {
        by: std::time::Duration::from_millis(400),
    };
    let calm =
        |scenario, next| fixtures::rehearsed(fixtures::healthy(), scenario, Condition::Calm, next);
    check(Shot::new(
        "rehearsed_calm_120x40",
        LARGE,
        calm(Some(Scenario::Flaky), slow),
    ));
    check(Shot::new("rehearsed_calm_80x24", SMALL, calm(None, slow)));
    check(Shot::new(
        "rehearsed_calm_too_small",
        TOO_SMALL,
        calm(None, slow),
    ));
}

#[test]
fn help() {
    let help: &[_] = &[KeyCode::Char('?')];
    check(Shot::new("help_120x40", LARGE, fixtures::healthy()).after(help));
    let end: &[_] = &[KeyCode::Char('?'), KeyCode::Char('G')];
    check(Shot::new("help_end_80x24", SMALL, fixtures::healthy()).after(end));
}

#[test]
fn details_of_an_error_a_check_and_an_operation() {
    let lost = fixtures::lost(fixtures::refused(), Lane::Slow);
    let error: &[_] = &[KeyCode::Char('5'), KeyCode::Enter];
    check(Shot::new("error_detail_80x24", SMALL, lost).after(error));
    let check_: &[_] = &[KeyCode::Char('3'), KeyCode::Enter];
    check(Shot::new("check_detail_120x40", LARGE, fixtures::healthy()).after(check_));
    let failed: &[_] = &[
        KeyCode::Char('4'),
        KeyCode::Char('j'),
        KeyCode::Down,
        KeyCode::Char('j'),
        KeyCode::Enter,
    ];
    check(Shot::new("operation_detail_80x24", SMALL, fixtures::healthy()).after(failed));
}

#[test]
fn zoomed_panes_keep_the_header() {
    let zoom: &[_] = &[KeyCode::Char('4'), KeyCode::Char('z')];
    check(Shot::new("zoom_operations_120x40", LARGE, fixtures::healthy()).after(zoom));
    let lost = || fixtures::lost(fixtures::refused(), Lane::Slow);
    let zoom: &[_] = &[KeyCode::Char('5'), KeyCode::Char('z')];
    check(Shot::new("zoom_errors_80x24", SMALL, lost()).after(zoom));
    let zoom: &[_] = &[KeyCode::Char('z')];
    check(Shot::new("zoom_connection_80x24", SMALL, lost()).after(zoom));
}

#[test]
fn ascii_only() {
    let shot = Shot::new("ascii_80x24", SMALL, fixtures::healthy());
    let section = TuiSection {
        ascii: true,
        ..PLAIN
    };
    check(Shot { section, ..shot });
}
