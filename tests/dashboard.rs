//! The dashboard as a person meets it: the real program in a real terminal on
//! a real server that is stopped, frozen and started again.

#![expect(
    clippy::panic,
    reason = "a program that does not behave must fail the test"
)]

mod support;

use std::{
    fs::File,
    io::{Read, Write},
    net::TcpListener,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use support::{
    cluster::{Cluster, StopMode},
    process,
    standin::{Fault, Key, Standin},
    terminal::{Launch, Terminal},
};

/// Longer than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// At once, on a busy machine.
const SOON: Duration = Duration::from_secs(2);

/// Starts the dashboard on a database, with quick rhythms.
fn dashboard(url: &str, columns: u16, rows: u16) -> Terminal {
    launch(columns, rows)
        .env("DATABASE_URL", url)
        .env("DBVITALS_HEALTH_CHECK_INTERVAL", "5000")
        .env("DBVITALS_HEALTH_CHECK_TIMEOUT", "1000")
        .env("DBVITALS_RETRY_DELAY", "500")
        .spawn()
}

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
    let restored = terminal.screen(|screen| !screen.alternate_screen() && !screen.hide_cursor());
    assert!(restored, "the terminal is given back");
}

#[test]
fn a_stopped_server_is_told_with_its_cause_and_a_started_one_heals() {
    for (columns, rows) in [(120, 40), (80, 24)] {
        let mut cluster = Cluster::start();
        let mut terminal = dashboard(&cluster.url(), columns, rows);
        see(&terminal, "connected");
        see(&terminal, "not initialised 0/9");

        cluster.stop(StopMode::Fast);
        terminal.send("c");
        see(
            &terminal,
            "Cannot connect to database. Please check if PostgreSQL is running.",
        );
        see(&terminal, "try 2");
        see(&terminal, "next in");
        assert!(!terminal.screen_text().contains(cluster.password()));

        cluster.start_again();
        let back = terminal.wait_until(LIMIT, |screen| {
            let text = screen.contents();
            text.contains("● connected") && !text.contains("down since")
        });
        back.unwrap_or_else(|screen| panic!("it never came back:\n{screen}"));
        quit(terminal);
    }
}

#[test]
fn r_replaces_a_try_that_a_project_leaves_unanswered() {
    let standin = Standin::start();
    // Far longer than anybody waits here; the next request is answered.
    standin.fault(&Fault::delay(LIMIT * 2).times(1));
    let mut terminal = launch(80, 24)
        .env("SUPABASE_URL", standin.url())
        .env("SUPABASE_ANON_KEY", standin.key(Key::Secret))
        .env("DBVITALS_HEALTH_CHECK_INTERVAL", "60000")
        .env("DBVITALS_HEALTH_CHECK_TIMEOUT", "60000")
        .spawn();
    see(&terminal, "· 2 s · gives up after 60");
    terminal.send("r");
    let seen = terminal.wait_for("● connected", SOON);
    seen.unwrap_or_else(|screen| panic!("the old try is waited for:\n{screen}"));
    quit(terminal);
}

#[test]
fn a_smart_shutdown_is_not_held_up() {
    let cluster = Cluster::start();
    let mut terminal = dashboard(&cluster.url(), 80, 24);
    see(&terminal, "connected");
    cluster.begin_smart_stop();
    cluster.wait_for_log("received smart shutdown request", LIMIT);
    terminal.send("c");
    // We were the last that it waited for.
    cluster.wait_for_log("database system is shut down", LIMIT);
    see(&terminal, "Cannot connect to database");
    quit(terminal);
}

#[test]
fn keys_are_answered_while_the_server_is_frozen() {
    let mut cluster = Cluster::start();
    let mut terminal = dashboard(&cluster.url(), 120, 40);
    see(&terminal, "connected");
    cluster.freeze();
    terminal.send("c");
    terminal.send("?");
    see(&terminal, "quit");
    terminal.send("\x1b");
    see(&terminal, "Database operation timed out after 1000ms");
    cluster.thaw();
    quit(terminal);
}

#[test]
fn a_diagnosis_comes_to_a_verdict_while_the_server_is_frozen_and_while_it_is_away() {
    let mut cluster = Cluster::start();
    let mut terminal = dashboard(&cluster.url(), 80, 24);
    see(&terminal, "connected");
    cluster.freeze();
    terminal.send("D");
    see(&terminal, "not known yet");
    // Keys are answered meanwhile: the help takes the place of the diagnosis.
    terminal.send("?");
    see(&terminal, "open and close this help");
    terminal.send("D");
    see(
        &terminal,
        "Broken at login: Database operation timed out after 1000ms",
    );
    cluster.thaw();
    cluster.stop(StopMode::Fast);
    terminal.send("D");
    see(&terminal, "Broken at tcp: Cannot connect to database");
    terminal.send("\x1b");
    let closed = terminal.wait_until(LIMIT, |screen| !screen.contents().contains("Diagnosis"));
    closed.unwrap_or_else(|screen| panic!("the diagnosis stays:\n{screen}"));
    quit(terminal);
}

#[test]
fn a_wrong_password_is_told_at_the_start_and_never_shown() {
    let cluster = Cluster::start();
    let terminal = dashboard(&cluster.url_with_password("s3cret-word"), 80, 24);
    see(
        &terminal,
        "Database authentication failed. Please check your credentials.",
    );
    see(&terminal, "28P01");
    let output = String::from_utf8_lossy(&terminal.output()).into_owned();
    assert!(!output.contains("s3cret-word"), "the password was drawn");
    let command_line = std::fs::read(format!("/proc/{}/cmdline", terminal.pid()));
    if let Ok(command_line) = command_line {
        assert!(!String::from_utf8_lossy(&command_line).contains("s3cret-word"));
    }
    quit(terminal);
}

#[test]
fn without_a_configuration_the_mock_mode_says_that_nothing_persists() {
    let terminal = launch(80, 24).spawn();
    see(&terminal, "mock");
    see(&terminal, "connected");
    see(&terminal, "othing is persisted");
    quit(terminal);
}

/// A server that agrees to TLS and says no more, on a thread that ends with
/// the test.
fn agrees_to_tls() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it listens").port();
    thread::spawn(move || {
        let mut kept = Vec::new();
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 8];
            if stream.read_exact(&mut request).is_ok() && stream.write_all(b"S").is_ok() {
                kept.push(stream);
            }
        }
    });
    port
}

#[test]
fn keys_and_the_end_do_not_wait_for_a_backend_that_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("certificates");
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
    )
    .unwrap();
    let url = format!(
        "postgres://me@127.0.0.1:{}/app?sslmode=verify-full&sslrootcert=system",
        agrees_to_tls()
    );
    for ending in ["q", "SIGTERM"] {
        let mut terminal = launch(80, 24)
            .env("DATABASE_URL", &url)
            .env("SSL_CERT_FILE", &pipe)
            .spawn();
        // The pipe opens for writing when the backend has opened it for
        // reading. Nothing is ever written: there the backend stays.
        let (opened, open) = mpsc::channel();
        let its = pipe.clone();
        thread::spawn(move || opened.send(File::options().write(true).open(its)));
        let _held = open
            .recv_timeout(LIMIT)
            .expect("the certificates are read")
            .unwrap();

        terminal.send("?");
        see(&terminal, "resumes paused retries");
        if ending == "q" {
            terminal.send("\x1b");
            let closed = terminal.wait_until(LIMIT, |screen| {
                !screen.contents().contains("resumes paused retries")
            });
            closed.unwrap_or_else(|screen| panic!("the help stays:\n{screen}"));
            let asked = Instant::now();
            quit(terminal);
            assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
        } else {
            process::signal(terminal.pid(), process::Signal::TERM);
            let status = terminal.wait_exit(LIMIT).expect("SIGTERM ends the program");
            assert_eq!(status.signal(), Some("Terminated"));
        }
    }
}
