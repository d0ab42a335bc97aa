//! The pseudo-terminal: screen, colours, keys, size and ends.

use std::time::Duration;

use crate::{
    LIMIT,
    support::{
        process::is_alive,
        terminal::{Launch, Terminal},
    },
};

fn shell(script: &str) -> Terminal {
    Launch::new("sh").arg("-c").arg(script).spawn()
}

#[test]
fn the_screen_shows_what_a_program_draws() {
    let terminal = shell(r"printf 'one\033[3;5H\033[1;31mred\033[0m'; read -r _");
    terminal.wait_for("red", LIMIT).expect("it draws");
    assert_eq!(terminal.screen_text().trim_end(), "one\n\n    red");
    terminal.screen(|screen| {
        let cell = screen.cell(2, 4).expect("the cell is on the screen");
        assert_eq!(cell.contents(), "r");
        assert_eq!(cell.fgcolor(), vt100::Color::Idx(1));
        assert!(cell.bold());
    });
    assert_eq!(terminal.bytes_received(), terminal.output().len());
}

#[test]
fn keys_reach_the_program_and_its_code_comes_back() {
    let mut terminal = shell(r#"echo ready; read -r word; echo "got $word"; exit 7"#);
    terminal.wait_for("ready", LIMIT).expect("it starts");
    terminal.send("seven\n");
    terminal.wait_for("got seven", LIMIT).expect("it reads");
    let status = terminal.wait_exit(LIMIT).expect("it ends");
    assert_eq!(status.exit_code(), 7);
}

#[test]
fn a_vain_wait_gives_the_screen() {
    let mut terminal = shell("echo here; read -r _");
    terminal.wait_for("here", LIMIT).expect("it draws");
    let screen = terminal
        .wait_for("elsewhere", Duration::from_millis(50))
        .expect_err("it is not there");
    assert!(screen.contains("here"));
    terminal.send("\n");
    terminal.wait_exit(LIMIT).expect("it ends");
    let start = std::time::Instant::now();
    assert!(terminal.wait_for("elsewhere", LIMIT).is_err());
    assert!(start.elapsed() < LIMIT, "an ended program draws no more");
}

#[test]
fn a_program_sees_its_size_its_variables_and_little_else() {
    let terminal = Launch::new("sh")
        .arg("-c")
        .arg(r#"stty size; echo "$FLAVOUR ${HOME-homeless} $TERM"; pwd; read -r _"#)
        .env("FLAVOUR", "plum")
        .folder("/")
        .size(120, 40)
        .spawn();
    terminal
        .wait_for("40 120\nplum homeless xterm-256color\n/", LIMIT)
        .expect("it says so");
}

#[test]
fn a_program_is_told_of_a_new_size() {
    let terminal = shell("trap 'stty size' WINCH; echo ready; while :; do read -r _; done");
    terminal.wait_for("ready", LIMIT).expect("it starts");
    terminal.resize(40, 10);
    terminal.wait_for("10 40", LIMIT).expect("it is told");
    assert_eq!(terminal.screen(|s| s.size().1.get()), 40);
}

#[test]
fn a_dropped_terminal_takes_its_program_along() {
    let terminal = shell("trap '' HUP TERM; echo ready; while :; do read -r _; done");
    terminal.wait_for("ready", LIMIT).expect("it starts");
    let pid = terminal.pid();
    assert!(is_alive(pid));
    drop(terminal);
    assert!(!is_alive(pid));
}
