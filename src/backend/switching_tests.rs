//! The real supervisor over configurations that are read from a real file, and
//! over what is watched in their place: a double that hangs where it is told to.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tempfile::TempDir;
use tokio::sync::{broadcast, mpsc, watch};
use uuid::Uuid;

use super::{Backend, Clock, Subject, Switchboard, Watched, operation_feed, start_switchable};
use crate::{
    adapter::{
        Beat, DbResult, DiagnosisOptions, GuardSettings, HealthReport, MigrateOptions,
        MigrationSink,
    },
    config::{AdapterSection, Catalogue, Choice, FixedEnv, Flags},
    domain::{
        Action, Adoption, Alternative, AlternativeKind, Alternatives, Command, CommandOutcome,
        ConfigReview, ConnectionId, ConnectionStatus, DbError, Diagnosis, ErrorKind, Event, Fate,
        Finding, FoundLedger, FoundSchema, HealthCheckDraft, HealthCheckResult, HealthDetails,
        MigrationReport, MigrationState, Mode, Pick, Scenario, Snapshot, Use,
    },
};
use ConnectionStatus::{Connected, Connecting};

/// Longer than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// Three profiles on as many targets, one of which hangs.
const FILE: &str = r#"
    database_url = "postgres://me@one.example/app"

    [profiles.two]
    database_url = "postgres://me@two.example/app"
    environment = "production"

    [profiles.hang]
    database_url = "postgres://me@hang.example:1111/app"

    [profiles.broken]
    pool_size = 0
"#;

/// What is watched: it answers at once, or never.
#[derive(Debug)]
struct Double {
    id: ConnectionId,
    hangs: bool,
    alive: Arc<AtomicUsize>,
}

impl Double {
    async fn report(&self) -> HealthReport {
        if self.hangs {
            std::future::pending::<()>().await;
        }
        let now = chrono::Utc::now();
        let draft = HealthCheckDraft {
            connection_id: self.id,
            timestamp: now,
            latency: Duration::from_millis(1),
            outcome: Ok(()),
            details: Some(HealthDetails::default()),
        };
        let result = HealthCheckResult::try_new(draft, now).unwrap();
        HealthReport {
            result,
            error: None,
        }
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Watched for Double {
    async fn attempt(&self) -> HealthReport {
        self.report().await
    }

    async fn health_check(&self) -> HealthReport {
        self.report().await
    }

    async fn disconnect(&self) -> DbResult<()> {
        if self.hangs {
            std::future::pending::<()>().await;
        }
        Ok(())
    }

    async fn stand_guard(&self, _: GuardSettings, beats: mpsc::Sender<Beat>) -> DbError {
        beats.try_send(Beat::Opened).unwrap();
        std::future::pending().await
    }

    async fn knock(&self, _: Duration) -> DbResult<()> {
        Ok(())
    }

    async fn diagnose(&self, _: DiagnosisOptions, _: mpsc::Sender<Finding>) -> Diagnosis {
        std::future::pending().await
    }

    async fn migration_state(&self) -> DbResult<MigrationState> {
        let found = FoundSchema {
            schema: Some("public".into()),
            search_path: "public".into(),
            ledger_schema: None,
            ledger: FoundLedger::Absent,
            tables: Vec::new(),
            has_policies: false,
            missing: Vec::new(),
        };
        Ok(MigrationState::of(&[], found))
    }

    async fn migrate(&self, _: MigrateOptions, _: MigrationSink) -> DbResult<MigrationReport> {
        std::future::pending().await
    }

    async fn adopt(&self, _: MigrateOptions) -> DbResult<Adoption> {
        Err(DbError::new(Action::Migrate, ErrorKind::Unsupported))
    }

    fn knock_pace(&self) -> Option<Duration> {
        None
    }
}

/// A running supervisor, and the file that it reads.
struct Scene {
    backend: Backend,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    events: broadcast::Receiver<Event>,
    alive: Arc<AtomicUsize>,
    folder: TempDir,
}

fn scene(flags: Flags, variables: &[(&str, &str)]) -> Scene {
    let folder = tempfile::tempdir().unwrap();
    fs::write(file(&folder), FILE).unwrap();
    let env: FixedEnv = [("USER", "me")].iter().chain(variables).copied().collect();
    let catalogue = Catalogue::new(flags, Arc::new(env), folder.path().into());
    let loaded = catalogue.load(&Choice::default());
    // The broken profile would be complained about at the start.
    fs::write(file(&folder), FILE.replace("pool_size = 0", "")).unwrap();
    assert!(loaded.is_err());
    let loaded = catalogue.load(&Choice::default()).unwrap();
    fs::write(file(&folder), FILE).unwrap();
    let alive = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&alive);
    let make = move |section: &AdapterSection| {
        counter.fetch_add(1, Ordering::SeqCst);
        let id = ConnectionId(Uuid::now_v7());
        let (_, operations) = operation_feed();
        let double = Double {
            id,
            hangs: format!("{section:?}").contains("1111"),
            alive: Arc::clone(&counter),
        };
        Subject {
            watched: Arc::new(double),
            id,
            operations,
        }
    };
    let first = make(&loaded.config.adapter);
    let switchboard = Switchboard {
        catalogue,
        loaded,
        make: Box::new(make),
    };
    let backend = start_switchable(first, switchboard, Clock::system());
    Scene {
        snapshots: backend.handle.snapshots(),
        events: backend.handle.events(),
        backend,
        alive,
        folder,
    }
}

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("config.toml")
}

impl Scene {
    fn write(&self, text: &str) {
        fs::write(file(&self.folder), text).unwrap();
    }

    fn send(&self, command: Command) {
        self.backend.handle.send(command).unwrap();
    }

    async fn until(&mut self, what: &str, fits: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        let wait = self.snapshots.wait_for(|snapshot| fits(snapshot));
        let found = tokio::time::timeout(LIMIT, wait).await;
        Arc::clone(&*found.expect(what).expect(what))
    }

    async fn listed(&mut self, kind: AlternativeKind) -> Arc<Alternatives> {
        let seen = self.snapshots.borrow().alternatives.clone();
        let seen = seen.map_or(0, |list| list.number);
        self.send(Command::List(kind));
        let is_new = |list: &Arc<Alternatives>| list.kind == kind && list.number > seen;
        let found = self
            .until("a list", |s| s.alternatives.as_ref().is_some_and(is_new))
            .await;
        found.alternatives.clone().unwrap()
    }

    /// Chooses the row of this name, and gives what the supervisor answers.
    async fn choose(&mut self, kind: AlternativeKind, name: &str) -> CommandOutcome {
        let list = self.listed(kind).await;
        let rows = list.rows.as_ref().unwrap();
        let is_it = |row: &Alternative| row.name.as_deref().unwrap_or("") == name;
        let row = rows.iter().position(is_it).unwrap();
        self.pick(&list, row).await
    }

    /// Chooses the rehearsal of this name, and gives what the supervisor answers.
    async fn rehearse(&mut self, name: &str) -> CommandOutcome {
        let list = self.listed(AlternativeKind::Mode).await;
        let rows = list.rows.as_ref().unwrap();
        let is_it = |row: &Alternative| row.scene.as_ref().is_some_and(|it| it.name == name);
        let row = rows.iter().position(is_it).unwrap();
        self.pick(&list, row).await
    }

    async fn pick(&mut self, list: &Alternatives, row: usize) -> CommandOutcome {
        let pick = Pick {
            list: list.number,
            row,
        };
        self.send(Command::Switch(pick));
        self.answered(Command::Switch(pick)).await
    }

    async fn review(&mut self) -> Arc<ConfigReview> {
        let seen = self.snapshots.borrow().review.clone();
        let seen = seen.map_or(0, |review| review.number);
        self.send(Command::ReadConfig);
        let found = self
            .until("a reading", |s| {
                s.review.as_ref().is_some_and(|it| it.number > seen)
            })
            .await;
        found.review.clone().unwrap()
    }

    async fn answered(&mut self, wished: Command) -> CommandOutcome {
        let wait = async {
            loop {
                if let Event::CommandDone { command, outcome } = self.events.recv().await.unwrap()
                    && command == wished
                {
                    return outcome;
                }
            }
        };
        tokio::time::timeout(LIMIT, wait).await.expect("an answer")
    }

    /// Waits until no more connections are held than these.
    async fn hold_at_most(&self, most: usize, limit: Duration) {
        let start = std::time::Instant::now();
        while self.alive.load(Ordering::SeqCst) > most {
            assert!(start.elapsed() < limit, "connections are held");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn connected_to(&mut self, target: &str) -> Arc<Snapshot> {
        self.until(target, |s| {
            s.connection.status() == Connected && s.session.target.to_string() == target
        })
        .await
    }
}

#[tokio::test]
async fn each_switch_begins_a_new_connection_whose_lists_are_its_own() {
    let mut scene = scene(Flags::default(), &[]);
    let one = scene.connected_to("one.example:5432/app").await;
    let outcome = scene.choose(AlternativeKind::Profile, "two").await;
    assert_eq!(outcome, CommandOutcome::Begun);
    let two = scene.connected_to("two.example:5432/app").await;
    assert_ne!(one.connection.id(), two.connection.id());
    assert_eq!(two.session.profile.as_deref(), Some("two"));
    assert!(two.session.is_production());
    let chosen = two.session.chosen.unwrap();
    assert_eq!(chosen.kind, AlternativeKind::Profile);
    assert_eq!(two.session.started_at, one.session.started_at);
    assert!(two.connection.created_at() > one.connection.created_at());
    assert!(
        two.checks
            .iter()
            .all(|check| check.connection_id() == two.connection.id())
    );
    assert!(two.alternatives.is_none(), "the list was of the old one");
    assert_eq!(two.session.former[0].name, "local one.example:5432/app");

    let outcome = scene.choose(AlternativeKind::Mode, "mock").await;
    assert_eq!(outcome, CommandOutcome::Begun);
    let mock = scene.connected_to("in memory").await;
    assert_eq!(mock.connection.mode(), Mode::Mock);
    assert_eq!(mock.session.profile.as_deref(), Some("two"));
    assert_eq!(mock.session.mode_reason, "Mode chosen by you.");

    // A profile says again which mode is meant.
    scene.choose(AlternativeKind::Profile, "").await;
    let back = scene.connected_to("one.example:5432/app").await;
    assert_eq!(back.session.profile, None);
    scene.hold_at_most(1, LIMIT).await;
}

#[tokio::test]
async fn what_is_listed_says_what_it_is_and_what_speaks_against_it() {
    let mut scene = scene(Flags::default(), &[]);
    let list = scene.listed(AlternativeKind::Profile).await;
    let rows = list.rows.as_ref().unwrap();
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            let to = row.standing.as_ref();
            let to = to.map_or_else(|words| words.join("; "), |to| to.target.to_string());
            (row.name.as_deref(), row.use_now, to)
        })
        .collect();
    let words = "pool_size = 0 (config.toml:12 [profiles.broken]): must be between 1 and 100";
    assert_eq!(
        told,
        [
            (None, Use::InUse, "one.example:5432/app".to_owned()),
            (Some("broken"), Use::Not, words.to_owned()),
            (Some("hang"), Use::Not, "hang.example:1111/app".to_owned()),
            (Some("two"), Use::Not, "two.example:5432/app".to_owned()),
        ]
    );
    let list = scene.listed(AlternativeKind::Mode).await;
    let rows = list.rows.as_ref().unwrap();
    let supabase = rows[0].standing.as_ref().unwrap_err();
    assert!(supabase[0].contains("supabase"), "{supabase:?}");
    assert_eq!(rows[1].use_now, Use::InUse);
    let memory = rows[2].standing.as_ref().unwrap();
    assert_eq!(memory.target.to_string(), "in memory");
}

#[tokio::test]
async fn a_rehearsal_is_chosen_like_anything_else_and_begins_anew_when_it_is_chosen_again() {
    let script = [("DBVITALS_MOCK_SCRIPT", "5s refuse, calm")];
    let mut scene = scene(Flags::default(), &script);
    scene.connected_to("one.example:5432/app").await;
    let list = scene.listed(AlternativeKind::Mode).await;
    let rows = list.rows.as_ref().unwrap();
    let told: Vec<_> = rows
        .iter()
        .filter_map(|row| row.scene.as_ref())
        .map(|scene| (scene.name, scene.summary.as_str()))
        .collect();
    let own = ("own script", "5s refuse, calm");
    let built_in = Scenario::ALL.map(|it| (it.as_str(), it.summary()));
    assert_eq!(told, [&built_in[..], &[own]].concat());

    let mut seen = Vec::new();
    for name in ["hang", "own script", "outage", "outage"] {
        assert_eq!(scene.rehearse(name).await, CommandOutcome::Begun);
        let there = scene
            .until(name, |s| {
                let id = s.connection.id();
                s.connection.status() == Connected && !seen.contains(&id)
            })
            .await;
        assert_eq!(there.session.target.to_string(), "in memory");
        seen.push(there.connection.id());
        let list = scene.listed(AlternativeKind::Mode).await;
        let in_use: Vec<_> = list
            .rows
            .as_ref()
            .unwrap()
            .iter()
            .filter(|row| row.use_now != Use::Not)
            .map(|row| {
                let scene = row.scene.as_ref().map(|scene| scene.name);
                (scene, row.use_now)
            })
            .collect();
        assert_eq!(in_use, [(Some(name), Use::InUse)]);
    }
    scene.choose(AlternativeKind::Mode, "local").await;
    scene.connected_to("one.example:5432/app").await;
}

#[tokio::test]
async fn nothing_happens_where_nothing_is_to_be_done() {
    let mut scene = scene(Flags::default(), &[]);
    let before = scene.connected_to("one.example:5432/app").await;
    let outcome = scene.choose(AlternativeKind::Mode, "local").await;
    let in_use = CommandOutcome::Needless("it is in use already; r reconnects");
    assert_eq!(outcome, in_use);
    let outcome = scene.choose(AlternativeKind::Profile, "broken").await;
    let invalid = CommandOutcome::Needless("its settings are not valid");
    assert_eq!(outcome, invalid);
    let old = scene.listed(AlternativeKind::Profile).await.number;
    scene.listed(AlternativeKind::Mode).await;
    let pick = Pick { list: old, row: 3 };
    scene.send(Command::Switch(pick));
    let outcome = scene.answered(Command::Switch(pick)).await;
    let outdated = CommandOutcome::Needless("that list is outdated; open it again");
    assert_eq!(outcome, outdated);
    let after = scene.snapshots.borrow().connection.id();
    assert_eq!(after, before.connection.id());
}

#[tokio::test]
async fn a_connection_that_hangs_is_left_at_once_and_ended_in_the_background() {
    let mut scene = scene(
        Flags::default(),
        &[("DBVITALS_HEALTH_CHECK_TIMEOUT", "1000")],
    );
    scene.connected_to("one.example:5432/app").await;
    scene.choose(AlternativeKind::Profile, "hang").await;
    let hanging = scene
        .until("the hanging one", |s| {
            s.session.target.address.contains("hang")
        })
        .await;
    assert_eq!(hanging.connection.status(), Connecting);
    scene.send(Command::Diagnose);
    let begun = std::time::Instant::now();
    scene.choose(AlternativeKind::Mode, "mock").await;
    let mock = scene.connected_to("in memory").await;
    // The end of the old one alone takes its whole deadline.
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "it was waited for"
    );
    assert!(mock.diagnosis.is_none(), "the diagnosis was of the old one");
    let wait = async {
        loop {
            if let Event::Left { target, error, .. } = scene.events.recv().await.unwrap()
                && target.address.contains("hang")
            {
                return error;
            }
        }
    };
    let error = tokio::time::timeout(LIMIT, wait).await.expect("its end");
    let error = error.expect("it did not end well");
    assert!(matches!(error.kind(), ErrorKind::Timeout { .. }));
    scene.hold_at_most(1, LIMIT).await;
    assert_eq!(scene.snapshots.borrow().connection.error_count(), 0);
}

#[tokio::test]
async fn those_who_switch_quickly_pile_nothing_up() {
    // With the deadline of five seconds each end would outlive the test.
    let mut scene = scene(Flags::default(), &[]);
    for _ in 0..20 {
        scene.choose(AlternativeKind::Profile, "hang").await;
        scene.choose(AlternativeKind::Mode, "mock").await;
    }
    scene.connected_to("in memory").await;
    // Eight ends have the whole deadline, the others a moment.
    scene.hold_at_most(9, Duration::from_secs(3)).await;
}

#[tokio::test]
async fn a_run_of_migrations_is_not_left() {
    let mut scene = scene(Flags::default(), &[]);
    let before = scene.connected_to("one.example:5432/app").await;
    scene.send(Command::Migrate(before.connection.id()));
    scene.until("a run", |s| s.migration.is_some()).await;
    let outcome = scene.choose(AlternativeKind::Profile, "two").await;
    let refused = "a migration is under way; switch when it has ended";
    assert_eq!(outcome, CommandOutcome::Needless(refused));
    let after = scene.snapshots.borrow().connection.id();
    assert_eq!(after, before.connection.id());
}

#[tokio::test]
async fn nobody_disconnects_during_a_run_of_migrations() {
    let mut scene = scene(Flags::default(), &[]);
    let before = scene.connected_to("one.example:5432/app").await;
    scene.send(Command::Migrate(before.connection.id()));
    scene.until("a run", |s| s.migration.is_some()).await;
    scene.send(Command::Disconnect);
    let outcome = scene.answered(Command::Disconnect).await;
    let refused = "a migration is under way; disconnect when it has ended";
    assert_eq!(outcome, CommandOutcome::Needless(refused));
    let now = scene.snapshots.borrow().connection.status();
    assert_eq!(now, Connected);
}

#[tokio::test]
async fn what_was_confirmed_for_one_connection_is_not_done_to_the_next() {
    let mut scene = scene(Flags::default(), &[]);
    let before = scene.connected_to("one.example:5432/app").await;
    scene.choose(AlternativeKind::Profile, "two").await;
    scene.connected_to("two.example:5432/app").await;
    for command in [
        Command::Migrate(before.connection.id()),
        Command::Adopt(before.connection.id()),
    ] {
        scene.send(command);
        let refused = "it was confirmed for another connection";
        let outcome = scene.answered(command).await;
        assert_eq!(outcome, CommandOutcome::Needless(refused));
    }
    assert!(scene.snapshots.borrow().migration.is_none());
}

#[tokio::test]
async fn another_rhythm_keeps_the_connection_and_another_address_does_not() {
    let mut scene = scene(Flags::default(), &[]);
    let valid = FILE.replace("pool_size = 0", "");
    let before = scene.connected_to("one.example:5432/app").await;
    scene.write(&format!("health_check_interval = 9000\n{valid}"));
    let review = scene.review().await;
    let difference = review.result.as_ref().unwrap();
    assert_eq!(difference.connection, Fate::Stays);
    let keys: Vec<_> = difference.changes.iter().map(|it| it.key).collect();
    assert_eq!(keys, ["health_check_interval"]);
    // Nothing has changed before it is confirmed.
    let interval = |s: &Snapshot| s.session.health_check_interval.as_secs();
    assert_eq!(interval(&scene.snapshots.borrow()), 30);
    scene.send(Command::ApplyConfig(review.number));
    let after = scene.until("9 s", |s| interval(s) == 9).await;
    assert_eq!(after.connection.id(), before.connection.id());
    assert_eq!(after.checks.len(), before.checks.len(), "lists stay, too");
    let due = after.next_check.unwrap() - chrono::Utc::now();
    assert!(due.num_seconds() <= 9, "the next check is due in {due}");
    let again = Command::ApplyConfig(review.number);
    scene.send(again);
    let outcome = scene.answered(again).await;
    assert_eq!(outcome, CommandOutcome::Begun, "the first time");
    let outcome = scene.answered(again).await;
    assert!(matches!(outcome, CommandOutcome::Needless(_)));

    scene.write(&valid.replace("one.example", "other.example"));
    let review = scene.review().await;
    let difference = review.result.as_ref().unwrap();
    assert_eq!(difference.connection, Fate::IsReplaced);
    scene.send(Command::ApplyConfig(review.number));
    let other = scene.connected_to("other.example:5432/app").await;
    assert_ne!(other.connection.id(), before.connection.id());
}

#[tokio::test]
async fn a_broken_file_is_told_whole_and_changes_nothing() {
    let mut scene = scene(Flags::default(), &[]);
    let before = scene.connected_to("one.example:5432/app").await;
    scene.write("pool_size = 0\nslow_threshold = 0\nunheard_of = 1\n");
    let review = scene.review().await;
    let complaints = review.result.as_ref().unwrap_err();
    assert_eq!(complaints.len(), 3, "{complaints:?}");
    let apply = Command::ApplyConfig(review.number);
    scene.send(apply);
    let outcome = scene.answered(apply).await;
    assert!(matches!(outcome, CommandOutcome::Needless(_)));
    let after = scene.snapshots.borrow().clone();
    assert_eq!(after.connection.id(), before.connection.id());
    assert!(Arc::ptr_eq(&after.session, &before.session));
}

#[tokio::test]
async fn flags_of_the_start_still_win_after_a_reload() {
    let flags = Flags {
        set: vec![crate::domain::Secret::new("health_check_interval=7000")],
        ..Flags::default()
    };
    let mut scene = scene(flags, &[]);
    scene.connected_to("one.example:5432/app").await;
    let valid = FILE.replace("pool_size = 0", "");
    scene.write(&format!("health_check_interval = 9000\n{valid}"));
    let review = scene.review().await;
    assert!(review.result.as_ref().unwrap().changes.is_empty());
}

#[tokio::test]
async fn a_watch_for_one_target_says_that_it_is_one() {
    let scene = scene(Flags::default(), &[]);
    let Scene { backend, .. } = scene;
    // Whoever was started by `start` has no switchboard.
    let (_, operations) = operation_feed();
    let id = ConnectionId(Uuid::now_v7());
    let double = Double {
        id,
        hangs: false,
        alive: Arc::new(AtomicUsize::new(1)),
    };
    let subject = Subject {
        watched: Arc::new(double),
        id,
        operations,
    };
    let session = Arc::clone(&backend.handle.snapshots().borrow().session);
    let section = crate::config::WatchSection {
        health_check_interval: Duration::from_secs(30),
        health_check_timeout: Duration::from_secs(5),
        heartbeat_interval: None,
        max_retries: 0,
        retry_delay: Duration::from_secs(1),
        policy: session.policy,
        read_only: false,
        auto_migrate: crate::domain::AutoMigrate::Off,
    };
    let alone = super::start(subject, &section, session, Clock::system());
    let mut events = alone.handle.events();
    alone.handle.send(Command::ReadConfig).unwrap();
    let wait = async {
        loop {
            if let Event::CommandDone { outcome, .. } = events.recv().await.unwrap() {
                return outcome;
            }
        }
    };
    let outcome = tokio::time::timeout(LIMIT, wait).await.expect("an answer");
    let alone = CommandOutcome::Needless("this watch was started for one target only");
    assert_eq!(outcome, alone);
}
