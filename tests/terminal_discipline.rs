//! The terminal is given back whatever happens, and no process outlives its
//! terminal: the real program in mock mode, in real pseudo-terminals.

#![expect(
    clippy::panic,
    clippy::expect_used,
    reason = "a program that does not behave must fail the test"
)]

mod support;

use std::{
    env,
    io::{BufRead, BufReader, Lines},
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use dbvitals::{
    adapter::Database,
    backend::{self, Backend, Clock, Subject},
    config::{self, Fallback, Flags, Sources, SystemEnv},
    domain::{ConnectionId, ConnectionStatus},
    tui,
};
use support::{
    process::{Signal, children_of, is_alive, is_halted, signal, wait_until},
    terminal::{Launch, Terminal},
};

/// Longer than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// Every end must be over within this time.
const SECOND: Duration = Duration::from_secs(1);

/// A program that draws nothing for this long cannot.
const PATIENCE: Duration = Duration::from_millis(700);

/// Fewer bytes than any whole frame has.
const FRAME: u64 = 1_000;

/// Runs the program and says what is left of the terminal: `read` gets a line
/// only when the keys mean again what they meant before.
const SHELL: &str = r#""$0"; echo "left $?"; read -r line; echo "got $line""#;

/// The same with job control, as a person's shell has it.
const JOB_SHELL: &str =
    r#"set -m; "$0"; echo "stopped"; read -r line; echo "got $line"; fg; echo "left $?""#;

fn quiet(launch: Launch) -> Launch {
    launch
        .env("USER", "somebody")
        .env("HOME", "/nonexistent")
        .folder(env::temp_dir())
}

fn dashboard() -> Launch {
    quiet(Launch::new(env!("CARGO_BIN_EXE_dbvitals")))
}

/// The program under a shell that outlives it, and its process id.
fn under_shell(script: &str) -> (Terminal, u32) {
    let shell = Launch::new("sh").arg("-c").arg(script);
    let terminal = quiet(shell.arg(env!("CARGO_BIN_EXE_dbvitals"))).spawn();
    see(&terminal, "● connected");
    let children = children_of(terminal.pid());
    let [program] = children[..] else {
        panic!("the shell has the children {children:?}");
    };
    (terminal, program)
}

#[track_caller]
fn see(terminal: &Terminal, words: &str) {
    if let Err(screen) = terminal.wait_for(words, LIMIT) {
        panic!("'{words}' never came; the screen is:\n{screen}");
    }
}

/// The screen of before is back, with its cursor, and keys are lines again.
#[track_caller]
fn check_given_back(terminal: &mut Terminal) {
    let is_back = |screen: &vt100::Screen| !screen.alternate_screen() && !screen.hide_cursor();
    if let Err(screen) = terminal.wait_until(LIMIT, is_back) {
        panic!("the screen is not given back:\n{screen}");
    }
    terminal.send("words\r");
    // The program may be on the screen again by now, so the output is searched.
    let is_read = || String::from_utf8_lossy(&terminal.output()).contains("got words");
    assert!(wait_until(LIMIT, is_read), "{}", terminal.screen_text());
}

#[track_caller]
fn check_gone_within_a_second(pid: u32, since: Instant) {
    let is_gone = wait_until(LIMIT, || !is_alive(pid));
    let took = since.elapsed();
    if !is_gone {
        signal(pid, Signal::KILL);
    }
    assert!(is_gone && took < SECOND, "gone: {is_gone}, after {took:?}");
}

#[test]
fn every_signal_that_ends_it_gives_the_terminal_back() {
    for number in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT] {
        let (mut terminal, program) = under_shell(SHELL);
        let sent = Instant::now();
        signal(program, number);
        check_gone_within_a_second(program, sent);
        see(&terminal, "left 0");
        check_given_back(&mut terminal);
    }
}

#[test]
fn the_keys_that_end_it_give_the_terminal_back() {
    for key in ["q", "\x03"] {
        let (mut terminal, program) = under_shell(SHELL);
        let sent = Instant::now();
        terminal.send(key);
        check_gone_within_a_second(program, sent);
        see(&terminal, "left 0");
        check_given_back(&mut terminal);
    }
}

#[test]
fn a_suspended_program_leaves_a_usable_shell_and_comes_back_whole() {
    for by_key in [true, false] {
        let (mut terminal, program) = under_shell(JOB_SHELL);
        if by_key {
            terminal.send("\x1a");
        } else {
            signal(program, Signal::TSTP);
        }
        assert!(wait_until(LIMIT, || is_halted(program)), "it is not halted");
        see(&terminal, "stopped");
        assert!(is_alive(program));
        check_given_back(&mut terminal);
        // The shell's `fg` has taken the line and lets the program go on.
        see(&terminal, "● connected");
        see(&terminal, "q quit");
        assert!(terminal.screen(|screen| screen.alternate_screen() && screen.hide_cursor()));
        terminal.send("?");
        see(&terminal, "freeze the panes");
        terminal.send("q");
        see(&terminal, "left 0");
        assert!(!is_alive(program));
    }
}

#[test]
fn without_a_shell_that_could_bring_it_back_it_does_not_stop() {
    let (mut terminal, program) = under_shell(SHELL);
    terminal.send("\x1a");
    see(&terminal, "not suspended: no shell here");
    assert!(!is_halted(program));
    terminal.send("q");
    see(&terminal, "left 0");
    check_given_back(&mut terminal);
}

#[test]
fn a_program_that_was_stopped_by_force_draws_everything_anew() {
    let mut terminal = dashboard().spawn();
    see(&terminal, "● connected");
    signal(terminal.pid(), Signal::STOP);
    assert!(wait_until(LIMIT, || is_halted(terminal.pid())));
    let before = terminal.bytes_received();
    signal(terminal.pid(), Signal::CONT);
    let is_redrawn = || {
        let output = terminal.output();
        let new = String::from_utf8_lossy(&output[before..]).into_owned();
        new.contains("\x1b[?1049h") && new.contains("Connection") && new.contains("Latency")
    };
    assert!(wait_until(LIMIT, is_redrawn), "it is not drawn anew");
    terminal.send("q");
    assert!(terminal.wait_exit(LIMIT).is_some());
}

#[test]
fn any_size_at_any_moment_is_drawn() {
    let mut terminal = dashboard().spawn();
    for (columns, rows) in [(1, 1), (300, 100), (2, 60), (200, 1), (40, 10), (120, 40)] {
        terminal.resize(columns, rows);
    }
    see(&terminal, "4 Operations");
    terminal.resize(1, 1);
    terminal.resize(80, 24);
    see(&terminal, "● connected");
    see(&terminal, "q quit");
    terminal.send("q");
    let status = terminal.wait_exit(LIMIT).expect("it ends");
    assert_eq!(status.exit_code(), 0);
}

#[test]
fn a_killed_terminal_takes_the_program_with_it() {
    for how in ["controlled", "uncontrolled"] {
        let mut emulator = Emulator::start(how);
        let killed = Instant::now();
        emulator.process.kill().expect("a child can be killed");
        check_gone_within_a_second(emulator.program, killed);
    }
}

#[test]
fn a_terminal_that_takes_nothing_cannot_keep_the_program_from_ending() {
    let mut emulator = Emulator::start("controlled");
    emulator.stall();
    let sent = Instant::now();
    signal(emulator.program, Signal::TERM);
    check_gone_within_a_second(emulator.program, sent);
    let told = emulator.thaw();
    // What had not been taken was thrown away, so that this could still be written.
    assert!(told.ends_with("restored true"), "{told}");
}

#[test]
fn a_second_wish_to_end_ends_a_blocked_program_at_once() {
    let mut emulator = Emulator::start("controlled");
    emulator.stall();
    signal(emulator.program, Signal::TERM);
    let insisted = wait_until(LIMIT, || {
        signal(emulator.program, Signal::INT);
        !is_alive(emulator.program)
    });
    assert!(insisted);
    let code = 128 + Signal::INT.as_raw();
    let told = emulator.thaw();
    assert!(told.starts_with(&format!("exit {code} ")), "{told}");
}

#[test]
fn a_panic_of_the_drawing_thread_gives_the_terminal_back_and_is_read() {
    let mut terminal = panicking("drawing");
    let status = terminal.wait_exit(LIMIT).expect("it ends");
    assert_ne!(status.exit_code(), 0);
    assert!(String::from_utf8_lossy(&terminal.output()).contains("\x1b[?1049h"));
    let (is_back, text) = terminal.screen(|screen| {
        let is_back = !screen.alternate_screen() && !screen.hide_cursor();
        (is_back, screen.contents())
    });
    assert!(is_back && text.contains("panic-on-purpose"), "{text}");
}

#[test]
fn a_panic_of_a_task_is_shown_and_the_screen_lives_on() {
    let mut terminal = panicking("task");
    see(&terminal, "a task panicked");
    see(&terminal, "panic-on-purpose");
    see(&terminal, "● connected");
    assert!(terminal.screen(vt100::Screen::alternate_screen));
    terminal.send("q");
    let status = terminal.wait_exit(LIMIT).expect("it ends");
    assert_eq!(status.exit_code(), 0);
}

// === a terminal that is a process of its own ===

/// Set in the process that plays the terminal: how it controls the program.
const EMULATOR: &str = "TEST_EMULATOR";

/// This test program, started anew as a terminal that can be killed and frozen.
struct Emulator {
    process: Child,
    output: Lines<BufReader<ChildStdout>>,
    /// The dashboard in it.
    program: u32,
}

impl Emulator {
    /// Waits until the dashboard is on its screen.
    fn start(how: &str) -> Self {
        let mut process = Command::new(env::current_exe().expect("this program has a path"))
            .args(["--exact", "emulator", "--nocapture"])
            .env(EMULATOR, how)
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program runs");
        let output = process.stdout.take().expect("stdout is a pipe");
        let mut emulator = Self {
            process,
            output: BufReader::new(output).lines(),
            program: 0,
        };
        let told = emulator.told("program ");
        emulator.program = told.parse().expect("a process id");
        emulator
    }

    /// The rest of the next line that begins like this.
    fn told(&mut self, beginning: &str) -> String {
        let mut lines = self.output.by_ref().map_while(Result::ok);
        let told = lines.find_map(|line| line.strip_prefix(beginning).map(str::to_owned));
        told.expect("the emulator tells it")
    }

    /// Freezes it, and lets the program draw until it is blocked.
    fn stall(&self) {
        signal(self.process.id(), Signal::STOP);
        assert!(wait_until(LIMIT, || is_halted(self.process.id())));
        // Each time it is let go on it draws everything, until that does not end.
        let mut before = self.drawn();
        while wait_until(PATIENCE, || {
            signal(self.program, Signal::CONT);
            self.drawn() > before + FRAME
        }) {
            before = self.drawn();
        }
    }

    /// Bytes that the drawing thread has written, signals' single ones too.
    fn drawn(&self) -> u64 {
        let pid = self.program;
        let io = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/io"))
            .expect("Linux counts what a thread writes");
        let count = io.lines().find_map(|line| line.strip_prefix("wchar: "));
        count
            .and_then(|count| count.parse().ok())
            .expect("a number")
    }

    /// Lets it go on after the program's end: exit code, and whether the
    /// screen was restored.
    fn thaw(&mut self) -> String {
        signal(self.process.id(), Signal::CONT);
        format!("exit {}", self.told("exit "))
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        signal(self.process.id(), Signal::KILL);
        self.process.wait().expect("a child can be waited for");
        if self.program != 0 && is_alive(self.program) {
            signal(self.program, Signal::KILL);
        }
    }
}

/// Does nothing unless it was started to play a terminal.
#[test]
#[expect(clippy::print_stdout, reason = "the parent process reads it")]
fn emulator() {
    let Ok(how) = env::var(EMULATOR) else {
        return;
    };
    let launch = match how.as_str() {
        "uncontrolled" => dashboard().uncontrolled(),
        _ => dashboard(),
    };
    let mut terminal = launch.spawn();
    see(&terminal, "● connected");
    println!("\nprogram {}", terminal.pid());
    let status = terminal.wait_exit(LIMIT).expect("it ends");
    let is_restored = terminal.screen(|screen| !screen.alternate_screen() && !screen.hide_cursor());
    println!("exit {} restored {is_restored}", status.exit_code());
}

// === a dashboard that panics ===

/// Set in the process that is to panic: where.
const PANICKING: &str = "TEST_PANIC";

/// This test program, started anew in a terminal with a dashboard that panics.
fn panicking(place: &str) -> Terminal {
    let this = env::current_exe().expect("this program has a path");
    let launch = quiet(Launch::new(this)).size(120, 40);
    let arguments = ["--exact", "dashboard_that_panics", "--nocapture"];
    let launch = arguments.into_iter().fold(launch, Launch::arg);
    launch.env(PANICKING, place).spawn()
}

/// Does nothing unless it was started to panic.
#[test]
fn dashboard_that_panics() {
    let Ok(place) = env::var(PANICKING) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("threads can be started");
    runtime.block_on(async {
        tui::install_logging().expect("nobody else logs");
        let sources = Sources {
            flags: Flags::default(),
            env: &SystemEnv,
            cwd: env::temp_dir(),
        };
        let config = config::load(&sources, Fallback::Mock)
            .expect("nothing is configured")
            .config;
        let clock = Clock::system();
        let session = Arc::new(backend::session(&config, clock.now().wall));
        let id = ConnectionId(uuid::Uuid::now_v7());
        let (sink, operations) = backend::operation_feed();
        let watched = Arc::new(Database::new(&config.adapter, id, sink));
        let subject = Subject {
            watched,
            id,
            operations,
        };
        let Backend {
            handle,
            task: _task,
        } = backend::start(subject, &config.watch, session, clock);
        let mut snapshots = handle.snapshots();
        let connected = async move {
            let is_connected = snapshots
                .wait_for(|snapshot| snapshot.connection.status() == ConnectionStatus::Connected);
            is_connected.await.expect("the backend lives");
        };
        let panicking = async {
            connected.await;
            if place == "task" {
                let task = tokio::spawn(async { panic!("panic-on-purpose") });
                drop(task);
                return std::future::pending().await;
            }
            panic!("panic-on-purpose");
        };
        tokio::select! {
            // The screen goes first, so that it has the terminal before the panic.
            biased;
            ended = tui::run(handle, config.tui) => ended.expect("it ends as wished"),
            () = panicking => {}
        }
    });
}
