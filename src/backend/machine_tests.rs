//! The machine's table, row by row, and the lanes.

use std::{sync::Arc, time::Duration};

use chrono::DateTime;
use proptest::prelude::*;
use uuid::Uuid;

use super::{
    Moment,
    machine::{Effect, Input, Machine, Rhythm},
};
use crate::domain::{
    Action, Backoff, Command, CommandOutcome, ConnectionId, ConnectionStatus, DbError, ErrorKind,
    Lane, Mode,
};
use ConnectionStatus::{Connected, Connecting, Disconnected, Error};

const SECOND: Duration = Duration::from_secs(1);

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
    let rhythm = Rhythm {
        interval: 30 * SECOND,
        backoff: Backoff::try_new(SECOND, 30 * SECOND).unwrap(),
        max_retries: 3,
    };
    Machine::new(rhythm, ConnectionId(Uuid::nil()), Mode::Local, at(0))
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

    check("connecting", Input::AttemptEnded(Ok(())), &[], Connected);
    check("connecting", failed(), &[], Error);
    check("paused", Input::AttemptEnded(Ok(())), &[], Error);
    check("connected", failed(), &[], Connected);

    check("checking", Input::CheckEnded(Ok(())), &[], Connected);
    check("checking", lost(), &[], Error);
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
        &["needless"],
        Connecting,
    );
    check(
        "connected",
        wish(Command::Reconnect),
        &["begun", "abandon", "disconnect"],
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
        &["begun", "abandon", "disconnect"],
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

/// What may come from outside: the job under way ends, time passes, a wish.
#[derive(Debug, Clone)]
enum Outside {
    JobEnds(Option<ErrorKind>),
    Due,
    Wish(Command),
}

fn outside() -> impl Strategy<Value = Outside> {
    let kind = prop::sample::select(vec![
        ErrorKind::ConnectionRefused,
        ErrorKind::AuthFailed,
        ErrorKind::OwnSide,
        ErrorKind::Timeout { after_ms: 5 },
    ]);
    let command = prop::sample::select(vec![
        Command::Reconnect,
        Command::Disconnect,
        Command::CheckNow,
    ]);
    prop_oneof![
        5 => prop::option::of(kind).prop_map(Outside::JobEnds),
        3 => Just(Outside::Due),
        3 => command.prop_map(Outside::Wish),
    ]
}

/// The end of the job that is under way, as the supervisor feeds it.
fn end_of(job: &Effect, failure: Option<ErrorKind>) -> Input {
    let result = failure.map_or(Ok(()), |kind| Err(error(kind)));
    match job {
        Effect::StartAttempt => Input::AttemptEnded(result),
        Effect::StartCheck => Input::CheckEnded(result),
        Effect::StartDisconnect => Input::DisconnectEnded,
        Effect::AbandonJob | Effect::Answer(..) => panic!("{job:?} is no job"),
    }
}

proptest! {
    /// Whatever comes, phase and status agree (a disagreement is a debug
    /// assertion), and outside of pause and rest something is always under way or due.
    #[test]
    fn the_machine_never_falls_asleep(
        inputs in prop::collection::vec((outside(), 0u64..100), 0..80),
    ) {
        let mut machine = machine();
        let mut job = machine.handle(Input::Open, at(0), 0.5).pop();
        let mut seconds = 0;
        for (outside, step) in inputs {
            seconds += step;
            let input = match outside {
                Outside::JobEnds(failure) => match job.take() {
                    Some(job) => end_of(&job, failure),
                    None => continue,
                },
                Outside::Due => Input::Due,
                Outside::Wish(command) => Input::Wished(command),
            };
            for effect in machine.handle(input, at(seconds), 0.5) {
                match effect {
                    Effect::AbandonJob => job = None,
                    Effect::Answer(..) => {}
                    start => {
                        prop_assert!(job.is_none(), "two jobs at once: {job:?}, {start:?}");
                        job = Some(start);
                    }
                }
            }
            let resting = machine.connection().status() == ConnectionStatus::Disconnected
                || machine.lane() == Lane::Paused;
            prop_assert!(job.is_some() || resting || machine.next_due().is_some(), "{machine:?}");
        }
    }
}
