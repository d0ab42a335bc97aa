//! The real supervisor on paused time, over an adapter that follows a script.
//! A scenario is told in the order in which it happens; "not yet" is looked at
//! as closely as "now".

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, Utc};
use tokio::sync::{broadcast, mpsc, watch};
use uuid::Uuid;

use super::{Backend, Clock, Subject, Watched, operation_feed, start};
use crate::{
    adapter::{
        Beat, DbResult, DiagnosisOptions, GuardSettings, HealthReport, MigrateOptions,
        MigrationSink, OperationSink,
    },
    config::WatchSection,
    domain::{
        Action, Adoption, AutoMigrate, Command, CommandOutcome, ConnectionId, ConnectionStatus,
        DatabaseOperation, DbError, DegradedReason, Diagnosis, ErrorKind, Event, Exam, Finding,
        FoundLedger, FoundSchema, Health, HealthCheckDraft, HealthCheckResult, HealthDetails,
        HealthPolicy, LampState, Lane, MigrationEvent, MigrationFileState, MigrationName,
        MigrationReport, MigrationRun, MigrationState, Mode, OperationDraft, OperationId,
        OperationType, Outcome, SampleOutcome, Session, Snapshot, Target, TransportSecurity,
    },
};

/// What the scripted database does with one call.
#[derive(Debug, Clone, Copy)]
enum Answer {
    /// Succeeds after this many ms.
    Ok(u64),
    /// Fails after this many ms.
    Fail(u64, ErrorKind),
    /// Never answers.
    Hang,
    /// Panics.
    Panic,
}

/// What the scripted guard does after this many ms.
#[derive(Debug, Clone, Copy)]
enum Guards {
    Beat(u64, Beat),
    End(u64, ErrorKind),
}

/// A whole script.
#[derive(Debug, Default, Clone)]
struct Script {
    attempts: Vec<Answer>,
    checks: Vec<Answer>,
    diagnoses: Vec<Answer>,
    guards: Vec<Vec<Guards>>,
    knocks: Vec<Answer>,
    knock_pace: Option<Duration>,
    migrations: Vec<Answer>,
    looks: Vec<Answer>,
    auto_migrate: AutoMigrate,
}

/// An adapter whose calls follow a script; without a line they succeed at
/// once, and a guard without a line opens and stays silent.
#[derive(Debug)]
struct Scripted {
    guards: Mutex<VecDeque<Vec<Guards>>>,
    knocks: Mutex<VecDeque<Answer>>,
    knock_pace: Option<Duration>,
    attempts: Mutex<VecDeque<Answer>>,
    checks: Mutex<VecDeque<Answer>>,
    diagnoses: Mutex<VecDeque<Answer>>,
    migrations: Mutex<VecDeque<Answer>>,
    looks: Mutex<VecDeque<Answer>>,
    base: DateTime<Utc>,
    started: tokio::time::Instant,
}

impl Scripted {
    async fn play(&self, script: &Mutex<VecDeque<Answer>>, action: Action) -> DbResult<Duration> {
        let answer = script.lock().unwrap().pop_front().unwrap_or(Answer::Ok(0));
        match answer {
            Answer::Ok(ms) => {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                Ok(Duration::from_millis(ms))
            }
            Answer::Fail(ms, kind) => {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                Err(DbError::new(action, kind))
            }
            Answer::Hang => std::future::pending().await,
            Answer::Panic => panic!("the script says so"),
        }
    }

    async fn report(&self, script: &Mutex<VecDeque<Answer>>, action: Action) -> HealthReport {
        let timestamp = self.now();
        let played = self.play(script, action).await;
        let latency = *played.as_ref().unwrap_or(&Duration::ZERO);
        let error = played.err().map(Arc::new);
        let draft = HealthCheckDraft {
            connection_id: ConnectionId(Uuid::nil()),
            timestamp,
            latency,
            outcome: error.as_ref().map_or(Ok(()), |error| Err(error.message())),
            details: Some(HealthDetails::default()),
        };
        let result = HealthCheckResult::try_new(draft, self.now()).unwrap();
        HealthReport { result, error }
    }

    fn now(&self) -> DateTime<Utc> {
        self.base + self.started.elapsed()
    }
}

impl Watched for Scripted {
    async fn attempt(&self) -> HealthReport {
        self.report(&self.attempts, Action::Connect).await
    }

    async fn health_check(&self) -> HealthReport {
        self.report(&self.checks, Action::HealthCheck).await
    }

    async fn disconnect(&self) -> DbResult<()> {
        Ok(())
    }

    async fn stand_guard(&self, _: GuardSettings, beats: mpsc::Sender<Beat>) -> DbError {
        let script = self.guards.lock().unwrap().pop_front();
        for line in script.unwrap_or_else(|| vec![Guards::Beat(0, Beat::Opened)]) {
            match line {
                Guards::Beat(ms, beat) => {
                    tokio::time::sleep(Duration::from_millis(ms)).await;
                    beats.try_send(beat).unwrap();
                }
                Guards::End(ms, kind) => {
                    tokio::time::sleep(Duration::from_millis(ms)).await;
                    return DbError::new(Action::HealthCheck, kind);
                }
            }
        }
        std::future::pending().await
    }

    async fn knock(&self, _: Duration) -> DbResult<()> {
        self.play(&self.knocks, Action::Connect).await.map(drop)
    }

    async fn diagnose(&self, _: DiagnosisOptions, told: mpsc::Sender<Finding>) -> Diagnosis {
        let finding = match self.play(&self.diagnoses, Action::HealthCheck).await {
            Ok(_) => Finding::ok(Exam::Tcp, "answers"),
            Err(error) => Finding::failed(Exam::Tcp, error),
        };
        told.try_send(finding.clone()).unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        Diagnosis::new(vec![finding])
    }

    async fn migration_state(&self) -> DbResult<MigrationState> {
        self.play(&self.looks, Action::Migrate).await?;
        let found = FoundSchema {
            missing: Vec::new(),
            schema: Some("public".into()),
            search_path: "public".into(),
            ledger_schema: None,
            ledger: FoundLedger::Absent,
            tables: Vec::new(),
            has_policies: false,
        };
        Ok(MigrationState::of(&[], found))
    }

    async fn migrate(
        &self,
        _: MigrateOptions,
        progress: MigrationSink,
    ) -> DbResult<MigrationReport> {
        let migration = MigrationName::new(1, "agents");
        progress(MigrationEvent::Started(migration.clone()));
        let took = self.play(&self.migrations, Action::Migrate).await?;
        Ok(MigrationReport {
            schema: "public".into(),
            ledger: "public.schema_migrations".into(),
            applied: vec![(migration, took)],
            applied_by_others: Vec::new(),
        })
    }

    async fn adopt(&self, _: MigrateOptions) -> DbResult<Adoption> {
        Err(DbError::new(Action::Migrate, ErrorKind::Unsupported))
    }

    fn knock_pace(&self) -> Option<Duration> {
        self.knock_pace
    }
}

/// A running supervisor, and the eyes of a reader.
struct Scene {
    backend: Backend,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    events: broadcast::Receiver<Event>,
    operations: OperationSink,
}

fn scene(attempts: &[Answer], checks: &[Answer]) -> Scene {
    played(Script {
        attempts: attempts.to_vec(),
        checks: checks.to_vec(),
        ..Script::default()
    })
}

fn played(script: Script) -> Scene {
    let base = DateTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    let watched = Arc::new(Scripted {
        attempts: Mutex::new(script.attempts.into()),
        checks: Mutex::new(script.checks.into()),
        diagnoses: Mutex::new(script.diagnoses.into()),
        migrations: Mutex::new(script.migrations.into()),
        looks: Mutex::new(script.looks.into()),
        guards: Mutex::new(script.guards.into()),
        knocks: Mutex::new(script.knocks.into()),
        knock_pace: script.knock_pace,
        base,
        started: tokio::time::Instant::now(),
    });
    let policy = HealthPolicy {
        slow_threshold: Duration::from_millis(200),
        expects_writes: true,
        requires_schema: false,
    };
    let section = WatchSection {
        health_check_interval: Duration::from_secs(30),
        health_check_timeout: Duration::from_secs(5),
        max_retries: 2,
        heartbeat_interval: Some(Duration::from_secs(1)),
        retry_delay: Duration::from_secs(1),
        policy,
        read_only: false,
        auto_migrate: script.auto_migrate,
    };
    let session = Arc::new(Session {
        started_at: base,
        target: Target {
            mode: Mode::Local,
            address: "db:5432".into(),
            database: "app".into(),
            role: "me".into(),
            security: TransportSecurity::Plain,
        },
        direct: None,
        mode_reason: "Mode chosen because of the test".into(),
        chosen: None,
        former: vec![],
        warnings: vec![],
        profile: None,
        environment: None,
        config_file: None,
        read_only: false,
        health_check_interval: section.health_check_interval,
        health_check_timeout: section.health_check_timeout,
        policy,
    });
    let (operations, operations_out) = operation_feed();
    let subject = Subject {
        watched,
        id: ConnectionId(Uuid::nil()),
        operations: operations_out,
    };
    let backend = start(subject, &section, session, Clock::starting_at(base));
    Scene {
        snapshots: backend.handle.snapshots(),
        events: backend.handle.events(),
        backend,
        operations,
    }
}

impl Scene {
    /// Waits until a snapshot fits; paused time runs as far as is needed.
    async fn until(
        &mut self,
        what: &'static str,
        fits: impl Fn(&Snapshot) -> bool + Send,
    ) -> Arc<Snapshot> {
        let wait = self.snapshots.wait_for(|snapshot| fits(snapshot));
        let limit = Duration::from_secs(100_000);
        let found = tokio::time::timeout(limit, wait)
            .await
            .expect(what)
            .expect(what);
        Arc::clone(&found)
    }

    async fn until_status(&mut self, status: ConnectionStatus) -> Arc<Snapshot> {
        self.until(status.as_str(), move |snapshot| {
            snapshot.connection.status() == status
        })
        .await
    }

    /// The events so far.
    fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.events.try_recv().ok()).collect()
    }
}

fn seconds(since: tokio::time::Instant) -> f64 {
    since.elapsed().as_secs_f64()
}

#[tokio::test(start_paused = true)]
async fn the_first_check_comes_at_once_and_the_next_by_interval() {
    let mut scene = scene(&[Answer::Ok(20)], &[]);
    let start = tokio::time::Instant::now();
    let connecting = scene.until_status(ConnectionStatus::Connecting).await;
    assert!(connecting.busy_since.is_some() && connecting.checks.is_empty());
    let first = scene.until("first check", |s| s.checks.len() == 1).await;
    assert!((0.02..0.03).contains(&seconds(start)), "{}", seconds(start));
    assert_eq!(first.connection.status(), ConnectionStatus::Connected);
    assert!(first.last_good.is_some() && first.next_check.is_some());

    tokio::time::sleep(Duration::from_secs(29)).await;
    assert_eq!(scene.snapshots.borrow().checks.len(), 1, "not yet");
    scene.until("second check", |s| s.checks.len() == 2).await;
    assert!((30.0..30.1).contains(&seconds(start)), "{}", seconds(start));
}

#[tokio::test(start_paused = true)]
async fn a_refused_port_is_tried_in_both_lanes_and_heals_by_itself() {
    let refused = Answer::Fail(1, ErrorKind::ConnectionRefused);
    let mut scene = scene(&[refused, refused, refused, refused], &[]);
    let start = tokio::time::Instant::now();
    for (tries, lane, no_earlier_than) in [
        (1, Lane::Quick { retry: 1, of: 2 }, 0.0),
        (2, Lane::Quick { retry: 2, of: 2 }, 1.0),
        (3, Lane::Slow, 3.0),
        (4, Lane::Slow, 33.0),
    ] {
        let waiting = scene
            .until("a failed try", move |s| {
                s.outage
                    .as_ref()
                    .is_some_and(|o| o.failed_tries == tries && o.next_try.is_some())
            })
            .await;
        let outage = waiting.outage.clone().unwrap();
        assert_eq!(
            (outage.lane, outage.error.kind()),
            (lane, ErrorKind::ConnectionRefused)
        );
        assert!(
            seconds(start) >= no_earlier_than,
            "try {tries} at {}",
            seconds(start)
        );
        assert_eq!(waiting.errors[0].count, u64::from(tries));
        assert_eq!(waiting.checks.len(), tries as usize);
        assert!(!waiting.checks[0].success());
        if tries < 4 {
            scene.until_status(ConnectionStatus::Connecting).await;
        }
    }
    let healed = scene.until_status(ConnectionStatus::Connected).await;
    assert!(healed.outage.is_none());
    assert!((63.0..67.0).contains(&seconds(start)), "{}", seconds(start));
}

#[tokio::test(start_paused = true)]
async fn a_failed_check_is_a_lost_connection_with_its_cause() {
    let lost = Answer::Fail(2, ErrorKind::ConnectionLost);
    let refused = Answer::Fail(1, ErrorKind::ConnectionRefused);
    let mut scene = scene(&[Answer::Ok(1), refused], &[lost]);
    scene.until_status(ConnectionStatus::Connected).await;
    let error = scene.until_status(ConnectionStatus::Error).await;
    assert_eq!(
        error.connection.last_error(),
        Some("Database connection lost. Attempting to reconnect...")
    );
    assert!(error.last_good.is_some(), "the last good data stays");
    scene
        .until("the next cause", |s| {
            s.outage
                .as_ref()
                .is_some_and(|o| o.error.kind() == ErrorKind::ConnectionRefused)
        })
        .await;
    scene.until_status(ConnectionStatus::Connected).await;
    let steps: Vec<_> = scene
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::StatusChanged { to, .. } => Some(to.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(
        steps,
        [
            "connecting",
            "connected",
            "error",
            "connecting",
            "error",
            "connecting",
            "connected"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_adapter_that_hangs_beyond_its_deadline_is_a_timeout() {
    let mut scene = scene(&[Answer::Hang], &[]);
    let start = tokio::time::Instant::now();
    let error = scene.until_status(ConnectionStatus::Error).await;
    assert!((5.0..6.0).contains(&seconds(start)), "{}", seconds(start));
    assert_eq!(
        error.connection.last_error(),
        Some("Database operation timed out after 5000ms")
    );
    let samples: Vec<_> = scene
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::Sampled(sample) => Some(sample.outcome),
            _ => None,
        })
        .collect();
    assert!(
        matches!(samples[..], [SampleOutcome::TimedOut(_)]),
        "{samples:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_check_that_panics_is_own_side_and_does_not_end_the_watch() {
    let mut scene = scene(&[], &[Answer::Panic]);
    scene.until("first check", |s| s.checks.len() == 1).await;
    let noted = scene.until("second check", |s| s.checks.len() == 2).await;
    assert_eq!(noted.connection.status(), ConnectionStatus::Connected);
    assert_eq!(
        noted.verdict.health,
        Health::Healthy,
        "it says nothing about the database"
    );
    assert!(
        noted.checks[1]
            .error()
            .unwrap()
            .contains("the script says so")
    );
    scene
        .until("third check", |s| {
            s.checks.len() == 3 && s.checks[2].success()
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn retries_pause_on_disconnect_and_resume_on_reconnect() {
    let refused = Answer::Fail(1, ErrorKind::ConnectionRefused);
    let mut scene = scene(&[refused, refused], &[]);
    scene.until_status(ConnectionStatus::Error).await;
    scene.backend.handle.send(Command::Disconnect).unwrap();
    let paused = scene
        .until("pause", |s| {
            s.outage.as_ref().is_some_and(|o| o.lane == Lane::Paused)
        })
        .await;
    assert_eq!(paused.connection.status(), ConnectionStatus::Error);
    tokio::time::sleep(Duration::from_secs(10_000)).await;
    assert_eq!(
        scene.snapshots.borrow().checks.len(),
        1,
        "nothing was tried"
    );

    scene.backend.handle.send(Command::Disconnect).unwrap();
    scene.backend.handle.send(Command::Reconnect).unwrap();
    scene.until_status(ConnectionStatus::Connected).await;
    let answers: Vec<_> = scene
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::CommandDone { command, outcome } => Some((command, outcome)),
            _ => None,
        })
        .collect();
    assert_eq!(
        answers,
        [
            (Command::Disconnect, CommandOutcome::Begun),
            (
                Command::Disconnect,
                CommandOutcome::Needless("retries are paused already")
            ),
            (Command::Reconnect, CommandOutcome::Begun),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn disconnect_and_reconnect_keep_the_connection_honest() {
    let mut scene = scene(&[], &[]);
    scene.until("first check", |s| s.checks.len() == 1).await;
    scene.backend.handle.send(Command::Disconnect).unwrap();
    let closed = scene.until_status(ConnectionStatus::Disconnected).await;
    assert!(closed.outage.is_none() && closed.next_check.is_none());
    tokio::time::sleep(Duration::from_secs(1_000)).await;
    assert_eq!(
        scene.snapshots.borrow().checks.len(),
        1,
        "nothing was asked"
    );
    scene.backend.handle.send(Command::Reconnect).unwrap();
    scene.until("second check", |s| s.checks.len() == 2).await;
}

#[tokio::test(start_paused = true)]
async fn a_disconnect_leaves_an_attempt_that_hangs() {
    let mut scene = scene(&[Answer::Hang], &[]);
    scene.until_status(ConnectionStatus::Connecting).await;
    scene.backend.handle.send(Command::Disconnect).unwrap();
    let left = scene.until_status(ConnectionStatus::Error).await;
    assert_eq!(
        left.connection.error_count(),
        0,
        "a cancelled attempt does not count"
    );
    assert!(left.busy_since.is_none() && left.checks.is_empty());
    scene.backend.handle.send(Command::Reconnect).unwrap();
    scene.until_status(ConnectionStatus::Connected).await;
}

#[tokio::test(start_paused = true)]
async fn a_check_on_demand_does_not_shift_into_two() {
    let mut scene = scene(&[], &[Answer::Ok(100), Answer::Ok(1)]);
    scene.until("first check", |s| s.checks.len() == 1).await;
    scene.backend.handle.send(Command::CheckNow).unwrap();
    scene.backend.handle.send(Command::CheckNow).unwrap();
    scene.until("second check", |s| s.checks.len() == 2).await;
    tokio::time::sleep(Duration::from_secs(29)).await;
    assert_eq!(scene.snapshots.borrow().checks.len(), 2, "not yet");
    scene.until("third check", |s| s.checks.len() == 3).await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_operations_is_kept_within_bounds_and_counted() {
    let mut scene = scene(&[], &[]);
    scene.until("first check", |s| s.checks.len() == 1).await;
    for n in 0..600u128 {
        let now = DateTime::UNIX_EPOCH;
        let draft = OperationDraft {
            id: OperationId(Uuid::from_u128(n)),
            connection_id: ConnectionId(Uuid::nil()),
            kind: OperationType::Query,
            service: "test".into(),
            table: None,
            start_time: now,
        };
        let ended = Outcome::Succeeded {
            duration: Duration::ZERO,
            affected_rows: None,
        };
        let operation = DatabaseOperation::start(draft, now)
            .unwrap()
            .finish(ended)
            .unwrap();
        (scene.operations)(Arc::new(operation));
    }
    let full = scene.until("all", |s| s.operations_dropped == 100).await;
    assert_eq!(full.operations.len(), 500);
    assert_eq!(full.operations[499].id().0.as_u128(), 599);
}

#[tokio::test(start_paused = true)]
async fn the_supervisor_ends_when_its_last_reader_goes() {
    let scene = scene(&[Answer::Hang], &[]);
    let Scene {
        backend: Backend { handle, task },
        snapshots,
        events,
        ..
    } = scene;
    drop((handle, snapshots, events));
    tokio::time::timeout(Duration::from_secs(1), task)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_first_reader_misses_nothing_of_the_start() {
    let Scene {
        backend, events, ..
    } = scene(&[], &[]);
    drop(events);
    let mut snapshots = backend.handle.snapshots();
    snapshots.wait_for(|s| s.checks.len() == 1).await.unwrap();
    // The scene itself was the first reader, so this one comes too late.
    assert!(backend.handle.events().try_recv().is_err());

    let mut scene = scene(&[], &[]);
    scene.until("first check", |s| s.checks.len() == 1).await;
    let steps = scene.events();
    assert!(matches!(
        steps.first(),
        Some(Event::StatusChanged {
            to: ConnectionStatus::Connecting,
            ..
        })
    ));
}

#[tokio::test(start_paused = true)]
async fn a_closed_sentinel_is_a_loss_within_milliseconds_and_knocking_heals_it() {
    let beat = Beat::Answered(Duration::from_millis(1));
    let refused = Answer::Fail(1, ErrorKind::ConnectionRefused);
    let mut scene = played(Script {
        guards: vec![vec![
            Guards::Beat(1, Beat::Opened),
            Guards::Beat(1, beat),
            Guards::End(10_000, ErrorKind::ConnectionLost),
        ]],
        knocks: vec![refused, refused],
        knock_pace: Some(Duration::from_millis(250)),
        ..Script::default()
    });
    let start = tokio::time::Instant::now();
    let error = scene.until_status(ConnectionStatus::Error).await;
    assert!(
        (10.0..10.01).contains(&seconds(start)),
        "{}",
        seconds(start)
    );
    assert_eq!(
        error.checks.len(),
        2,
        "the blip leaves its line among the checks"
    );
    assert_eq!(error.errors.len(), 1);
    scene.until_status(ConnectionStatus::Connected).await;
    assert!((10.7..10.8).contains(&seconds(start)), "{}", seconds(start));
    let samples = scene
        .events()
        .into_iter()
        .filter(|event| matches!(event, Event::Sampled(_)))
        .count();
    assert_eq!(
        samples, 5,
        "two checks, a beat, the loss, one second of silence"
    );
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_suspect_after_a_second_and_lost_at_the_deadline() {
    let beat = Beat::Answered(Duration::from_millis(1));
    let mut scene = played(Script {
        guards: vec![vec![
            Guards::Beat(0, Beat::Opened),
            Guards::Beat(0, beat),
            Guards::Beat(2_000, Beat::Late),
            Guards::End(4_000, ErrorKind::Timeout { after_ms: 5_000 }),
        ]],
        checks: vec![Answer::Hang],
        attempts: vec![Answer::Ok(0), Answer::Hang],
        ..Script::default()
    });
    let start = tokio::time::Instant::now();
    let suspect = scene
        .until("suspect", |s| {
            s.verdict.reasons == [DegradedReason::Suspect]
        })
        .await;
    assert!((2.0..2.01).contains(&seconds(start)), "{}", seconds(start));
    assert_eq!(suspect.connection.status(), ConnectionStatus::Connected);
    assert!(suspect.busy_since.is_some(), "a fresh probe is under way");
    scene.until_status(ConnectionStatus::Error).await;
    assert!((6.0..6.01).contains(&seconds(start)), "{}", seconds(start));
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_is_told_beside_a_connection_that_lives() {
    let beat = Beat::Answered(Duration::from_millis(1));
    let mut guard = vec![Guards::Beat(0, Beat::Opened)];
    guard.extend(std::iter::repeat_n(Guards::Beat(1_000, beat), 100));
    let mut scene = played(Script {
        guards: vec![guard],
        checks: vec![Answer::Fail(5, ErrorKind::AuthFailed), Answer::Ok(1)],
        ..Script::default()
    });
    let degraded = scene.until("degraded", |s| s.checks.len() == 2).await;
    assert_eq!(degraded.connection.status(), ConnectionStatus::Connected);
    assert_eq!(degraded.verdict.health, Health::Degraded);
    let words = degraded.verdict.reasons[0].to_string();
    assert!(
        words.starts_with("new connections refused: Database authentication"),
        "{words}"
    );
    assert_eq!(degraded.lamps.login.state, LampState::Bad);
    let refusal = degraded.refusal.clone().unwrap();
    let failed = degraded.checks.last().unwrap();
    assert_eq!(refusal.error.kind(), ErrorKind::AuthFailed);
    assert_eq!(refusal.since, failed.timestamp() + failed.latency());
    let healed = scene.until("healed", |s| s.checks.len() == 3).await;
    assert_eq!(healed.verdict.health, Health::Healthy);
    assert!(healed.refusal.is_none());
    let told: Vec<_> = scene
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::HealthChanged { verdict, .. } => Some(verdict.health),
            _ => None,
        })
        .collect();
    assert_eq!(told, [Health::Healthy, Health::Degraded, Health::Healthy]);
}

#[tokio::test(start_paused = true)]
async fn heartbeats_that_are_slow_make_the_health_degraded() {
    let beat = |ms| Beat::Answered(Duration::from_millis(ms));
    let mut guard = vec![Guards::Beat(0, Beat::Opened)];
    guard.extend([1, 900, 900, 900, 900].map(|ms| Guards::Beat(1_000, beat(ms))));
    guard.extend(std::iter::repeat_n(Guards::Beat(1_000, beat(1)), 5));
    let mut scene = played(Script {
        guards: vec![guard],
        ..Script::default()
    });
    let start = tokio::time::Instant::now();
    let slow = scene
        .until("slow", |s| s.verdict.health == Health::Degraded)
        .await;
    assert!((5.0..5.1).contains(&seconds(start)), "{}", seconds(start));
    let words = slow.verdict.reasons[0].to_string();
    assert_eq!(words, "slow heartbeats: 900.0 ms, above 200 ms");
    scene
        .until("well again", |s| s.verdict.health == Health::Healthy)
        .await;
    assert!((8.0..8.1).contains(&seconds(start)), "{}", seconds(start));
}

#[tokio::test(start_paused = true)]
async fn silence_while_our_own_side_was_away_is_not_laid_at_the_database() {
    let beat = Beat::Answered(Duration::from_millis(1));
    let mut scene = played(Script {
        guards: vec![vec![
            Guards::Beat(0, Beat::Opened),
            Guards::Beat(0, beat),
            Guards::End(60_000, ErrorKind::Timeout { after_ms: 5_000 }),
        ]],
        ..Script::default()
    });
    scene.until("first check", |s| s.checks.len() == 1).await;
    // The whole program is stopped for a minute: all timers come late at once.
    tokio::task::yield_now().await;
    tokio::time::advance(Duration::from_mins(1)).await;
    scene
        .until("the end of the guard", |s| s.errors.len() == 1)
        .await;
    let now = scene.snapshots.borrow().clone();
    assert_eq!(now.connection.status(), ConnectionStatus::Connected);
    assert_eq!(now.errors[0].error.kind(), ErrorKind::OwnSide);
    let events = scene.events();
    let away = events
        .iter()
        .any(|event| matches!(event, Event::OwnSideAway { length, .. } if length.as_secs() > 50));
    assert!(away, "{events:?}");
}

#[tokio::test(start_paused = true)]
async fn a_diagnosis_is_told_finding_by_finding_also_while_nothing_connects() {
    let mut scene = scene(&[Answer::Hang], &[]);
    scene.until_status(ConnectionStatus::Connecting).await;
    scene.backend.handle.send(Command::Diagnose).unwrap();
    let found = scene
        .until("a finding", |s| {
            s.diagnosis
                .as_ref()
                .is_some_and(|d| !d.findings().is_empty())
        })
        .await;
    assert!(
        found.diagnosis.as_ref().unwrap().ended().is_none(),
        "not yet"
    );
    scene.backend.handle.send(Command::Diagnose).unwrap();
    let ended = scene
        .until("the end", |s| {
            s.diagnosis.as_ref().is_some_and(|d| d.ended().is_some())
        })
        .await;
    let (_, conclusion) = ended.diagnosis.as_ref().unwrap().ended().unwrap();
    assert_eq!(conclusion.health, Health::Healthy);
    assert_eq!(ended.connection.status(), ConnectionStatus::Connecting);
    let events = scene.events();
    let is_needless = |event: &&Event| {
        matches!(
            event,
            Event::CommandDone {
                command: Command::Diagnose,
                outcome: CommandOutcome::Needless(_),
            }
        )
    };
    assert_eq!(events.iter().filter(is_needless).count(), 1);
    let is_end = |event: &&Event| matches!(event, Event::Diagnosed(_));
    assert_eq!(events.iter().filter(is_end).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_diagnosis_that_hangs_or_panics_ends_with_a_verdict() {
    let mut scene = played(Script {
        diagnoses: vec![Answer::Hang, Answer::Panic],
        ..Script::default()
    });
    let start = tokio::time::Instant::now();
    for expected in [ErrorKind::Timeout { after_ms: 10_000 }, ErrorKind::OwnSide] {
        scene.backend.handle.send(Command::Diagnose).unwrap();
        let fits = move |s: &Snapshot| {
            let ended = s.diagnosis.as_ref().and_then(|d| d.ended());
            let error = ended.and_then(|(_, conclusion)| conclusion.error.as_ref());
            error.is_some_and(|error| error.kind() == expected)
        };
        scene.until("a verdict", fits).await;
        assert!(seconds(start) < 10.5, "{}", seconds(start));
    }
}

/// The newest run, once it has ended.
fn run_of(snapshot: &Snapshot) -> Option<&Result<MigrationRun, Arc<DbError>>> {
    let (_, result) = snapshot.migration.as_ref()?.ended()?;
    Some(result)
}

#[tokio::test(start_paused = true)]
async fn a_migration_is_told_file_by_file_and_a_second_one_is_needless() {
    let mut scene = played(Script {
        migrations: vec![Answer::Ok(60_000)],
        ..Script::default()
    });
    scene.until_status(ConnectionStatus::Connected).await;
    assert!(scene.snapshots.borrow().migration.is_none(), "not unasked");
    scene
        .backend
        .handle
        .send(Command::Migrate(ConnectionId(Uuid::nil())))
        .unwrap();
    let running = scene
        .until("a file", |s| {
            s.migration.as_ref().is_some_and(|m| !m.files().is_empty())
        })
        .await;
    assert!(run_of(&running).is_none(), "not yet");
    scene
        .backend
        .handle
        .send(Command::Migrate(ConnectionId(Uuid::nil())))
        .unwrap();
    scene
        .backend
        .handle
        .send(Command::LookAtMigrations)
        .unwrap();
    let checks = running.checks.len();
    let ended = scene.until("the end", |s| run_of(s).is_some()).await;
    assert!(matches!(
        run_of(&ended),
        Some(Ok(MigrationRun::Migrated(_)))
    ));
    let file = &ended.migration.as_ref().unwrap().files()[0];
    let took = Duration::from_mins(1);
    assert_eq!(file.state, MigrationFileState::Applied(took));
    let looked = scene
        .until("a look after it", |s| s.migrations.is_some())
        .await;
    assert!(looked.migration.as_ref().unwrap().is_looked_after());
    // Two checks are due by interval meanwhile, one follows the migration.
    scene
        .until("a check after it", |s| s.checks.len() == checks + 3)
        .await;
    let events = scene.events();
    let is_needless = |event: &&Event| {
        matches!(
            event,
            Event::CommandDone {
                command: Command::Migrate(_) | Command::LookAtMigrations,
                outcome: CommandOutcome::Needless("a migration is under way"),
            }
        )
    };
    assert_eq!(events.iter().filter(is_needless).count(), 2);
    let is_end = |event: &&Event| matches!(event, Event::MigrationEnded(_));
    assert_eq!(events.iter().filter(is_end).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_looked_at_is_looked_at_once_a_connection_stands() {
    let mut scene = played(Script {
        attempts: vec![Answer::Fail(1, ErrorKind::ConnectionRefused)],
        looks: vec![Answer::Fail(1, ErrorKind::ConnectionRefused)],
        ..Script::default()
    });
    scene.until_status(ConnectionStatus::Error).await;
    let handle = &scene.backend.handle;
    handle.send(Command::LookAtMigrations).unwrap();
    let is_look = |s: &Snapshot, is_ok: bool| {
        let look = s.migrations.as_deref();
        look.is_some_and(|look| look.result.is_ok() == is_ok)
    };
    let failed = scene.until("a failed look", |s| is_look(s, false)).await;
    assert_eq!(failed.connection.status(), ConnectionStatus::Error);
    let looked = scene.until("a look unasked", |s| is_look(s, true)).await;
    assert_eq!(looked.connection.status(), ConnectionStatus::Connected);
}

#[tokio::test(start_paused = true)]
async fn a_migration_goes_on_through_a_lost_connection_and_is_not_begun_twice() {
    let mut scene = played(Script {
        migrations: vec![Answer::Ok(10_000)],
        guards: vec![vec![
            Guards::Beat(0, Beat::Opened),
            Guards::End(1_000, ErrorKind::ConnectionLost),
        ]],
        auto_migrate: AutoMigrate::On,
        ..Script::default()
    });
    scene.until_status(ConnectionStatus::Connected).await;
    scene.until_status(ConnectionStatus::Error).await;
    scene.until_status(ConnectionStatus::Connected).await;
    scene.until("the end", |s| run_of(s).is_some()).await;
    let events = scene.events();
    let is_start = |event: &&Event| {
        matches!(
            event,
            Event::Migrating {
                event: MigrationEvent::Started(_),
                ..
            }
        )
    };
    assert_eq!(events.iter().filter(is_start).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_migration_that_fails_or_panics_is_an_error_that_is_shown() {
    let mut scene = played(Script {
        migrations: vec![Answer::Fail(1, ErrorKind::DiskFull), Answer::Panic],
        auto_migrate: AutoMigrate::On,
        ..Script::default()
    });
    for kind in [ErrorKind::DiskFull, ErrorKind::OwnSide] {
        let fits = move |s: &Snapshot| {
            matches!(run_of(s), Some(Err(error)) if error.kind() == kind)
                && s.errors.iter().any(|entry| entry.error.kind() == kind)
        };
        let failed = scene.until("a failure", fits).await;
        assert_eq!(failed.connection.status(), ConnectionStatus::Connected);
        let file = &failed.migration.as_ref().unwrap().files()[0];
        assert_eq!(file.state, MigrationFileState::RolledBack);
        scene
            .backend
            .handle
            .send(Command::Migrate(ConnectionId(Uuid::nil())))
            .unwrap();
    }
}
