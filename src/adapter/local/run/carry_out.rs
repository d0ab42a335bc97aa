//! Runs one statement: reads it, frames it, hands its rows on and stops it.

use std::{
    pin::{Pin, pin},
    time::Duration,
};

use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};

use crate::{
    adapter::{
        DbResult, Piece, Ran, RunAccess, RunOrder,
        leading::is_about_transactions,
        local::{
            phase_clock::{PhaseClock, timeout_error},
            pooler,
            run::{
                cancel::Canceller,
                effects::may_have_effects,
                inspect::{Inspected, inspect},
                left_behind::LeftBehind,
                relay::Relay,
                within::{begin, end, execute, has_written, leave_nothing, roll_back},
            },
            session::Session,
            statements::stands_alone,
            target::Target,
        },
        running::as_read_only,
    },
    domain::{Action, DbError, ErrorKind, Layer, PoolMode},
};

/// How long the server may take to end a statement that it was told to cancel.
const PATIENCE: Duration = Duration::from_secs(2);

/// Rows of the first batch; each later one is larger, up to the largest.
const FIRST_BATCH: u64 = 1_000;
const LARGEST_BATCH: u64 = 50_000;

/// The prefix that makes a cursor of a query. A cursor runs only as far as it is
/// read, so that what nobody wants is not computed.
const DECLARE: &str = "declare dbvitals_rows no scroll cursor without hold for ";

/// Runs the cursor to its end and sends no rows.
const THE_REST: &str = "move forward all in dbvitals_rows";

/// Codes of what cannot be made a cursor: no query at all, one that changes
/// data, one that makes a table.
const NO_CURSOR: [&str; 3] = ["42601", "0A000", "42P11"];

/// Runs the statement on a session of its own. See
/// [`Database::run`](crate::adapter::Database::run).
pub(in crate::adapter::local) async fn run(
    target: &Target,
    order: RunOrder<'_>,
    pieces: &mpsc::Sender<Piece>,
    stop: impl Future<Output = ()> + Send,
) -> DbResult<Ran> {
    let clock = PhaseClock::start(Action::Connect, target.section().timeout);
    let limit = order.timeout.unwrap_or(target.section().timeout);
    let target = target.with_timeout(limit);
    let mut stop = pin!(stop);
    let mut session = tokio::select! {
        biased;
        () = &mut stop => return Err(DbError::new(Action::Query, ErrorKind::Cancelled)),
        opened = clock.within(Box::pin(open(&target, &order, &clock))) => opened?,
    };
    let own = target.own_settings();
    let canceller = Canceller::of(&session, &target);
    let ran = {
        let mut work = pin!(carry_out(&mut session, &order, &own, pieces));
        tokio::select! {
            biased;
            done = &mut work => done,
            () = &mut stop => Stopped::OnRequest.settle(&canceller, work).await,
            () = sleep(limit) => Stopped::Late(limit).settle(&canceller, work).await,
        }
    };
    session.close().await;
    ran
}

/// A session, and what is known of a pooler that holds it.
async fn open(target: &Target, order: &RunOrder<'_>, clock: &PhaseClock) -> DbResult<Session> {
    let mut session = Session::open_heard(target, order.notices, clock).await?;
    let mode = pooler::notice(&mut session, target, clock).await?;
    if mode == Some(PoolMode::Statement) {
        return Err(pooler::no_transactions(Action::Query));
    }
    pooler::permit(mode, order.sql, Action::Query)?;
    Ok(session)
}

async fn carry_out(
    session: &mut Session,
    order: &RunOrder<'_>,
    own: &str,
    pieces: &mpsc::Sender<Piece>,
) -> DbResult<Ran> {
    let began = Instant::now();
    let inspected = inspect(session, order.sql).await?;
    let mut relay = Relay::new(order, &inspected, pieces);
    let affected = match order.access {
        RunAccess::ReadOnly if inspected.is_copy => return Err(copy_refused()),
        RunAccess::ReadOnly if is_about_transactions(order.sql) => {
            return Err(leaving_refused());
        }
        RunAccess::ReadOnly => match rows(session, order, own, &mut relay).await {
            Ok(affected) => Ok(affected),
            Err(error) => Err(as_read_only(left(session, error).await)),
        },
        RunAccess::Full => rows(session, order, own, &mut relay).await,
    };
    match affected {
        Ok(affected) => Ok(Ran {
            affected,
            counts_rows: inspected.counts_rows,
            has_more: relay.has_more,
            is_lost: false,
            took: began.elapsed(),
        }),
        Err(error) => Err(name_copy(error, &inspected)),
    }
}

/// The error of a statement that could not write, and has left nothing.
async fn left(session: &mut Session, error: DbError) -> DbError {
    if !session.notes().is_idle()
        && let Err(failed) = leave_nothing(session).await
    {
        tracing::debug!(%failed, cause = %error, "the transaction was not ended");
    }
    error
}

/// A query goes through a cursor; everything else by itself, as one statement.
async fn rows(
    session: &mut Session,
    order: &RunOrder<'_>,
    own: &str,
    relay: &mut Relay<'_>,
) -> DbResult<u64> {
    if relay.is_query() {
        let before = frame(session, order, own).await?;
        match declare(session, order).await {
            Ok(()) => {
                let affected = fetch(session, order, relay).await?;
                finish(session, order, before).await?;
                return Ok(affected);
            }
            Err(error) if error.code().is_some_and(|code| NO_CURSOR.contains(&code)) => {
                roll_back(session).await?;
            }
            Err(error) => return Err(error),
        }
    }
    if order.access == RunAccess::Full && own.is_empty() {
        return relay.stream(session, order.sql).await;
    }
    let before = frame(session, order, own).await?;
    match relay.stream(session, order.sql).await {
        Ok(affected) => {
            finish(session, order, before).await?;
            Ok(affected)
        }
        // Only our own word bounds it then, which is said at the deadline.
        Err(error) if order.access == RunAccess::Full && stands_alone(&error) => {
            roll_back(session).await?;
            relay.stream(session, order.sql).await
        }
        Err(error) => Err(error),
    }
}

/// Begins the transaction around the statement. Where its session is given to
/// others and it may change anything, what stays with it now is looked at.
async fn frame(
    session: &mut Session,
    order: &RunOrder<'_>,
    own: &str,
) -> DbResult<Option<LeftBehind>> {
    let is_shared = !own.is_empty() && order.access == RunAccess::Full;
    let before = if is_shared {
        begin(session, order.access, "").await?;
        let before = LeftBehind::read(session).await?;
        execute(session, own.trim_start_matches(';')).await?;
        Some(before)
    } else {
        begin(session, order.access, own).await?;
        None
    };
    if order.limit.is_none() {
        // All rows are wanted, so the plan that has them all soonest is the best.
        execute(session, "set local cursor_tuple_fraction = 1").await?;
    }
    Ok(before)
}

/// Ends the transaction around the statement. Others find the session as it was:
/// what the statement set for its own session ends with it.
async fn finish(
    session: &mut Session,
    order: &RunOrder<'_>,
    before: Option<LeftBehind>,
) -> DbResult<()> {
    if let Some(before) = before {
        let now = LeftBehind::read(session).await?;
        execute(session, &before.restore(&now)).await?;
    }
    end(session, order.access).await
}

async fn declare(session: &mut Session, order: &RunOrder<'_>) -> DbResult<()> {
    let sql = [DECLARE, order.sql].concat();
    execute(session, &sql).await.map_err(|error| {
        let prefix = u32::try_from(DECLARE.len()).unwrap_or(u32::MAX);
        match error.position().and_then(|it| it.checked_sub(prefix)) {
            Some(position) => error.with_position(position),
            None => error,
        }
    })
}

/// Reads the cursor as far as it is wanted.
async fn fetch(
    session: &mut Session,
    order: &RunOrder<'_>,
    relay: &mut Relay<'_>,
) -> DbResult<u64> {
    let (mut batch, mut total) = (FIRST_BATCH, 0);
    loop {
        let asked = match relay.wanted() {
            Some(wanted) => batch.min(wanted.saturating_add(1)),
            None => batch,
        };
        let sql = format!("fetch forward {asked} from dbvitals_rows");
        let came = relay.stream(session, &sql).await?;
        total += came;
        if came < asked {
            return Ok(total);
        }
        if relay.is_done() {
            return if has_effects(session, order).await? {
                Ok(total + relay.stream(session, THE_REST).await?)
            } else {
                Ok(relay.handed())
            };
        }
        batch = batch.saturating_mul(4).min(LARGEST_BATCH);
    }
}

/// Whether the query must be run to its end, though nobody wants its rows: half
/// of what it does is not what was asked for.
async fn has_effects(session: &mut Session, order: &RunOrder<'_>) -> DbResult<bool> {
    Ok(
        (order.access == RunAccess::Full && has_written(session).await?)
            || may_have_effects(session, order.sql).await?,
    )
}

/// A read-only transaction does not hold a COPY back from writing files or
/// running programs at the server.
fn copy_refused() -> DbError {
    DbError::new(Action::Query, ErrorKind::ReadOnly).with_details(
        "COPY may write files and run programs at the server, which a read-only transaction \
         does not hold back",
    )
}

/// A read-only transaction does not hold a PREPARE TRANSACTION back, which leaves
/// something at the server that stays there.
fn leaving_refused() -> DbError {
    DbError::new(Action::Query, ErrorKind::ReadOnly).with_details(
        "it begins or ends transactions, and would leave the one that lets it only read",
    )
}

/// A COPY from or to the client is not answered with rows.
fn name_copy(error: DbError, inspected: &Inspected) -> DbError {
    if inspected.is_copy && error.code().is_none() && error.kind() == ErrorKind::ProtocolViolation {
        return DbError::new(Action::Query, ErrorKind::Unsupported)
            .with_details("COPY from or to this program; use psql, or --format csv for a result")
            .with_source(error);
    }
    error
}

/// Why a statement is stopped before its end.
#[derive(Debug, Clone, Copy)]
enum Stopped {
    OnRequest,
    Late(Duration),
}

impl Stopped {
    /// Has the server cancel the statement and waits for its answer, which may
    /// also be that the statement was quicker.
    async fn settle(
        self,
        canceller: &Canceller<'_>,
        work: Pin<&mut impl Future<Output = DbResult<Ran>>>,
    ) -> DbResult<Ran> {
        let answer = canceller.settle(PATIENCE, work).await;
        let silence = "the server was told to cancel the statement and has not answered: \
                       what became of it is not known";
        match (self, answer) {
            (Self::Late(limit), Ok(Err(error)))
                if error.kind() == ErrorKind::StatementCancelled =>
            {
                Err(timeout_error(Action::Query, limit)
                    .at_layer(Layer::Statement)
                    .with_details("the server was told to cancel the statement, and did")
                    .with_source(error))
            }
            (Self::Late(_) | Self::OnRequest, Ok(answer)) => answer,
            (Self::Late(limit), Err(elapsed)) => Err(timeout_error(Action::Query, limit)
                .at_layer(Layer::Statement)
                .with_details(silence)
                .with_source(elapsed)),
            (Self::OnRequest, Err(elapsed)) => {
                Err(DbError::new(Action::Query, ErrorKind::Cancelled)
                    .with_details(silence)
                    .with_source(elapsed))
            }
        }
    }
}
