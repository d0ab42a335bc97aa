//! A terminal that is killed takes everything with it that runs in it.

use std::time::Instant;

use crate::{check_gone_within_a_second, emulator::Emulator};

/// Kills the terminal: a second later nothing of its session is left, so
/// nothing that could compute either.
#[track_caller]
fn check(how: &str, processes: usize) {
    let mut emulator = Emulator::start(how);
    let session = emulator.session();
    assert_eq!(session.len(), processes, "{session:?}");
    let killed = Instant::now();
    emulator.kill();
    for process in &session {
        check_gone_within_a_second(process, killed);
    }
}

#[test]
fn a_killed_terminal_takes_the_program_with_it() {
    check("controlled", 1);
}

#[test]
fn a_closed_terminal_that_brings_no_signal_takes_the_program_with_it() {
    check("uncontrolled", 1);
}

#[test]
fn a_killed_terminal_takes_the_shell_and_the_program_with_it() {
    check("shell", 2);
}

#[test]
fn a_killed_terminal_takes_a_suspended_program_with_it() {
    check("suspended", 2);
}

#[test]
fn a_killed_terminal_takes_a_program_with_it_that_is_held_up_in_writing() {
    check("stalled", 1);
}

#[test]
fn a_closed_terminal_takes_a_held_up_program_with_it_without_a_signal_too() {
    check("stalled-uncontrolled", 1);
}
