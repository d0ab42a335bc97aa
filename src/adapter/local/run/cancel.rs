//! Tells a server to cancel what one of its sessions does. Knows nothing of
//! what that is.

use std::time::Duration;

use tokio::{
    sync::Notify,
    time::{error::Elapsed, timeout},
};
use tokio_postgres::CancelToken;

use crate::{
    adapter::local::{
        opening::send_cancel,
        phase_clock::PhaseClock,
        session::{Protection, Session},
        target::Target,
    },
    domain::Action,
};

/// A session that does nothing at the moment in which it is told to cancel hears
/// nothing, so it is told again after this long.
const AGAIN: Duration = Duration::from_millis(200);

/// How long the server may take to end the way on which it was told.
const LONGEST: Duration = Duration::from_secs(1);

/// Cancels what one session does.
#[derive(Debug)]
pub(in crate::adapter::local) struct Canceller<'a> {
    target: &'a Target,
    token: Token,
    protection: Protection,
}

/// The session's key for cancelling, which nobody else needs to see.
struct Token(CancelToken);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

impl<'a> Canceller<'a> {
    /// The one of this session.
    pub(in crate::adapter::local) fn of(session: &Session, target: &'a Target) -> Self {
        Self {
            target,
            token: Token(session.client().cancel_token()),
            protection: session.protection(),
        }
    }

    /// Waits for what the session does, which the server is told to cancel until it
    /// has ended or this long has passed. The answer may also be that it was quicker.
    pub(in crate::adapter::local) async fn settle<T>(
        &self,
        patience: Duration,
        work: impl Future<Output = T>,
    ) -> Result<T, Elapsed> {
        let ended = Notify::new();
        let working = async {
            let answer = timeout(patience, work).await;
            ended.notify_one();
            answer
        };
        tokio::join!(working, self.repeat_until(&ended)).0
    }

    /// Tells the server, again and again, until the work has ended. What was begun
    /// to be told is told to its end.
    async fn repeat_until(&self, ended: &Notify) {
        loop {
            let clock = PhaseClock::start(Action::Query, self.target.section().timeout);
            let told = send_cancel(self.target, &self.token.0, self.protection, &clock);
            match timeout(LONGEST, told).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::debug!(%error, "the server could not be told to cancel");
                }
                Err(_) => tracing::debug!("the way on which to cancel was not ended"),
            }
            // The end leaves its word also when nobody waits for it yet.
            if timeout(AGAIN, ended.notified()).await.is_ok() {
                return;
            }
        }
    }
}
