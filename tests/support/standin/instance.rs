//! One stand-in: where it is, what opens it, how it is broken and how it ends.
//! It must not know what is asked of it.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;

use super::{
    Answer, Builder, Fault, Request,
    http::{self, Place},
};
use crate::support::{
    cluster::{Cluster, DATABASE, certificates},
    port::ClaimedPort,
    process::{self, Signal, wait_exit, wait_until},
};

/// Longer than any end takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);

/// The password of `authenticator` in `supabase.sql`.
const AUTHENTICATOR: &str = "never-show-authenticator";

/// Wakes the process when the pipe ends without a line: it was frozen by
/// somebody who is gone.
const WAKER: &str = r#"read -r _ || kill -CONT "$0""#;

/// A stand-in with its database. Both end when this value is dropped, and
/// also when the test process vanishes.
#[derive(Debug)]
pub(crate) struct Standin {
    parts: Parts,
    running: Option<Running>,
    /// What it said of itself when it started last.
    told: Value,
}

/// What a stand-in keeps from its making.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) program: &'static Path,
    /// Inside of the cluster's.
    pub(super) folder: PathBuf,
    pub(super) cluster: Cluster,
    pub(super) port: ClaimedPort,
    pub(super) tls_host: Option<String>,
    pub(super) jwt_secret: Option<String>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    /// The program ends when this does.
    input: ChildStdin,
    waker: Option<Child>,
}

/// A project's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Publishable,
    Secret,
    LegacyAnon,
    LegacyServiceRole,
}

impl Key {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [
        Self::Publishable,
        Self::Secret,
        Self::LegacyAnon,
        Self::LegacyServiceRole,
    ];
}

/// Tokens of a signed-in user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    /// A good one, of the role `authenticated`.
    Authenticated,
    /// Its time is over: `PGRST303`.
    Expired,
    /// Somebody else signed it: `PGRST301`.
    Forged,
}

impl Standin {
    /// Starts one that has our tables.
    pub(crate) fn start() -> Self {
        Self::builder().start()
    }

    /// Asks for another one first.
    pub(crate) fn builder() -> Builder {
        Builder::new()
    }

    pub(super) fn assemble(parts: Parts) -> Self {
        Self {
            parts,
            running: None,
            told: Value::Null,
        }
    }

    /// What `supabase_url` is to be.
    pub(crate) fn url(&self) -> String {
        let scheme = match self.parts.tls_host {
            Some(_) => "https",
            None => "http",
        };
        format!("{scheme}://{}:{}", self.host(), self.port())
    }

    /// `127.0.0.1`, or the name in the certificate with TLS.
    pub(crate) fn host(&self) -> &str {
        self.parts.tls_host.as_deref().unwrap_or("127.0.0.1")
    }

    /// The port; it stays ours while nothing listens there.
    pub(crate) fn port(&self) -> u16 {
        self.parts.port.number()
    }

    /// Where its files are.
    pub(crate) fn folder(&self) -> &Path {
        &self.parts.folder
    }

    /// The authority of the certificate, a PEM file (with TLS only).
    pub(crate) fn ca_path(&self) -> PathBuf {
        self.parts.folder.join("ca.pem")
    }

    /// An authority that signed nothing, a PEM file.
    pub(crate) fn stranger_ca_path(&self) -> PathBuf {
        let path = self.parts.folder.join("stranger.pem");
        certificates::write_stranger(&path);
        path
    }

    /// A key's text.
    pub(crate) fn key(&self, key: Key) -> &str {
        let name = match key {
            Key::Publishable => "publishable",
            Key::Secret => "secret",
            Key::LegacyAnon => "anon",
            Key::LegacyServiceRole => "service_role",
        };
        text(&self.told["keys"][name])
    }

    /// A token's text.
    pub(crate) fn token(&self, token: Token) -> &str {
        let name = match token {
            Token::Authenticated => "authenticated",
            Token::Expired => "expired",
            Token::Forged => "forged",
        };
        text(&self.told["tokens"][name])
    }

    /// The database behind it, and what `database_url` is to be
    /// ([`Cluster::url`]).
    pub(crate) fn cluster(&self) -> &Cluster {
        &self.parts.cluster
    }

    /// The same, to be broken. A table that is made or dropped is known to the
    /// stand-in a moment later; where the database was down meanwhile, only
    /// after [`Standin::reload`].
    pub(crate) fn cluster_mut(&mut self) -> &mut Cluster {
        &mut self.parts.cluster
    }

    /// Reads anew which tables there are; they are known when this returns.
    #[track_caller]
    pub(crate) fn reload(&self) {
        self.control("POST", "/__reload", "");
    }

    /// Puts a fault behind those that wait already.
    #[track_caller]
    pub(crate) fn fault(&self, fault: &Fault) {
        self.control("POST", "/__fault", &fault.text());
    }

    /// Takes all faults back.
    #[track_caller]
    pub(crate) fn clear_faults(&self) {
        self.control("DELETE", "/__fault", "");
    }

    /// The requests of late, oldest first: `method`, `target`, `user_agent`,
    /// `prefer`, the kinds of key in `apikey` and `bearer`, and `status`.
    #[track_caller]
    pub(crate) fn requests(&self) -> Vec<Value> {
        let answer = self.control("GET", "/__requests", "").json();
        assert_eq!(answer["dropped"], 0, "more requests than are kept");
        match &answer["requests"] {
            Value::Array(requests) => requests.clone(),
            other => panic!("a list of requests is no list: {other}"),
        }
    }

    /// Forgets the requests of late.
    #[track_caller]
    pub(crate) fn forget_requests(&self) {
        self.control("DELETE", "/__requests", "");
    }

    /// Sends one request, as a client that is none of ours.
    pub(crate) fn send(&self, request: &Request<'_>) -> io::Result<Answer> {
        let authority = self.ca_path();
        let tls = self.parts.tls_host.as_deref();
        let place = Place {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, self.port())),
            tls: tls.map(|host| (host, authority.as_path())),
        };
        http::send(&place, request)
    }

    #[track_caller]
    fn control(&self, method: &str, target: &str, body: &str) -> Answer {
        let answer = self.send(&Request {
            method,
            target,
            headers: &[],
            body,
        });
        let answer = answer.expect("the stand-in answers");
        let done = (200..300).contains(&answer.status);
        assert!(done, "{method} {target}: {answer:?}");
        answer
    }

    /// The program's process id.
    pub(crate) fn pid(&self) -> u32 {
        self.running().child.id()
    }

    /// Starts it, on the same port and with the same keys, after it was
    /// stopped; returns when it answers. Its database must be there.
    pub(crate) fn start_again(&mut self) {
        assert!(self.running.is_none(), "the stand-in runs already");
        let mut command = Command::new(self.parts.program);
        let port = self.port();
        let database = self.parts.cluster.port();
        let database =
            format!("postgres://authenticator:{AUTHENTICATOR}@127.0.0.1:{database}/{DATABASE}");
        command
            .env_clear()
            .env("STANDIN_DATABASE", database)
            .env("STANDIN_LISTEN", format!("127.0.0.1:{port}"));
        if let Some(secret) = &self.parts.jwt_secret {
            command.env("STANDIN_JWT_SECRET", secret);
        }
        let folder = &self.parts.folder;
        if self.parts.tls_host.is_some() {
            command
                .env("STANDIN_CERTIFICATE", folder.join("server.crt"))
                .env("STANDIN_PRIVATE_KEY", folder.join("server.key"));
        }
        let log = File::create(folder.join("log")).expect("the log can be made");
        let mut child = command
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the stand-in's program runs");
        let input = child.stdin.take().expect("stdin is a pipe");
        let output = child.stdout.take().expect("stdout is a pipe");
        let mut line = String::new();
        // The end of its output without a line is the end of the program.
        let read = BufReader::new(output).read_line(&mut line);
        read.expect("the stand-in's words can be read");
        self.running = Some(Running {
            child,
            input,
            waker: None,
        });
        self.told = match serde_json::from_str(&line) {
            Ok(told) => told,
            Err(error) => panic!("the stand-in did not start ({error}): {}", self.log()),
        };
    }

    /// Ends it (SIGTERM) and waits until it is gone.
    #[track_caller]
    pub(crate) fn stop(&mut self) {
        self.thaw();
        process::signal(self.pid(), Signal::TERM);
        self.wait_for_end();
    }

    /// Kills it (SIGKILL).
    #[track_caller]
    pub(crate) fn kill(&mut self) {
        process::signal(self.pid(), Signal::KILL);
        self.wait_for_end();
    }

    #[track_caller]
    fn wait_for_end(&mut self) {
        let mut running = self.running.take().expect("the stand-in runs");
        let ended = wait_exit(&mut running.child, LIMIT);
        running.dismiss_waker();
        assert!(ended.is_some(), "the stand-in does not end: {}", self.log());
    }

    /// Stops its process where it is: connections are accepted, and nobody
    /// answers.
    pub(crate) fn freeze(&mut self) {
        let running = self.running.as_mut().expect("the stand-in runs");
        let pid = running.child.id();
        let waker = Command::new("sh")
            .args(["-c", WAKER, &pid.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        running.waker = Some(waker.expect("`sh` runs"));
        process::signal(pid, Signal::STOP);
        let halted = wait_until(LIMIT, || process::is_halted(pid));
        assert!(halted, "process {pid} does not stop");
    }

    /// Lets it go on. One that is not frozen stays as it is.
    pub(crate) fn thaw(&mut self) {
        if let Some(running) = &mut self.running {
            running.dismiss_waker();
        }
    }

    /// What it wrote since it was started last.
    pub(crate) fn log(&self) -> String {
        let bytes = std::fs::read(self.parts.folder.join("log"));
        String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("the stand-in runs")
    }
}

impl Running {
    /// Ends the waker, which wakes the process as its pipe ends.
    fn dismiss_waker(&mut self) {
        if let Some(mut waker) = self.waker.take() {
            drop(waker.stdin.take());
            wait_exit(&mut waker, LIMIT);
        }
    }
}

impl Drop for Standin {
    /// Must not panic: it also runs while a failed assertion unwinds.
    fn drop(&mut self) {
        if thread::panicking() {
            self.show_log();
        }
        let Some(mut running) = self.running.take() else {
            return;
        };
        running.dismiss_waker();
        drop(running.input);
        if wait_exit(&mut running.child, LIMIT).is_none() {
            // Nothing more can be done while a failed assertion may unwind.
            running.child.kill().ok();
            wait_exit(&mut running.child, LIMIT);
        }
    }
}

#[expect(
    clippy::print_stderr,
    reason = "the test harness shows this beside the failure that it explains"
)]
impl Standin {
    fn show_log(&self) {
        eprintln!("the stand-in's words:\n{}", self.log());
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("the stand-in told its keys")
}
