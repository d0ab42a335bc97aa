//! Signals and keys that end the program: the terminal is given back, and the
//! shell learns why it ended.

use std::time::{Duration, Instant};

use crate::{
    LIMIT, SHELL, Watched, check_given_back, check_gone_within_a_second, dashboard, is_given_back,
    see, support::process::Signal, under_shell,
};

#[test]
fn every_signal_that_ends_it_gives_the_terminal_back_and_is_its_end() {
    for number in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT] {
        let (mut terminal, program) = under_shell(SHELL);
        let sent = Instant::now();
        program.signal(number);
        check_gone_within_a_second(&program, sent);
        see(&terminal, &format!("left {}", 128 + number.as_raw()));
        check_given_back(&mut terminal);
    }
}

#[test]
fn the_keys_that_end_it_give_the_terminal_back() {
    for key in ["q", "\x03"] {
        let (mut terminal, program) = under_shell(SHELL);
        let sent = Instant::now();
        terminal.send(key);
        check_gone_within_a_second(&program, sent);
        see(&terminal, "left 0");
        check_given_back(&mut terminal);
    }
}

#[test]
fn an_escape_does_not_swallow_the_key_behind_it() {
    for keys in ["\x1bq", "\x1b\x03", "?\x1bq", "\x1b\x1bq"] {
        let (mut terminal, program) = under_shell(SHELL);
        let sent = Instant::now();
        // One write, so that they are read at once, as over a slow connection.
        terminal.send(keys);
        check_gone_within_a_second(&program, sent);
        see(&terminal, "left 0");
        check_given_back(&mut terminal);
    }
}

#[test]
fn every_further_signal_is_no_harm() {
    let mut terminal = dashboard().spawn();
    see(&terminal, "● connected");
    let program = Watched::new(terminal.pid());
    let sent = Instant::now();
    while !program.has_ended_within(Duration::ZERO) {
        program.signal(Signal::INT);
        assert!(sent.elapsed() < LIMIT);
    }
    check_gone_within_a_second(&program, sent);
    let status = terminal.wait_exit(LIMIT).expect("it has ended");
    assert_eq!(status.signal(), Some("Interrupt"));
}

#[test]
fn signals_that_come_together_cut_no_restoring_short() {
    let [term, hup, int, quit] = [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT];
    let bursts: [&[Signal]; 4] = [
        &[term, hup],
        &[hup, term],
        &[int, term, hup, quit],
        &[quit, int, term],
    ];
    for burst in bursts.iter().cycle().take(16) {
        let mut terminal = dashboard().spawn();
        see(&terminal, "● connected");
        let program = Watched::new(terminal.pid());
        let sent = Instant::now();
        for number in *burst {
            program.signal(*number);
        }
        check_gone_within_a_second(&program, sent);
        terminal.wait_exit(LIMIT).expect("it has ended");
        let is_back = terminal.wait_until(LIMIT, is_given_back);
        assert!(is_back.is_ok(), "not given back after {burst:?}");
    }
}
