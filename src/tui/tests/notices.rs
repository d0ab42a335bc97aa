//! The last line's sentences: what they say, and that none outlives what it tells of.

use std::sync::Arc;

use crossterm::event::KeyCode;

use super::harness::{Screen, on_paused_time};
use crate::{
    domain::{
        Command, CommandOutcome, ConnectionStatus, DbError, DiagnosisProgress, Event,
        HealthCheckResult, Lane, Snapshot,
    },
    tui::fixtures::{self, PLAIN},
};
use ConnectionStatus::{Connected, Connecting, Disconnected};

const SMALL: (u16, u16) = (80, 24);

fn begun(command: Command) -> Event {
    Event::CommandDone {
        command,
        outcome: CommandOutcome::Begun,
    }
}

fn step(from: ConnectionStatus, to: ConnectionStatus) -> Event {
    Event::StatusChanged {
        from,
        to,
        at: fixtures::now(),
        error: None,
    }
}

fn finished(result: &Arc<HealthCheckResult>, error: Option<DbError>) -> Event {
    Event::CheckFinished {
        result: Arc::clone(result),
        error: error.map(Arc::new),
    }
}

/// A snapshot with one more check.
fn with(snapshot: Snapshot, check: &Arc<HealthCheckResult>) -> Snapshot {
    let checks = snapshot.checks.iter().chain([check]);
    Snapshot {
        checks: checks.cloned().collect(),
        ..snapshot
    }
}

/// The last line after these events, and what was published among them.
#[track_caller]
fn check(first: Snapshot, told: Vec<Told>, last_line: &str) {
    on_paused_time(|| async {
        let screen = Screen::start(SMALL, first, PLAIN);
        screen.settle().await;
        for one in told {
            match one {
                Told::Event(event) => screen.tell(*event),
                Told::Snapshot(snapshot) => screen.publish(*snapshot),
                Told::Key(key) => screen.press(key),
            }
            screen.settle().await;
        }
        let picture = screen.picture();
        let last = picture.lines().last().unwrap();
        assert!(last.starts_with(last_line), "{last}\n{picture}");
    });
}

enum Told {
    Event(Box<Event>),
    Snapshot(Box<Snapshot>),
    Key(KeyCode),
}

fn event(event: Event) -> Told {
    Told::Event(Box::new(event))
}

fn snapshot(snapshot: Snapshot) -> Told {
    Told::Snapshot(Box::new(snapshot))
}

const KEYS: &str = " q quit  ? help";

#[test]
fn a_check_that_was_asked_for_has_its_result() {
    let check_now = || event(begun(Command::CheckNow));
    let result = || fixtures::check_at(0, Ok(()));
    let ended = || event(finished(&result(), None));
    let healthy = || snapshot(with(fixtures::healthy(), &result()));
    let asked = " check now: asked";
    check(fixtures::healthy(), vec![check_now()], asked);
    let done = " check now: 0.40 ms, healthy";
    check(
        fixtures::healthy(),
        vec![check_now(), ended(), healthy()],
        done,
    );
    // The snapshot may be seen before the event.
    check(
        fixtures::healthy(),
        vec![check_now(), healthy(), ended()],
        done,
    );
    // A snapshot of before says nothing about the health that follows.
    let before = Snapshot {
        busy_since: Some(fixtures::now()),
        ..fixtures::healthy()
    };
    let early = vec![check_now(), ended(), snapshot(before)];
    check(fixtures::healthy(), early, asked);
    let degraded = snapshot(with(fixtures::degraded(), &result()));
    check(
        fixtures::healthy(),
        vec![check_now(), ended(), degraded],
        " check now: 0.40 ms, degraded",
    );
    // Nobody has asked for the others.
    check(fixtures::healthy(), vec![ended(), healthy()], KEYS);
}

#[test]
fn a_check_that_was_asked_for_says_why_it_failed() {
    let error = fixtures::no_database;
    let result = fixtures::check_at(0, Err(error().message()));
    let lost = || with(fixtures::lost(error(), Lane::Slow), &result);
    check(
        fixtures::lost(fixtures::refused(), Lane::Slow),
        vec![
            event(begun(Command::CheckNow)),
            event(finished(&result, Some(error()))),
            snapshot(lost()),
        ],
        " check now: failed: DatabaseMissing 3D000: database \"app\" does not exist",
    );
    // It was left with its connection: what comes next was not asked for.
    check(
        fixtures::lost(fixtures::refused(), Lane::Slow),
        vec![
            event(begun(Command::CheckNow)),
            event(step(Connected, Disconnected)),
            event(finished(&result, Some(error()))),
            snapshot(lost()),
        ],
        KEYS,
    );
}

#[test]
fn what_is_under_way_is_not_said_any_more_once_it_is_over() {
    let progress = Arc::new(DiagnosisProgress::new(fixtures::now()));
    for (command, end) in [
        (Command::Diagnose, Event::Diagnosed(progress)),
        (Command::Reconnect, step(Connecting, Connected)),
        (Command::Disconnect, step(Connected, Disconnected)),
    ] {
        let name = format!(" {}: ", command.as_str());
        let said = vec![event(begun(command))];
        check(fixtures::healthy(), said, &name);
        let said = vec![event(begun(command)), event(end)];
        check(fixtures::healthy(), said, KEYS);
    }
    // The step that begins it is not its end.
    let said = vec![
        event(begun(Command::Reconnect)),
        event(step(Connected, Disconnected)),
        event(step(Disconnected, Connecting)),
    ];
    check(fixtures::healthy(), said, " reconnect: trying now");
}

#[test]
fn a_sentence_does_not_stay_where_another_thing_is_opened_or_closed() {
    use KeyCode::{Char, Esc, Tab};
    let needless = || {
        let outcome = CommandOutcome::Needless("a check is under way");
        event(Event::CommandDone {
            command: Command::CheckNow,
            outcome,
        })
    };
    let words = " check now: a check is under way";
    for (keys, stays) in [
        (&[][..], true),
        (&[Tab], true),
        (&[Char('?')], false),
        (&[Char('D')], false),
    ] {
        let keys = keys.iter().map(|key| Told::Key(*key));
        let told = [needless()].into_iter().chain(keys).collect();
        check(fixtures::healthy(), told, if stays { words } else { " q" });
    }
    let told = vec![Told::Key(Char('?')), needless()];
    check(fixtures::healthy(), told, words);
    let told = vec![Told::Key(Char('?')), needless(), Told::Key(Esc)];
    check(fixtures::healthy(), told, " q");
    let told = vec![Told::Key(Char('?')), needless(), Told::Key(Char('M'))];
    check(fixtures::healthy(), told, " q");
}

#[test]
fn migrations_that_are_looked_at_are_asked_for_again_by_a_new_connection() {
    let sent_by = |keys: &'static str, to: ConnectionStatus| {
        let mut sent = Vec::new();
        on_paused_time(|| async {
            let mut screen = Screen::start(SMALL, fixtures::healthy(), PLAIN);
            screen.type_in(keys);
            screen.settle().await;
            screen.tell(step(Connecting, to));
            screen.settle().await;
            let commands = &mut screen.outlet.as_mut().unwrap().commands;
            while let Ok(command) = commands.try_recv() {
                sent.push(command);
            }
        });
        sent
    };
    let look = Command::LookAtMigrations;
    assert_eq!(sent_by("M", Connected), [look, look]);
    assert_eq!(sent_by("M", Disconnected), [look]);
    assert_eq!(sent_by("", Connected), []);
    assert_eq!(sent_by("M?", Connected), [look]);
}
