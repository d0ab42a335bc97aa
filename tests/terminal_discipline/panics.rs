//! A panic of the drawing thread ends the screen and is read on the terminal's
//! own screen; a panic elsewhere is shown, and the screen lives on.

use std::{env, sync::Arc, time::Duration};

use dbvitals::{
    adapter::{
        Beat, Database, DbResult, DiagnosisOptions, GuardSettings, HealthReport, MigrateOptions,
        MigrationSink,
    },
    backend::{self, Backend, Clock, Subject},
    config::{self, Config, Fallback, Flags, Sources, SystemEnv},
    domain::{
        Adoption, ConnectionId, ConnectionStatus, DbError, Diagnosis, Finding, MigrationReport,
        MigrationState,
    },
    tui,
};
use tokio::{
    runtime::{Builder, Runtime},
    sync::mpsc,
};

use crate::{
    LIMIT, is_given_back, quiet, see,
    support::terminal::{Launch, Terminal},
};

/// Set in the process that is to panic: where.
const PANICKING: &str = "TEST_PANIC";

/// Exit code of a program whose main thread panicked.
const PANICKED: u32 = 101;

/// This test program, started anew in a terminal with a dashboard that panics.
fn panicking(place: &str) -> Terminal {
    let this = env::current_exe().expect("this program has a path");
    let launch = quiet(Launch::new(this)).size(120, 40);
    let arguments = ["--exact", "panics::dashboard_that_panics", "--nocapture"];
    let launch = arguments.into_iter().fold(launch, Launch::arg);
    launch.env(PANICKING, place).spawn()
}

#[test]
fn a_panic_of_the_drawing_thread_gives_the_terminal_back_and_is_read() {
    let mut terminal = panicking("drawing");
    let status = terminal.wait_exit(LIMIT).expect("it ends");
    assert_eq!(status.exit_code(), PANICKED);
    let output = String::from_utf8_lossy(&terminal.output()).into_owned();
    let (_, drawn) = output
        .split_once("\x1b[?1049h")
        .expect("there was a screen");
    let (screen, after) = drawn.split_once("\x1b[?1049l").expect("it is left");
    assert!(
        !screen.contains("panic-on-purpose"),
        "it is on the left screen"
    );
    assert!(
        after.contains("panic-on-purpose"),
        "it is not told: {after}"
    );
    let (is_back, text) = terminal.screen(|screen| (is_given_back(screen), screen.contents()));
    assert!(is_back && text.contains("panic-on-purpose"), "{text}");
}

#[test]
fn a_panic_of_a_task_is_shown_and_the_screen_lives_on() {
    check_lives_on(panicking("task"), "a task panicked");
}

#[test]
fn a_panic_of_a_health_check_is_shown_and_the_screen_lives_on() {
    let mut terminal = panicking("check");
    see(&terminal, "● connected");
    terminal.send("c");
    see(&terminal, "a job panicked: panic-on-purpose");
    check_lives_on(terminal, "a task panicked");
}

#[track_caller]
fn check_lives_on(mut terminal: Terminal, words: &str) {
    see(&terminal, words);
    see(&terminal, "panic-on-purpose");
    see(&terminal, "● connected");
    assert!(terminal.screen(vt100::Screen::alternate_screen));
    terminal.send("?");
    see(&terminal, "open and close this help");
    terminal.send("q");
    let status = terminal.wait_exit(LIMIT).expect("it ends");
    assert_eq!(status.exit_code(), 0);
    assert!(terminal.screen(is_given_back), "it is not given back");
}

/// The mock database, whose health checks panic.
struct Panicking(Database);

impl backend::Watched for Panicking {
    async fn attempt(&self) -> HealthReport {
        backend::Watched::attempt(&self.0).await
    }

    async fn health_check(&self) -> HealthReport {
        panic!("panic-on-purpose")
    }

    async fn diagnose(&self, options: DiagnosisOptions, found: mpsc::Sender<Finding>) -> Diagnosis {
        backend::Watched::diagnose(&self.0, options, found).await
    }

    async fn disconnect(&self) -> DbResult<()> {
        backend::Watched::disconnect(&self.0).await
    }

    async fn stand_guard(&self, settings: GuardSettings, beats: mpsc::Sender<Beat>) -> DbError {
        self.0.stand_guard(settings, beats).await
    }

    async fn knock(&self, limit: Duration) -> DbResult<()> {
        self.0.knock(limit).await
    }

    async fn migration_state(&self) -> DbResult<MigrationState> {
        backend::Watched::migration_state(&self.0).await
    }

    async fn migrate(
        &self,
        options: MigrateOptions,
        progress: MigrationSink,
    ) -> DbResult<MigrationReport> {
        backend::Watched::migrate(&self.0, options, progress).await
    }

    async fn adopt(&self, options: MigrateOptions) -> DbResult<Adoption> {
        backend::Watched::adopt(&self.0, options).await
    }

    fn knock_pace(&self) -> Option<Duration> {
        self.0.knock_pace()
    }
}

/// Does nothing unless it was started to panic.
#[test]
fn dashboard_that_panics() {
    let Ok(place) = env::var(PANICKING) else {
        return;
    };
    // The backend on a thread of its own and the screen on this one, as in the
    // program itself.
    let (watching, showing) = (runtime(), runtime());
    let config = mock();
    let started = {
        let _inside = watching.enter();
        start(&config)
    };
    showing.block_on(async {
        tui::install_logging().expect("nobody else logs");
        let mut snapshots = started.handle.snapshots();
        let panicking = async {
            snapshots
                .wait_for(|snapshot| snapshot.connection.status() == ConnectionStatus::Connected)
                .await
                .expect("the backend lives");
            match place.as_str() {
                "drawing" => panic!("panic-on-purpose"),
                "task" => drop(watching.spawn(async { panic!("panic-on-purpose") })),
                // A key asks for it.
                "check" => {}
                other => panic!("nothing panics at {other}"),
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            // The screen goes first, so that it has the terminal before the panic.
            biased;
            ended = tui::run(started.handle, config.tui) => drop(ended.expect("it ends as wished")),
            () = panicking => {}
        }
    });
}

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("threads can be started")
}

fn mock() -> Config {
    let sources = Sources {
        flags: Flags::default(),
        env: &SystemEnv,
        cwd: env::temp_dir(),
    };
    config::load(&sources, Fallback::Mock)
        .expect("nothing is configured")
        .config
}

fn start(config: &Config) -> Backend {
    let clock = Clock::system();
    let session = Arc::new(backend::session(config, clock.now().wall));
    let id = ConnectionId(uuid::Uuid::now_v7());
    let (sink, operations) = backend::operation_feed();
    let watched = Arc::new(Panicking(Database::new(&config.adapter, id, sink)));
    let subject = Subject {
        watched,
        id,
        operations,
    };
    backend::start(subject, &config.watch, session, clock)
}
