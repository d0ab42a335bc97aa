//! Rehearsals as a person meets them: the real program in a real terminal,
//! without a database and without a configuration.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a program that does not behave must fail the test"
)]

mod support;

use std::{
    process::Command,
    time::{Duration, Instant},
};

use support::terminal::{Launch, Terminal};

/// Longer than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_mins(1);

fn launch(columns: u16, rows: u16) -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_dbvitals"))
        .env("USER", "somebody")
        .env("HOME", "/nonexistent")
        .folder(std::env::temp_dir())
        .size(columns, rows)
}

#[track_caller]
fn see(terminal: &Terminal, words: &str) {
    if let Err(screen) = terminal.wait_for(words, LIMIT) {
        panic!("'{words}' never came; the screen is:\n{screen}");
    }
}

#[track_caller]
fn quit(mut terminal: Terminal) {
    terminal.send("q");
    let status = terminal.wait_exit(LIMIT).expect("'q' ends the program");
    assert_eq!(status.exit_code(), 0);
}

/// The rows of mode that stand before those of the scenarios.
const MODES: usize = 3;

/// The scenarios in the order of their rows, and steps of somebody's own.
const ROWS: [&str; 8] = [
    "calm",
    "flaky",
    "outage",
    "slow",
    "hang",
    "auth",
    "migrations",
    "own script",
];

/// Chooses what is rehearsed by keys, and waits until the banner names it.
#[track_caller]
fn rehearse(terminal: &mut Terminal, name: &str, rows_before: usize) {
    let row = ROWS.iter().position(|row| *row == name).unwrap();
    terminal.send("m");
    see(terminal, "mock: migrations");
    let down = "j".repeat(rows_before + row);
    terminal.send(&format!("g{down}\r"));
    let chosen = terminal.wait_until(LIMIT, |screen| {
        let screen = screen.contents();
        !screen.contains("┏ Mode") && screen.contains(&format!("REHEARSAL {name}"))
    });
    chosen.unwrap_or_else(|screen| panic!("{name} does not begin:\n{screen}"));
}

/// Waits for another connection than the one with this end of its id, and gives
/// the end of its id.
#[track_caller]
fn another_connection(terminal: &Terminal, before: &str) -> String {
    let is_tail = |word: &&str| word.len() == 12 && word.chars().all(|c| c.is_ascii_hexdigit());
    let tail = |screen: &str| {
        let found = screen.split_whitespace().find(is_tail);
        found.filter(|tail| *tail != before).map(str::to_owned)
    };
    let seen = terminal.wait_until(LIMIT, |screen| {
        let screen = screen.contents();
        screen.contains("● connected") && tail(&screen).is_some()
    });
    seen.unwrap_or_else(|screen| panic!("still {before}:\n{screen}"));
    tail(&terminal.screen_text()).unwrap()
}

/// The fault of a scenario, from the outside.
struct Seen {
    scenario: &'static str,
    /// What the banner says once the fault has come; the keys are pressed then.
    when: &'static str,
    keys: &'static str,
    /// What is seen of it, in this order.
    words: &'static [&'static str],
}

/// In the order in which their faults are to be seen: while one is waited for,
/// the others go on.
const SCENARIOS: [Seen; 7] = [
    Seen {
        scenario: "calm",
        when: "REHEARSAL calm (all is well)",
        keys: "",
        words: &["● connected", "✔ 9/9"],
    },
    Seen {
        scenario: "migrations",
        when: "REHEARSAL migrations: calm (begun with 6 of 9 tables)",
        keys: "",
        words: &["degraded", "schema: incomplete 6/9"],
    },
    Seen {
        scenario: "hang",
        when: "REHEARSAL hang (nothing is answered), calm in",
        keys: "",
        words: &[
            "suspect: an answer is overdue",
            "✖ MOCK error Timeout",
            "Database operation timed out after 5000ms",
        ],
    },
    Seen {
        scenario: "slow",
        when: "REHEARSAL slow: slow 400 ms (answers are late), calm in",
        keys: "",
        words: &["slow heartbeats: 4", "degraded"],
    },
    Seen {
        scenario: "flaky",
        when: "REHEARSAL flaky: slow 400 ms (answers are late), calm in",
        keys: "",
        // The connection that was lost ten seconds before.
        words: &["was down", "(ConnectionLost)"],
    },
    Seen {
        scenario: "outage",
        when: "REHEARSAL outage: refuse (the server is stopped), calm in",
        keys: "",
        words: &[
            "✖ MOCK error ConnectionRefused",
            "Cannot connect to database. Please check if PostgreSQL is running.",
            "next in",
        ],
    },
    Seen {
        scenario: "auth",
        when: "REHEARSAL auth (the password is refused), calm in",
        keys: "c",
        words: &["new connections refused", "28P01", "▲ connected"],
    },
];

/// Starts every scenario in a program of its own, and sees what it is named for.
#[track_caller]
fn check(start: impl Fn(&Seen) -> Terminal) {
    let started: Vec<_> = SCENARIOS.iter().map(|seen| (seen, start(seen))).collect();
    for (seen, mut terminal) in started {
        see(&terminal, seen.when);
        terminal.send(seen.keys);
        for words in seen.words {
            see(&terminal, words);
        }
        let screen = terminal.screen_text();
        assert!(screen.contains("Nothing is persisted"), "{screen}");
        assert!(screen.contains("DATABASE_URL"), "{screen}");
        quit(terminal);
    }
}

#[test]
fn every_scenario_shows_what_it_is_named_for() {
    check(|seen| {
        let launch = launch(80, 24).arg("--scenario").arg(seen.scenario);
        launch.spawn()
    });
}

#[test]
fn every_scenario_can_be_chosen_where_nothing_is_configured() {
    check(|seen| {
        let mut terminal = launch(80, 24).spawn();
        see(&terminal, "● connected");
        rehearse(&mut terminal, seen.scenario, MODES);
        terminal
    });
}

#[test]
fn one_rehearsal_after_the_other_each_on_a_connection_of_its_own() {
    let mut terminal = launch(120, 40)
        .env("DBVITALS_MOCK_SCRIPT", "40s calm, 5s refuse, calm")
        .spawn();
    see(&terminal, "REHEARSAL own script");
    let mut id = another_connection(&terminal, "");
    // The steps that are configured are what mock mode is without a choice.
    let modes = MODES - 1;
    for name in ROWS {
        rehearse(&mut terminal, name, modes);
        id = another_connection(&terminal, &id);
        terminal.send("m");
        let is_marked = terminal.wait_for(&format!("● mock: {name}"), LIMIT);
        is_marked.unwrap_or_else(|screen| panic!("{name} is not marked:\n{screen}"));
        see(&terminal, "in use: Enter begins it anew");
        terminal.send("\x1b");
        let is_closed = |screen: &vt100::Screen| !screen.contents().contains("┏ Mode");
        terminal.wait_until(LIMIT, is_closed).unwrap();
    }
    see(&terminal, "refuse in 30 s");
    rehearse(&mut terminal, "own script", modes);
    another_connection(&terminal, &id);
    let anew = terminal.wait_until(LIMIT, |screen| {
        let screen = screen.contents();
        (35..=40).any(|left| screen.contains(&format!("refuse in {left} s")))
    });
    anew.unwrap_or_else(|screen| panic!("its time goes on:\n{screen}"));
    // What was before is told apart in the log.
    terminal.send("6z");
    see(&terminal, "[mock in memory, own script] ");
    quit(terminal);
}

#[test]
fn own_steps_are_played_and_healed() {
    let terminal = launch(120, 40)
        .arg("--mode")
        .arg("mock")
        .env("DBVITALS_MOCK_SCRIPT", "2s calm, 2s refuse, 3s calm, full")
        .spawn();
    see(
        &terminal,
        "REHEARSAL own script: calm (all is well), refuse in",
    );
    see(&terminal, "● connected");
    see(&terminal, "✖ MOCK error");
    see(&terminal, "57P01");
    see(&terminal, "was down 2.");
    see(&terminal, "REHEARSAL own script: full (no slot is free)");
    quit(terminal);
}

#[test]
fn without_a_configuration_the_dashboard_lives() {
    let terminal = launch(80, 24).spawn();
    see(&terminal, "● connected");
    // Five heartbeats make five columns, not all of one height.
    let lives = |screen: &vt100::Screen| {
        let text = screen.contents();
        let heights = "▁▂▃▄▅▆▇█".chars().filter(|bar| text.contains(*bar));
        heights.count() >= 3 && text.contains("0 %")
    };
    let seen = terminal.wait_until(LIMIT, lives);
    seen.unwrap_or_else(|screen| panic!("the graph is flat:\n{screen}"));
    assert!(!terminal.screen_text().contains("REHEARSAL"));
    quit(terminal);
}

/// Runs the program without a terminal; gives its exit code and what it said.
fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_dbvitals"))
        .args(arguments)
        .env_clear()
        .env("USER", "somebody")
        .env("HOME", "/nonexistent")
        .current_dir(std::env::temp_dir())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[test]
fn commands_meet_a_rehearsed_failure_with_the_exit_code_of_a_real_one() {
    for (script, code, kind) in [
        ("refuse", 2, "ConnectionRefused"),
        ("auth", 1, "AuthFailed"),
        ("full", 1, "TooManyConnections"),
    ] {
        let set = format!("mock.script={script}");
        for command in ["check", "diagnose"] {
            let (exit, said) = run(&[command, "--json", "--mode", "mock", "--set", &set]);
            assert_eq!(exit, Some(code), "{command}: {said}");
            assert!(said.contains(kind), "{command}: {said}");
        }
    }
    let begun = Instant::now();
    let (exit, said) = run(&["wait", "--mode", "mock", "--set", "mock.script=1s refuse"]);
    assert_eq!(exit, Some(0), "{said}");
    assert!(said.contains("ConnectionRefused"), "{said}");
    assert!(
        begun.elapsed() >= Duration::from_secs(1),
        "it came too soon"
    );
}

#[test]
fn a_scenario_does_not_go_with_a_database() {
    let (exit, said) = run(&["check", "--scenario", "outage", "--mode", "local"]);
    assert_eq!(exit, Some(3), "{said}");
    assert!(said.contains("leave one out"), "{said}");
}
