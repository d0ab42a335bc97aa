//! Tells a server to cancel what one of its sessions does. Knows nothing of
//! what that is.

use std::time::Duration;

use tokio::{sync::Notify, time::timeout};
use tokio_postgres::CancelToken;

use crate::{
    adapter::local::{
        phase_clock::PhaseClock,
        session::{Protection, Session, send_cancel},
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
pub(super) struct Canceller<'a> {
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
    pub(super) fn of(session: &Session, target: &'a Target) -> Self {
        Self {
            target,
            token: Token(session.client().cancel_token()),
            protection: session.protection(),
        }
    }

    /// Tells the server, again and again, until the work has ended; whoever polls
    /// this decides for how long. What was begun to be told is told to its end.
    pub(super) async fn repeat_until(&self, ended: &Notify) {
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
