//! The session of a run: short questions under a deadline, a file without one.
//! Dropped, it ends at once, and the server rolls back what is open.

use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::{Error, Row};

use crate::{
    adapter::{
        DbResult,
        local::{
            fence::Params,
            phase_clock::{PhaseClock, timeout_error},
            run::Canceller,
            session::Session,
            target::{Purpose, Target},
        },
    },
    domain::{Action, DbError, Layer},
};

/// How long the answer to a commit is waited for. It is long, since a commit
/// that was not answered leaves nobody knowing whether it holds.
const COMMIT: Duration = Duration::from_mins(1);

/// An open session.
#[derive(Debug)]
pub(super) struct Link {
    session: Session,
    limit: Duration,
    /// A transaction is open, or was broken and not yet rolled back.
    is_open: bool,
    /// How long a statement of it may wait for a lock, by what it began with.
    lock_patience: Duration,
}

impl Link {
    /// Logs in, under the name `…-migrate`.
    pub(super) async fn open(target: &Target) -> DbResult<Self> {
        let limit = target.section().timeout;
        let clock = PhaseClock::start(Action::Migrate, limit);
        let opening = Session::open(target, Purpose::Migrations, &clock);
        let session = clock.within(opening).await?;
        Ok(Self {
            session,
            limit,
            is_open: false,
            lock_patience: Duration::ZERO,
        })
    }

    /// The deadline of a statement that answers soon.
    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    /// Begins a transaction with these statements.
    pub(super) async fn begin(&mut self, sql: &str) -> DbResult<()> {
        self.is_open = true;
        self.execute(sql).await
    }

    /// The same, where nobody is waited for longer than this.
    pub(super) async fn begin_patient(&mut self, sql: &str, patience: Duration) -> DbResult<()> {
        self.lock_patience = patience;
        let patience_ms = patience.as_millis().max(1);
        let sql = format!("{sql}; set local lock_timeout = {patience_ms}");
        self.begin(&sql).await
    }

    /// How long a statement of the transaction may wait for a lock.
    pub(super) fn lock_patience(&self) -> Duration {
        self.lock_patience
    }

    /// Runs statements that answer soon.
    pub(super) async fn execute(&mut self, sql: &str) -> DbResult<()> {
        self.execute_within(sql, self.limit).await
    }

    /// The same with another deadline.
    pub(super) async fn execute_within(&mut self, sql: &str, limit: Duration) -> DbResult<()> {
        let answer = timeout(limit, self.session.client().batch_execute(sql)).await;
        match answer {
            Ok(answer) => self.judge(answer).await,
            Err(elapsed) => Err(unanswered(limit).with_source(elapsed)),
        }
    }

    /// Runs statements that may take as long as they take. The way to the
    /// server is watched meanwhile by the socket itself.
    pub(super) async fn execute_long(&mut self, sql: &str) -> DbResult<()> {
        let answer = self.session.client().batch_execute(sql).await;
        self.judge(answer).await
    }

    /// What cancels what this session does.
    pub(super) fn canceller<'t>(&self, target: &'t Target) -> Canceller<'t> {
        Canceller::of(&self.session, target)
    }

    /// Asks for one row.
    pub(super) async fn row(&mut self, sql: &str, params: &Params<'_>) -> DbResult<Row> {
        self.row_within(sql, params, self.limit).await
    }

    /// Asks for one row of what others may keep locked.
    pub(super) async fn row_past_locks(&mut self, sql: &str, params: &Params<'_>) -> DbResult<Row> {
        // The server keeps the lock's deadline; ours is for one that does not answer.
        self.row_within(sql, params, self.limit + self.lock_patience)
            .await
    }

    async fn row_within(
        &mut self,
        sql: &str,
        params: &Params<'_>,
        limit: Duration,
    ) -> DbResult<Row> {
        let asking = self.session.client().query_typed_one(sql, params);
        let answer = timeout(limit, asking).await;
        match answer {
            Ok(answer) => self.judge(answer).await,
            Err(elapsed) => Err(unanswered(limit).with_source(elapsed)),
        }
    }

    /// Asks for rows.
    pub(super) async fn rows(&mut self, sql: &str, params: &Params<'_>) -> DbResult<Vec<Row>> {
        let asking = self.session.client().query_typed(sql, params);
        let answer = timeout(self.limit, asking).await;
        match answer {
            Ok(answer) => self.judge(answer).await,
            Err(elapsed) => Err(unanswered(self.limit).with_source(elapsed)),
        }
    }

    /// Asks for rows, and may take as long as it takes.
    pub(super) async fn rows_long(&mut self, sql: &str, params: &Params<'_>) -> DbResult<Vec<Row>> {
        let answer = self.session.client().query_typed(sql, params).await;
        self.judge(answer).await
    }

    pub(super) async fn commit(&mut self) -> DbResult<()> {
        self.is_open = false;
        self.execute_within("commit", COMMIT).await
    }

    /// Rolls back what is open, where the session still can. Poolers give the
    /// session to others then; elsewhere its end would do as well.
    pub(super) async fn roll_back(&mut self) {
        if !self.is_open || self.session.is_closed() {
            return;
        }
        self.is_open = false;
        if let Err(error) = self.execute("rollback").await {
            tracing::debug!(%error, "a rollback was not answered; the server makes it by itself");
        }
    }

    /// Ends the session.
    pub(super) async fn close(self) {
        self.session.close().await;
    }

    async fn judge<T>(&mut self, answer: Result<T, Error>) -> DbResult<T> {
        self.session.renew_allowance();
        match answer {
            Ok(value) => Ok(value),
            Err(error) => Err(self.session.classify(error, Action::Migrate).await),
        }
    }
}

fn unanswered(limit: Duration) -> DbError {
    timeout_error(Action::Migrate, limit)
        .at_layer(Layer::Statement)
        .with_details("a statement was not answered")
}
