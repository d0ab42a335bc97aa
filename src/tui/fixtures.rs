//! Snapshots, clocks and looks that the tests of the screen share. Times and
//! ids are fixed, so pictures can be compared as they are.

use std::{path::PathBuf, sync::Arc, time::Duration};

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use uuid::Uuid;

use crate::{
    config::{ThemeName, TuiSection},
    domain::{
        Action, AppliedMigration, Condition, ConnectionId, ConnectionStatus, DatabaseConnection,
        DatabaseOperation, DbError, ErrorEntry, ErrorKind, Evidence, Failure, HealthCheckDraft,
        HealthCheckResult, HealthDetails, HealthPolicy, Lamps, Lane, LatencySample, LedgerStanding,
        MigrationEvent, MigrationLook, MigrationName, MigrationProgress, MigrationState,
        MigrationSummary, Mode, OperationDraft, OperationId, OperationType, Outage, Outcome,
        PhaseTimings, PoolGauge, PoolMode, Pooler, REQUIRED_TABLES, Refusal, Rehearsed,
        SampleOutcome, Scenario, Session, SlotHolder, Snapshot, Step, Target, TransportSecurity,
        Verdict,
    },
    tui::{
        clock::{Clock, Moment},
        view::View,
    },
};

pub(super) const POLICY: HealthPolicy = HealthPolicy {
    slow_threshold: Duration::from_millis(200),
    expects_writes: true,
    requires_schema: true,
};

pub(super) const PLAIN: TuiSection = TuiSection {
    theme: ThemeName::Dark,
    ascii: false,
    no_color: false,
};

/// The time at which every test begins: 10:31:00 UTC, 12:31:00 local.
pub(super) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_609_060, 0).unwrap()
}

/// So many seconds before [`now`].
pub(super) fn ago(seconds: i64) -> DateTime<Utc> {
    now() - TimeDelta::seconds(seconds)
}

/// A clock that starts at [`now`] and goes with tokio's, two hours east of UTC.
pub(super) fn clock() -> Clock {
    let start = tokio::time::Instant::now();
    Clock {
        now: Box::new(move || now() + start.elapsed()),
        set_back: Box::new(|| None),
        zone: |_| FixedOffset::east_opt(7_200).unwrap(),
    }
}

/// The moment at which every test begins.
pub(super) fn moment() -> Moment {
    Moment {
        now: now(),
        set_back: None,
        zone: |_| FixedOffset::east_opt(7_200).unwrap(),
    }
}

/// A view whose log pane shows nothing: the log is shared by all tests.
pub(super) fn view(section: TuiSection) -> View {
    let mut view = View::new(section);
    view.log =
        std::mem::take(&mut view.log).set_default_display_level(tui_logger::LevelFilter::Off);
    view
}

pub(super) fn session() -> Session {
    Session {
        started_at: ago(900),
        target: Target {
            mode: Mode::Local,
            address: "localhost:5432".into(),
            database: "app".into(),
            role: "app_rw".into(),
            security: TransportSecurity::ThisMachine,
        },
        direct: None,
        mode_reason: "Mode chosen because DATABASE_URL is set.".into(),
        chosen: None,
        former: vec![],
        warnings: vec![],
        profile: None,
        environment: Some("staging".into()),
        config_file: Some(PathBuf::from("/etc/dbvitals/config.toml")),
        read_only: false,
        health_check_interval: Duration::from_secs(30),
        health_check_timeout: Duration::from_secs(5),
        policy: POLICY,
    }
}

pub(super) fn details() -> HealthDetails {
    HealthDetails {
        phases: PhaseTimings {
            dns: Some(Duration::from_micros(310)),
            tcp: Some(Duration::from_micros(120)),
            tls: Some(Duration::ZERO),
            login: Some(Duration::from_micros(4_870)),
            query: Some(Duration::from_micros(620)),
        },
        server_version: Some("15.18".into()),
        role: Some("app_rw".into()),
        database: Some("app".into()),
        active_connections: Some(23),
        max_connections: Some(100),
        slot_holders: vec![SlotHolder {
            name: "web".into(),
            connections: 17,
        }],
        in_recovery: Some(false),
        read_only: Some(false),
        database_size_bytes: Some(823_000_000),
        clock_skew_ms: Some(-1.3),
        tls: Some("off".into()),
        fingerprint: Some("7301/16384".into()),
        pooler: None,
        pool: Some(PoolGauge {
            size: 2,
            idle: 2,
            waiting: 0,
            max: 10,
        }),
        rest: None,
        unread: vec![],
        missing_tables: Some(vec![]),
        migrations: None,
    }
}

pub(super) fn connection_id() -> ConnectionId {
    ConnectionId(Uuid::from_u128(0x019b_8d60_0000_7000_8000_aabb_ccdd_eeff))
}

pub(super) fn check_at(seconds_ago: i64, outcome: Result<(), String>) -> Arc<HealthCheckResult> {
    let steps = u64::try_from(seconds_ago / 30).unwrap_or(0);
    let details = outcome.is_ok().then(details);
    let draft = HealthCheckDraft {
        connection_id: connection_id(),
        timestamp: ago(seconds_ago),
        latency: if outcome.is_ok() {
            Duration::from_micros(400 + steps * 7_919 % 900)
        } else {
            Duration::from_secs(5)
        },
        outcome,
        details,
    };
    Arc::new(HealthCheckResult::try_new(draft, now()).unwrap())
}

pub(super) fn operation(number: u128, outcome: Outcome) -> Arc<DatabaseOperation> {
    let at = usize::try_from(number).unwrap();
    let draft = OperationDraft {
        id: OperationId(Uuid::from_u128(number)),
        connection_id: connection_id(),
        kind: [
            OperationType::Query,
            OperationType::Insert,
            OperationType::Transaction,
        ][at % 3],
        service: ["agents", "terminal", "commands"][at % 3].into(),
        table: ["agents", "terminal_outputs"]
            .get(at % 3)
            .map(|t| (*t).to_owned()),
        start_time: ago(300 - i64::try_from(number).unwrap() * 20),
    };
    let operation = DatabaseOperation::start(draft, now()).unwrap();
    Arc::new(operation.finish(outcome).unwrap())
}

pub(super) fn refused() -> DbError {
    DbError::new(Action::Connect, ErrorKind::ConnectionRefused)
        .with_code("ECONNREFUSED")
        .with_details("Connection refused (os error 111)")
        .with_source(std::io::Error::from_raw_os_error(111))
}

pub(super) fn auth_failed() -> DbError {
    DbError::new(Action::Connect, ErrorKind::AuthFailed)
        .with_code("28P01")
        .with_details("password authentication failed for user \"app_rw\"")
}

pub(super) fn no_database() -> DbError {
    DbError::new(Action::Connect, ErrorKind::DatabaseMissing)
        .with_code("3D000")
        .with_details("database \"app\" does not exist")
}

/// Connected for a quarter of an hour, nothing wrong.
pub(super) fn healthy() -> Snapshot {
    let mut connection = DatabaseConnection::new(connection_id(), Mode::Local, ago(880));
    connection.apply(Step::Open, ago(880)).unwrap();
    connection.apply(Step::Established, ago(879)).unwrap();
    connection.note_success(ago(8));
    let mut checks: Vec<_> = (0..28)
        .rev()
        .map(|n| check_at(8 + n * 30, Ok(())))
        .collect();
    let timeout = DbError::new(Action::HealthCheck, ErrorKind::Timeout { after_ms: 5_000 });
    checks[20] = check_at(8 + 7 * 30, Err(timeout.message()));
    let operations = (0..9).map(|number| {
        let duration = Duration::from_micros(900 + 137 * u64::try_from(number).unwrap());
        let outcome = match number {
            8 => Outcome::Running,
            5 => Outcome::Failed {
                duration,
                error: "Operation violates database constraints: agents_pkey".into(),
            },
            _ => Outcome::Succeeded {
                duration,
                affected_rows: (number != 2).then_some(u64::try_from(number).unwrap()),
            },
        };
        operation(number, outcome)
    });
    let newest = checks.last().map(Arc::as_ref);
    Snapshot {
        revision: 1,
        session: Arc::new(session()),
        verdict: Verdict::assess(&Evidence::new(ConnectionStatus::Connected, newest), &POLICY),
        connection,
        lamps: Lamps::after_success(&details(), &POLICY),
        outage: None,
        suspect_since: None,
        refusal: None,
        busy_since: None,
        next_check: Some(now() + TimeDelta::seconds(22)),
        last_good: checks.last().cloned(),
        checks: checks.into(),
        checks_dropped: 3,
        operations: operations.collect(),
        operations_dropped: 0,
        errors: Arc::new([ErrorEntry {
            error: Arc::new(timeout),
            first: ago(218),
            last: ago(218),
            count: 1,
        }]),
        errors_dropped: 0,
        diagnosis: None,
        rehearsal: None,
        migrations: None,
        migration: None,
        alternatives: None,
        review: None,
    }
}

/// Connected to a database that has none of the required tables.
pub(super) fn degraded() -> Snapshot {
    let mut details = details();
    details.missing_tables = Some(REQUIRED_TABLES.map(str::to_owned).to_vec());
    checked(details)
}

/// Connected, and so many files are pending that were to be applied: they were
/// not, since somebody keeps the lock.
pub(super) fn unmigrated(pending: u64) -> Snapshot {
    let mut details = details();
    details.migrations = Some(MigrationSummary {
        ledger: LedgerStanding::Ours,
        applied: Some(10 - pending),
        pending: Some(pending),
        problem: None,
    });
    let mut snapshot = checked(details);
    let error = DbError::new(Action::Migrate, ErrorKind::MigrationLocked)
        .with_code("55P03")
        .with_details("pid 4711, psql as app_rw");
    let mut progress = MigrationProgress::new(ago(20));
    progress.end(ago(10), Err(Arc::new(error)));
    snapshot.migration = Some(Arc::new(progress));
    snapshot
}

/// Connected through a pooler.
pub(super) fn pooled(mode: PoolMode) -> Snapshot {
    let mut details = details();
    details.pooler = Some(Pooler { mode });
    checked(details)
}

/// Connected, and the newest check told this.
fn checked(details: HealthDetails) -> Snapshot {
    let mut snapshot = healthy();
    snapshot.lamps = Lamps::after_success(&details, &POLICY);
    let draft = HealthCheckDraft {
        connection_id: connection_id(),
        timestamp: ago(8),
        latency: Duration::from_micros(640),
        outcome: Ok(()),
        details: Some(details),
    };
    let check = HealthCheckResult::try_new(draft, now()).unwrap();
    snapshot.verdict = Verdict::assess(
        &Evidence::new(ConnectionStatus::Connected, Some(&check)),
        &POLICY,
    );
    snapshot.last_good = Some(Arc::new(check));
    snapshot
}

/// Connected, and not well: an answer is overdue, or new clients and the
/// guard are refused.
pub(super) fn troubled(refused: Option<&DbError>) -> Snapshot {
    let mut snapshot = healthy();
    let newest = snapshot.checks.last().map(Arc::as_ref);
    let evidence = Evidence {
        is_suspect: refused.is_none(),
        refused,
        unguarded: refused,
        ..Evidence::new(ConnectionStatus::Connected, newest)
    };
    snapshot.verdict = Verdict::assess(&evidence, &POLICY);
    match refused {
        None => snapshot.suspect_since = Some(ago(3)),
        Some(error) => refuse(&mut snapshot, error),
    }
    snapshot
}

/// The newest two checks have failed, and the newest good one is a minute older.
fn refuse(snapshot: &mut Snapshot, error: &DbError) {
    let mut checks = snapshot.checks.to_vec();
    for seconds_ago in [38, 8] {
        checks.push(check_at(seconds_ago, Err(error.message())));
    }
    let kept = checks.len() - 4;
    checks.drain(kept..kept + 2);
    snapshot.last_good = checks.get(kept - 1).cloned();
    snapshot.checks = checks.into();
    snapshot.connection.note_failure(error.message());
    snapshot.lamps = Lamps::after_failure(error);
    snapshot.refusal = Some(Refusal {
        since: ago(38),
        error: Arc::new(error.clone()),
    });
}

/// The first attempt is under way and nothing is known.
pub(super) fn connecting() -> Snapshot {
    let mut snapshot = blank();
    snapshot.connection.apply(Step::Open, ago(2)).unwrap();
    snapshot.busy_since = Some(ago(2));
    snapshot
}

/// Not begun, or ended by the user, with nothing known.
pub(super) fn blank() -> Snapshot {
    Snapshot {
        revision: 0,
        session: Arc::new(session()),
        connection: DatabaseConnection::new(connection_id(), Mode::Local, ago(3)),
        verdict: Verdict::assess(
            &Evidence::new(ConnectionStatus::Disconnected, None),
            &POLICY,
        ),
        lamps: Lamps::unknown(),
        outage: None,
        suspect_since: None,
        refusal: None,
        busy_since: None,
        next_check: None,
        last_good: None,
        checks: Arc::new([]),
        checks_dropped: 0,
        operations: Arc::new([]),
        operations_dropped: 0,
        errors: Arc::new([]),
        errors_dropped: 0,
        diagnosis: None,
        rehearsal: None,
        migrations: None,
        migration: None,
        alternatives: None,
        review: None,
    }
}

/// Lost twelve seconds ago for a cause, with the last good data kept.
pub(super) fn lost(error: DbError, lane: Lane) -> Snapshot {
    let mut snapshot = healthy();
    let error = Arc::new(error);
    let failure = Failure::Counted(error.message());
    snapshot
        .connection
        .apply(Step::Lost(failure), ago(12))
        .unwrap();
    snapshot.verdict = Verdict::assess(&Evidence::new(ConnectionStatus::Error, None), &POLICY);
    snapshot.lamps = Lamps::after_failure(&error);
    snapshot.next_check = None;
    let mut errors = snapshot.errors.to_vec();
    errors.push(ErrorEntry {
        error: Arc::clone(&error),
        first: ago(12),
        last: ago(1),
        count: 41,
    });
    snapshot.errors = errors.into();
    snapshot.outage = Some(Outage {
        since: ago(12),
        error,
        failed_tries: 2,
        lane,
        next_try: (lane != Lane::Paused).then(|| now() + TimeDelta::milliseconds(2_500)),
    });
    snapshot
}

/// Nothing was configured.
pub(super) fn mock() -> Snapshot {
    let mut snapshot = healthy();
    let mut session = session();
    session.target = Target {
        mode: Mode::Mock,
        address: "in memory".into(),
        database: String::new(),
        role: String::new(),
        security: TransportSecurity::ThisMachine,
    };
    session.mode_reason = "Mode chosen because nothing is configured.".into();
    session.warnings = vec![
        "Nothing is persisted in mock mode. To watch a database, set DATABASE_URL (or PGHOST or \
         PGSERVICE), or give a postgres:// URL."
            .into(),
    ];
    snapshot.session = Arc::new(session);
    snapshot
}

/// The names of ten files.
fn files() -> impl Iterator<Item = MigrationName> {
    let names = REQUIRED_TABLES.into_iter().chain(["supabase_access"]);
    (1..)
        .zip(names)
        .map(|(version, name)| MigrationName::new(version, name))
}

/// How the migrations stand when so many of ten files were applied.
pub(super) fn migration_state(applied: usize) -> MigrationState {
    let row = |(index, id)| AppliedMigration {
        id,
        applied_at: Some(ago(600 - index)),
        checksum: vec![7],
        execution_ms: index,
    };
    MigrationState {
        schema: "public".into(),
        ledger: "public.schema_migrations".into(),
        whose: LedgerStanding::Ours,
        applied: (0..).zip(files().take(applied)).map(row).collect(),
        pending: files().skip(applied).collect(),
        refusal: None,
        unwritable: None,
        missing_right: None,
    }
}

/// A look at that, three seconds ago.
pub(super) fn migrations(applied: usize) -> Arc<MigrationLook> {
    look(Ok(migration_state(applied)))
}

/// A look that has ended three seconds ago.
pub(super) fn look(result: Result<MigrationState, DbError>) -> Arc<MigrationLook> {
    Arc::new(MigrationLook {
        at: ago(3),
        result: result.map(Arc::new).map_err(Arc::new),
    })
}

/// A run that has applied so many files since two seconds, and is at the next one.
pub(super) fn run(applied: usize) -> Arc<MigrationProgress> {
    run_of(applied + 1, applied)
}

/// A run that has begun so many files since two seconds, and applied some of them.
pub(super) fn run_of(begun: usize, applied: usize) -> Arc<MigrationProgress> {
    let mut progress = MigrationProgress::new(ago(2));
    for (ms, name) in (3..).zip(files().take(begun)) {
        progress.take(MigrationEvent::Started(name.clone()), ago(1));
        if name.version <= i64::try_from(applied).unwrap() {
            let took = Duration::from_millis(ms);
            let migration = name;
            progress.take(MigrationEvent::Applied { migration, took }, ago(1));
        }
    }
    Arc::new(progress)
}

/// The same, with a rehearsal that goes on to another condition in 12 seconds.
pub(super) fn rehearsed(
    mut snapshot: Snapshot,
    scenario: Option<Scenario>,
    condition: Condition,
    next: Condition,
) -> Snapshot {
    snapshot.session = mock().session;
    snapshot.rehearsal = Some(Rehearsed {
        scenario,
        condition,
        next: Some((now() + TimeDelta::milliseconds(11_400), next)),
    });
    snapshot
}

/// The samples that belong to the checks of a snapshot.
pub(super) fn samples(snapshot: &Snapshot) -> Vec<LatencySample> {
    let checks = snapshot.checks.iter();
    checks
        .map(|check| LatencySample {
            at: check.timestamp(),
            outcome: if check.success() {
                SampleOutcome::Answered(check.latency())
            } else {
                SampleOutcome::TimedOut(Duration::from_secs(5))
            },
        })
        .collect()
}
