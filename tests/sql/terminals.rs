//! A result on a terminal: nothing is executed, and what is cut has a mark.

use crate::{
    bed::LIMIT,
    support::{cluster::Cluster, terminal::Launch},
};

/// Runs a statement in a terminal of this width; gives the screen and all bytes.
#[track_caller]
fn shown(cluster: &Cluster, columns: u16, arguments: &[&str]) -> (String, String) {
    let mut launch = Launch::new(env!("CARGO_BIN_EXE_dbvitals"))
        .arg("sql")
        .env("DATABASE_URL", cluster.url())
        .env("HOME", "/nonexistent")
        .folder(std::env::temp_dir())
        .size(columns, 24);
    for argument in arguments {
        launch = launch.arg(*argument);
    }
    let mut terminal = launch.spawn();
    let status = terminal.wait_exit(LIMIT).expect("it ends");
    let screen = terminal.screen_text();
    assert_eq!(status.exit_code(), 0, "{screen}");
    (screen, String::from_utf8(terminal.output()).unwrap())
}

#[test]
fn wide_values_are_cut_with_a_mark_on_a_terminal_only() {
    let cluster = Cluster::start();
    let sql = "select 1 as id, repeat('漢字', 50) as words, repeat('x', 60) as more";
    let (screen, _) = shown(&cluster, 80, &[sql]);
    let row = screen.lines().nth(2).unwrap();
    assert!(row.contains("…  ") && row.ends_with('…'), "{screen}");
    assert!(
        screen.lines().all(|line| line.chars().count() <= 80),
        "{screen}"
    );
    assert!(
        screen.contains("values that end with … are cut"),
        "{screen}"
    );
    let (screen, _) = shown(&cluster, 80, &["--ascii", sql]);
    assert!(
        screen.contains("values that end with ~ are cut"),
        "{screen}"
    );
    let whole = crate::bed::on(&cluster, &[sql]).succeeds();
    assert!(whole.out.contains(&"漢字".repeat(50)) && !whole.err.contains("cut"));
}

#[test]
fn nothing_that_a_value_holds_reaches_the_terminal_as_such() {
    let cluster = Cluster::start();
    let sql = "select E'a\\x1b]0;title\\x07b\\u009b31m\\u202e' as \"\u{9b}2J\"";
    for format in ["table", "csv", "json"] {
        let (_, bytes) = shown(&cluster, 100, &["--format", format, sql]);
        let hostile = |c: char| matches!(c, '\u{1b}' | '\u{7}' | '\u{9b}' | '\u{202e}');
        assert!(!bytes.contains(hostile), "{format}: {bytes:?}");
        assert!(bytes.contains("title"), "{format}: {bytes:?}");
    }
}
