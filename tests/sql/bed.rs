//! Runs the program and reads what it said.

use std::{
    env,
    io::Write,
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use serde_json::Value;

use crate::support::cluster::{Cluster, PASSWORD};

/// Longer than anything here takes on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// A finished run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A program that gets no variables of ours but these.
pub(crate) fn command(arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dbvitals"));
    command
        .arg("sql")
        .args(arguments)
        .env_clear()
        .env("USER", "somebody")
        .env("HOME", "/nonexistent")
        .env("LANG", "C.UTF-8")
        .envs(variables.iter().copied())
        .current_dir(env::temp_dir())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs it to its end.
#[track_caller]
pub(crate) fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    Run::of(command(arguments, variables).output().unwrap())
}

/// Runs it against a cluster.
#[track_caller]
pub(crate) fn on(cluster: &Cluster, arguments: &[&str]) -> Run {
    run(arguments, &[("DATABASE_URL", &cluster.url())])
}

/// Starts it against a cluster.
pub(crate) fn start(cluster: &Cluster, arguments: &[&str]) -> Child {
    command(arguments, &[("DATABASE_URL", &cluster.url())])
        .spawn()
        .unwrap()
}

/// Runs it with the statement on standard input.
#[track_caller]
pub(crate) fn piped(arguments: &[&str], variables: &[(&str, &str)], input: &[u8]) -> Run {
    let mut child = command(arguments, variables)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A program that wants no statement reads none; its own words say why.
    stdin.write_all(input).ok();
    drop(stdin);
    Run::of(child.wait_with_output().unwrap())
}

impl Run {
    #[track_caller]
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let run = Self {
            code: output.status.code().expect("the program exits by itself"),
            out: text(output.stdout),
            err: text(output.stderr),
        };
        let said = format!("{}{}", run.out, run.err);
        assert!(!said.contains(PASSWORD), "the password was printed: {said}");
        assert!(!said.contains("panicked"), "{said}");
        run
    }

    /// What was printed as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// It failed with this code and said these words on standard error.
    #[track_caller]
    pub(crate) fn fails(self, code: i32, words: &str) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.err.contains(words), "no `{words}` in {self:?}");
        self
    }
}
