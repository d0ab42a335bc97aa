//! The local mode: one PostgreSQL server, looked at by a probe and used over a
//! pool of sessions. Knows nothing of status and recording.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future::BoxFuture;
use serde_json::Value;
use tokio::{sync::mpsc, time::timeout};

use crate::{
    adapter::{
        DbResult, DiagnosisOptions, MigrateOptions, MigrationSink, Piece, Ran, RunOrder,
        TransactionClient,
        diagnosis::Findings,
        local::{
            diagnose,
            glance::Glance,
            knock::knock,
            learn::Place,
            migrate,
            phase_clock::timeout_error,
            pool::{Lease, Pool},
            pooler::{explain, no_transactions},
            probe::Probe,
            run,
            sentinel::Sentinel,
            statements,
            target::Target,
            transaction::{Access, transaction},
        },
        mode_adapter::{Check, OnTaken, Record, Statement, TakeRow},
    },
    config::LocalSection,
    domain::{
        Action, Adoption, DbError, ErrorKind, HealthDetails, Layer, MigrationReport,
        MigrationState, PoolMode,
    },
};

/// A PostgreSQL server.
#[derive(Debug)]
pub(in crate::adapter) struct LocalDatabase {
    target: Arc<Target>,
    probe: Probe,
    glance: Glance,
    /// Present from the first successful attempt until the end.
    pool: Mutex<Option<Pool>>,
}

impl LocalDatabase {
    pub(in crate::adapter) fn new(section: LocalSection) -> Self {
        let target = Arc::new(Target::new(section));
        Self {
            probe: Probe::new(Arc::clone(&target)),
            glance: Glance::new(Arc::clone(&target)),
            target,
            pool: Mutex::default(),
        }
    }

    /// Looks at the server. The first look that succeeds as an attempt to
    /// connect opens the way for statements.
    pub(in crate::adapter) async fn check(&self, action: Action) -> Check {
        let mut check = self.probe.check(action).await;
        if check.result.is_ok() && action == Action::Connect {
            self.open();
        }
        check.details.pool = self.pool().map(|pool| pool.gauge());
        check
    }

    /// A small look on a session that stays: whether the server answers, and where
    /// the schema is required how it and the migrations stand.
    pub(in crate::adapter) async fn glance(&self, action: Action) -> DbResult<HealthDetails> {
        self.glance.ask(action).await
    }

    /// Opens the way for statements: a session is made when one is needed.
    pub(in crate::adapter) fn open(&self) {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        pool.get_or_insert_with(|| Pool::new(&self.target));
    }

    /// Examines the way to the server and the server itself.
    pub(in crate::adapter) async fn diagnose(
        &self,
        options: DiagnosisOptions,
        findings: &Findings,
    ) -> DbResult<()> {
        diagnose::diagnose(&self.target, options, findings).await
    }

    /// Runs one statement on a session of its own.
    pub(in crate::adapter) async fn run(
        &self,
        order: RunOrder<'_>,
        pieces: &mpsc::Sender<Piece>,
        stop: impl Future<Output = ()> + Send,
    ) -> DbResult<Ran> {
        run::run(&self.target, order, pieces, stop).await
    }

    /// Opens the connection that only watches.
    pub(in crate::adapter) async fn sentinel(&self, limit: Duration) -> DbResult<Box<Sentinel>> {
        Sentinel::open(&self.target, limit).await.map(Box::new)
    }

    /// Asks whether somebody answers at the address.
    pub(in crate::adapter) async fn knock(&self, limit: Duration) -> DbResult<()> {
        knock(&self.target, limit).await
    }

    /// How the database stands with our migrations.
    pub(in crate::adapter) async fn migration_state(&self) -> DbResult<MigrationState> {
        let state = migrate::state(&self.target).await;
        self.explained(state).await
    }

    /// Applies what is pending.
    pub(in crate::adapter) async fn migrate(
        &self,
        options: MigrateOptions,
        progress: &MigrationSink,
        stop: impl Future<Output = ()> + Send,
    ) -> DbResult<MigrationReport> {
        let report = migrate::up(&self.target, options, progress, stop).await;
        self.explained(report).await
    }

    /// Records what others have made as our files would.
    pub(in crate::adapter) async fn adopt(&self, options: MigrateOptions) -> DbResult<Adoption> {
        let adoption = migrate::adopt(&self.target, options).await;
        self.explained(adoption).await
    }

    /// Whether the server is on this machine.
    pub(in crate::adapter) fn is_near(&self) -> bool {
        self.target.section().endpoint.is_on_this_machine()
    }

    pub(in crate::adapter) async fn close(&self) {
        let pool = self
            .pool
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(pool) = pool {
            pool.close().await;
        }
        self.glance.close().await;
    }

    pub(in crate::adapter) async fn query(
        &self,
        statement: Statement<'_>,
        take: &mut TakeRow<'_>,
    ) -> DbResult<u64> {
        let asked = Asked::default();
        self.bounded(statement.action, &asked, async {
            let mut lease = self.lease(statement.action, &asked).await?;
            let affected = if self.target.section().read_only {
                statements::query_read_only(&mut lease, statement, take).await
            } else {
                statements::query(&mut lease, Place::Alone, statement, take).await
            };
            settle(lease, affected).await
        })
        .await
    }

    pub(in crate::adapter) async fn insert(
        &self,
        table: &str,
        data: &Record,
        on_taken: OnTaken,
    ) -> DbResult<Value> {
        let asked = Asked::default();
        self.bounded(Action::Insert, &asked, async {
            let mut lease = self.lease(Action::Insert, &asked).await?;
            let row = statements::insert(&mut lease, table, data, on_taken).await;
            settle(lease, row).await
        })
        .await
    }

    pub(in crate::adapter) async fn update(
        &self,
        table: &str,
        id: &str,
        data: &Record,
    ) -> DbResult<Value> {
        let asked = Asked::default();
        self.bounded(Action::Update, &asked, async {
            let mut lease = self.lease(Action::Update, &asked).await?;
            let row = statements::update(&mut lease, table, id, data).await;
            settle(lease, row).await
        })
        .await
    }

    pub(in crate::adapter) async fn delete(&self, table: &str, id: &str) -> DbResult<u64> {
        let asked = Asked::default();
        self.bounded(Action::Delete, &asked, async {
            let mut lease = self.lease(Action::Delete, &asked).await?;
            let deleted = statements::delete(&mut lease, table, id).await;
            settle(lease, deleted).await
        })
        .await
    }

    pub(in crate::adapter) async fn transaction<T, F>(&self, work: F) -> DbResult<T>
    where
        T: Send,
        F: for<'c> FnOnce(&'c mut dyn TransactionClient) -> BoxFuture<'c, DbResult<T>> + Send,
    {
        let access = if self.target.section().read_only {
            Access::ReadOnly
        } else {
            Access::ReadWrite
        };
        let asked = Asked::default();
        self.bounded(Action::Transaction, &asked, async {
            let mut lease = self.lease(Action::Transaction, &asked).await?;
            let done = transaction(&mut lease, access, work).await;
            settle(lease, done).await
        })
        .await
    }

    /// Says why no transaction could begin, where a pooler takes none.
    async fn explained<T>(&self, result: DbResult<T>) -> DbResult<T> {
        match result {
            Ok(done) => Ok(done),
            Err(error) => Err(explain(&self.target, error).await),
        }
    }

    fn pool(&self) -> Option<Pool> {
        let pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        pool.clone()
    }

    async fn lease(&self, action: Action, asked: &Asked) -> DbResult<Lease> {
        let takes_transactions = self.target.pooler() != Some(PoolMode::Statement);
        if !takes_transactions && matches!(action, Action::Query | Action::Transaction) {
            return Err(no_transactions(action));
        }
        let lease = match self.pool() {
            Some(pool) => pool.lease(action).await?,
            None => return Err(DbError::new(action, ErrorKind::NotConnected)),
        };
        asked.0.store(true, Ordering::Relaxed);
        Ok(lease)
    }

    /// Waiting for a session, opening it and its statements: one deadline for
    /// all. What is dropped at the deadline ends its session at once.
    async fn bounded<T>(
        &self,
        action: Action,
        asked: &Asked,
        work: impl Future<Output = DbResult<T>> + Send,
    ) -> DbResult<T> {
        let limit = self.target.section().timeout;
        let elapsed = match timeout(limit, work).await {
            Ok(done) => return done,
            Err(elapsed) => elapsed,
        };
        let error = timeout_error(action, limit).with_source(elapsed);
        if asked.0.load(Ordering::Relaxed) {
            return Err(error
                .at_layer(Layer::Statement)
                .with_details("the statement was not answered"));
        }
        Err(error.with_details("no session was free or could be opened"))
    }
}

/// Whether a call came so far that its statement was sent: what hangs then is
/// the statement, whatever lies behind it.
#[derive(Debug, Default)]
struct Asked(AtomicBool);

/// Gives a session back after a call, unless the call has broken it.
async fn settle<T>(lease: Lease, result: DbResult<T>) -> DbResult<T> {
    let is_usable = match &result {
        Ok(_) => true,
        Err(error) => !matches!(
            error.kind(),
            ErrorKind::ConnectionLost
                | ErrorKind::ProtocolViolation
                | ErrorKind::OwnSide
                | ErrorKind::Timeout { .. }
        ),
    };
    if is_usable {
        lease.give_back().await;
    }
    result
}
