//! One running cluster: where it is, how it starts and how it ends. It must
//! not know the faults that can be put into it.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    thread,
    time::Duration,
};

use tempfile::TempDir;

use super::{
    Builder, DATABASE, PASSWORD, ROLE, account::Account, programs::Programs, watchdog::Watchdog,
};
use crate::support::{
    port::ClaimedPort,
    process::{self, Signal, wait_exit, wait_until},
};

/// Longer than any start or end takes on a busy machine.
const LIMIT: Duration = Duration::from_mins(1);

/// A throwaway PostgreSQL cluster. It ends when this value is dropped, and
/// also when the test process vanishes.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(super) parts: Parts,
    pub(super) database: String,
    pub(super) password: String,
    pub(super) frozen: Vec<u32>,
    postmaster: Option<Child>,
}

/// What a cluster keeps from its making.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) folder: TempDir,
    pub(super) programs: Programs,
    pub(super) account: Account,
    pub(super) port: ClaimedPort,
    pub(super) watchdog: Watchdog,
    pub(super) tls_host: Option<String>,
    pub(super) variables: Vec<(String, String)>,
}

/// How a server is told to end.
#[derive(Debug, Clone, Copy)]
pub(crate) enum StopMode {
    /// Ends sessions with 57P01 and shuts down in order.
    Fast,
    /// Ends at once, with a recovery at the next start.
    Immediate,
}

impl Cluster {
    /// Starts a cluster with the usual settings.
    pub(crate) fn start() -> Self {
        Self::builder().start()
    }

    /// Asks for other settings first.
    pub(crate) fn builder() -> Builder {
        Builder::new()
    }

    pub(super) fn assemble(parts: Parts) -> Self {
        Self {
            parts,
            database: DATABASE.to_owned(),
            password: PASSWORD.to_owned(),
            frozen: Vec::new(),
            postmaster: None,
        }
    }

    /// `postgres://ROLE:PASSWORD@HOST:PORT/DATABASE`.
    pub(crate) fn url(&self) -> String {
        self.url_with_password(&self.password)
    }

    /// The same with another password.
    pub(crate) fn url_with_password(&self, password: &str) -> String {
        let (host, port) = (self.host(), self.port());
        format!(
            "postgres://{ROLE}:{password}@{host}:{port}/{}",
            self.database
        )
    }

    /// The same without a password.
    pub(crate) fn url_without_password(&self) -> String {
        let (host, port) = (self.host(), self.port());
        format!("postgres://{ROLE}@{host}:{port}/{}", self.database)
    }

    /// The URL, with password, of the server's Unix socket.
    pub(crate) fn socket_url(&self) -> String {
        let folder = self.socket_folder().to_str().expect("the path is text");
        let (host, port) = (folder.replace('/', "%2F"), self.port());
        let password = &self.password;
        format!(
            "postgres://{ROLE}:{password}@{host}:{port}/{}",
            self.database
        )
    }

    /// The folder of the server's Unix socket.
    pub(crate) fn socket_folder(&self) -> &Path {
        self.parts.folder.path()
    }

    /// `127.0.0.1`, or the name in the certificate when the server has one.
    pub(crate) fn host(&self) -> &str {
        self.parts.tls_host.as_deref().unwrap_or("127.0.0.1")
    }

    /// The TCP port; it stays ours while the server is down.
    pub(crate) fn port(&self) -> u16 {
        self.parts.port.number()
    }

    /// The password that the role has now.
    pub(crate) fn password(&self) -> &str {
        &self.password
    }

    /// The authority of the server's certificate, a PEM file (with TLS only).
    pub(crate) fn ca_path(&self) -> PathBuf {
        self.parts.folder.path().join("ca.pem")
    }

    /// All that the server has written to its log so far.
    pub(crate) fn log(&self) -> String {
        let bytes = fs::read(self.log_path()).expect("the server's log can be read");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Waits until the server's log holds the text.
    pub(crate) fn wait_for_log(&self, text: &str, limit: Duration) {
        let found = wait_until(limit, || self.log().contains(text));
        assert!(found, "`{text}` is not in the log:\n{}", self.log());
    }

    /// The postmaster's process id.
    pub(crate) fn pid(&self) -> u32 {
        let child = self.postmaster.as_ref().expect("the server runs");
        child.id()
    }

    /// Starts a server that is down, and waits until it accepts connections.
    pub(crate) fn start_again(&mut self) {
        match fs::remove_file(self.data().join("standby.signal")) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => panic!("standby.signal cannot be removed: {error}"),
        }
        self.launch("ready");
    }

    /// Starts the postmaster and waits for the state that it writes to its own file.
    pub(super) fn launch(&mut self, state: &str) {
        assert!(self.postmaster.is_none(), "the server runs already");
        let log = File::options()
            .append(true)
            .open(self.log_path())
            .expect("the log can be opened");
        let errors = log.try_clone().expect("a file can be shared");
        let mut postmaster = self
            .parts
            .account
            .command(&self.parts.programs.path("postgres"))
            .arg("-D")
            .arg(self.data())
            .envs(
                self.parts
                    .variables
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            .current_dir(self.data())
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .expect("`postgres` runs");
        let pid = postmaster.id().to_string();
        let mut ended = None;
        let reached = wait_until(LIMIT, || {
            ended = postmaster.try_wait().expect("a child can be asked");
            ended.is_some() || self.state_of(&pid).as_deref() == Some(state)
        });
        self.postmaster = Some(postmaster);
        assert!(
            reached && ended.is_none(),
            "the server did not become {state} ({ended:?}):\n{}",
            self.log()
        );
    }

    /// Waits until a server that runs lets people in (again).
    pub(crate) fn wait_until_ready(&self) {
        let pid = self.pid().to_string();
        let ready = wait_until(LIMIT, || self.state_of(&pid).as_deref() == Some("ready"));
        assert!(ready, "the server does not become ready:\n{}", self.log());
    }

    /// Line 1 of `postmaster.pid` is the process, line 8 its state.
    fn state_of(&self, pid: &str) -> Option<String> {
        let text = fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        let mut lines = text.lines();
        if lines.next()? != pid {
            return None;
        }
        Some(lines.nth(6)?.trim().to_owned())
    }

    /// Tells the server to end when its clients have left, and lets nobody
    /// else in meanwhile. Does not wait for its end.
    pub(crate) fn begin_smart_stop(&self) {
        process::signal(self.pid(), Signal::TERM);
    }

    /// Ends the server and waits until it is gone. A frozen one is woken first.
    pub(crate) fn stop(&mut self, mode: StopMode) {
        self.thaw();
        let signal = match mode {
            StopMode::Fast => Signal::INT,
            StopMode::Immediate => Signal::QUIT,
        };
        process::signal(self.pid(), signal);
        let mut child = self.take_postmaster();
        if wait_exit(&mut child, LIMIT).is_none() {
            self.postmaster = Some(child);
            panic!("the server did not end:\n{}", self.log());
        }
    }

    pub(super) fn is_started(&self) -> bool {
        self.postmaster.is_some()
    }

    pub(super) fn take_postmaster(&mut self) -> Child {
        self.postmaster.take().expect("the server runs")
    }

    pub(super) fn data(&self) -> PathBuf {
        self.parts.folder.path().join("data")
    }

    fn log_path(&self) -> PathBuf {
        self.parts.folder.path().join("log")
    }
}

impl Drop for Cluster {
    /// Must not panic: it also runs while a failed assertion unwinds.
    fn drop(&mut self) {
        if thread::panicking() {
            self.show_log();
        }
        if let Some(mut postmaster) = self.postmaster.take() {
            let children = process::children_of(postmaster.id());
            process::signal(postmaster.id(), Signal::QUIT);
            for pid in self.frozen.drain(..) {
                process::signal(pid, Signal::CONT);
            }
            if wait_exit(&mut postmaster, Duration::from_secs(10)).is_none() {
                process::signal(postmaster.id(), Signal::KILL);
                for pid in children {
                    process::signal(pid, Signal::KILL);
                }
                wait_exit(&mut postmaster, Duration::from_secs(10));
            }
        }
        if let Err(error) = self.parts.watchdog.dismiss() {
            self.complain(&format!("the watchdog could not be dismissed: {error}"));
        }
    }
}

#[expect(
    clippy::print_stderr,
    reason = "the test harness shows this beside the failure that it explains"
)]
impl Cluster {
    fn show_log(&self) {
        let log = fs::read(self.log_path()).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        let tail = &lines[lines.len().saturating_sub(40)..];
        eprintln!("the server's last words:\n{}", tail.join("\n"));
    }

    fn complain(&self, words: &str) {
        eprintln!("cluster at {}: {words}", self.parts.folder.path().display());
    }
}
