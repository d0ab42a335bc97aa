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
const LIMIT: Duration = Duration::from_secs(60);

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

#[test]
fn every_scenario_shows_what_it_is_named_for() {
    let started: Vec<_> = SCENARIOS
        .iter()
        .map(|seen| {
            let launch = launch(80, 24).arg("--scenario").arg(seen.scenario);
            (seen, launch.spawn())
        })
        .collect();
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
