//! A terminal that takes no output any more, as over a frozen connection.

use std::time::{Duration, Instant};

use crate::{
    LIMIT, Watched, check_gone_within_a_second, dashboard, is_given_back, see,
    support::{
        process::{Signal, wait_until},
        terminal::Terminal,
    },
};

/// Told once only, the program waits at least this long for the terminal.
const PATIENCE: Duration = Duration::from_millis(300);

const TRIES: u32 = 5;

/// Lets the terminal take nothing more, and waits until its room is used up.
pub(crate) fn clog(terminal: &Terminal, program: &Watched) {
    terminal.stall();
    wait_until_held_up(program, || terminal.clog());
}

fn wait_until_held_up(program: &Watched, look: impl Fn()) {
    // Whoever was stopped draws everything, so there is something to write.
    program.signal(Signal::CONT);
    let is_held_up = || {
        look();
        program.is_held_up_in_writing()
    };
    assert!(wait_until(LIMIT, is_held_up), "it is never held up");
}

fn start() -> (Terminal, Watched) {
    let terminal = dashboard().spawn();
    see(&terminal, "● connected");
    let program = Watched::new(terminal.pid());
    (terminal, program)
}

#[test]
fn a_terminal_that_takes_nothing_cannot_keep_the_program_from_ending() {
    for (number, name) in [(Signal::TERM, "Terminated"), (Signal::HUP, "Hangup")] {
        let (mut terminal, program) = start();
        clog(&terminal, &program);
        let sent = Instant::now();
        program.signal(number);
        check_gone_within_a_second(&program, sent);
        // What had not been taken was thrown away, so that the screen could
        // still be given back.
        terminal.thaw();
        let status = terminal.wait_exit(LIMIT).expect("it has ended");
        assert_eq!(status.signal(), Some(name));
        assert!(terminal.screen(is_given_back), "it is not given back");
    }
}

#[test]
fn where_nothing_at_all_can_be_written_the_first_signal_is_the_end() {
    let (mut terminal, program) = start();
    terminal.hold();
    wait_until_held_up(&program, || {});
    let sent = Instant::now();
    program.signal(Signal::TERM);
    check_gone_within_a_second(&program, sent);
    let status = terminal.wait_exit(LIMIT).expect("it has ended");
    assert_eq!(status.signal(), Some("Terminated"));
}

#[test]
fn a_second_wish_to_end_ends_a_held_up_program_at_once() {
    // A machine that pauses meanwhile proves nothing, so there are some tries.
    let is_at_once = (0..TRIES).any(|_| {
        let (terminal, program) = start();
        terminal.hold();
        wait_until_held_up(&program, || {});
        let insisted = Instant::now();
        program.signal(Signal::TERM);
        // Those that come with the first belong to it; a later one insists.
        while !program.has_ended_within(Duration::ZERO) {
            program.signal(Signal::INT);
            assert!(insisted.elapsed() < LIMIT, "it lives on");
        }
        insisted.elapsed() < PATIENCE
    });
    assert!(is_at_once, "it waits for the terminal each time");
}

#[test]
fn a_program_that_was_held_up_goes_on_when_the_terminal_does() {
    let (mut terminal, program) = start();
    terminal.hold();
    wait_until_held_up(&program, || {});
    terminal.send("?");
    terminal.let_go();
    see(&terminal, "open and close this help");
    terminal.send("q");
    let status = terminal.wait_exit(LIMIT).expect("it ends");
    assert_eq!(status.exit_code(), 0);
    assert!(terminal.screen(is_given_back), "it is not given back");
}
