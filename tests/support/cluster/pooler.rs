//! `PgBouncer` before a cluster. It must not know who connects to it.

use std::{
    fs,
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Stdio},
    time::Duration,
};

use super::{Cluster, DATABASE, PASSWORD, ROLE, account::Account};
use crate::support::{
    port::ClaimedPort,
    process::{wait_exit, wait_until},
};

/// Longer than any start or end takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);

/// Where Debian and others put the program.
const PLACES: [&str; 3] = [
    "/usr/sbin/pgbouncer",
    "/usr/bin/pgbouncer",
    "/opt/homebrew/bin/pgbouncer",
];

/// Its configuration, in a folder of its own.
const CONFIG: &str = "pgbouncer.ini";

/// Runs the program until standard input ends, also when this process vanishes.
const KEEPER: &str = r#""$0" -q "$1" & read -r _; kill $!; wait $!"#;

/// When a server's session is given to another client.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PoolMode {
    Session,
    Transaction,
    Statement,
}

/// A pooler that runs until this value is dropped.
#[derive(Debug)]
pub(crate) struct Pooler {
    port: ClaimedPort,
    account: Account,
    folder: PathBuf,
    /// While it runs.
    running: Option<(Child, ChildStdin)>,
}

impl Cluster {
    /// Starts a pooler before this cluster, for its ordinary role, whom it lets
    /// in without a password.
    pub(crate) fn pooler(&self, mode: PoolMode) -> Pooler {
        self.pooler_with(mode, &[])
    }

    /// The same with more lines of configuration.
    pub(crate) fn pooler_with(&self, mode: PoolMode, lines: &[&str]) -> Pooler {
        let port = ClaimedPort::claim();
        let mode = match mode {
            PoolMode::Session => "session",
            PoolMode::Transaction => "transaction",
            PoolMode::Statement => "statement",
        };
        let folder = self.parts.folder.path().join("pooler");
        self.parts.account.make_folder(&folder);
        let users = folder.join("users");
        self.write(&users, &format!("\"{ROLE}\" \"{PASSWORD}\"\n"));
        let (server, own, users) = (self.port(), port.number(), users.display());
        let lines = lines.join("\n");
        self.write(
            &folder.join(CONFIG),
            &format!(
                "[databases]\n{DATABASE} = host=127.0.0.1 port={server} dbname={DATABASE}\n\
                 [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {own}\nunix_socket_dir =\n\
                 auth_type = trust\nauth_file = {users}\npool_mode = {mode}\n\
                 server_idle_timeout = 1\nserver_login_retry = 0\n{lines}\n"
            ),
        );
        let mut pooler = Pooler {
            port,
            account: self.parts.account.clone(),
            folder,
            running: None,
        };
        pooler.start();
        pooler
    }

    fn write(&self, path: &Path, text: &str) {
        fs::write(path, text).expect("our own folder can be written");
        self.parts.account.own(path);
    }
}

impl Pooler {
    /// Whether a test that needs one can be run here. Where it cannot, that is
    /// said; where the variable `CI` is set, it is a failure.
    #[track_caller]
    pub(crate) fn is_here() -> bool {
        if Self::program().is_some() {
            return true;
        }
        let words = "not run: PgBouncer is not installed";
        assert!(std::env::var_os("CI").is_none(), "{words}");
        #[expect(clippy::print_stderr, reason = "a test that cannot run says so")]
        {
            eprintln!("{words}");
        }
        false
    }

    /// The program, where it is installed.
    pub(crate) fn program() -> Option<PathBuf> {
        let mut places = PLACES.iter().map(PathBuf::from);
        places.find(|place| place.exists())
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port.number()
    }

    /// Starts it, also again after [`Pooler::stop`].
    pub(crate) fn start(&mut self) {
        let program = Self::program().expect("the row needs PgBouncer");
        let mut keeper = self
            .account
            .command(Path::new("/bin/sh"))
            .args(["-c", KEEPER])
            .args([&program, &self.folder.join(CONFIG)])
            .current_dir(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("`sh` runs");
        let input = keeper.stdin.take().expect("stdin is a pipe");
        self.running = Some((keeper, input));
        let own = self.port();
        let listens = wait_until(LIMIT, || TcpStream::connect(("127.0.0.1", own)).is_ok());
        assert!(listens, "PgBouncer does not listen");
    }

    /// Ends it: its clients are told, and nobody listens any more.
    pub(crate) fn stop(&mut self) {
        let Some((mut keeper, input)) = self.running.take() else {
            return;
        };
        drop(input);
        if wait_exit(&mut keeper, LIMIT).is_none() {
            // Nothing more can be done while a failed assertion may unwind.
            keeper.kill().ok();
        }
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        self.stop();
    }
}
