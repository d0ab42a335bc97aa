//! The mock mode: an embedded database that is asked like a real one. Knows
//! nothing of status and recording.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future::BoxFuture;
use serde_json::Value;
use tokio::{sync::mpsc, time::Instant};

use crate::{
    adapter::{
        DbResult, MigrationSink, Piece, Ran, Rehearsing, RunAccess, RunOrder, TransactionClient,
        local::{Phase, PhaseClock},
        mock::{
            classify::from_sqlite,
            engine::{Engine, Turn, set_access},
            faults::{Client, Gate},
            look::{self, Seen},
            migrate,
            pulse::MockPulse,
            run::run,
            schema::Tables,
            statements,
            transaction::transaction,
        },
        mode_adapter::{Check, OnTaken, Record, Statement, TakeRow},
    },
    config::MockSection,
    domain::{
        Action, Adoption, Condition, DbError, ErrorKind, HealthDetails, MigrationReport,
        MigrationState, Scenario,
    },
};

/// The embedded database as an adapter.
#[derive(Debug)]
pub(in crate::adapter) struct MockDatabase {
    engine: Engine,
    /// What is met while it is rehearsed that the tables are missing.
    bare: Engine,
    gate: Gate,
    /// As whom statements come, from the first one on.
    client: Mutex<Option<Client>>,
    timeout: Duration,
    schema: Schema,
}

/// Whether the required tables are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Schema {
    Required,
    Ignored,
}

/// What is said of a statement that was stopped while it ran.
const LEFT_UNDER_WAY: &str =
    "the statement was under way; nothing of this database outlives the program";

impl MockDatabase {
    pub(in crate::adapter) fn new(section: MockSection) -> Self {
        let rehearsal = section.rehearsal.as_ref();
        let tables = match rehearsal.and_then(|rehearsal| rehearsal.scenario) {
            Some(Scenario::Migrations) => Tables::First,
            Some(
                Scenario::Calm
                | Scenario::Flaky
                | Scenario::Outage
                | Scenario::Slow
                | Scenario::Hang
                | Scenario::Auth,
            )
            | None => Tables::All,
        };
        Self {
            gate: Gate::new(&section),
            client: Mutex::default(),
            timeout: section.timeout,
            schema: if section.requires_schema {
                Schema::Required
            } else {
                Schema::Ignored
            },
            bare: Engine::new(section.clone(), Tables::None),
            engine: Engine::new(section, tables),
        }
    }

    /// Where the rehearsal stands.
    pub(in crate::adapter) fn rehearsing(&self) -> Option<Rehearsing> {
        self.gate.rehearsing()
    }

    /// Looks as a new client would: logs in, asks, leaves.
    pub(in crate::adapter) async fn check(&self, action: Action) -> Check {
        let began = Instant::now();
        let clock = PhaseClock::start(action, self.timeout);
        let looked = clock.within(self.look(&clock)).await;
        let (result, mut details) = match looked {
            Ok((_, details)) => (Ok(()), details),
            Err(error) => (Err(error), HealthDetails::default()),
        };
        details.phases = clock.timings();
        Check {
            latency: match &result {
                Ok(()) => details.phases.query.unwrap_or_default(),
                Err(_) => began.elapsed(),
            },
            details,
            result,
        }
    }

    /// Runs one statement in a session of its own. There is no server that could
    /// go on with it when it is stopped.
    pub(in crate::adapter) async fn run(
        &self,
        order: RunOrder<'_>,
        pieces: &mpsc::Sender<Piece>,
        stop: impl Future<Output = ()> + Send,
    ) -> DbResult<Ran> {
        let action = Action::Query;
        let limit = order.timeout.unwrap_or(self.timeout);
        let is_under_way = AtomicBool::new(false);
        let work = self.alone(action, limit, async {
            let mut turn = self.turn(action).await?;
            let mut session = turn.session(action)?;
            if order.access == RunAccess::ReadOnly {
                // The next turn begins as configured again.
                set_access(session.connection, order.access, action).await?;
            }
            is_under_way.store(true, Ordering::Relaxed);
            run(&mut session, &order, pieces).await
        });
        tokio::select! {
            biased;
            () = stop => {
                let left = DbError::new(action, ErrorKind::Cancelled);
                Err(if is_under_way.load(Ordering::Relaxed) {
                    left.with_details(LEFT_UNDER_WAY)
                } else {
                    left
                })
            }
            done = work => done,
        }
    }

    /// Opens a guard's session.
    pub(in crate::adapter) async fn pulse(&self, limit: Duration) -> DbResult<MockPulse<'_>> {
        let clock = PhaseClock::start(Action::Connect, limit);
        let client = clock.within(self.gate.log_in(&clock)).await?;
        Ok(MockPulse {
            database: self,
            client,
        })
    }

    /// One bare statement in a guard's session.
    pub(super) async fn beat(&self, client: &mut Client) -> DbResult<()> {
        let action = Action::HealthCheck;
        let ask = async {
            let mut turn = self.turn(action).await?;
            sqlx::query("select 1")
                .execute(turn.session(action)?.connection)
                .await
                .map_err(|error| from_sqlite(error, action))?;
            Ok(())
        };
        self.gate.within(client, action, ask).await
    }

    /// The end of a guard's session.
    pub(super) async fn end(&self, client: &mut Client) -> DbError {
        self.gate.end(client, Action::HealthCheck).await
    }

    /// Asks whether a login would be asked for.
    pub(in crate::adapter) async fn knock(&self, limit: Duration) -> DbResult<()> {
        let clock = PhaseClock::start(Action::Connect, limit);
        clock.within(self.gate.knock(&clock)).await
    }

    /// Ends the session of the statements; the database stays for the next connect.
    #[expect(clippy::unused_async, reason = "the same face as the other modes")]
    pub(in crate::adapter) async fn close(&self) {
        self.keep(None);
    }

    pub(in crate::adapter) async fn query(
        &self,
        statement: Statement<'_>,
        take: &mut TakeRow<'_>,
    ) -> DbResult<u64> {
        let action = statement.action;
        self.bounded(action, async {
            let mut turn = self.turn(action).await?;
            statements::query(&mut turn.session(action)?, statement, take).await
        })
        .await
    }

    pub(in crate::adapter) async fn insert(
        &self,
        table: &str,
        data: &Record,
        on_taken: OnTaken,
    ) -> DbResult<Value> {
        let action = Action::Insert;
        self.bounded(action, async {
            let mut turn = self.turn(action).await?;
            statements::insert(&mut turn.session(action)?, table, data, on_taken).await
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
            let mut turn = self.turn(action).await?;
            statements::update(&mut turn.session(action)?, table, id, data).await
        })
        .await
    }

    pub(in crate::adapter) async fn delete(&self, table: &str, id: &str) -> DbResult<u64> {
        let action = Action::Delete;
        self.bounded(action, async {
            let mut turn = self.turn(action).await?;
            statements::delete(&mut turn.session(action)?, table, id).await
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
            let mut turn = self.turn(action).await?;
            let access = self.engine.access();
            transaction(turn.session(action)?, &self.gate, access, work).await
        })
        .await
    }

    /// How the database stands with our migrations, asked in a session of its own.
    pub(in crate::adapter) async fn migration_state(&self) -> DbResult<MigrationState> {
        let action = Action::Migrate;
        self.alone(action, self.timeout, async {
            let mut turn = self.turn(action).await?;
            migrate::state(turn.session(action)?.connection).await
        })
        .await
    }

    /// Applies what is pending, in a session of its own.
    pub(in crate::adapter) async fn migrate(
        &self,
        progress: &MigrationSink,
    ) -> DbResult<MigrationReport> {
        let action = Action::Migrate;
        self.alone(action, self.timeout, async {
            let mut turn = self.turn(action).await?;
            migrate::up(turn.session(action)?.connection, progress).await
        })
        .await
    }

    /// There is nothing that others could have made.
    #[expect(clippy::unused_async, reason = "the same face as the other modes")]
    pub(in crate::adapter) async fn adopt(&self) -> DbResult<Adoption> {
        Err(migrate::nothing_to_adopt())
    }

    /// Logs in and asks, timed by the clock.
    pub(super) async fn look(&self, clock: &PhaseClock) -> DbResult<(Seen, HealthDetails)> {
        let action = clock.action();
        let mut client = self.gate.log_in(clock).await?;
        // Making the tables, the first time, is no part of an answer's time.
        drop(self.turn(action).await?);
        clock.begin(Phase::Query);
        let ask = async {
            let mut turn = self.turn(action).await?;
            let connection = turn.session(action)?.connection;
            let seen = look::look(connection, action).await?;
            clock.end();
            let mut details = HealthDetails {
                server_version: Some(format!("SQLite {}", seen.version)),
                database_size_bytes: u64::try_from(seen.bytes).ok(),
                read_only: Some(seen.query_only != 0),
                in_recovery: Some(false),
                ..HealthDetails::default()
            };
            if self.schema == Schema::Required {
                details.missing_tables = Some(look::missing_tables(connection, action).await?);
                details.migrations = Some(migrate::state(connection).await?.summary());
            }
            Ok((seen, details))
        };
        self.gate.within(&mut client, action, ask).await
    }

    /// Deadline of a health check and of a statement.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The connection to what holds the tables now.
    async fn turn(&self, action: Action) -> DbResult<Turn<'_>> {
        let engine = match self.gate.condition() {
            Condition::Schema => &self.bare,
            Condition::Calm
            | Condition::Refuse
            | Condition::Lose
            | Condition::Hang
            | Condition::Auth
            | Condition::Slow { .. }
            | Condition::Full => &self.engine,
        };
        engine.turn(action).await
    }

    /// Logging in, where no session is left, and the work: one deadline for all.
    fn bounded<'w, T: Send + 'w>(
        &'w self,
        action: Action,
        work: impl Future<Output = DbResult<T>> + Send + 'w,
    ) -> impl Future<Output = DbResult<T>> + Send + 'w {
        // Boxed: a statement's future is large, and would be held twice.
        let work = Box::pin(work);
        async move {
            let clock = PhaseClock::start(action, self.timeout);
            let done = async {
                let mut client = match self.kept() {
                    Some(client) if self.gate.stands(client) => client,
                    Some(_) | None => self.gate.log_in(&clock).await?,
                };
                clock.begin(Phase::Query);
                let done = self.gate.within(&mut client, action, work).await;
                self.keep(Some(client));
                done
            };
            clock.within(done).await
        }
    }

    /// The same in a session of its own, whether there is another or not.
    fn alone<'w, T: Send + 'w>(
        &'w self,
        action: Action,
        limit: Duration,
        work: impl Future<Output = DbResult<T>> + Send + 'w,
    ) -> impl Future<Output = DbResult<T>> + Send + 'w {
        let work = Box::pin(work);
        async move {
            let clock = PhaseClock::start(action, limit);
            let done = async {
                let mut client = self.gate.log_in(&clock).await?;
                clock.begin(Phase::Query);
                self.gate.within(&mut client, action, work).await
            };
            clock.within(done).await
        }
    }

    fn kept(&self) -> Option<Client> {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, client: Option<Client>) {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = client;
    }
}
