//! A terminal that is a process of its own, so that it can be killed: this
//! test program, started anew.

use std::{
    env,
    io::{BufRead, BufReader, Lines},
    os::unix::process::CommandExt,
    process::{Child, ChildStdout, Command, Stdio},
};

use crate::{
    JOB_SHELL, LIMIT, SHELL, Watched, dashboard, see, stalls,
    support::terminal::{Terminal, none_opening},
    under_shell,
};

/// Set in the process that plays the terminal: what happens in it.
const EMULATOR: &str = "TEST_EMULATOR";

/// The process, and what runs in it.
pub(crate) struct Emulator {
    process: Child,
    output: Lines<BufReader<ChildStdout>>,
    session: Vec<Watched>,
}

impl Emulator {
    /// Waits until all is as wished in it.
    pub(crate) fn start(how: &str) -> Self {
        let mut command = Command::new(env::current_exe().expect("this program has a path"));
        command
            .args(["--exact", "emulator::emulator", "--nocapture"])
            .env(EMULATOR, how)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // What the system does to its group when it ends concerns no other
            // process of the tests.
            .process_group(0);
        let opening = none_opening();
        let mut process = command.spawn().expect("this program runs");
        drop(opening);
        let output = process.stdout.take().expect("stdout is a pipe");
        let mut emulator = Self {
            process,
            output: BufReader::new(output).lines(),
            session: Vec::new(),
        };
        let leader = emulator.told("leader ");
        emulator.session = Watched::session_of(leader.parse().expect("a process id"));
        emulator
    }

    /// What runs in the terminal.
    pub(crate) fn session(&mut self) -> Vec<Watched> {
        std::mem::take(&mut self.session)
    }

    /// Kills it, and nothing else.
    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("a child can be killed");
    }

    /// The rest of the next line that begins like this.
    fn told(&mut self, beginning: &str) -> String {
        let mut lines = self.output.by_ref().map_while(Result::ok);
        let told = lines.find_map(|line| line.strip_prefix(beginning).map(str::to_owned));
        told.expect("the emulator tells it")
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.process.kill().expect("a child can be killed");
        self.process.wait().expect("a child can be waited for");
    }
}

/// Does nothing unless it was started to play a terminal.
#[test]
#[expect(clippy::print_stdout, reason = "the parent process reads it")]
fn emulator() {
    let Ok(how) = env::var(EMULATOR) else {
        return;
    };
    let mut terminal = scene(&how);
    println!("\nleader {}", terminal.pid());
    // It is killed long before.
    terminal.wait_exit(LIMIT * 2);
}

fn scene(how: &str) -> Terminal {
    let launch = match how {
        "controlled" | "stalled" => dashboard(),
        "uncontrolled" | "stalled-uncontrolled" => dashboard().uncontrolled(),
        "shell" => return under_shell(SHELL).0,
        "suspended" => {
            let (mut terminal, program) = under_shell(JOB_SHELL);
            terminal.send("\x1a");
            see(&terminal, "stopped");
            assert!(program.is_halted());
            return terminal;
        }
        other => panic!("no scene is named {other}"),
    };
    let terminal = launch.spawn();
    see(&terminal, "● connected");
    if how.starts_with("stalled") {
        stalls::clog(&terminal, &Watched::new(terminal.pid()));
    }
    terminal
}
