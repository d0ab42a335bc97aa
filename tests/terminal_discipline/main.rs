//! The terminal is given back whatever happens, and no process outlives its
//! terminal: the real program in mock mode, in real pseudo-terminals.
//!
//! Ends, stops and blocked writers are seen as the kernel tells them, which it
//! does in this way on Linux only.

#![cfg(target_os = "linux")]
#![expect(
    clippy::panic,
    clippy::expect_used,
    reason = "a program that does not behave must fail the test"
)]

mod emulator;
mod endings;
mod interruptions;
mod lost_terminals;
mod panics;
mod stalls;
#[path = "../support/mod.rs"]
mod support;
mod watched;

use std::{
    env,
    time::{Duration, Instant},
};

use support::terminal::{Launch, Terminal};
use watched::Watched;

/// Longer than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// Every end must be over within this time, on a busy machine too.
const SECOND: Duration = Duration::from_secs(1);

/// Runs the program and says what is left of the terminal: `read` gets a line
/// only when the keys mean again what they meant before.
const SHELL: &str = r#"ulimit -c 0; "$0"; echo "left $?"; read -r line; echo "got $line""#;

/// The same with job control, as a person's shell has it.
const JOB_SHELL: &str =
    r#"set -m; "$0"; echo "stopped"; read -r line; echo "got $line"; fg; echo "left $?""#;

/// Keeps whoever runs the tests out of what is drawn.
fn quiet(launch: Launch) -> Launch {
    launch
        .env("USER", "somebody")
        .env("HOME", "/nonexistent")
        .folder(env::temp_dir())
}

fn dashboard() -> Launch {
    quiet(Launch::new(env!("CARGO_BIN_EXE_dbvitals")))
}

/// The program under a shell that outlives it.
fn under_shell(script: &str) -> (Terminal, Watched) {
    let shell = Launch::new("sh").arg("-c").arg(script);
    let terminal = quiet(shell.arg(env!("CARGO_BIN_EXE_dbvitals"))).spawn();
    see(&terminal, "● connected");
    let mut children = support::process::children_of(terminal.pid());
    let program = children.pop().expect("the shell has started it");
    assert!(children.is_empty(), "the shell has more: {children:?}");
    (terminal, Watched::new(program))
}

#[track_caller]
fn see(terminal: &Terminal, words: &str) {
    if let Err(screen) = terminal.wait_for(words, LIMIT) {
        panic!("'{words}' never came; the screen is:\n{screen}");
    }
}

/// The screen of before, with its cursor.
fn is_given_back(screen: &vt100::Screen) -> bool {
    !screen.alternate_screen() && !screen.hide_cursor()
}

/// The screen of before is back, with its cursor, and keys are lines again.
#[track_caller]
fn check_given_back(terminal: &mut Terminal) {
    if let Err(screen) = terminal.wait_until(LIMIT, is_given_back) {
        panic!("the screen is not given back:\n{screen}");
    }
    terminal.send("words\r");
    // The program may be on the screen again by now, so the output is searched.
    let is_read = || String::from_utf8_lossy(&terminal.output()).contains("got words");
    assert!(
        support::process::wait_until(LIMIT, is_read),
        "{}",
        terminal.screen_text()
    );
}

/// A second after the act nothing is left of it.
#[track_caller]
fn check_gone_within_a_second(program: &Watched, since: Instant) {
    let is_gone = program.has_ended_within(SECOND.saturating_sub(since.elapsed()));
    assert!(is_gone, "it lives on after {:?}", since.elapsed());
}
