//! Every scenario on paused time: the real supervisor over the real mock
//! database, with its real statements. What a person sees follows from them.

use std::{sync::Arc, time::Duration};

use chrono::Utc;
use serde_json::Value;
use tokio::{
    sync::{broadcast, watch},
    time::{Instant, sleep_until, timeout},
};
use uuid::Uuid;

use super::{Backend, Clock, Subject, operation_feed, start};
use crate::{
    adapter::{Database, DatabaseAdapter, DbResult},
    config::{AdapterSection, MockSection, WatchSection},
    domain::{
        AfterLast, AutoMigrate, Command, Condition, ConnectionId, ConnectionStatus, DegradedReason,
        ErrorKind, Event, FaultScript, FaultStep, Health, HealthPolicy, LampState, Mode,
        REQUIRED_TABLES, Rehearsal, RoundTrip, Scenario, Session, Snapshot, Target,
        TransportSecurity,
    },
};

/// A slow answer takes so much longer.
const SLOW_BY: Duration = Duration::from_millis(400);

const WATCH: WatchSection = WatchSection {
    health_check_interval: Duration::from_secs(30),
    health_check_timeout: Duration::from_secs(5),
    heartbeat_interval: Some(Duration::from_secs(1)),
    max_retries: 3,
    retry_delay: Duration::from_secs(1),
    policy: HealthPolicy {
        slow_threshold: Duration::from_millis(200),
        expects_writes: true,
        requires_schema: true,
    },
    read_only: false,
    auto_migrate: AutoMigrate::Off,
};

/// A rehearsal that is played, and the eyes of a reader.
struct Play {
    began: Instant,
    database: Database,
    backend: Backend,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    events: broadcast::Receiver<Event>,
}

fn scenario(scenario: Scenario) -> Play {
    play(Rehearsal {
        scenario: Some(scenario),
        script: scenario.script(SLOW_BY),
    })
}

/// Steps of a test's own, by seconds; calm afterwards.
fn steps(steps: &[(u64, Condition)]) -> Play {
    let step = |&(seconds, condition): &(u64, Condition)| FaultStep {
        condition,
        lasts: Duration::from_secs(seconds),
    };
    let steps: Vec<_> = steps.iter().map(step).collect();
    let after = AfterLast::Stay(Condition::Calm);
    play(Rehearsal {
        scenario: None,
        script: FaultScript::try_new(&steps, after).unwrap(),
    })
}

fn play(rehearsal: Rehearsal) -> Play {
    let section = MockSection {
        timeout: WATCH.health_check_timeout,
        trip: RoundTrip {
            latency: Duration::from_millis(3),
            jitter: Duration::from_millis(9),
        },
        rehearsal: Some(rehearsal),
        ..MockSection::default()
    };
    let session = Session {
        started_at: Utc::now(),
        target: Target {
            mode: Mode::Mock,
            address: "in memory".into(),
            database: String::new(),
            role: String::new(),
            security: TransportSecurity::ThisMachine,
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
        health_check_interval: WATCH.health_check_interval,
        health_check_timeout: WATCH.health_check_timeout,
        policy: WATCH.policy,
    };
    let id = ConnectionId(Uuid::nil());
    let (sink, operations) = operation_feed();
    let began = Instant::now();
    let database = Database::new(&AdapterSection::Mock(section), id, sink);
    let subject = Subject {
        watched: Arc::new(database.clone()),
        id,
        operations,
    };
    // The adapter tells times by the machine's clock, which stands still beside
    // the paused one.
    let clock = Clock::starting_at(Utc::now());
    let backend = start(subject, &WATCH, Arc::new(session), clock);
    Play {
        began,
        database,
        snapshots: backend.handle.snapshots(),
        events: backend.handle.events(),
        backend,
    }
}

impl Play {
    /// Waits until a snapshot fits; it must come between these seconds.
    #[track_caller]
    fn until(
        &mut self,
        what: &'static str,
        between: (f64, f64),
        fits: impl Fn(&Snapshot) -> bool,
    ) -> impl Future<Output = Arc<Snapshot>> {
        let caller = std::panic::Location::caller();
        async move {
            let wait = self.snapshots.wait_for(|snapshot| fits(snapshot));
            let limit = Duration::from_secs_f64(between.1).saturating_sub(self.began.elapsed());
            let found = match timeout(limit, wait).await {
                Ok(found) => Some(Arc::clone(&found.unwrap())),
                Err(_elapsed) => None,
            };
            let now = self.began.elapsed().as_secs_f64();
            let Some(found) = found else {
                let newest = self.snapshots.borrow().clone();
                panic!("{caller}: {what} did not come until {now:.2} s: {newest:#?}");
            };
            assert!(now >= between.0, "{caller}: {what} came at {now:.2} s");
            found
        }
    }

    #[track_caller]
    fn until_status(
        &mut self,
        status: ConnectionStatus,
        between: (f64, f64),
    ) -> impl Future<Output = Arc<Snapshot>> {
        let what = status.as_str();
        self.until(what, between, move |s| s.connection.status() == status)
    }

    /// Waits for this second; gives what is shown then.
    async fn at(&self, second: f64) -> Arc<Snapshot> {
        sleep_until(self.began + Duration::from_secs_f64(second)).await;
        self.snapshots.borrow().clone()
    }

    fn send(&self, command: Command) {
        self.backend.handle.send(command).unwrap();
    }

    /// Status changes so far, each with the kind and code of its cause.
    fn changes(&mut self) -> Vec<String> {
        let mut changes = Vec::new();
        while let Ok(event) = self.events.try_recv() {
            if let Event::StatusChanged { to, error, .. } = event {
                let cause = error.map(|error| {
                    let code = error.code().unwrap_or("-");
                    format!(" {} {code}", error.kind().name())
                });
                changes.push(format!("{to}{}", cause.unwrap_or_default()));
            }
        }
        changes
    }

    /// A statement of an application over the same connection.
    async fn query(&self, sql: &str) -> DbResult<Vec<Value>> {
        self.database.for_service("app").query(sql, &[]).await
    }
}

fn is_slow(snapshot: &Snapshot) -> bool {
    let mut reasons = snapshot.verdict.reasons.iter();
    reasons.any(|reason| matches!(reason, DegradedReason::Slow { .. }))
}

#[tokio::test(start_paused = true)]
async fn calm_lives_and_stays_healthy() {
    let mut play = scenario(Scenario::Calm);
    let healthy = |s: &Snapshot| s.verdict.health == Health::Healthy;
    let first = play.until("healthy", (0.0, 0.5), healthy).await;
    assert_eq!(first.lamps.schema.state, LampState::Good);
    let later = play.at(300.0).await;
    assert_eq!(later.verdict.health, Health::Healthy);
    assert_eq!(play.changes(), ["connecting", "connected"]);
    let rehearsed = later.rehearsal.unwrap();
    assert_eq!(
        (rehearsed.to_string().as_str(), rehearsed.next),
        ("calm", None)
    );
    let mut trips = later.checks.iter().map(|check| check.latency());
    let first = trips.next().unwrap();
    assert!(trips.any(|trip| trip != first), "the graph would be flat");
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_seen_at_once_tried_in_both_lanes_and_heals_within_a_second() {
    let mut play = scenario(Scenario::Outage);
    play.until_status(ConnectionStatus::Connected, (0.0, 0.5))
        .await;
    let made = "insert into agents (id, name, type) values \
                ('0192d3a0-0000-7000-8000-000000000001', 'a', 'claude') returning id";
    assert_eq!(play.query(made).await.unwrap().len(), 1);
    let lost = play
        .until_status(ConnectionStatus::Error, (20.0, 20.25))
        .await;
    let outage = lost.outage.clone().unwrap();
    assert_eq!(outage.error.kind(), ErrorKind::ConnectionLost);
    assert_eq!(outage.error.code(), Some("57P01"));
    let refused = |s: &Snapshot| {
        let outage = s.outage.as_ref();
        outage.is_some_and(|outage| outage.error.kind() == ErrorKind::ConnectionRefused)
    };
    let refused = play.until("refused", (20.5, 22.0), refused).await;
    assert_eq!(refused.lamps.reachable.state, LampState::Bad);
    let rehearsed = refused.rehearsal.unwrap();
    assert_eq!(rehearsed.to_string(), "outage: refuse");
    assert_eq!(rehearsed.next.unwrap().1, Condition::Calm);
    let failed = play.query("select 1").await.unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::NotConnected);
    play.until_status(ConnectionStatus::Connected, (60.0, 61.0))
        .await;
    let kept = play.query("select name from agents").await.unwrap();
    assert_eq!(kept.len(), 1, "the rows outlive the outage");
}

#[tokio::test(start_paused = true)]
async fn a_hang_is_suspect_then_lost_and_heals_within_a_second() {
    let mut play = scenario(Scenario::Hang);
    play.until_status(ConnectionStatus::Connected, (0.0, 0.5))
        .await;
    let suspect = |s: &Snapshot| s.suspect_since.is_some();
    play.until("suspect", (15.0, 17.0), suspect).await;
    assert_eq!(
        play.at(18.0).await.connection.status(),
        ConnectionStatus::Connected
    );
    let lost = play
        .until_status(ConnectionStatus::Error, (19.0, 21.0))
        .await;
    let error = &lost.outage.as_ref().unwrap().error;
    assert_eq!(error.kind(), ErrorKind::Timeout { after_ms: 5_000 });
    let failed = lost.checks.last().unwrap();
    assert!(!failed.success());
    assert!(
        failed.latency() >= Duration::from_secs(5),
        "{:?} is less than what was waited",
        failed.latency()
    );
    let back = play
        .until_status(ConnectionStatus::Connected, (40.0, 41.0))
        .await;
    assert!(back.outage.is_none());
}

#[tokio::test(start_paused = true)]
async fn slow_is_degraded_and_never_down() {
    let mut play = scenario(Scenario::Slow);
    play.until("slow", (15.0, 19.0), is_slow).await;
    let over = |s: &Snapshot| s.verdict.health == Health::Healthy;
    play.until("healthy again", (60.0, 61.0), over).await;
    assert_eq!(play.changes(), ["connecting", "connected"]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_password_degrades_a_connection_that_lives() {
    let mut play = scenario(Scenario::Auth);
    let refused = |s: &Snapshot| s.refusal.is_some();
    let found = play.until("refused clients", (30.0, 30.1), refused).await;
    let error = &found.refusal.as_ref().unwrap().error;
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::AuthFailed, Some("28P01"))
    );
    assert_eq!(found.connection.status(), ConnectionStatus::Connected);
    assert_eq!(found.verdict.health, Health::Degraded);
    assert_eq!(found.lamps.login.state, LampState::Bad);
    let healed = |s: &Snapshot| s.refusal.is_none();
    play.until("let in again", (60.0, 60.1), healed).await;
    // Whoever reconnects meanwhile is not let in.
    play.at(100.0).await;
    play.send(Command::Reconnect);
    let out = play
        .until_status(ConnectionStatus::Error, (100.0, 100.5))
        .await;
    let outage = out.outage.clone().unwrap();
    assert_eq!(outage.error.kind(), ErrorKind::AuthFailed);
}

#[tokio::test(start_paused = true)]
async fn flaky_shows_short_faults_of_every_kind_and_heals_each_time() {
    let mut play = scenario(Scenario::Flaky);
    let lost = play
        .until_status(ConnectionStatus::Error, (12.0, 12.25))
        .await;
    let error = &lost.outage.as_ref().unwrap().error;
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::ConnectionLost, None)
    );
    play.until_status(ConnectionStatus::Connected, (12.4, 13.4))
        .await;
    play.until("slow", (22.4, 26.4), is_slow).await;
    let suspect = |s: &Snapshot| s.suspect_since.is_some();
    play.until("suspect", (35.4, 37.9), suspect).await;
    let answers = |s: &Snapshot| s.suspect_since.is_none();
    play.until("answers again", (37.9, 38.0), answers).await;
    play.until_status(ConnectionStatus::Error, (48.9, 49.15))
        .await;
    play.until_status(ConnectionStatus::Connected, (50.9, 51.9))
        .await;
    let changes = play.changes();
    assert!(
        changes.contains(&"error ConnectionLost 57P01".to_owned()),
        "{changes:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn migrations_begin_with_six_of_nine_tables_and_can_be_applied() {
    let mut play = scenario(Scenario::Migrations);
    let degraded = |s: &Snapshot| s.verdict.health == Health::Degraded;
    let found = play.until("degraded", (0.0, 0.5), degraded).await;
    let missing = DegradedReason::SchemaMissing {
        present: 6,
        required: 9,
    };
    let pending = DegradedReason::MigrationsPending { count: 3 };
    assert_eq!(found.verdict.reasons, [missing, pending]);
    assert_eq!(found.lamps.schema.words, "incomplete 6/9");
    let details = found.last_good.as_ref().unwrap().details().unwrap();
    let missing = details.missing_tables.clone().unwrap();
    assert_eq!(missing, &REQUIRED_TABLES[6..]);
    let failed = play.query("select * from audit_logs").await.unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::SchemaMissing);

    play.send(Command::Migrate(found.connection.id()));
    let applied = |s: &Snapshot| s.verdict.health == Health::Healthy;
    let healthy = play.until("healthy", (0.0, 1.5), applied).await;
    assert_eq!(healthy.lamps.schema.words, "9/9, 9 migrations");
    play.query("select * from audit_logs").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn missing_tables_are_met_by_checks_and_statements() {
    let mut play = steps(&[(10, Condition::Calm), (60, Condition::Schema)]);
    play.until_status(ConnectionStatus::Connected, (0.0, 0.5))
        .await;
    play.query("select * from agents").await.unwrap();
    play.at(11.0).await;
    let failed = play.query("select * from agents").await.unwrap_err();
    assert_eq!(
        failed.message(),
        "Database schema not initialized. Please run migrations."
    );
    play.send(Command::CheckNow);
    let degraded = |s: &Snapshot| s.verdict.health == Health::Degraded;
    let found = play.until("degraded", (11.0, 11.5), degraded).await;
    assert_eq!(found.lamps.schema.words, "not initialised 0/9");
    play.at(70.5).await;
    play.query("select * from agents").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_a_free_slot_new_clients_are_refused() {
    let mut play = steps(&[(10, Condition::Calm), (60, Condition::Full)]);
    play.until_status(ConnectionStatus::Connected, (0.0, 0.5))
        .await;
    play.at(11.0).await;
    play.send(Command::CheckNow);
    let refused = |s: &Snapshot| s.refusal.is_some();
    let found = play.until("refused clients", (11.0, 11.5), refused).await;
    let error = &found.refusal.as_ref().unwrap().error;
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::TooManyConnections, Some("53300"))
    );
    assert_eq!(found.connection.status(), ConnectionStatus::Connected);
}

#[tokio::test(start_paused = true)]
async fn what_begins_in_a_fault_says_its_cause_at_once() {
    for (condition, kind, within) in [
        (Condition::Refuse, ErrorKind::ConnectionRefused, 0.25),
        (Condition::Lose, ErrorKind::ConnectionLost, 0.25),
        (Condition::Auth, ErrorKind::AuthFailed, 0.25),
        (Condition::Full, ErrorKind::TooManyConnections, 0.25),
        (
            Condition::Hang,
            ErrorKind::Timeout { after_ms: 5_000 },
            5.25,
        ),
    ] {
        let mut play = steps(&[(600, condition)]);
        let failed = play
            .until_status(ConnectionStatus::Error, (0.0, within))
            .await;
        assert_eq!(failed.outage.as_ref().unwrap().error.kind(), kind);
    }
}

#[tokio::test(start_paused = true)]
async fn each_change_of_a_rehearsal_is_told() {
    let mut play = scenario(Scenario::Outage);
    play.at(85.0).await;
    let mut told = Vec::new();
    while let Ok(event) = play.events.try_recv() {
        if let Event::Rehearsed { rehearsed, .. } = event {
            told.push(rehearsed.to_string());
        }
    }
    let calm = "outage: calm";
    assert_eq!(told, [calm, "outage: refuse", calm, "outage: refuse"]);
}
