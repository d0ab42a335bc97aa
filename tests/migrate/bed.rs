//! A server, the library on it, and the program as a user runs it. Knows
//! nothing of what is expected of them.

use std::{
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use dbvitals::{
    adapter::{Database, MigrationSink},
    config::{AdapterSection, Endpoint, LocalSection, RootCertificates, SslMode, TlsSection},
    domain::{ConnectionId, MigrationEvent, Secret},
};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio_postgres::{Config, NoTls};
use uuid::Uuid;

use crate::support::{
    cluster::{Cluster, DATABASE, ROLE},
    process::wait_until,
};

/// Longer than anything here takes on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);

/// The name of the sessions that apply migrations.
pub(crate) const MIGRATING: &str = "dbvitals-migrate";

/// The lock that runs of migrations take, as the server's statements name it.
pub(crate) const LOCK: &str = "7233474146806623347";

// === the library ===

/// How to reach a cluster as its ordinary role.
pub(crate) fn section(cluster: &Cluster) -> LocalSection {
    LocalSection {
        endpoint: Endpoint::Tcp {
            host: "127.0.0.1".to_owned(),
            hostaddr: None,
            port: cluster.port(),
        },
        user: ROLE.to_owned(),
        password: Some(Secret::new(cluster.password())),
        database: DATABASE.to_owned(),
        tls: TlsSection {
            mode: SslMode::Disable,
            roots: RootCertificates::Unset,
            client: None,
        },
        options: None,
        application_name: "dbvitals".to_owned(),
        pool_size: 4,
        timeout: Duration::from_secs(20),
        max_retries: 0,
        retry_delay: Duration::from_millis(100),
        read_only: false,
        requires_schema: true,
        ledger_schema: None,
    }
}

/// A database that is not connected.
pub(crate) fn on(section: LocalSection) -> Database {
    let section = AdapterSection::Local(Box::new(section));
    Database::new(&section, ConnectionId(Uuid::now_v7()), Arc::new(|_| {}))
}

/// What was told of a run.
pub(crate) type Told = Arc<Mutex<Vec<MigrationEvent>>>;

/// A listener, and what it hears.
pub(crate) fn listener() -> (MigrationSink, Told) {
    let told = Told::default();
    let list = Arc::clone(&told);
    (
        Arc::new(move |event| list.lock().unwrap().push(event)),
        told,
    )
}

// === the program ===

/// A finished run of the program.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Run {
    fn of(output: &Output, took: Duration) -> Self {
        Self {
            code: output.status.code().expect("it ends by itself"),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            took,
        }
    }

    /// Everything that it said, to either side.
    pub(crate) fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }
}

/// `dbvitals` with these arguments, without variables of ours.
pub(crate) fn dbvitals(cluster: &Cluster, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dbvitals"));
    command
        .args(arguments)
        .env_clear()
        .env("USER", "somebody")
        .env("HOME", "/nonexistent")
        .env("DATABASE_URL", cluster.url())
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null());
    command
}

/// `dbvitals migrate` with these arguments.
pub(crate) fn program(cluster: &Cluster, arguments: &[&str]) -> Command {
    dbvitals(cluster, &[&["migrate"], arguments].concat())
}

/// Runs it to its end.
pub(crate) fn run(cluster: &Cluster, arguments: &[&str]) -> Run {
    finish(&mut program(cluster, arguments))
}

/// Runs any command to its end.
pub(crate) fn finish(command: &mut Command) -> Run {
    let began = Instant::now();
    let output = command.output().expect("the program can be started");
    Run::of(&output, began.elapsed())
}

/// Starts it and does not wait.
pub(crate) fn start(cluster: &Cluster, arguments: &[&str]) -> Child {
    program(cluster, arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program can be started")
}

/// Waits for the end of one that was started.
pub(crate) fn end(child: Child) -> Run {
    let began = Instant::now();
    let output = child.wait_with_output().expect("it can be waited for");
    Run::of(&output, began.elapsed())
}

// === the health check ===

/// What `check --json` tells.
#[track_caller]
pub(crate) fn check(cluster: &Cluster, arguments: &[&str]) -> Value {
    let mut command = dbvitals(cluster, &[&["check", "--json"], arguments].concat());
    command.env("DBVITALS_SLOW_THRESHOLD", "60000");
    let run = finish(&mut command);
    assert_eq!(run.code, 0, "{run:?}");
    run.json()
}

/// The health, its reasons and the figures.
#[track_caller]
pub(crate) fn check_told(cluster: &Cluster, health: &str, reasons: &[&str], migrations: &Value) {
    let told = check(cluster, &[]);
    assert_eq!(told["details"]["migrations"], *migrations, "{told:#}");
    assert_eq!(told["details"]["reasons"], json!(reasons));
    assert_eq!(told["health"], health);
}

// === the server ===

/// The ledger's rows, as `version name`, one a line.
#[track_caller]
pub(crate) fn ledger(cluster: &Cluster) -> String {
    cluster.sql("SELECT version || ' ' || name FROM schema_migrations ORDER BY version")
}

/// The versions in the ledger, with blanks between them.
#[track_caller]
pub(crate) fn versions(cluster: &Cluster) -> String {
    cluster.sql("SELECT string_agg(version::text, ' ' ORDER BY version) FROM schema_migrations")
}

/// Runs statements as the ordinary role, to whom belongs what they make.
#[track_caller]
pub(crate) fn sql_as_role(cluster: &Cluster, statements: &str) -> String {
    cluster.sql(&format!("SET ROLE {ROLE};\n{statements}"))
}

/// Applies the first files as somebody does who pastes the printed SQL.
#[track_caller]
pub(crate) fn paste(cluster: &Cluster, files: usize) {
    let script = run(cluster, &["print"]).stdout;
    let end = format!("\n-- {:04}_", files + 1);
    let kept = script.split(&end).next().unwrap();
    let kept = kept.trim_end().trim_end_matches("commit;");
    sql_as_role(cluster, &format!("{kept}\ncommit;"));
    assert_eq!(ledger(cluster).lines().count(), files);
}

/// Waits until so many sessions of this kind wait for a lock.
#[track_caller]
pub(crate) fn wait_for_waiting(cluster: &Cluster, count: usize, query: &str) {
    let question = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = '{MIGRATING}' \
         AND wait_event_type = 'Lock' AND query LIKE '%{query}%'"
    );
    let waits = wait_until(LIMIT, || cluster.sql(&question) == count.to_string());
    assert!(
        waits,
        "{}",
        cluster.sql("SELECT application_name, wait_event_type, query FROM pg_stat_activity")
    );
}

/// Sessions that apply migrations.
#[track_caller]
pub(crate) fn migrating(cluster: &Cluster) -> String {
    cluster.sql(&format!(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = '{MIGRATING}'"
    ))
}

/// Advisory locks that are held or waited for.
#[track_caller]
pub(crate) fn advisory_locks(cluster: &Cluster) -> String {
    cluster.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
}

/// A transaction that stays open until this value is dropped.
#[derive(Debug)]
pub(crate) struct Holder {
    release: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Holder {
    /// Under this application name, as the ordinary role.
    pub(crate) fn of(cluster: &Cluster, application: &str, statements: &str) -> Self {
        let mut config = Config::new();
        config
            .host("127.0.0.1")
            .port(cluster.port())
            .user(ROLE)
            .password(cluster.password())
            .dbname(DATABASE)
            .application_name(application);
        let statements = format!("begin; {statements}");
        let (tell, held) = mpsc::channel();
        let (release, released) = oneshot::channel();
        let thread = thread::spawn(move || hold(&config, &statements, &tell, released));
        held.recv()
            .expect("the transaction is open: see the panic above");
        Self {
            release: Some(release),
            thread: Some(thread),
        }
    }

    /// One that holds the lock of the migrations.
    pub(crate) fn of_lock(cluster: &Cluster, application: &str) -> Self {
        let lock = format!("select pg_advisory_xact_lock({LOCK})");
        Self::of(cluster, application, &lock)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        drop(self.release.take());
        if let Some(thread) = self.thread.take() {
            // Its panic, if any, has been printed and has failed the test.
            drop(thread.join());
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn hold(
    config: &Config,
    statements: &str,
    held: &mpsc::Sender<()>,
    released: oneshot::Receiver<()>,
) {
    let (client, connection) = config.connect(NoTls).await.expect("it gets in");
    let task = tokio::spawn(connection);
    client.batch_execute(statements).await.expect("they run");
    if held.send(()).is_ok() {
        // Ends as well when the holder is lost: both mean that it is over.
        drop(released.await);
    }
    drop(client);
    drop(task.await);
}
