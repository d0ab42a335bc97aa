//! The connection that only watches: its end is noticed at once, with the
//! server's own last words. Knows nothing of when a heartbeat is due.

use std::{error::Error as _, future::Future, io, time::Duration};

use futures::{FutureExt, pin_mut};
use tokio_postgres::{
    Client,
    error::{DbError as ServerError, Severity},
};

use crate::{
    adapter::{
        DbResult,
        classify::{Stage, from_postgres},
        local::{
            meter::{self, Allowance},
            phase_clock::{Phase, PhaseClock, timeout_error},
            session::{Session, Unattended},
            target::{Purpose, Target},
            traffic::{Ended, Traffic},
        },
        vigil::Pulse,
    },
    domain::{Action, DbError, ErrorKind, Layer, PoolMode},
};

/// The smallest statement that the server really executes.
const HEARTBEAT: &str = "select 1";

/// A server that ends idle sessions (PostgreSQL 14 and later) must not end
/// this one, whatever the time between two heartbeats.
/// All names are full ones: nothing of the database's owner is run.
const STAY: &str = "select pg_catalog.set_config(name, '0', false) \
    from pg_catalog.pg_settings where name operator(pg_catalog.=) 'idle_session_timeout'";

/// A session that waits for its own end.
///
/// It has no task: its bytes move while it is asked or waited for. Dropped, it
/// closes its socket before the drop returns, whatever the server does.
pub(in crate::adapter) struct Sentinel {
    /// Present until the drop.
    client: Option<Client>,
    traffic: Traffic,
    allowance: Allowance,
    limit: Duration,
}

impl Sentinel {
    /// Logs in, all within `limit`, which is also how long the network may
    /// leave unacknowledged what is sent.
    pub(super) async fn open(target: &Target, limit: Duration) -> DbResult<Self> {
        let clock = PhaseClock::start(Action::Connect, limit);
        let opening = async {
            let session = Session::open_unattended(target, Purpose::Sentinel, &clock).await?;
            let Unattended {
                client,
                traffic,
                allowance,
                ..
            } = session;
            let mut sentinel = Self {
                client: Some(client),
                traffic,
                allowance,
                limit,
            };
            clock.begin(Phase::Query);
            // Behind a pooler that hands sessions around it is no session of
            // ours that would be told to stay.
            let shares = target.pooler().is_some_and(PoolMode::shares_sessions);
            let first = if shares { HEARTBEAT } else { STAY };
            sentinel.ask(first, Action::Connect).await?;
            Ok(sentinel)
        };
        clock.within(opening).await
    }

    /// Asks, and moves the bytes meanwhile. An answer is an answer, also one
    /// that refuses the statement: an error means that the session has ended.
    async fn ask(&mut self, sql: &str, action: Action) -> DbResult<()> {
        self.allowance.renew(meter::HEARTBEAT);
        let client = self.client.as_ref();
        let client = client.expect("the client stays until the drop");
        let answer = client.batch_execute(sql);
        pin_mut!(answer);
        tokio::select! {
            // The traffic comes first, so that an answer that lies in the
            // socket is read before anybody concludes that there is none.
            biased;
            ended = &mut self.traffic => {
                // The server's last words may have come as this answer. It is
                // here or never: nothing moves any more.
                match answer.await {
                    Err(error) if error.as_db_error().is_some() => {
                        Err(from_postgres(error, action, Stage::Statement))
                    }
                    _ => Err(why(ended, action, self.limit)),
                }
            }
            answered = &mut answer => answered.or_else(|error| judge(error, action)),
        }
    }
}

impl Pulse for Sentinel {
    fn beat(&mut self) -> impl Future<Output = DbResult<()>> + Send {
        self.ask(HEARTBEAT, Action::HealthCheck)
    }

    async fn end(&mut self) -> DbError {
        let ended = (&mut self.traffic).await;
        why(ended, Action::HealthCheck, self.limit)
    }
}

impl Drop for Sentinel {
    /// Says farewell where that needs no waiting, so that the server has
    /// nothing to complain of in its log.
    fn drop(&mut self) {
        drop(self.client.take());
        if let Some(ended) = (&mut self.traffic).now_or_never()
            && let Some(error) = ended.into_error(Action::Disconnect)
        {
            tracing::debug!(%error, "the sentinel's session did not end well");
        }
    }
}

/// A server that refuses a statement is there; one that ends the session is not.
fn judge(error: tokio_postgres::Error, action: Action) -> DbResult<()> {
    let severity = error.as_db_error().and_then(ServerError::parsed_severity);
    let error = from_postgres(error, action, Stage::Statement);
    if severity == Some(Severity::Error) {
        let (code, words) = (error.code(), error.details());
        tracing::warn!(code, words, "the server refused the sentinel's statement");
        return Ok(());
    }
    Err(error)
}

fn why(ended: Ended, action: Action, limit: Duration) -> DbError {
    let Some(error) = ended.into_error(action) else {
        return DbError::new(action, ErrorKind::OwnSide)
            .with_details("the sentinel's session was ended by this side");
    };
    if is_unacknowledged(&error) {
        return timeout_error(action, limit)
            .at_layer(Layer::Tcp)
            .with_details("the network acknowledged nothing")
            .with_source(error);
    }
    error
}

/// Whether the system gave the connection up because nothing came back.
fn is_unacknowledged(error: &DbError) -> bool {
    let mut next = error.source();
    while let Some(cause) = next {
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            return io.kind() == io::ErrorKind::TimedOut;
        }
        next = cause.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use std::{
        pin::Pin,
        task::{Context, Poll},
    };

    use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf, join, sink};
    use tokio_postgres::{Config, NoTls};

    use super::*;
    use crate::adapter::local::{remarks::Remarks, traffic::traffic};

    const LIMIT: Duration = Duration::from_millis(700);

    /// A login that is accepted without a password, and readiness.
    const WELCOME: &[u8] = b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";

    /// A socket that fails, as the system does after it has waited in vain.
    struct Broken(io::ErrorKind);

    impl AsyncRead for Broken {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Poll::Ready(Err(self.0.into()))
        }
    }

    async fn check(failure: io::ErrorKind, kind: ErrorKind) {
        let socket = join(WELCOME.chain(Broken(failure)), sink());
        let (client, connection) = Config::new()
            .user("me")
            .connect_raw(socket, NoTls)
            .await
            .unwrap();
        let mut sentinel = Sentinel {
            client: Some(client),
            traffic: traffic(connection, Remarks::default()),
            allowance: Allowance::new(meter::HEARTBEAT),
            limit: LIMIT,
        };
        let error = sentinel.end().await;
        assert_eq!((error.kind(), error.layer()), (kind, Layer::Tcp));
    }

    #[tokio::test]
    async fn a_connection_that_the_system_gave_up_has_timed_out() {
        let timeout = ErrorKind::Timeout { after_ms: 700 };
        check(io::ErrorKind::TimedOut, timeout).await;
        check(io::ErrorKind::ConnectionReset, ErrorKind::ConnectionLost).await;
        check(io::ErrorKind::HostUnreachable, ErrorKind::HostUnreachable).await;
    }
}
