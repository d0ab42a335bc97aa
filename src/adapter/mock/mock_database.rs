//! The mock mode: an embedded database that is asked like a real one. Knows
//! nothing of status and recording.

use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::Value;
use sqlx::SqliteConnection;
use tokio::{
    sync::mpsc,
    time::{Instant, timeout},
};

use crate::{
    adapter::{
        DbResult, DiagnosisOptions, MigrationSink, Piece, Ran, RunAccess, RunOrder, SqlValue,
        TransactionClient, WriteTest,
        diagnosis::Findings,
        local::timeout_error,
        mock::{
            classify::from_sqlite,
            engine::{Engine, Turn, set_access},
            migrate,
            pulse::MockPulse,
            run::run,
            statements,
            transaction::transaction,
        },
        mode_adapter::{Check, Record, Rows},
    },
    config::MockSection,
    domain::{
        Action, Adoption, DbError, ErrorKind, Exam, Finding, HealthDetails, MigrationReport,
        MigrationState, PhaseTimings,
    },
};

/// The one bare statement of a health check, and what there is to know.
const LOOK: &str = "select sqlite_version(), \
    (select page_count * page_size from pragma_page_count(), pragma_page_size()), \
    (select query_only from pragma_query_only())";

/// The embedded database as an adapter.
#[derive(Debug)]
pub(in crate::adapter) struct MockDatabase {
    engine: Engine,
}

impl MockDatabase {
    pub(in crate::adapter) fn new(section: MockSection) -> Self {
        Self {
            engine: Engine::new(section),
        }
    }

    pub(in crate::adapter) async fn check(&self, action: Action) -> Check {
        let began = Instant::now();
        let looked = self.bounded(action, self.look(action)).await;
        // Nothing is resolved, connected or logged in to.
        let mut details = HealthDetails {
            phases: PhaseTimings {
                dns: Some(Duration::ZERO),
                tcp: Some(Duration::ZERO),
                tls: Some(Duration::ZERO),
                login: Some(Duration::ZERO),
                query: None,
            },
            ..HealthDetails::default()
        };
        match looked {
            Err(error) => Check {
                latency: began.elapsed(),
                details,
                result: Err(error),
            },
            Ok((latency, found)) => {
                details.phases.query = Some(latency);
                details.server_version = Some(format!("SQLite {}", found.0));
                details.database_size_bytes = u64::try_from(found.1).ok();
                details.read_only = Some(found.2 != 0);
                details.in_recovery = Some(false);
                Check {
                    latency,
                    details,
                    result: Ok(()),
                }
            }
        }
    }

    /// Examines the embedded database: there is no way to it.
    pub(in crate::adapter) async fn diagnose(
        &self,
        options: DiagnosisOptions,
        findings: &Findings,
    ) -> DbResult<()> {
        let elsewhere = [
            Exam::HostName,
            Exam::Tcp,
            Exam::Tls,
            Exam::Login,
            Exam::Permission,
            Exam::Schema,
            Exam::Slots,
            Exam::Blocking,
            Exam::Pooler,
            Exam::Standby,
        ];
        for exam in elsewhere {
            findings.tell(Finding::skipped(
                exam,
                "mock mode: embedded in this program",
            ));
        }
        let action = Action::HealthCheck;
        let (latency, found) = self.bounded(action, self.look(action)).await?;
        let (version, _, query_only) = found;
        let words = format!("SQLite {version}, in memory: nothing is persisted");
        findings.tell(Finding::ok(Exam::Database, words));
        let mut write = match (query_only, options.policy.expects_writes) {
            (0, true) => Finding::ok(Exam::Write, "a session can write"),
            (_, false) => Finding::ok(Exam::Write, "switched off by read_only"),
            (_, true) => Finding::warning(Exam::Write, "the database is read-only")
                .because(DbError::new(action, ErrorKind::ReadOnly)),
        };
        if options.write_test == WriteTest::Try {
            write.note("not tried: what is written here is lost with the program anyway");
        }
        findings.tell(write);
        let mut finding = Finding::ok(Exam::Latency, format!("one answer in {latency:.1?}"));
        finding.fact("medianMs", latency);
        findings.tell(finding.taking(latency));
        Ok(())
    }

    /// Runs one statement. There is no server that could go on with it when it is
    /// stopped.
    pub(in crate::adapter) async fn run(
        &self,
        order: RunOrder<'_>,
        pieces: &mpsc::Sender<Piece>,
        stop: impl Future<Output = ()> + Send,
    ) -> DbResult<Ran> {
        let action = Action::Query;
        let limit = order.timeout.unwrap_or(self.engine.timeout());
        let work = async {
            let mut turn = self.engine.turn(action).await?;
            let connection = open(&mut turn, action)?;
            if order.access == RunAccess::ReadOnly {
                // The next turn begins as configured again.
                set_access(connection, order.access, action).await?;
            }
            run(connection, &order, pieces).await
        };
        tokio::select! {
            biased;
            () = stop => Err(DbError::new(action, ErrorKind::Cancelled)),
            done = timeout(limit, work) => match done {
                Ok(done) => done,
                Err(elapsed) => Err(timeout_error(action, limit).with_source(elapsed)),
            },
        }
    }

    /// Opens the database for a guard.
    pub(in crate::adapter) async fn pulse(&self, limit: Duration) -> DbResult<MockPulse<'_>> {
        match timeout(limit, self.engine.turn(Action::Connect)).await {
            Ok(turn) => turn.map(|_| MockPulse(self)),
            Err(elapsed) => Err(timeout_error(Action::Connect, limit).with_source(elapsed)),
        }
    }

    /// One bare statement.
    pub(super) async fn beat(&self) -> DbResult<()> {
        let action = Action::HealthCheck;
        let mut turn = self.engine.turn(action).await?;
        sqlx::query("select 1")
            .execute(open(&mut turn, action)?)
            .await
            .map_err(|error| from_sqlite(error, action))?;
        Ok(())
    }

    /// Nothing to do: the database stays for the next connect.
    #[expect(clippy::unused_async, reason = "the same face as the other modes")]
    pub(in crate::adapter) async fn close(&self) {}

    pub(in crate::adapter) async fn query(&self, sql: &str, params: &[SqlValue]) -> DbResult<Rows> {
        let action = Action::Query;
        self.bounded(action, async {
            let mut turn = self.engine.turn(action).await?;
            statements::query(open(&mut turn, action)?, sql, params, action).await
        })
        .await
    }

    pub(in crate::adapter) async fn insert(&self, table: &str, data: &Record) -> DbResult<Value> {
        let action = Action::Insert;
        self.bounded(action, async {
            let mut turn = self.engine.turn(action).await?;
            statements::insert(open(&mut turn, action)?, table, data).await
        })
        .await
    }

    pub(in crate::adapter) async fn update(
        &self,
        table: &str,
        id: &str,
        data: &Record,
    ) -> DbResult<Value> {
        let action = Action::Update;
        self.bounded(action, async {
            let mut turn = self.engine.turn(action).await?;
            statements::update(open(&mut turn, action)?, table, id, data).await
        })
        .await
    }

    pub(in crate::adapter) async fn delete(&self, table: &str, id: &str) -> DbResult<u64> {
        let action = Action::Delete;
        self.bounded(action, async {
            let mut turn = self.engine.turn(action).await?;
            statements::delete(open(&mut turn, action)?, table, id).await
        })
        .await
    }

    pub(in crate::adapter) async fn transaction<T, F>(&self, work: F) -> DbResult<T>
    where
        T: Send,
        F: for<'c> FnOnce(&'c mut dyn TransactionClient) -> BoxFuture<'c, DbResult<T>> + Send,
    {
        let action = Action::Transaction;
        self.bounded(action, async {
            let mut turn = self.engine.turn(action).await?;
            transaction(open(&mut turn, action)?, self.engine.access(), work).await
        })
        .await
    }

    /// How the database stands with our migrations.
    pub(in crate::adapter) async fn migration_state(&self) -> DbResult<MigrationState> {
        let action = Action::Migrate;
        self.bounded(action, async {
            let mut turn = self.engine.turn(action).await?;
            migrate::state(open(&mut turn, action)?).await
        })
        .await
    }

    /// Applies what is pending.
    pub(in crate::adapter) async fn migrate(
        &self,
        progress: &MigrationSink,
    ) -> DbResult<MigrationReport> {
        let action = Action::Migrate;
        self.bounded(action, async {
            let mut turn = self.engine.turn(action).await?;
            migrate::up(open(&mut turn, action)?, progress).await
        })
        .await
    }

    /// There is nothing that others could have made.
    #[expect(clippy::unused_async, reason = "the same face as the other modes")]
    pub(in crate::adapter) async fn adopt(&self) -> DbResult<Adoption> {
        Err(migrate::nothing_to_adopt())
    }

    async fn look(&self, action: Action) -> DbResult<(Duration, (String, i64, i64))> {
        let mut turn = self.engine.turn(action).await?;
        let began = Instant::now();
        let found = sqlx::query_as(LOOK)
            .fetch_one(open(&mut turn, action)?)
            .await
            .map_err(|error| from_sqlite(error, action))?;
        Ok((began.elapsed(), found))
    }

    async fn bounded<T>(
        &self,
        action: Action,
        work: impl Future<Output = DbResult<T>> + Send,
    ) -> DbResult<T> {
        let limit = self.engine.timeout();
        match timeout(limit, work).await {
            Ok(done) => done,
            Err(elapsed) => Err(timeout_error(action, limit).with_source(elapsed)),
        }
    }
}

fn open<'t>(turn: &'t mut Turn<'_>, action: Action) -> DbResult<&'t mut SqliteConnection> {
    turn.as_mut()
        .ok_or_else(|| DbError::new(action, ErrorKind::NotConnected))
}
