//! One session with a PostgreSQL server, from the first statement to the last
//! word. Knows nothing of why it is opened and what is asked.

use std::{fmt, time::Duration};

use tokio::{task::JoinHandle, time::timeout};
use tokio_postgres::Client;

use crate::{
    adapter::{
        DbResult, NoticeSink,
        classify::{Stage, from_postgres},
        local::{
            meter::{self, Allowance},
            opening::Opening,
            phase_clock::PhaseClock,
            protocol_notes::ProtocolNotes,
            target::{Purpose, Target},
            traffic::{Ended, Traffic},
        },
    },
    domain::{Action, DbError},
};

/// How long the end of a session may take. Sending the farewell needs no
/// answer, so this is reached only when the socket is stuck.
const FAREWELL: Duration = Duration::from_millis(100);

/// An open session. Dropped, it ends at once; [`Session::close`] says farewell.
pub(super) struct Session {
    client: Client,
    driver: Driver,
    is_encrypted: bool,
    allowance: Allowance,
    notes: ProtocolNotes,
}

/// An open session of which nothing runs by itself: its owner moves its bytes.
pub(super) struct Unattended {
    pub(super) client: Client,
    pub(super) traffic: Traffic,
    /// How much the server may still send; to be renewed by whoever asks.
    pub(super) allowance: Allowance,
    pub(super) is_encrypted: bool,
    pub(super) notes: ProtocolNotes,
}

/// The task that moves bytes. It must not outlive its session: towards a
/// frozen server it would wait for ever for the answers still owed.
struct Driver(Option<JoinHandle<Ended>>);

/// What protects a session on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protection {
    None,
    Tls,
}

// === impl Session ===

impl Session {
    /// Opens a session and times the phases dns, tcp, tls and login. A pooler
    /// that refuses our session options is asked again without them.
    pub(super) async fn open(
        target: &Target,
        purpose: Purpose,
        clock: &PhaseClock,
    ) -> DbResult<Self> {
        let session = Opening::of(target, purpose).unattended(clock).await?;
        Ok(Self::attended(session))
    }

    /// The same for the statements of somebody who hears what the server remarks.
    pub(super) async fn open_heard(
        target: &Target,
        notices: Option<&NoticeSink>,
        clock: &PhaseClock,
    ) -> DbResult<Self> {
        let opening = Opening::of(target, Purpose::Statements).heard_by(notices);
        Ok(Self::attended(opening.unattended(clock).await?))
    }

    fn attended(session: Unattended) -> Self {
        Self {
            client: session.client,
            driver: Driver(Some(tokio::spawn(session.traffic))),
            is_encrypted: session.is_encrypted,
            allowance: session.allowance,
            notes: session.notes,
        }
    }

    /// The same, for an owner who moves the bytes.
    pub(super) async fn open_unattended(
        target: &Target,
        purpose: Purpose,
        clock: &PhaseClock,
    ) -> DbResult<Unattended> {
        Opening::of(target, purpose).unattended(clock).await
    }

    /// The driver's client, for statements.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// The session serves another caller.
    pub(super) fn renew_allowance(&self) {
        self.allowance.renew(meter::STATEMENTS);
    }

    /// What the session's messages say beside their content.
    pub(super) fn notes(&self) -> &ProtocolNotes {
        &self.notes
    }

    /// What protects the session.
    pub(super) fn protection(&self) -> Protection {
        if self.is_encrypted {
            Protection::Tls
        } else {
            Protection::None
        }
    }

    /// Whether TLS protects the session.
    pub(super) fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }

    /// True once the server or the way to it has gone.
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Classifies the error of a statement. Where the client only knows that
    /// the session has ended, the task that moves bytes has the last words.
    pub(super) async fn classify(
        &mut self,
        error: tokio_postgres::Error,
        action: Action,
    ) -> DbError {
        if error.is_closed()
            && let Some(ended) = self.driver.last_words().await
            && let Some(last_words) = ended.into_error(action)
        {
            return last_words;
        }
        from_postgres(error, action, Stage::Statement)
    }

    /// Ends the session properly. Bounded; does not wait for the server.
    pub(super) async fn close(self) {
        let Self {
            client, mut driver, ..
        } = self;
        drop(client);
        let ended = driver.last_words().await;
        if let Some(error) = ended.and_then(|ended| ended.into_error(Action::Disconnect)) {
            tracing::debug!(%error, "a session did not end well");
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("is_encrypted", &self.is_encrypted)
            .field("is_closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

// === impl Driver ===

impl Driver {
    /// How the session ended, if it ends soon.
    async fn last_words(&mut self) -> Option<Ended> {
        let mut task = self.0.take()?;
        match timeout(FAREWELL, &mut task).await {
            Ok(Ok(ended)) => Some(ended),
            // A task that was aborted or panicked has no words.
            Ok(Err(_)) => None,
            Err(_) => {
                task.abort();
                None
            }
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}
