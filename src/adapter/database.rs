//! The database as everybody else sees it: status, retries and recording
//! around one mode. Knows no driver.

use std::{fmt, sync::Arc};

use chrono::Utc;
use futures::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::{
    adapter::{
        DatabaseAdapter, DbResult, HealthReport, OperationSink, Rehearsing, SqlValue,
        TransactionClient,
        mode_adapter::{Check, ModeAdapter, OnTaken, Record, Statement},
        recorder::{Call, Recorder, Recording},
        retry::Retries,
        status::StatusCell,
    },
    config::AdapterSection,
    domain::{
        Action, ConnectionId, ConnectionStatus, DatabaseConnection, DbError, ErrorKind,
        HealthCheckDraft, HealthCheckResult, Mode, OperationType,
    },
};

/// The service of a clone that was given none.
const WATCH: &str = "watch";
/// The service that connection attempts are recorded under.
const CONNECT: &str = "connect";
/// The service that health checks are recorded under.
const HEALTH: &str = "health";

/// One database connection instance: the only way to the database.
///
/// Cheap to clone; all clones are the same connection. Every call is recorded
/// as an operation of the clone's service.
#[derive(Clone)]
pub struct Database {
    shared: Arc<Shared>,
    service: Arc<str>,
}

struct Shared {
    connection_id: ConnectionId,
    mode: ModeAdapter,
    status: StatusCell,
    recorder: Recorder,
    retries: Retries,
    writing: Writing,
    /// One attempt or disconnect at a time.
    turn: Mutex<()>,
}

/// Whether our own configuration allows writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writing {
    Allowed,
    SwitchedOff,
}

impl Database {
    /// A connection that is not open yet. Every call on it goes to `sink` as
    /// an operation, at its start and at its end.
    #[must_use]
    pub fn new(section: &AdapterSection, connection_id: ConnectionId, sink: OperationSink) -> Self {
        let mode = ModeAdapter::new(section);
        let is_read_only = match section {
            AdapterSection::Supabase(supabase) => supabase.read_only,
            AdapterSection::Local(local) => local.read_only,
            AdapterSection::Mock(mock) => mock.read_only,
        };
        let shared = Shared {
            connection_id,
            status: StatusCell::new(connection_id, mode.mode()),
            mode,
            recorder: Recorder::new(connection_id, sink),
            retries: Retries::new(section),
            writing: if is_read_only {
                Writing::SwitchedOff
            } else {
                Writing::Allowed
            },
            turn: Mutex::new(()),
        };
        Self {
            shared: Arc::new(shared),
            service: Arc::from(WATCH),
        }
    }

    /// The same connection, with its calls recorded under this service's name.
    #[must_use]
    pub fn for_service(&self, service: &str) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            service: Arc::from(service),
        }
    }

    /// Where the rehearsal stands that a mock database plays; `None` when it
    /// plays none, and in the other modes.
    #[must_use]
    pub fn rehearsing(&self) -> Option<Rehearsing> {
        self.shared.mode.rehearsing()
    }

    /// One attempt to connect, without retries.
    ///
    /// # Errors
    /// Why the attempt failed.
    pub async fn attempt(&self) -> DbResult<()> {
        self.connect_once().await.0
    }

    /// The same, told as a health check: an attempt logs in and asks, so it is
    /// one, and both are served by one connection to the server.
    pub async fn first_check(&self) -> HealthReport {
        self.connect_once().await.1
    }

    /// An attempt to connect: the status follows its end.
    async fn connect_once(&self) -> (DbResult<()>, HealthReport) {
        let _turn = self.shared.turn.lock().await;
        let attempt = self.shared.status.begin();
        let recording = self.record_as(CONNECT, OperationType::Query, self.shared.mode.asks_for());
        let check = self.shared.mode.check(Action::Connect).await;
        attempt.end(&check.result);
        if check.result.is_ok() {
            let at = recording.start_time();
            self.shared.status.note_check(&check.result, at);
        }
        self.tell(check, recording)
    }

    fn tell(&self, check: Check, recording: Recording) -> (DbResult<()>, HealthReport) {
        let result = check.result.clone();
        let report = self.report(check, &recording);
        recording.finish(&result, |()| None);
        (result, report)
    }

    pub(super) fn record(&self, kind: OperationType, table: Option<&str>) -> Recording {
        self.record_as(&self.service, kind, table)
    }

    pub(super) fn record_as(
        &self,
        service: &str,
        kind: OperationType,
        table: Option<&str>,
    ) -> Recording {
        self.shared.recorder.start(Call {
            kind,
            service,
            table,
        })
    }

    /// The mode behind the recording, for what is recorded elsewhere or not at all.
    pub(super) fn mode_adapter(&self) -> &ModeAdapter {
        &self.shared.mode
    }

    pub(super) fn status(&self) -> &StatusCell {
        &self.shared.status
    }

    /// Whether our own configuration forbids writing.
    pub(super) fn is_read_only(&self) -> bool {
        self.shared.writing == Writing::SwitchedOff
    }

    /// Refuses what cannot be sent, before it is sent.
    pub(super) fn permit(&self, action: Action) -> DbResult<()> {
        let writes = matches!(action, Action::Insert | Action::Update | Action::Delete);
        if writes && self.shared.writing == Writing::SwitchedOff {
            return Err(DbError::new(action, ErrorKind::ReadOnlyConfigured));
        }
        if self.shared.status.get().status() != ConnectionStatus::Connected {
            return Err(DbError::new(action, ErrorKind::NotConnected));
        }
        Ok(())
    }

    fn report(&self, check: Check, recording: &Recording) -> HealthReport {
        let timestamp = recording.start_time();
        let error = check.result.err().map(Arc::new);
        let draft = HealthCheckDraft {
            connection_id: self.shared.connection_id,
            timestamp,
            latency: check.latency,
            outcome: error.as_ref().map_or(Ok(()), |error| Err(error.message())),
            details: Some(check.details),
        };
        // The clock may have been stepped back during the check.
        let now = Utc::now().max(timestamp);
        let result = HealthCheckResult::try_new(draft, now)
            .expect("a check began before now, and no message of an error is empty");
        HealthReport { result, error }
    }
}

impl DatabaseAdapter for Database {
    async fn connect(&self) -> DbResult<()> {
        if self.is_connected() {
            return Ok(());
        }
        let mut retry = 0;
        loop {
            let error = match self.attempt().await {
                Err(error) if error.kind().is_worth_a_retry() => error,
                decided => return decided,
            };
            retry += 1;
            let wait = error.retry_after();
            let Some(delay) = self.shared.retries.delay(retry, wait) else {
                return Err(error);
            };
            tracing::debug!(retry, ?delay, %error, "trying again");
            tokio::time::sleep(delay).await;
        }
    }

    async fn disconnect(&self) -> DbResult<()> {
        let _turn = self.shared.turn.lock().await;
        self.shared.status.close();
        self.shared.mode.close().await;
        Ok(())
    }

    fn mode(&self) -> Mode {
        self.shared.mode.mode()
    }

    async fn health_check(&self) -> HealthReport {
        let recording = self.record_as(HEALTH, OperationType::Query, self.shared.mode.asks_for());
        let check = self.shared.mode.check(Action::HealthCheck).await;
        let at = recording.start_time();
        self.shared.status.note_check(&check.result, at);
        self.tell(check, recording).1
    }

    fn connection_status(&self) -> DatabaseConnection {
        self.shared.status.get()
    }

    async fn query<T: DeserializeOwned + Send>(
        &self,
        sql: &str,
        params: &[SqlValue],
    ) -> DbResult<Vec<T>> {
        let recording = self.record(OperationType::Query, None);
        let answer = async {
            let action = Action::Query;
            self.permit(action)?;
            let statement = Statement {
                sql,
                params,
                action,
            };
            let mut rows = Vec::new();
            let mut take = |row| {
                rows.push(typed(row, action)?);
                Ok(())
            };
            let affected = self.shared.mode.query(statement, &mut take).await?;
            Ok((rows, affected))
        }
        .await;
        recording.finish(&answer, |(_, affected)| Some(*affected));
        answer.map(|(rows, _)| rows)
    }

    async fn insert<T: DeserializeOwned + Send, D: Serialize + Sync>(
        &self,
        table: &str,
        data: &D,
    ) -> DbResult<T> {
        let recording = self.record(OperationType::Insert, Some(table));
        let row = async {
            self.permit(Action::Insert)?;
            let data = record_of(data, Action::Insert)?;
            let row = self
                .shared
                .mode
                .insert(table, &data, OnTaken::Refuse)
                .await?;
            typed(row, Action::Insert)
        }
        .await;
        recording.finish(&row, |_| Some(1));
        row
    }

    async fn update<T: DeserializeOwned + Send, D: Serialize + Sync>(
        &self,
        table: &str,
        id: &str,
        data: &D,
    ) -> DbResult<T> {
        let recording = self.record(OperationType::Update, Some(table));
        let row = async {
            self.permit(Action::Update)?;
            let data = record_of(data, Action::Update)?;
            let row = self.shared.mode.update(table, id, &data).await?;
            typed(row, Action::Update)
        }
        .await;
        recording.finish(&row, |_| Some(1));
        row
    }

    async fn delete(&self, table: &str, id: &str) -> DbResult<()> {
        let recording = self.record(OperationType::Delete, Some(table));
        let deleted = async {
            self.permit(Action::Delete)?;
            self.shared.mode.delete(table, id).await
        }
        .await;
        recording.finish(&deleted, |rows| Some(*rows));
        deleted.map(drop)
    }

    async fn transaction<T, F>(&self, callback: F) -> DbResult<T>
    where
        T: Send,
        F: for<'c> FnOnce(&'c mut dyn TransactionClient) -> BoxFuture<'c, DbResult<T>> + Send,
    {
        let recording = self.record(OperationType::Transaction, None);
        let done = async {
            self.permit(Action::Transaction)?;
            self.shared.mode.transaction(callback).await
        }
        .await;
        recording.finish(&done, |_| None);
        done
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("connection_id", &self.shared.connection_id)
            .field("mode", &self.shared.mode.mode())
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

/// The row as the caller's type.
pub(super) fn typed<T: DeserializeOwned>(row: Value, action: Action) -> DbResult<T> {
    serde_json::from_value(row).map_err(|error| {
        let words = format!("a row is not of the expected form: {error}");
        DbError::new(action, ErrorKind::SchemaMismatch)
            .with_details(&words)
            .with_source(error)
    })
}

/// The columns of a caller's value.
pub(super) fn record_of<D: Serialize>(data: &D, action: Action) -> DbResult<Record> {
    let invalid = |words: &str| DbError::new(action, ErrorKind::InvalidData).with_details(words);
    match serde_json::to_value(data) {
        Ok(Value::Object(columns)) => Ok(columns),
        Ok(_) => Err(invalid("a row must be a JSON object of columns")),
        Err(error) => Err(invalid(&error.to_string()).with_source(error)),
    }
}
