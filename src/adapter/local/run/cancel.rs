//! Tells a server to cancel what one of its sessions does. Knows nothing of
//! what that is.

use std::{convert::Infallible, time::Duration};

use tokio::time::sleep;
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

    /// Tells the server, again and again; whoever polls this decides how long.
    pub(in crate::adapter::local) async fn repeat(&self) -> Infallible {
        loop {
            let clock = PhaseClock::start(Action::Query, self.target.section().timeout);
            if let Err(error) =
                send_cancel(self.target, &self.token.0, self.protection, &clock).await
            {
                tracing::debug!(%error, "the server could not be told to cancel");
            }
            sleep(AGAIN).await;
        }
    }
}
