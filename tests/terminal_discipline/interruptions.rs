//! Stopping for the shell, being stopped by force, and new sizes.

use crate::{
    JOB_SHELL, LIMIT, SHELL, Watched, check_given_back, dashboard, is_given_back, see,
    support::process::{Signal, wait_until},
    under_shell,
};

#[test]
fn a_suspended_program_leaves_a_usable_shell_and_comes_back_whole() {
    for by_key in [true, false] {
        let (mut terminal, program) = under_shell(JOB_SHELL);
        if by_key {
            terminal.send("\x1a");
        } else {
            program.signal(Signal::TSTP);
        }
        assert!(
            wait_until(LIMIT, || program.is_halted()),
            "it is not halted"
        );
        let used = program.ticks();
        see(&terminal, "stopped");
        assert!(
            terminal.screen(is_given_back),
            "the screen is not given back"
        );
        assert!(program.is_halted());
        assert_eq!(program.ticks(), used, "it computes while it is halted");
        check_given_back(&mut terminal);
        // The shell's `fg` has taken the line and lets the program go on.
        see(&terminal, "● connected");
        see(&terminal, "q quit");
        assert!(terminal.screen(|screen| screen.alternate_screen() && screen.hide_cursor()));
        terminal.send("?");
        see(&terminal, "open and close this help");
        terminal.send("q");
        see(&terminal, "left 0");
        assert!(program.has_ended_within(LIMIT));
    }
}

#[test]
fn without_a_shell_that_could_bring_it_back_it_does_not_stop() {
    let (mut terminal, program) = under_shell(SHELL);
    terminal.send("\x1a");
    see(&terminal, "not suspended: no shell here");
    assert!(!program.is_halted());
    terminal.send("q");
    see(&terminal, "left 0");
    check_given_back(&mut terminal);
}

#[test]
fn a_program_that_was_stopped_by_force_draws_everything_anew() {
    let mut terminal = dashboard().spawn();
    see(&terminal, "● connected");
    let program = Watched::new(terminal.pid());
    program.signal(Signal::STOP);
    assert!(wait_until(LIMIT, || program.is_halted()));
    let before = terminal.bytes_received();
    program.signal(Signal::CONT);
    let is_redrawn = || {
        let output = terminal.output();
        let new = String::from_utf8_lossy(&output[before..]).into_owned();
        new.contains("\x1b[?1049h") && new.contains("Connection") && new.contains("Latency")
    };
    assert!(wait_until(LIMIT, is_redrawn), "it is not drawn anew");
    terminal.send("q");
    let status = terminal.wait_exit(LIMIT).expect("it ends");
    assert_eq!(status.exit_code(), 0);
}

#[test]
fn any_size_at_any_moment_is_drawn() {
    let mut terminal = dashboard().spawn();
    for (columns, rows) in [(1, 1), (300, 100), (2, 60), (200, 1), (40, 10), (120, 40)] {
        terminal.resize(columns, rows);
    }
    see(&terminal, "4 Operations");
    terminal.resize(39, 9);
    see(&terminal, "too small: 39x9, needs 40x10");
    terminal.resize(40, 10);
    see(&terminal, "1 Connection");
    terminal.resize(1, 1);
    terminal.resize(80, 24);
    see(&terminal, "● connected");
    see(&terminal, "q quit");
    terminal.send("q");
    let status = terminal.wait_exit(LIMIT).expect("it ends");
    assert_eq!(status.exit_code(), 0);
}

#[test]
fn no_key_is_lost_beside_a_signal() {
    let mut terminal = dashboard().spawn();
    see(&terminal, "● connected");
    let program = Watched::new(terminal.pid());
    for round in 0..40 {
        let is_typed_while_stopped = round % 4 < 2;
        if is_typed_while_stopped {
            program.signal(Signal::STOP);
            assert!(wait_until(LIMIT, || program.is_halted()));
            terminal.send("?");
            program.signal(Signal::WINCH);
            program.signal(Signal::CONT);
        } else {
            program.signal(Signal::WINCH);
            program.signal(Signal::CONT);
            terminal.send("?");
        }
        let is_open = round % 2 == 0;
        let is_answered = terminal.wait_until(LIMIT, |screen| {
            screen.contents().contains("open and close this help") == is_open
        });
        assert!(is_answered.is_ok(), "lost in round {round}");
    }
    terminal.send("q");
    let status = terminal.wait_exit(LIMIT).expect("it ends");
    assert_eq!(status.exit_code(), 0);
}
