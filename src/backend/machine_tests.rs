//! The machine's table, row by row, and the lanes.

use std::{sync::Arc, time::Duration};

use chrono::DateTime;
use proptest::prelude::*;
use uuid::Uuid;

use super::{
    Moment,
    machine::{Effect, Input, Machine, MigrationTask, Rhythm},
};
use crate::{
    adapter::Beat,
    domain::{
        Action, AlternativeKind, AutoMigrate, Backoff, Command, CommandOutcome, ConnectionId,
        ConnectionStatus, DbError, ErrorKind, Lane, Layer, Mode, Pick,
    },
};
use ConnectionStatus::{Connected, Connecting, Disconnected, Error};

const SECOND: Duration = Duration::from_secs(1);
const ID: ConnectionId = ConnectionId(Uuid::nil());

fn at(seconds: u64) -> Moment {
    let mono = Duration::from_secs(seconds);
    Moment {
        wall: DateTime::UNIX_EPOCH + mono,
        mono,
    }
}

fn error(kind: ErrorKind) -> Arc<DbError> {
    Arc::new(DbError::new(Action::Connect, kind))
}

fn refused() -> Arc<DbError> {
    error(ErrorKind::ConnectionRefused)
}

fn machine() -> Machine {
    machine_with(None)
}

/// A machine that knocks, where a pace is given.
fn machine_with(knock_pace: Option<Duration>) -> Machine {
    machine_like(rhythm(knock_pace))
}

fn machine_like(rhythm: Rhythm) -> Machine {
    Machine::new(rhythm, ID, Mode::Local, at(0))
}

fn rhythm(knock_pace: Option<Duration>) -> Rhythm {
    Rhythm {
        interval: 30 * SECOND,
        backoff: Backoff::try_new(SECOND, 30 * SECOND).unwrap(),
        max_retries: 3,
        timeout: 5 * SECOND,
        heartbeat: Some(SECOND),
        is_guarded: true,
        knock_pace,
        auto_migrate: AutoMigrate::Off,
    }
}

/// A machine in the named phase.
fn in_phase(phase: &str) -> Machine {
    let mut machine = machine();
    let inputs = match phase {
        "closed" => vec![],
        "connecting" => vec![Input::Open],
        "checking" => vec![
            Input::Open,
            Input::AttemptEnded(Ok(())),
            Input::Wished(Command::CheckNow),
        ],
        "connected" => vec![Input::Open, Input::AttemptEnded(Ok(()))],
        "waiting" => vec![Input::Open, Input::AttemptEnded(Err(refused()))],
        "paused" => vec![
            Input::Open,
            Input::AttemptEnded(Err(refused())),
            Input::Wished(Command::Disconnect),
        ],
        "closing" => vec![
            Input::Open,
            Input::AttemptEnded(Ok(())),
            Input::Wished(Command::Disconnect),
        ],
        other => panic!("no phase is called {other}"),
    };
    for input in inputs {
        machine.handle(input, at(0), 0.0);
    }
    machine
}

/// One input in one phase: what is carried out, and the status after it.
#[track_caller]
fn check(phase: &str, input: Input, effects: &[&str], status: ConnectionStatus) {
    let mut machine = in_phase(phase);
    let names: Vec<_> = machine
        .handle(input, at(1_000), 0.0)
        .iter()
        .map(name)
        .collect();
    assert_eq!(
        (names.as_slice(), machine.connection().status()),
        (effects, status)
    );
}

fn name(effect: &Effect) -> &'static str {
    match effect {
        Effect::StartAttempt => "attempt",
        Effect::StartCheck => "check",
        Effect::StartDisconnect => "disconnect",
        Effect::AbandonJob => "abandon",
        Effect::StartGuard => "guard",
        Effect::StopGuard => "no guard",
        Effect::StartKnock => "knock",
        Effect::StopKnock => "no knock",
        Effect::StartDiagnosis => "diagnosis",
        Effect::StartMigration(MigrationTask::Look) => "look",
        Effect::StartMigration(MigrationTask::Migrate) => "migrate",
        Effect::StartMigration(MigrationTask::Adopt) => "adopt",
        Effect::Answer(_, CommandOutcome::Begun) => "begun",
        Effect::Answer(_, CommandOutcome::Needless(_)) => "needless",
    }
}

#[test]
fn every_row_of_the_table_about_results_holds() {
    let failed = || Input::AttemptEnded(Err(refused()));
    let lost = || Input::CheckEnded(Err(error(ErrorKind::ConnectionLost)));
    let own = || Input::CheckEnded(Err(error(ErrorKind::OwnSide)));

    check("closed", Input::Open, &["attempt"], Connecting);
    check("connected", Input::Open, &[], Connected);

    check(
        "connecting",
        Input::AttemptEnded(Ok(())),
        &["guard"],
        Connected,
    );
    check("connecting", failed(), &[], Error);
    check("paused", Input::AttemptEnded(Ok(())), &[], Error);
    check("connected", failed(), &[], Connected);

    check("checking", Input::CheckEnded(Ok(())), &[], Connected);
    check("checking", lost(), &["no guard", "abandon"], Error);
    check("checking", own(), &[], Connected);
    check("waiting", Input::CheckEnded(Ok(())), &[], Error);
    check("closing", lost(), &[], Connected);

    check("closing", Input::DisconnectEnded, &[], Disconnected);
    check("connected", Input::DisconnectEnded, &[], Connected);

    check("connected", Input::Due, &["check"], Connected);
    check("checking", Input::Due, &[], Connected);
    check("waiting", Input::Due, &["attempt"], Connecting);
    check("paused", Input::Due, &[], Error);
}

#[test]
fn every_row_of_the_table_about_wishes_holds() {
    let wish = Input::Wished;
    check(
        "closed",
        wish(Command::Reconnect),
        &["begun", "attempt"],
        Connecting,
    );
    check(
        "connecting",
        wish(Command::Reconnect),
        &["begun", "abandon", "attempt"],
        Connecting,
    );
    check(
        "connected",
        wish(Command::Reconnect),
        &["begun", "no guard", "abandon", "disconnect"],
        Connected,
    );
    check(
        "waiting",
        wish(Command::Reconnect),
        &["begun", "attempt"],
        Connecting,
    );
    check(
        "paused",
        wish(Command::Reconnect),
        &["begun", "attempt"],
        Connecting,
    );
    check("closing", wish(Command::Reconnect), &["begun"], Connected);

    check(
        "closed",
        wish(Command::Disconnect),
        &["needless"],
        Disconnected,
    );
    check(
        "connecting",
        wish(Command::Disconnect),
        &["begun", "abandon"],
        Error,
    );
    check(
        "connected",
        wish(Command::Disconnect),
        &["begun", "no guard", "abandon", "disconnect"],
        Connected,
    );
    check("waiting", wish(Command::Disconnect), &["begun"], Error);
    check("paused", wish(Command::Disconnect), &["needless"], Error);
    check("closing", wish(Command::Disconnect), &["begun"], Connected);

    check(
        "closed",
        wish(Command::CheckNow),
        &["needless"],
        Disconnected,
    );
    check(
        "connecting",
        wish(Command::CheckNow),
        &["needless"],
        Connecting,
    );
    check(
        "connected",
        wish(Command::CheckNow),
        &["begun", "check"],
        Connected,
    );
    check(
        "checking",
        wish(Command::CheckNow),
        &["needless"],
        Connected,
    );
    check(
        "waiting",
        wish(Command::CheckNow),
        &["begun", "attempt"],
        Connecting,
    );
    check("paused", wish(Command::CheckNow), &["needless"], Error);
    check("closing", wish(Command::CheckNow), &["needless"], Connected);

    let diagnosis = ["begun", "diagnosis"];
    check("closed", wish(Command::Diagnose), &diagnosis, Disconnected);
    check(
        "connecting",
        wish(Command::Diagnose),
        &diagnosis,
        Connecting,
    );
    check("connected", wish(Command::Diagnose), &diagnosis, Connected);
    check("waiting", wish(Command::Diagnose), &diagnosis, Error);
    check("paused", wish(Command::Diagnose), &diagnosis, Error);
    check("closing", wish(Command::Diagnose), &diagnosis, Connected);
}

#[test]
fn whoever_leaves_ends_in_every_phase_and_waits_for_nothing() {
    let left = ["abandon", "no guard", "no knock"];
    for (phase, status) in [
        ("closed", Disconnected),
        ("connecting", Error),
        ("connected", Disconnected),
        ("checking", Disconnected),
        ("waiting", Error),
        ("paused", Error),
        ("closing", Disconnected),
    ] {
        check(phase, Input::Leave, &left, status);
        let mut machine = in_phase(phase);
        machine.handle(Input::Leave, at(1), 0.0);
        assert_eq!(machine.next_due(), None, "{phase}");
        assert_eq!(machine.handle(Input::Due, at(2), 0.0), [], "{phase}");
    }
}

#[test]
fn an_attempt_that_is_left_is_cancelled_and_never_counted() {
    let mut machine = in_phase("connecting");
    machine.handle(Input::Leave, at(1), 0.0);
    let cancelled = error(ErrorKind::Cancelled).message();
    let connection = machine.connection();
    assert_eq!(connection.error_count(), 0);
    assert_eq!(connection.last_error(), Some(cancelled.as_str()));
    assert!(machine.failing().is_none());
}

#[test]
fn what_is_due_follows_another_rhythm() {
    let quick = Rhythm {
        interval: 10 * SECOND,
        ..rhythm(None)
    };
    let mut machine = in_phase("connected");
    assert_eq!(machine.next_step(), Some(30 * SECOND));
    assert_eq!(machine.handle(Input::Retuned(quick), at(4), 0.0), []);
    assert_eq!(machine.next_step(), Some(10 * SECOND));
    assert_eq!(machine.handle(Input::Retuned(rhythm(None)), at(4), 0.0), []);
    assert_eq!(machine.next_step(), Some(30 * SECOND));
    // What would have been due long ago is due now.
    machine.handle(Input::Retuned(quick), at(25), 0.0);
    assert_eq!(machine.next_step(), Some(25 * SECOND));

    let mut machine = in_phase("waiting");
    for time in [100, 200, 300] {
        machine.handle(Input::Due, at(time), 0.0);
        machine.handle(Input::AttemptEnded(Err(refused())), at(time), 0.0);
    }
    assert_eq!(machine.lane(), Lane::Slow);
    assert_eq!(machine.next_step(), Some(330 * SECOND));
    machine.handle(Input::Retuned(quick), at(301), 0.0);
    assert_eq!(machine.next_step(), Some(311 * SECOND));
}

#[test]
fn other_heartbeats_need_another_guard_and_nothing_else_does() {
    let other = Rhythm {
        heartbeat: Some(2 * SECOND),
        ..rhythm(None)
    };
    check("connected", Input::Retuned(rhythm(None)), &[], Connected);
    let anew = ["no guard", "guard"];
    check("connected", Input::Retuned(other), &anew, Connected);
    check("connecting", Input::Retuned(other), &[], Connecting);
    check("paused", Input::Retuned(other), &[], Error);
}

#[test]
fn what_is_watched_is_not_the_machines_to_choose() {
    for command in [
        Command::List(AlternativeKind::Mode),
        Command::Switch(Pick { list: 1, row: 0 }),
        Command::ReadConfig,
        Command::ApplyConfig(1),
    ] {
        for (phase, status) in [("connected", Connected), ("waiting", Error)] {
            check(phase, Input::Wished(command), &[], status);
        }
    }
}

#[test]
fn migrations_are_begun_in_every_phase_and_change_none() {
    for (command, effect) in [
        (Command::LookAtMigrations, "look"),
        (Command::Migrate(ID), "migrate"),
        (Command::Adopt(ID), "adopt"),
    ] {
        let begun = ["begun", effect];
        for (phase, status) in [
            ("closed", Disconnected),
            ("connecting", Connecting),
            ("connected", Connected),
            ("waiting", Error),
            ("paused", Error),
            ("closing", Connected),
        ] {
            check(phase, Input::Wished(command), &begun, status);
        }
    }
}

#[test]
fn the_end_of_a_migration_is_followed_by_a_check_of_what_stands() {
    let ended = || Input::MigrationEnded;
    check("closed", ended(), &[], Disconnected);
    check("connecting", ended(), &[], Connecting);
    check("connected", ended(), &["check"], Connected);
    check("checking", ended(), &[], Connected);
    check("waiting", ended(), &[], Error);
    check("paused", ended(), &[], Error);
    check("closing", ended(), &[], Connected);
}

#[test]
fn what_has_no_connection_of_its_own_is_not_guarded_and_lost_by_a_failed_check() {
    let mut machine = machine_like(Rhythm {
        heartbeat: None,
        is_guarded: false,
        ..rhythm(None)
    });
    machine.handle(Input::Open, at(0), 0.0);
    let effects = machine.handle(Input::AttemptEnded(Ok(())), at(1), 0.0);
    assert!(effects.is_empty(), "{effects:?}");
    machine.handle(Input::Due, at(10), 0.0);
    assert!(machine.watching().unwrap().unguarded().is_none());
    let effects = machine.handle(Input::Due, at(31), 0.0);
    assert_eq!(effects.iter().map(name).collect::<Vec<_>>(), ["check"]);
    machine.handle(Input::Due, at(32), 0.0);
    assert!(machine.watching().unwrap().suspect.is_some());
    machine.handle(Input::CheckEnded(Ok(())), at(33), 0.0);
    assert!(machine.watching().unwrap().suspect.is_none());
    machine.handle(Input::Due, at(63), 0.0);
    let refused = Input::CheckEnded(Err(error(ErrorKind::KeyRefused)));
    machine.handle(refused, at(64), 0.0);
    assert_eq!(machine.connection().status(), Error);
}

/// What is begun when a connection stands, by what is configured.
#[track_caller]
fn check_auto(auto_migrate: AutoMigrate, expected: &[&str]) {
    let mut machine = machine_like(Rhythm {
        auto_migrate,
        ..rhythm(None)
    });
    machine.handle(Input::Open, at(0), 0.0);
    let effects = machine.handle(Input::AttemptEnded(Ok(())), at(1), 0.0);
    let names: Vec<_> = effects.iter().map(name).collect();
    assert_eq!(names, expected);
    // A failure is told, and not tried again before the next connection.
    assert!(!machine.handle(Input::MigrationEnded, at(2), 0.0).is_empty());
    let lost = Input::CheckEnded(Err(error(ErrorKind::ConnectionLost)));
    machine.handle(lost, at(3), 0.0);
    machine.handle(Input::Due, at(60), 0.0);
    let again = machine.handle(Input::AttemptEnded(Ok(())), at(61), 0.0);
    assert_eq!(again.iter().map(name).collect::<Vec<_>>(), expected);
}

#[test]
fn migrations_are_applied_unasked_only_where_that_is_set() {
    check_auto(AutoMigrate::Off, &["guard"]);
    check_auto(AutoMigrate::Refused, &["guard"]);
    check_auto(AutoMigrate::On, &["guard", "migrate"]);
}

#[test]
fn nothing_is_done_before_it_is_due() {
    let mut machine = in_phase("connected");
    assert!(machine.handle(Input::Due, at(29), 0.0).is_empty());
    assert_eq!(
        machine.handle(Input::Due, at(30), 0.0),
        [Effect::StartCheck]
    );
}

#[test]
fn a_reconnect_wished_while_closing_opens_again() {
    let mut machine = in_phase("closing");
    machine.handle(Input::Wished(Command::Reconnect), at(1), 0.0);
    assert_eq!(
        machine.handle(Input::DisconnectEnded, at(2), 0.0),
        [Effect::StartAttempt]
    );
}

#[test]
fn a_reconnect_wished_while_an_attempt_hangs_makes_another_in_its_place() {
    for pace in [None, Some(Duration::from_millis(250))] {
        let mut machine = machine_with(pace);
        machine.handle(Input::Open, at(0), 0.0);
        let wish = || Input::Wished(Command::Reconnect);
        let told = |outcome| Effect::Answer(Command::Reconnect, outcome);
        let anew = [
            told(CommandOutcome::Begun),
            Effect::AbandonJob,
            Effect::StartAttempt,
        ];
        assert_eq!(machine.handle(wish(), at(1), 0.0), anew);
        // One that has just begun is what was wished.
        let needless = CommandOutcome::Needless("an attempt has just begun");
        assert_eq!(machine.handle(wish(), at(1), 0.0), [told(needless)]);
        assert_eq!(machine.handle(wish(), at(2), 0.0), anew);
        assert_eq!(machine.connection().status(), Connecting);
    }
}

/// Fails attempt after attempt; gives the delay before each next one and its lane.
fn delays(kind: ErrorKind, tries: usize) -> Vec<(u64, Lane)> {
    let mut machine = in_phase("connecting");
    let mut now = at(0);
    let mut delays = Vec::new();
    for _ in 0..tries {
        machine.handle(Input::AttemptEnded(Err(error(kind))), now, 0.0);
        let due = machine.next_due().unwrap();
        delays.push((due.saturating_sub(now.mono).as_secs(), machine.lane()));
        now = at(due.as_secs());
        assert_eq!(machine.handle(Input::Due, now, 0.0), [Effect::StartAttempt]);
    }
    delays
}

#[test]
fn quick_retries_double_and_the_slow_lane_goes_on_for_ever() {
    let quick = |retry| Lane::Quick { retry, of: 3 };
    assert_eq!(
        delays(ErrorKind::ConnectionRefused, 6),
        [
            (1, quick(1)),
            (2, quick(2)),
            (4, quick(3)),
            (30, Lane::Slow),
            (30, Lane::Slow),
            (30, Lane::Slow)
        ]
    );
}

#[test]
fn a_permanent_failure_is_tried_each_tenth_interval() {
    let slow: Vec<_> = delays(ErrorKind::AuthFailed, 5).split_off(3);
    assert_eq!(slow, [(300, Lane::Slow), (300, Lane::Slow)]);
}

#[test]
fn an_outage_counts_its_tries_and_ends_with_the_connection() {
    let mut machine = in_phase("connected");
    machine.handle(Input::Due, at(30), 0.0);
    machine.handle(
        Input::CheckEnded(Err(error(ErrorKind::ConnectionLost))),
        at(31),
        0.0,
    );
    for second in [32, 35] {
        machine.handle(Input::Due, at(second), 0.0);
        machine.handle(Input::AttemptEnded(Err(refused())), at(second), 0.0);
    }
    let failing = machine.failing().unwrap();
    assert_eq!((failing.since, failing.failed_tries), (at(31), 2));
    assert_eq!(failing.error.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(machine.connection().error_count(), 3);
    machine.handle(Input::Due, at(60), 0.0);
    machine.handle(Input::AttemptEnded(Ok(())), at(60), 0.0);
    assert!(machine.failing().is_none());
    assert_eq!(machine.connection().error_count(), 0);
}

#[test]
fn a_cancelled_attempt_is_no_failure() {
    let mut machine = in_phase("connecting");
    machine.handle(Input::Wished(Command::Disconnect), at(1), 0.0);
    assert_eq!(machine.connection().error_count(), 0);
    assert_eq!(machine.failing().unwrap().failed_tries, 0);
    assert_eq!((machine.lane(), machine.next_due()), (Lane::Paused, None));
}

/// Feeds inputs at their seconds; gives the names of all effects.
fn play(machine: &mut Machine, inputs: Vec<(u64, Input)>) -> Vec<&'static str> {
    let mut names = Vec::new();
    for (second, input) in inputs {
        names.extend(machine.handle(input, at(second), 0.0).iter().map(name));
    }
    names
}

fn answered() -> Input {
    Input::Beat(Beat::Answered(Duration::from_millis(1)))
}

/// A machine whose guard stands and has been answered at second 0.
fn guarded() -> Machine {
    let mut machine = in_phase("connected");
    play(
        &mut machine,
        vec![(0, Input::Beat(Beat::Opened)), (0, answered())],
    );
    machine
}

fn guard_ended(kind: ErrorKind) -> Input {
    Input::GuardEnded(error(kind))
}

fn check_failed(kind: ErrorKind) -> Input {
    Input::CheckEnded(Err(error(kind)))
}

#[track_caller]
fn check_guarded(inputs: Vec<(u64, Input)>, effects: &[&str], status: ConnectionStatus) -> Machine {
    let mut machine = guarded();
    let names = play(&mut machine, inputs);
    assert_eq!(
        (names.as_slice(), machine.connection().status()),
        (effects, status)
    );
    machine
}

const TIMEOUT: ErrorKind = ErrorKind::Timeout { after_ms: 5_000 };

#[test]
fn a_guard_whose_connection_ends_is_a_loss_at_once() {
    let lost = vec![(3, guard_ended(ErrorKind::ConnectionLost))];
    check_guarded(lost, &["no guard", "abandon"], Error);
}

#[test]
fn a_late_heartbeat_is_suspect_and_starts_a_fresh_probe() {
    let late = || (2, Input::Beat(Beat::Late));
    let machine = check_guarded(vec![late()], &["check"], Connected);
    assert!(machine.watching().unwrap().suspect.is_some());

    let machine = check_guarded(vec![late(), (3, answered())], &["check"], Connected);
    assert!(machine.watching().unwrap().suspect.is_none());

    let both = vec![late(), (6, guard_ended(TIMEOUT))];
    check_guarded(both, &["check", "no guard", "abandon"], Error);

    let refused = vec![late(), (3, check_failed(ErrorKind::ConnectionRefused))];
    check_guarded(refused, &["check", "no guard", "abandon"], Error);
}

#[test]
fn an_old_socket_that_hangs_alone_is_replaced() {
    let inputs = vec![
        (2, Input::Beat(Beat::Late)),
        (3, Input::CheckEnded(Ok(()))),
        (6, guard_ended(TIMEOUT)),
    ];
    let machine = check_guarded(inputs, &["check", "guard"], Connected);
    assert!(machine.watching().unwrap().suspect.is_none());
}

#[test]
fn late_heartbeats_cost_one_login_a_timeout() {
    let mut machine = guarded();
    let mut checks = 0;
    for second in 1..=60 {
        let names = play(
            &mut machine,
            vec![(second, Input::Beat(Beat::Late)), (second, Input::Due)],
        );
        for _ in names.iter().filter(|name| **name == "check") {
            checks += 1;
            machine.handle(Input::CheckEnded(Ok(())), at(second), 0.0);
        }
        assert!(machine.watching().unwrap().suspect.is_some());
        machine.handle(answered(), at(second), 0.0);
    }
    assert!((10..=14).contains(&checks), "{checks}");
}

#[test]
fn a_silence_that_lasts_has_a_fresh_answer_before_the_guards_deadline() {
    let late = |second| (second, Input::Beat(Beat::Late));
    let inputs = vec![
        late(2),
        (2, Input::CheckEnded(Ok(()))),
        (3, answered()),
        late(5),
        (7, Input::Due),
        (8, Input::Due),
        (8, Input::CheckEnded(Ok(()))),
        (9, guard_ended(TIMEOUT)),
    ];
    let machine = check_guarded(inputs, &["check", "check", "guard"], Connected);
    assert!(machine.watching().unwrap().suspect.is_none());
}

#[test]
fn a_first_heartbeat_that_is_never_answered_is_like_any_other() {
    let mut machine = in_phase("connected");
    let inputs = vec![
        (0, Input::Beat(Beat::Opened)),
        (1, Input::Beat(Beat::Late)),
        (2, Input::CheckEnded(Ok(()))),
    ];
    assert_eq!(play(&mut machine, inputs), ["check"]);
    assert!(machine.watching().unwrap().suspect.is_some());
    let names = play(&mut machine, vec![(5, guard_ended(TIMEOUT))]);
    assert_eq!(names, ["guard"]);
    assert_eq!(machine.connection().status(), Connected);
}

#[test]
fn a_server_that_shuts_down_is_let_go() {
    let told = DbError::new(Action::HealthCheck, ErrorKind::ServerNotReady).with_code("57P03");
    let inputs = vec![
        (1, Input::Wished(Command::CheckNow)),
        (1, answered()),
        (1, Input::CheckEnded(Err(Arc::new(told)))),
    ];
    let effects = ["begun", "check", "no guard", "abandon"];
    let machine = check_guarded(inputs, &effects, Error);
    assert_eq!(machine.failing().unwrap().error.code(), Some("57P03"));
    // Our own system's "not now" is no word of the server.
    let inputs = vec![
        (1, Input::Wished(Command::CheckNow)),
        (1, check_failed(ErrorKind::ServerNotReady)),
    ];
    check_guarded(inputs, &["begun", "check"], Connected);
}

#[test]
fn an_answer_from_before_the_silence_proves_nothing() {
    let inputs = vec![
        (1, Input::Wished(Command::CheckNow)),
        (1, Input::CheckEnded(Ok(()))),
        (6, guard_ended(TIMEOUT)),
    ];
    let effects = ["begun", "check", "no guard", "abandon"];
    check_guarded(inputs, &effects, Error);
}

#[test]
fn a_refused_login_is_degraded_while_the_guard_is_answered() {
    let wish = || Input::Wished(Command::CheckNow);
    let inputs = vec![
        (1, wish()),
        (2, check_failed(ErrorKind::TooManyConnections)),
    ];
    let mut machine = check_guarded(inputs, &["begun", "check"], Connected);
    let refused = machine.watching().unwrap().refused.clone().unwrap();
    assert_eq!(refused.kind(), ErrorKind::TooManyConnections);
    assert_eq!(machine.connection().error_count(), 1);
    let names = play(
        &mut machine,
        vec![(3, wish()), (4, Input::CheckEnded(Ok(())))],
    );
    assert_eq!(names, ["begun", "check"]);
    assert!(machine.watching().unwrap().refused.is_none());

    // The newest answer is too old to prove anything.
    let inputs = vec![
        (1, wish()),
        (9, check_failed(ErrorKind::TooManyConnections)),
    ];
    check_guarded(inputs, &["begun", "check", "no guard", "abandon"], Error);
}

#[test]
fn a_login_that_takes_too_long_is_no_loss_while_heartbeats_are_answered_late() {
    let late = |second| (second, Input::Beat(Beat::Late));
    let slow = || {
        vec![
            late(2),
            (3, answered()),
            late(5),
            (6, answered()),
            late(7),
            (7, check_failed(TIMEOUT)),
        ]
    };
    let machine = check_guarded(slow(), &["check"], Connected);
    let watching = machine.watching().unwrap();
    assert!(watching.suspect.is_some());
    assert_eq!(watching.refused.as_ref().unwrap().kind(), TIMEOUT);

    // The guard has the last word.
    let mut inputs = slow();
    inputs.push((11, guard_ended(TIMEOUT)));
    check_guarded(inputs, &["check", "no guard", "abandon"], Error);
}

#[test]
fn a_guard_that_cannot_be_posted_is_missed_and_posted_again_later() {
    let mut machine = in_phase("connected");
    let names = play(
        &mut machine,
        vec![(0, guard_ended(ErrorKind::TooManyConnections))],
    );
    assert!(names.is_empty());
    assert!(machine.watching().unwrap().unguarded().is_some());
    let inputs = vec![(30, Input::Due), (30, Input::CheckEnded(Ok(())))];
    assert_eq!(play(&mut machine, inputs), ["check", "guard"]);

    // When nobody can be reached, a check decides at once, and does not circle.
    let mut machine = in_phase("connected");
    let inputs = vec![
        (1, guard_ended(ErrorKind::ConnectionRefused)),
        (1, Input::CheckEnded(Ok(()))),
        (2, Input::Due),
    ];
    assert_eq!(play(&mut machine, inputs), ["check"]);
    assert_eq!(machine.next_due(), Some(5 * SECOND));
    assert_eq!(play(&mut machine, vec![(5, Input::Due)]), ["guard"]);
    play(&mut machine, vec![(5, Input::Beat(Beat::Opened))]);
    assert_eq!(machine.next_due(), Some(31 * SECOND));
}

#[test]
fn a_guard_that_is_told_of_a_shutdown_is_a_loss() {
    let told = DbError::new(Action::Connect, ErrorKind::ServerNotReady).with_code("57P03");
    let mut machine = in_phase("connected");
    let names = play(&mut machine, vec![(1, Input::GuardEnded(Arc::new(told)))]);
    assert_eq!(names, ["no guard", "abandon"]);
    assert_eq!(machine.connection().status(), Error);
}

#[test]
fn a_check_that_nobody_guards_is_suspect_after_a_second() {
    let mut machine = in_phase("checking");
    assert_eq!(machine.next_due(), Some(SECOND));
    play(&mut machine, vec![(1, Input::Due)]);
    assert!(machine.watching().unwrap().suspect.is_some());
    play(&mut machine, vec![(2, Input::CheckEnded(Ok(())))]);
    assert!(machine.watching().unwrap().suspect.is_none());
}

#[test]
fn a_check_that_our_own_side_spoilt_is_made_again_soon_and_once() {
    let mut machine = in_phase("checking");
    let own = || check_failed(ErrorKind::OwnSide);
    play(&mut machine, vec![(5, own())]);
    let inputs = vec![(6, Input::Due), (7, own()), (8, Input::Due)];
    assert_eq!(play(&mut machine, inputs), ["check"]);
    assert_eq!(play(&mut machine, vec![(37, Input::Due)]), ["check"]);
}

/// A machine that knocks each second, with its first attempt under way.
fn knocking() -> Machine {
    let mut machine = machine_with(Some(SECOND));
    machine.handle(Input::Open, at(0), 0.0);
    machine
}

fn knock(kind: Option<ErrorKind>) -> Input {
    Input::KnockEnded(kind.map_or(Ok(()), |kind| Err(error(kind))))
}

#[test]
fn an_answered_knock_starts_the_try_at_once() {
    let mut machine = knocking();
    let down = |second| (second, Input::AttemptEnded(Err(refused())));
    // Into the slow lane, where the next try would be due after 30 s.
    let tries = vec![
        down(0),
        (1, Input::Due),
        down(1),
        (3, Input::Due),
        down(3),
        (7, Input::Due),
        down(7),
    ];
    play(&mut machine, tries);
    assert_eq!(machine.lane(), Lane::Slow);
    assert_eq!(machine.next_due(), Some(Duration::from_secs(8)));
    let inputs = vec![
        (8, Input::Due),
        (8, knock(Some(ErrorKind::ConnectionRefused))),
        (9, Input::Due),
        (9, knock(None)),
    ];
    assert_eq!(play(&mut machine, inputs), ["knock", "knock", "attempt"]);
}

#[test]
fn nobody_knocks_where_somebody_answered() {
    let mut machine = knocking();
    play(
        &mut machine,
        vec![(0, Input::AttemptEnded(Err(error(ErrorKind::AuthFailed))))],
    );
    assert_eq!(play(&mut machine, vec![(1, Input::Due)]), ["attempt"]);
}

#[test]
fn an_attempt_whose_words_were_swallowed_is_made_anew() {
    let mut machine = knocking();
    let silent = || knock(Some(TIMEOUT));
    let inputs = vec![
        (1, Input::Due),
        (2, silent()),
        (3, Input::Due),
        (3, knock(None)),
    ];
    assert_eq!(
        play(&mut machine, inputs),
        ["knock", "knock", "abandon", "attempt"]
    );

    // A server that answers knocks all along is only slow: it is waited for.
    let mut machine = knocking();
    let inputs = vec![
        (1, Input::Due),
        (1, knock(None)),
        (2, Input::Due),
        (2, knock(None)),
    ];
    assert_eq!(play(&mut machine, inputs), ["knock", "knock"]);
}

#[test]
fn a_server_that_is_not_ready_is_waited_for_by_knocks() {
    let mut machine = knocking();
    let not_ready = || Input::AttemptEnded(Err(error(ErrorKind::ServerNotReady)));
    for second in [0, 1, 3, 7] {
        machine.handle(Input::Due, at(second), 0.0);
        machine.handle(not_ready(), at(second), 0.0);
    }
    assert_eq!(machine.lane(), Lane::Slow);
    assert_eq!(machine.next_step(), Some(Duration::from_secs(37)));
    let inputs = vec![
        (8, Input::Due),
        (8, knock(Some(ErrorKind::ServerNotReady))),
        (9, Input::Due),
        (9, knock(Some(ErrorKind::ServerNotReady))),
        (10, Input::Due),
        (10, knock(None)),
    ];
    let effects = ["knock", "knock", "knock", "attempt"];
    assert_eq!(play(&mut machine, inputs), effects);
}

/// A server that does the same with every login, played on a clock of
/// milliseconds.
struct Stubborn {
    machine: Machine,
    now: Duration,
    /// How long a connection lives; `None` when no login succeeds.
    lives: Option<Duration>,
    attempts: u32,
    knocks: u32,
}

impl Stubborn {
    fn new(lives: Option<Duration>) -> Self {
        let mut stubborn = Self {
            machine: machine_with(Some(Duration::from_millis(250))),
            now: Duration::ZERO,
            lives,
            attempts: 0,
            knocks: 0,
        };
        stubborn.feed(Input::Open);
        stubborn
    }

    fn feed(&mut self, input: Input) {
        let now = Moment {
            wall: DateTime::UNIX_EPOCH + self.now,
            mono: self.now,
        };
        for effect in self.machine.handle(input, now, 0.0) {
            match effect {
                Effect::StartKnock => {
                    self.knocks += 1;
                    self.feed(knock(None));
                }
                Effect::StartAttempt => {
                    self.attempts += 1;
                    self.attempted();
                }
                _ => {}
            }
        }
    }

    fn attempted(&mut self) {
        let Some(lives) = self.lives else {
            self.feed(Input::AttemptEnded(Err(error(TIMEOUT))));
            return;
        };
        self.feed(Input::AttemptEnded(Ok(())));
        self.feed(Input::Beat(Beat::Opened));
        self.now += lives;
        self.feed(guard_ended(ErrorKind::ConnectionLost));
    }

    /// Attempts and knocks of the next minute.
    fn minute(&mut self) -> (u32, u32) {
        let (attempts, knocks) = (self.attempts, self.knocks);
        let end = self.now + 60 * SECOND;
        while let Some(due) = self.machine.next_due().filter(|due| *due < end) {
            self.now = self.now.max(due);
            self.feed(Input::Due);
        }
        self.now = end;
        (self.attempts - attempts, self.knocks - knocks)
    }
}

#[test]
fn a_connection_that_ends_at_once_again_and_again_is_no_storm() {
    for lives in [Some(Duration::from_millis(1)), None] {
        let mut server = Stubborn::new(lives);
        let (attempts, knocks) = server.minute();
        // Room for ten at once, and ten a minute; two a minute by the slow lane.
        assert!(attempts <= 22 && knocks <= 80, "{attempts} {knocks}");
        server.minute();
        let (attempts, knocks) = server.minute();
        assert!(attempts <= 12 && knocks <= 80, "{attempts} {knocks}");
    }
    // One that lives for a while is worth a try at once, each time.
    let mut server = Stubborn::new(Some(10 * SECOND));
    let (attempts, _) = server.minute();
    assert!((5..=6).contains(&attempts), "{attempts}");
}

#[test]
fn a_wish_makes_the_next_knock_count_at_once() {
    let mut server = Stubborn::new(Some(Duration::from_millis(1)));
    server.minute();
    server.feed(Input::Wished(Command::Reconnect));
    let lost = server.now;
    assert_eq!(
        server.machine.next_due(),
        Some(lost + Duration::from_millis(250))
    );
}

#[test]
fn beside_a_try_one_knocks_slowly_and_beside_a_slow_one_only_where_the_way_was_closed() {
    let mut machine = machine_with(Some(Duration::from_millis(250)));
    let ms = |ms| Moment {
        wall: DateTime::UNIX_EPOCH,
        mono: Duration::from_millis(ms),
    };
    machine.handle(Input::Open, ms(0), 0.0);
    assert_eq!(machine.next_due(), Some(ms(900).mono));
    machine.handle(Input::Due, ms(900), 0.0);
    machine.handle(knock(None), ms(901), 0.0);
    assert_eq!(machine.next_due(), Some(ms(1_650).mono));
    // A knock that lasted longer than the pace is followed by the next at once.
    machine.handle(Input::Due, ms(1_650), 0.0);
    machine.handle(knock(Some(TIMEOUT)), ms(2_550), 0.0);
    assert_eq!(machine.next_due(), Some(ms(2_600).mono));

    let slow = || {
        let mut machine = knocking();
        for second in [0, 1, 3, 7] {
            machine.handle(Input::Due, at(second), 0.0);
            machine.handle(Input::AttemptEnded(Err(error(TIMEOUT))), at(second), 0.0);
        }
        machine
    };
    let mut machine = slow();
    assert_eq!(play(&mut machine, vec![(37, Input::Due)]), ["attempt"]);
    assert_eq!(machine.next_due(), None);
    let mut machine = slow();
    let inputs = vec![(8, Input::Due), (9, knock(Some(TIMEOUT))), (37, Input::Due)];
    assert_eq!(play(&mut machine, inputs), ["knock", "attempt"]);
    assert_eq!(machine.next_due(), Some(at(38).mono));
}

#[test]
fn a_knock_is_no_news_where_the_login_was_answered() {
    let mut machine = knocking();
    let hangs = DbError::new(Action::HealthCheck, TIMEOUT).at_layer(Layer::Statement);
    for second in [0, 1, 3, 7] {
        machine.handle(Input::Due, at(second), 0.0);
        let failed = Input::AttemptEnded(Err(Arc::new(hangs.clone())));
        machine.handle(failed, at(second), 0.0);
    }
    let inputs = vec![
        (8, Input::Due),
        (8, knock(None)),
        (9, Input::Due),
        (10, knock(Some(TIMEOUT))),
        (11, Input::Due),
        (11, knock(None)),
    ];
    let effects = ["knock", "knock", "knock", "attempt"];
    assert_eq!(play(&mut machine, inputs), effects);
}

#[test]
fn a_guard_that_is_slow_to_stand_is_told_and_knocks_watch_meanwhile() {
    let mut machine = knocking();
    play(&mut machine, vec![(0, Input::AttemptEnded(Ok(())))]);
    assert!(machine.watching().unwrap().unguarded().is_none());
    let inputs = vec![(1, Input::Due), (1, knock(None)), (2, Input::Due)];
    assert_eq!(play(&mut machine, inputs), ["knock", "knock"]);
    assert!(machine.watching().unwrap().unguarded().is_some());
    // The server freezes: suspect, and a check decides.
    let frozen = vec![(3, knock(Some(TIMEOUT)))];
    assert_eq!(play(&mut machine, frozen), ["check"]);
    assert!(machine.watching().unwrap().suspect.is_some());
    let lost = play(&mut machine, vec![(8, check_failed(TIMEOUT))]);
    assert_eq!(lost, ["no guard", "abandon"]);
}

#[test]
fn a_guard_that_stands_ends_the_knocks_in_its_place() {
    let mut machine = knocking();
    let inputs = vec![
        (0, Input::AttemptEnded(Ok(()))),
        (1, Input::Due),
        (1, Input::Beat(Beat::Opened)),
        (2, Input::Due),
    ];
    assert_eq!(play(&mut machine, inputs), ["guard", "knock", "no knock"]);
    assert_eq!(machine.next_due(), Some(30 * SECOND));
    assert!(machine.watching().unwrap().unguarded().is_none());
}

/// What may come from outside: a job under way ends, time passes, a wish.
#[derive(Debug, Clone, Copy)]
enum Outside {
    JobEnds(Option<ErrorKind>),
    GuardEnds(ErrorKind),
    KnockEnds(Option<ErrorKind>),
    Beats(Beat),
    Due,
    Wish(Command),
}

fn outside() -> impl Strategy<Value = Outside> {
    let kind = prop::sample::select(vec![
        ErrorKind::ConnectionRefused,
        ErrorKind::ConnectionLost,
        ErrorKind::AuthFailed,
        ErrorKind::ServerNotReady,
        ErrorKind::OwnSide,
        ErrorKind::Timeout { after_ms: 5 },
    ]);
    let command = prop::sample::select(vec![
        Command::Reconnect,
        Command::Disconnect,
        Command::CheckNow,
        Command::Diagnose,
        Command::LookAtMigrations,
        Command::Migrate(ID),
        Command::Adopt(ID),
    ]);
    let beat = prop::sample::select(vec![Beat::Opened, Beat::Answered(SECOND), Beat::Late]);
    prop_oneof![
        5 => prop::option::of(kind.clone()).prop_map(Outside::JobEnds),
        1 => kind.clone().prop_map(Outside::GuardEnds),
        2 => prop::option::of(kind).prop_map(Outside::KnockEnds),
        3 => beat.prop_map(Outside::Beats),
        4 => Just(Outside::Due),
        3 => command.prop_map(Outside::Wish),
    ]
}

/// The jobs under way, as the supervisor keeps them.
#[derive(Debug, Default)]
struct UnderWay {
    job: Option<Effect>,
    has_guard: bool,
    has_knock: bool,
}

impl UnderWay {
    /// The input that the supervisor would feed; `None` when nothing can bring it.
    fn input(&mut self, outside: Outside) -> Option<Input> {
        let result = |failure: Option<ErrorKind>| failure.map_or(Ok(()), |kind| Err(error(kind)));
        match outside {
            Outside::JobEnds(failure) => Some(match self.job.take()? {
                Effect::StartAttempt => Input::AttemptEnded(result(failure)),
                Effect::StartCheck => Input::CheckEnded(result(failure)),
                Effect::StartDisconnect => Input::DisconnectEnded,
                other => panic!("{other:?} is no job"),
            }),
            Outside::GuardEnds(kind) if self.has_guard => {
                self.has_guard = false;
                Some(guard_ended(kind))
            }
            Outside::Beats(beat) if self.has_guard => Some(Input::Beat(beat)),
            Outside::KnockEnds(failure) if self.has_knock => {
                self.has_knock = false;
                Some(Input::KnockEnded(result(failure)))
            }
            Outside::GuardEnds(_) | Outside::Beats(_) | Outside::KnockEnds(_) => None,
            Outside::Due => Some(Input::Due),
            Outside::Wish(command) => Some(Input::Wished(command)),
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::AbandonJob => self.job = None,
            Effect::StartGuard => {
                assert!(!self.has_guard, "two guards at once");
                self.has_guard = true;
            }
            Effect::StopGuard => self.has_guard = false,
            Effect::StartKnock => {
                assert!(!self.has_knock, "two knocks at once");
                self.has_knock = true;
            }
            Effect::StopKnock => self.has_knock = false,
            Effect::StartDiagnosis | Effect::StartMigration(_) | Effect::Answer(..) => {}
            start => {
                assert!(
                    self.job.is_none(),
                    "two jobs at once: {:?}, {start:?}",
                    self.job
                );
                self.job = Some(start);
            }
        }
    }
}

proptest! {
    /// Whatever comes, phase and status agree (a disagreement is a debug
    /// assertion), no job is started twice, none is left running in a phase
    /// that has no use for it, and outside of pause and rest something is
    /// always under way or due.
    #[test]
    fn the_machine_never_falls_asleep(
        inputs in prop::collection::vec((outside(), 0u64..40), 0..100), knocks in any::<bool>(),
    ) {
        let mut machine = machine_with(knocks.then_some(SECOND));
        let mut under_way = UnderWay::default();
        for effect in machine.handle(Input::Open, at(0), 0.5) {
            under_way.carry_out(effect);
        }
        let mut seconds = 0;
        for (outside, step) in inputs {
            seconds += step;
            let Some(input) = under_way.input(outside) else { continue };
            for effect in machine.handle(input, at(seconds), 0.5) {
                under_way.carry_out(effect);
            }
            let status = machine.connection().status();
            prop_assert!(!under_way.has_guard || status == Connected, "{machine:?}");
            prop_assert!(!under_way.has_knock || status != Disconnected, "{machine:?}");
            let resting = status == Disconnected || machine.lane() == Lane::Paused;
            prop_assert!(
                under_way.job.is_some() || resting || machine.next_due().is_some(),
                "{machine:?}"
            );
        }
    }
}
