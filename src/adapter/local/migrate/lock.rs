//! The lock that lets one run write at a time. It belongs to the transaction:
//! whatever ends that, releases it, also behind a pooler.

use tokio_postgres::types::Type;

use crate::{
    adapter::{
        DbResult, MigrateOptions, MigrationSink,
        local::{
            holder::{LEDGER_HOLDER, LOCK_TIMEOUT, read_holder},
            migrate::link::Link,
            schema_state::{LedgerLook, column},
        },
        migrations::LOCK,
    },
    domain::{Action, DbError, ErrorKind, LockHolder, MigrationEvent},
};

const HOLDER: &str = include_str!("sql/lock_holder.sql");
const SETTINGS: &str = include_str!("sql/settings.sql");

/// What is not reached for so long after the client has gone, or hangs, ends
/// the transaction. Between our own statements there are milliseconds.
const IDLE: &str = "60s";

/// Begins a transaction and takes the lock in it; gives the server's process of
/// the session.
///
/// Every statement sees what was committed before it, whatever the server's
/// default is: what another run applied while this one waited must be seen.
/// A file may take as long as it takes; nobody waits for a lock for longer
/// than the deadline.
pub(super) async fn begin_locked(
    link: &mut Link,
    options: MigrateOptions,
    progress: &MigrationSink,
) -> DbResult<i32> {
    let begin = format!(
        "begin transaction isolation level read committed; \
         set local statement_timeout = 0; \
         set local idle_in_transaction_session_timeout = '{IDLE}'"
    );
    let patience = options.lock_deadline;
    link.begin_patient(&begin, patience).await?;
    if let Err(error) = link.rows(SETTINGS, &[]).await {
        // Systems on which a server cannot notice that its client is gone say so.
        if error.code().is_none() || error.kind() == ErrorKind::ConnectionLost {
            return Err(error);
        }
        tracing::debug!(%error, "the server does not notice the end of its client");
        link.roll_back().await;
        link.begin_patient(&begin, patience).await?;
    }
    let is_free =
        format!("select pg_catalog.pg_try_advisory_xact_lock({LOCK}), pg_catalog.pg_backend_pid()");
    let row = link.row(&is_free, &[]).await?;
    let pid = column(&row, 1, Action::Migrate)?;
    if column(&row, 0, Action::Migrate)? {
        return Ok(pid);
    }
    progress(MigrationEvent::Waiting {
        holder: holder(link).await?,
    });
    let waiting = format!("select pg_catalog.pg_advisory_xact_lock({LOCK})");
    // The server keeps the deadline; ours is for one that does not answer.
    let limit = options.lock_deadline + link.limit();
    match link.execute_within(&waiting, limit).await {
        Err(error) if error.code() == Some(LOCK_TIMEOUT) => {
            link.roll_back().await;
            Err(locked(options, holder(link).await?.as_ref(), error))
        }
        decided => decided.map(|()| pid),
    }
}

/// Who holds the lock, if somebody does (any more).
async fn holder(link: &mut Link) -> DbResult<Option<LockHolder>> {
    let action = Action::Migrate;
    let rows = link.rows(HOLDER, &[(&LOCK, Type::INT8)]).await?;
    let row = rows.first();
    row.map(|row| read_holder(row, action)).transpose()
}

/// The error of a ledger that somebody keeps locked. Ends the transaction.
pub(super) async fn ledger_locked(
    link: &mut Link,
    ledger: &LedgerLook,
    error: DbError,
) -> DbResult<DbError> {
    let action = Action::Migrate;
    let waited = link.lock_patience();
    link.roll_back().await;
    let schema = ledger.schema();
    let rows = link.rows(LEDGER_HOLDER, &[(&schema, Type::TEXT)]).await?;
    let row = rows.first();
    let holder = row.map(|row| read_holder(row, action)).transpose()?;
    let words = ledger.locked_words(holder.as_ref());
    Ok(of_lock(error, &format!("{words} (waited {waited:?})")))
}

fn locked(options: MigrateOptions, holder: Option<&LockHolder>, error: DbError) -> DbError {
    let waited = options.lock_deadline;
    let who = holder.map_or_else(|| "it has just ended".to_owned(), ToString::to_string);
    of_lock(error, &format!("{who} (waited {waited:?})"))
}

/// What the server told of a lock that was not had in time, as what it is.
fn of_lock(error: DbError, words: &str) -> DbError {
    let kind = ErrorKind::MigrationLocked;
    error
        .of_kind(kind)
        .at_layer(kind.layer())
        .with_details(words)
}
