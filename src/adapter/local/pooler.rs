//! Whether a pooler stands between this program and the server, and when it
//! gives the server's sessions to others: by how sessions behave, whatever the
//! pooler is called. Knows no pooler's protocol.
//!
//! A server names its own process in the key for cancelling. A pooler, which
//! answers for many processes, names none of them: that tells that it is there.
//! When it hands sessions around is told by two sessions that stand at the same
//! time and ask in turn which process serves them: a process that served both,
//! or two processes that served one, are handed around between transactions.
//! A pooler that knows no transactions refuses to begin one, and ends the
//! session for it.

use std::time::Duration;

use tokio::time::timeout;

use crate::{
    adapter::{
        DbResult,
        classify::SAID_BY_POOLER,
        leading::session_bound,
        local::{
            phase_clock::PhaseClock,
            schema_state::column,
            session::Session,
            target::{Purpose, Target},
        },
    },
    domain::{Action, DbError, ErrorKind, PoolMode},
};

const SERVED_BY: &str = include_str!("sql/served_by.sql");

/// How long the second session may take: it waits where all of the pooler's
/// sessions are taken.
const LONGEST: Duration = Duration::from_secs(1);

/// Begins a transaction, and would end it.
const BEGIN: &str = "begin read only";
const END: &str = "rollback";

/// A process of the server: its number, and when it began.
type Process = (i64, i64);

/// Whether somebody else than the server holds this session.
fn is_seen(session: &Session, target: &Target, process: Option<i64>) -> bool {
    names_another(session, process) || target.refuses_options()
}

/// Whether the session's key names another process than the one that serves it.
pub(super) fn names_another(session: &Session, process: Option<i64>) -> bool {
    let named = session.notes().process().map(i64::from);
    named.zip(process).is_some_and(|(named, is)| named != is)
}

/// The pooler in between, if there is one. What is seen counts for the target
/// from then on: only an attempt to connect looks at a known one again.
/// `process` is what the server said of the process that serves the session.
///
/// # Errors
/// Why the session has ended.
pub(super) async fn look(
    session: &mut Session,
    target: &Target,
    process: Option<i64>,
    clock: &PhaseClock,
) -> DbResult<Option<PoolMode>> {
    let seen = match target.pooler() {
        _ if !is_seen(session, target, process) => None,
        Some(known) if known != PoolMode::Unknown && clock.action() != Action::Connect => {
            Some(known)
        }
        // Boxed: a login makes every future that may look large.
        _ => Some(Box::pin(mode(session, target, clock)).await?),
    };
    target.note_pooler(seen);
    Ok(seen)
}

/// The same, where nobody has asked yet which process serves the session.
///
/// # Errors
/// Why the session has ended.
pub(super) async fn notice(
    session: &mut Session,
    target: &Target,
    clock: &PhaseClock,
) -> DbResult<Option<PoolMode>> {
    let process = match served_by(session, clock.action()).await {
        Ok((process, _)) => Some(process),
        Err(error) if has_ended(&error) => return Err(error),
        Err(error) => {
            tracing::debug!(%error, "the server does not say which process serves");
            None
        }
    };
    look(session, target, process, clock).await
}

/// When the pooler that holds this session gives the server's sessions to
/// others. A second session that cannot be had leaves it unknown.
///
/// # Errors
/// Those of the given session.
async fn mode(session: &mut Session, target: &Target, clock: &PhaseClock) -> DbResult<PoolMode> {
    let action = clock.action();
    let before = match served_by(session, action).await {
        Ok(before) => before,
        Err(error) if has_ended(&error) => return Err(error),
        Err(error) => {
            tracing::debug!(%error, "the server does not say which process serves");
            return Ok(PoolMode::Unknown);
        }
    };
    let limit = LONGEST.min(clock.remaining() / 2);
    let second = PhaseClock::start(action, limit);
    let asking = async {
        let mut other = Session::open(target, Purpose::Probe, &second).await?;
        let served = [
            served_by(&mut other, action).await?,
            served_by(&mut other, action).await?,
        ];
        Ok::<_, DbError>((other, served))
    };
    let asked = match timeout(limit, Box::pin(asking)).await {
        Ok(Ok(asked)) => Some(asked),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a second session could not be had");
            None
        }
        Err(_) => None,
    };
    let Some((other, served)) = asked else {
        return Ok(PoolMode::Unknown);
    };
    let after = served_by(session, action).await?;
    if !is_handed_around([before, after], served) {
        other.close().await;
        return Ok(PoolMode::Session);
    }
    let refuses = refuses_transactions(other, limit).await;
    // A server that went away at this moment would look alike.
    if refuses && served_by(session, action).await.is_ok() {
        return Ok(PoolMode::Statement);
    }
    Ok(PoolMode::Transaction)
}

fn has_ended(error: &DbError) -> bool {
    error.code().is_none() || error.kind() == ErrorKind::ConnectionLost
}

/// Whether the answers of two sessions are those of one process, or the answers
/// of one session those of two.
fn is_handed_around(first: [Process; 2], second: [Process; 2]) -> bool {
    first[0] != first[1] || second[0] != second[1] || first.contains(&second[0])
}

async fn served_by(session: &mut Session, action: Action) -> DbResult<Process> {
    let answer = session.client().query_typed_one(SERVED_BY, &[]).await;
    match answer {
        Ok(row) => Ok((column(&row, 0, action)?, column(&row, 1, action)?)),
        Err(error) => Err(session.classify(error, action).await),
    }
}

/// Whether the session ends when a transaction is to begin in it.
async fn refuses_transactions(session: Session, limit: Duration) -> bool {
    let client = session.client();
    let refused = match timeout(limit, client.batch_execute(BEGIN)).await {
        Ok(Ok(())) => {
            // Whether or not it is answered, the session ends now.
            drop(timeout(limit, client.batch_execute(END)).await);
            false
        }
        Ok(Err(_)) => true,
        Err(_) => false,
    };
    session.close().await;
    refused
}

/// A transaction cannot begin, and the session has ended for it: by a pooler
/// that knows no transactions, or because its server has gone. Says which.
pub(super) async fn explain(target: &Target, error: DbError) -> DbError {
    let may_be = error.kind() == ErrorKind::ConnectionLost && error.code() == Some(SAID_BY_POOLER);
    if !may_be {
        return error;
    }
    let action = error.action();
    let clock = PhaseClock::start(action, target.section().timeout.min(LONGEST * 2));
    let looking = async {
        let mut session = Session::open(target, Purpose::Probe, &clock).await?;
        let mode = mode(&mut session, target, &clock).await;
        session.close().await;
        mode
    };
    match clock.within(Box::pin(looking)).await {
        Ok(PoolMode::Statement) => {
            target.note_pooler(Some(PoolMode::Statement));
            no_transactions(action).with_source(error)
        }
        Ok(_) => error,
        Err(second) => {
            tracing::debug!(error = %second, "the pooler could not be looked at");
            error
        }
    }
}

/// Refuses what needs a session of one's own, where a pooler hands sessions
/// around: it would be done to somebody else, or be gone at once.
pub(super) fn permit(mode: Option<PoolMode>, sql: &str, action: Action) -> DbResult<()> {
    let shares = mode.is_some_and(PoolMode::shares_sessions);
    let Some(what) = session_bound(sql).filter(|_| shares) else {
        return Ok(());
    };
    let words = format!(
        "it needs {what}, and the pooler in between gives the session to others after each \
         transaction"
    );
    Err(DbError::new(action, ErrorKind::Unsupported)
        .with_details(&words)
        .with_hint("use the server's own port (5432) or a pool in session mode"))
}

/// What needs a transaction is refused where a pooler takes none.
pub(super) fn no_transactions(action: Action) -> DbError {
    DbError::new(action, ErrorKind::Unsupported)
        .with_code(SAID_BY_POOLER)
        .with_details("the pooler in between works in statement mode, which takes no transactions")
        .with_hint("use the server's own port (5432) or a pool in transaction or session mode")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(first: [Process; 2], second: [Process; 2], expected: bool) {
        assert_eq!(is_handed_around(first, second), expected);
    }

    #[test]
    fn a_process_that_serves_two_sessions_is_handed_around() {
        let (a, b, c) = ((1, 10), (2, 10), (3, 10));
        check([a, a], [b, b], false);
        check([a, a], [a, a], true);
        // Two processes in turn, whoever asks.
        check([a, b], [b, a], true);
        check([a, b], [c, c], true);
        check([a, a], [b, c], true);
        // The number alone says nothing: it was given again.
        check([a, a], [(1, 11), (1, 11)], false);
    }
}
