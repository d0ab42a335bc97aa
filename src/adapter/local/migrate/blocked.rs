//! Who holds the lock that a file waits for, asked by a session of its own while
//! the file's own session can say nothing. Knows nothing of what the file does.

use std::{
    convert::Infallible,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use tokio::time::sleep;
use tokio_postgres::{Row, types::Type};

use crate::{
    adapter::{
        DbResult, MigrateOptions, MigrationSink,
        local::{
            fence::{Fence, Path, fenced},
            phase_clock::PhaseClock,
            schema_state::column,
            session::Session,
            target::{Purpose, Target},
        },
    },
    domain::{Action, LockHolder, MigrationEvent, MigrationName, excerpt},
};

const BLOCKERS: &str = include_str!("sql/blockers.sql");

/// A file that has run for so long may be waiting.
const LONG: Duration = Duration::from_secs(1);

/// Time between two questions.
const AGAIN: Duration = Duration::from_secs(2);

/// Watches over the session that runs a file.
pub(super) struct Watch<'a> {
    pub(super) target: &'a Target,
    pub(super) options: MigrateOptions,
    pub(super) progress: &'a MigrationSink,
    pub(super) migration: &'a MigrationName,
    /// The server's process of that session.
    pub(super) pid: i32,
    /// Those who were found last.
    pub(super) holders: Mutex<Vec<LockHolder>>,
}

impl Watch<'_> {
    /// Tells who holds a lock that the file waits for, and when nobody does any
    /// more; whoever polls this decides how long.
    pub(super) async fn tell(&self) -> Infallible {
        sleep(LONG.min(self.options.lock_deadline / 2)).await;
        loop {
            match self.ask().await {
                Ok(holders) => self.found(holders),
                Err(error) => tracing::debug!(%error, "who holds the lock could not be asked"),
            }
            sleep(AGAIN).await;
        }
    }

    /// Who was found last, in words.
    pub(super) fn words(&self) -> Option<String> {
        let holders = self.holders();
        let words: Vec<_> = holders.iter().map(ToString::to_string).collect();
        (!words.is_empty()).then(|| words.join("; "))
    }

    fn found(&self, holders: Vec<LockHolder>) {
        let pids = |holders: &[LockHolder]| holders.iter().map(|it| it.pid).collect::<Vec<_>>();
        let is_news = {
            let mut before = self.holders();
            let is_news = pids(&before) != pids(&holders);
            before.clone_from(&holders);
            is_news
        };
        if is_news {
            (self.progress)(MigrationEvent::Blocked {
                migration: self.migration.clone(),
                holders,
            });
        }
    }

    async fn ask(&self) -> DbResult<Vec<LockHolder>> {
        let action = Action::Migrate;
        let clock = PhaseClock::start(action, self.target.section().timeout);
        let asking = async {
            let mut session = Session::open(self.target, Purpose::Statements, &clock).await?;
            let params: &[(&(dyn tokio_postgres::types::ToSql + Sync), _)] =
                &[(&self.pid, Type::INT4)];
            let path = (Fence::of(self.target), Path::Pinned);
            match fenced(session.client(), path, BLOCKERS, params).await {
                Ok(row) => Ok((session, row)),
                Err(error) => Err(session.classify(error, action).await),
            }
        };
        // Boxed: a handshake's buffers would make the future of every run large.
        let (session, row) = clock.within(Box::pin(asking)).await?;
        session.close().await;
        read(&row)
    }

    fn holders(&self) -> MutexGuard<'_, Vec<LockHolder>> {
        // The list is whole after every statement.
        self.holders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(row: &Row) -> DbResult<Vec<LockHolder>> {
    let action = Action::Migrate;
    let (pids, applications): (Vec<i32>, Vec<&str>) =
        (column(row, 0, action)?, column(row, 1, action)?);
    let (roles, clients): (Vec<Option<&str>>, Vec<Option<&str>>) =
        (column(row, 2, action)?, column(row, 3, action)?);
    let times: Vec<Option<DateTime<Utc>>> = column(row, 4, action)?;
    let rows = pids.iter().zip(applications).zip(roles).zip(clients);
    Ok(rows
        .zip(times)
        .map(|((((pid, application), role), client), since)| LockHolder {
            pid: *pid,
            application_name: excerpt(application),
            role: role.map(excerpt),
            client: client.map(excerpt),
            since,
        })
        .collect())
}
