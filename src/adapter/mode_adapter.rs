//! The modes behind one face. Private to the adapter: everything outside goes
//! through the recording [`Database`](crate::adapter::Database).

use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::{Map, Value};
use tokio::sync::mpsc;

use crate::{
    adapter::{
        DbResult, DiagnosisOptions, Piece, Ran, Rehearsing, RunOrder, SqlValue, TransactionClient,
        diagnosis::Findings,
        guard::Guard,
        local::{LocalDatabase, quoted},
        mock::MockDatabase,
        supabase::SupabaseDatabase,
    },
    config::AdapterSection,
    domain::{Action, HealthDetails, Mode},
};

/// One mode. A closed set, so an enum rather than a boxed trait.
#[derive(Debug)]
pub(super) enum ModeAdapter {
    Supabase(Box<SupabaseDatabase>),
    Local(Box<LocalDatabase>),
    Mock(Box<MockDatabase>),
}

/// What a health check found.
#[derive(Debug)]
pub(super) struct Check {
    /// The bare round trip; for a failed check, the time until it failed.
    pub(super) latency: Duration,
    /// What was learned, also by a check that failed later.
    pub(super) details: HealthDetails,
    pub(super) result: DbResult<()>,
}

/// Any one statement of a caller's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statement<'s> {
    pub(super) sql: &'s str,
    pub(super) params: &'s [SqlValue],
    pub(super) action: Action,
}

/// What becomes of a new row whose id another row has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnTaken {
    /// It is refused.
    Refuse,
    /// The other row's given columns are changed.
    Change,
}

/// Takes a statement's rows as they arrive, so that only the taker holds them
/// all. After its first error it is given no more.
pub(super) type TakeRow<'t> = dyn FnMut(Value) -> DbResult<()> + Send + 't;

/// One row by its columns' names.
pub(super) type Record = Map<String, Value>;

impl ModeAdapter {
    pub(super) fn new(section: &AdapterSection) -> Self {
        match section {
            AdapterSection::Supabase(supabase) => {
                let supabase = SupabaseDatabase::new(supabase.as_ref().clone());
                Self::Supabase(Box::new(supabase))
            }
            AdapterSection::Local(local) => {
                Self::Local(Box::new(LocalDatabase::new(local.as_ref().clone())))
            }
            AdapterSection::Mock(mock) => Self::Mock(Box::new(MockDatabase::new(mock.clone()))),
        }
    }

    pub(super) fn mode(&self) -> Mode {
        match self {
            Self::Supabase(_) => Mode::Supabase,
            Self::Local(_) => Mode::Local,
            Self::Mock(_) => Mode::Mock,
        }
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Supabase(supabase) => supabase.close().await,
            Self::Local(local) => local.close().await,
            Self::Mock(mock) => mock.close().await,
        }
    }

    /// Looks at the database, as a health check or as an attempt to connect.
    pub(super) async fn check(&self, action: Action) -> Check {
        match self {
            Self::Supabase(supabase) => supabase.check(action).await,
            Self::Local(local) => local.check(action).await,
            Self::Mock(mock) => mock.check(action).await,
        }
    }

    /// Examines the way and the database, and tells what it finds. An error is
    /// what ends the way; it is not told yet.
    pub(super) async fn diagnose(
        &self,
        options: DiagnosisOptions,
        findings: &Findings,
    ) -> DbResult<()> {
        match self {
            Self::Supabase(supabase) => supabase.diagnose(options, findings).await,
            Self::Local(local) => local.diagnose(options, findings).await,
            Self::Mock(mock) => mock.diagnose(options, findings).await,
        }
    }

    /// Runs one statement and hands its rows on.
    pub(super) async fn run(
        &self,
        order: RunOrder<'_>,
        pieces: &mpsc::Sender<Piece>,
        stop: impl Future<Output = ()> + Send,
    ) -> DbResult<Ran> {
        match self {
            Self::Supabase(supabase) => supabase.run(order, pieces, stop).await,
            Self::Local(local) => local.run(order, pieces, stop).await,
            Self::Mock(mock) => mock.run(order, pieces, stop).await,
        }
    }

    /// Opens the connection of a guard.
    pub(super) async fn post_guard(&self, limit: Duration) -> DbResult<Guard<'_>> {
        match self {
            Self::Supabase(supabase) => supabase.pulse().await.map(Guard::Supabase),
            Self::Local(local) => local.sentinel(limit).await.map(Guard::Local),
            Self::Mock(mock) => mock.pulse(limit).await.map(Guard::Mock),
        }
    }

    pub(super) async fn knock(&self, limit: Duration) -> DbResult<()> {
        match self {
            Self::Supabase(supabase) => supabase.knock(limit).await,
            Self::Local(local) => local.knock(limit).await,
            Self::Mock(mock) => mock.knock(limit).await,
        }
    }

    /// Where a rehearsal stands; `None` when nothing is rehearsed.
    pub(super) fn rehearsing(&self) -> Option<Rehearsing> {
        match self {
            Self::Local(_) | Self::Supabase(_) => None,
            Self::Mock(mock) => mock.rehearsing(),
        }
    }

    pub(super) fn is_near(&self) -> bool {
        match self {
            Self::Supabase(supabase) => supabase.is_near(),
            Self::Local(local) => local.is_near(),
            Self::Mock(_) => true,
        }
    }

    /// The table that a check asks for a row, where it asks for one.
    pub(super) fn asks_for(&self) -> Option<&str> {
        match self {
            Self::Supabase(supabase) => Some(supabase.asks_for()),
            Self::Local(_) | Self::Mock(_) => None,
        }
    }

    /// Hands on all rows of a table, in the order of their ids.
    pub(super) async fn read(&self, table: &str, take: &mut TakeRow<'_>) -> DbResult<u64> {
        let sql = format!("select * from {} order by id", quoted(table));
        let statement = Statement {
            sql: &sql,
            params: &[],
            action: Action::Query,
        };
        match self {
            Self::Supabase(supabase) => supabase.read(table, take).await,
            Self::Local(local) => local.query(statement, take).await,
            Self::Mock(mock) => mock.query(statement, take).await,
        }
    }

    /// Runs one statement and tells how many rows it returned or changed.
    pub(super) async fn query(
        &self,
        statement: Statement<'_>,
        take: &mut TakeRow<'_>,
    ) -> DbResult<u64> {
        match self {
            Self::Supabase(supabase) => supabase.query(statement, take).await,
            Self::Local(local) => local.query(statement, take).await,
            Self::Mock(mock) => mock.query(statement, take).await,
        }
    }

    pub(super) async fn insert(
        &self,
        table: &str,
        data: &Record,
        on_taken: OnTaken,
    ) -> DbResult<Value> {
        match self {
            Self::Supabase(supabase) => supabase.insert(table, data, on_taken).await,
            Self::Local(local) => local.insert(table, data, on_taken).await,
            Self::Mock(mock) => mock.insert(table, data, on_taken).await,
        }
    }

    pub(super) async fn update(&self, table: &str, id: &str, data: &Record) -> DbResult<Value> {
        match self {
            Self::Supabase(supabase) => supabase.update(table, id, data).await,
            Self::Local(local) => local.update(table, id, data).await,
            Self::Mock(mock) => mock.update(table, id, data).await,
        }
    }

    pub(super) async fn delete(&self, table: &str, id: &str) -> DbResult<u64> {
        match self {
            Self::Supabase(supabase) => supabase.delete(table, id).await,
            Self::Local(local) => local.delete(table, id).await,
            Self::Mock(mock) => mock.delete(table, id).await,
        }
    }

    pub(super) async fn transaction<T, F>(&self, callback: F) -> DbResult<T>
    where
        T: Send,
        F: for<'c> FnOnce(&'c mut dyn TransactionClient) -> BoxFuture<'c, DbResult<T>> + Send,
    {
        match self {
            Self::Supabase(supabase) => supabase.transaction(callback).await,
            Self::Local(local) => local.transaction(callback).await,
            Self::Mock(mock) => mock.transaction(callback).await,
        }
    }
}
