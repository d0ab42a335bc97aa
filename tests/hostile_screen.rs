//! Text from outside that means harm, as it would reach a terminal: names and
//! errors with escape sequences, characters that turn or hide text, and wide
//! ones. Judged by the bytes that the real program writes.

#![expect(
    clippy::panic,
    reason = "a program that does not behave must fail the test"
)]

mod support;

use std::{
    fmt::Write as _,
    io::{Read, Write},
    net::TcpListener,
    process::Command,
    thread,
    time::Duration,
};

use support::{
    cluster::Cluster,
    terminal::{Launch, Terminal},
};

/// Longer than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// A title, a cleared screen, a colour of either form, a bell, text that runs
/// backwards in three ways, invisible characters, and wide ones.
const HOSTILE: &str = "\u{1b}]0;OWNED\u{7}\u{1b}[2J\u{9b}31m\u{202e}\u{2066}\u{200f}\u{61c}\
                       \u{200b}\u{200d}\u{feff}\u{fe0f}漢字";

/// What of it must never be written, whatever else is.
const NEVER: [&str; 12] = [
    "\u{1b}]", "\u{7}", "\u{9b}", "\u{202e}", "\u{2066}", "\u{200f}", "\u{61c}", "\u{200b}",
    "\u{200d}", "\u{feff}", "\u{fe0f}", "\u{2069}",
];

/// The hostile text is on the screen as text, and nothing of it was executed.
#[track_caller]
fn check(terminal: &Terminal) {
    let seen = terminal.wait_for("OWNED", LIMIT);
    seen.unwrap_or_else(|screen| panic!("it was never shown:\n{screen}"));
    let written = String::from_utf8(terminal.output()).expect("a screen is text");
    for part in NEVER {
        assert!(!written.contains(part), "{part:?} was written");
    }
    // The program itself clears the screen by other means than the text does.
    assert!(!written.contains("OWNED\u{1b}[2J"), "the text was executed");
    check_frames(terminal);
}

/// Wide characters move no border: each line of a pane ends in the last column.
#[track_caller]
fn check_frames(terminal: &Terminal) {
    let whole = terminal.wait_until(LIMIT, |screen| {
        let columns = screen.size().1.get();
        let lines = screen.rows(0, columns);
        let mut panes = lines
            .enumerate()
            .filter(|(_, line)| line.starts_with(['│', '┃']))
            .map(|(row, _)| row)
            .peekable();
        panes.peek().is_some()
            && panes.all(|row| {
                let row = u16::try_from(row).expect("a screen is small");
                let last = screen.cell(row, columns - 1);
                last.is_some_and(|cell| ["│", "┃"].contains(&cell.contents()))
            })
    });
    whole.unwrap_or_else(|screen| panic!("a border was moved:\n{screen}"));
}

fn launch(url: &str) -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_dbvitals"))
        .env("USER", "somebody")
        .env("HOME", "/nonexistent")
        .env("DATABASE_URL", url)
        .env("DBVITALS_REQUIRE_SCHEMA", "false")
        .folder(std::env::temp_dir())
        .size(120, 40)
}

/// Every byte as it is written in a URL.
fn encoded(text: &str) -> String {
    let mut url = String::new();
    for byte in text.bytes() {
        write!(url, "%{byte:02X}").expect("a String takes any text");
    }
    url
}

/// The cluster's URL with other names.
fn url_of(cluster: &Cluster, role: &str, database: &str) -> String {
    format!(
        "postgres://{}@127.0.0.1:{}/{}",
        encoded(role),
        cluster.port(),
        encoded(database)
    )
}

#[test]
fn names_of_role_and_database_are_shown_as_text() {
    let cluster = Cluster::start();
    cluster.put_first_in_hba("host all all 127.0.0.1/32 trust");
    let (role, database) = (format!("r{HOSTILE}"), format!("d{HOSTILE}"));
    cluster.sql(&format!("create role \"{role}\" login"));
    let made = cluster.try_sql("postgres", &format!("create database \"{database}\""));
    made.expect("a database may have any name");
    let mut terminal = launch(&url_of(&cluster, &role, &database)).spawn();
    let connected = terminal.wait_for("connected", LIMIT);
    connected.unwrap_or_else(|screen| panic!("it never connected:\n{screen}"));
    check(&terminal);
    // The whole pane, and the details of a check.
    terminal.send("1z");
    check(&terminal);
    terminal.send("z3\r");
    check(&terminal);
}

#[test]
fn names_of_applications_are_shown_as_text() {
    let cluster = Cluster::builder()
        .max_connections(8)
        .setting("superuser_reserved_connections", "0")
        .start();
    let _holders = cluster.hold_sessions(6, &format!("a{HOSTILE}"));
    // At seven of eight the pane names who holds them.
    let mut terminal = launch(&cluster.url()).spawn();
    terminal.send("1z");
    let told = terminal.wait_for("held by", LIMIT);
    told.unwrap_or_else(|screen| panic!("nobody is named:\n{screen}"));
    check(&terminal);
}

#[test]
fn the_words_of_a_real_server_are_shown_as_text() {
    let cluster = Cluster::start();
    cluster.put_first_in_hba("host all all 127.0.0.1/32 trust");
    let url = url_of(&cluster, support::cluster::ROLE, &format!("no{HOSTILE}"));
    let mut terminal = launch(&url).spawn();
    let told = terminal.wait_for("DatabaseMissing", LIMIT);
    told.unwrap_or_else(|screen| panic!("it was never told:\n{screen}"));
    check(&terminal);
    for keys in ["5\r", "\x1b", "6z"] {
        terminal.send(keys);
        check(&terminal);
    }
}

#[test]
fn an_error_in_every_field_is_shown_as_text() {
    let port = refuses_everybody();
    let url = format!("postgres://me@127.0.0.1:{port}/app?sslmode=disable");
    let mut terminal = launch(&url).spawn();
    check(&terminal);
    for keys in ["5\r", "\x1b", "6z"] {
        terminal.send(keys);
        check(&terminal);
    }
}

#[test]
fn a_check_prints_text_only() {
    let port = refuses_everybody();
    let url = format!("postgres://me@127.0.0.1:{port}/app?sslmode=disable");
    let output = Command::new(env!("CARGO_BIN_EXE_dbvitals"))
        .arg("check")
        .env_clear()
        .env("USER", "somebody")
        .env("DATABASE_URL", url)
        .current_dir(std::env::temp_dir())
        .output()
        .expect("the program can be started");
    let printed = String::from_utf8(output.stdout).expect("it prints text");
    assert!(printed.contains("OWNED"), "{printed}");
    for part in NEVER.iter().chain(&["\u{1b}"]) {
        assert!(!printed.contains(part), "{part:?} was printed");
    }
}

/// A server that answers every login with an error of which each field means
/// harm, on a thread that ends with the test.
fn refuses_everybody() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it listens").port();
    thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            // One that only knocks leaves without a login.
            if matches!(client.read(&mut [0; 4096]), Ok(1..)) {
                drop(client.write_all(&refusal()));
            }
        }
    });
    port
}

fn refusal() -> Vec<u8> {
    let fields = ["S", "V", "C", "M", "D", "H"].map(|letter| match letter {
        "V" => "VFATAL".to_owned(),
        "C" => format!("C28000{HOSTILE}"),
        letter => format!("{letter}words {HOSTILE}"),
    });
    let mut body: Vec<u8> = fields
        .iter()
        .flat_map(|field| field.bytes().chain([0]))
        .collect();
    body.push(0);
    let length = u32::try_from(body.len() + 4).expect("an error is small");
    [&b"E"[..], &length.to_be_bytes(), &body].concat()
}
