//! One session with a PostgreSQL server, from the socket to the last word.
//! Knows nothing of why it is opened and what is asked.

use std::{fmt, time::Duration};

use tokio::{
    io::empty,
    task::JoinHandle,
    time::{Instant, timeout},
};
use tokio_postgres::{CancelToken, Client, NoTls};

use crate::{
    adapter::{
        DbResult,
        classify::{Stage, from_io, from_postgres},
        local::{
            first_byte::FirstByte,
            meter::{self, Allowance, Metered},
            outlasting::Outlasting,
            phase_clock::{Phase, PhaseClock},
            protocol_notes::ProtocolNotes,
            reported::Reported,
            socket,
            target::{Purpose, Target, Wrapping},
            tls::{Channel, Handover, Negotiation, negotiate},
            traffic::{Ended, Traffic, traffic},
        },
    },
    config::SslMode,
    domain::{Action, DbError, ErrorKind, Layer},
};

/// How long the end of a session may take. Sending the farewell needs no
/// answer, so this is reached only when the socket is stuck.
const FAREWELL: Duration = Duration::from_millis(100);

/// So long a migration's session may hear nothing from the other machine, not
/// even that it received our bytes.
const PATIENCE: Duration = Duration::from_secs(30);

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
    is_encrypted: bool,
    notes: ProtocolNotes,
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

/// One try of opening a session.
#[derive(Debug, Clone, Copy)]
struct Opening<'a> {
    target: &'a Target,
    purpose: Purpose,
    deadline: Instant,
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
        let session = Self::open_unattended(target, purpose, clock).await?;
        Ok(Self {
            client: session.client,
            driver: Driver(Some(tokio::spawn(session.traffic))),
            is_encrypted: session.is_encrypted,
            allowance: session.allowance,
            notes: session.notes,
        })
    }

    /// The same, for an owner who moves the bytes.
    pub(super) async fn open_unattended(
        target: &Target,
        purpose: Purpose,
        clock: &PhaseClock,
    ) -> DbResult<Unattended> {
        let opening = Opening {
            target,
            purpose,
            deadline: Instant::now() + target.section().timeout,
        };
        match opening.as_configured(clock).await {
            Err(error) if is_about_options(&error) && target.give_up_options(purpose) => {
                opening.as_configured(clock).await
            }
            decided => decided,
        }
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

// === impl Opening ===

impl Opening<'_> {
    /// `prefer` falls back to plain text like libpq: when the server offers no
    /// TLS, when the handshake fails, and when the login is refused over TLS.
    async fn as_configured(self, clock: &PhaseClock) -> DbResult<Unattended> {
        let mode = self.target.tls_mode();
        // Boxed: a handshake's buffers would make every future that may open a session large.
        let first = match Box::pin(self.once(mode, clock)).await {
            Err(error) if mode == SslMode::Prefer && is_worth_plain_text(&error) => error,
            decided => return decided,
        };
        match Box::pin(self.once(SslMode::Disable, clock)).await {
            Ok(session) => Ok(session),
            Err(second) => {
                tracing::debug!(error = %second, "plain text failed too");
                Err(first)
            }
        }
    }

    async fn once(self, mode: SslMode, clock: &PhaseClock) -> DbResult<Unattended> {
        let (channel, allowance) = self.channel(mode, clock).await?;
        clock.begin(Phase::Login);
        let is_encrypted = matches!(channel, Channel::Encrypted(_));
        let notes = ProtocolNotes::default();
        let (client, traffic) = self
            .log_in(channel, &notes)
            .await
            .map_err(|error| self.login_error(error, clock.action(), &notes))?;
        clock.end();
        allowance.renew(match self.purpose {
            Purpose::Probe => meter::PROBE,
            Purpose::Sentinel => meter::HEARTBEAT,
            Purpose::Statements | Purpose::Migrations => meter::STATEMENTS,
        });
        Ok(Unattended {
            client,
            traffic,
            allowance,
            is_encrypted,
            notes,
        })
    }

    /// The way to the server, up to where a login would begin.
    async fn channel(self, mode: SslMode, clock: &PhaseClock) -> DbResult<(Channel, Allowance)> {
        let section = self.target.section();
        let socket = socket::open(&section.endpoint, self.deadline, clock).await?;
        let watched = match self.purpose {
            Purpose::Sentinel => Some(clock.limit()),
            // A file may take long, and the network may have a bad moment.
            Purpose::Migrations => Some(clock.limit().max(PATIENCE)),
            Purpose::Probe | Purpose::Statements => None,
        };
        if let Some(limit) = watched {
            socket::watch_closely(&socket, limit)
                .map_err(|error| from_io(error, clock.action()))?;
        }
        let allowance = Allowance::new(meter::LOGIN);
        let socket: socket::Socket = Box::new(Metered::new(socket, allowance.clone()));
        if mode == SslMode::Disable {
            clock.skip(Phase::Tls);
            return Ok((Channel::Plain(socket), allowance));
        }
        clock.begin(Phase::Tls);
        let wanted = Negotiation {
            tls: &section.tls,
            host: self.target.host(),
            clock,
        };
        let channel = negotiate(socket, wanted).await?;
        clock.end();
        Ok((channel, allowance))
    }

    async fn log_in(
        self,
        channel: Channel,
        notes: &ProtocolNotes,
    ) -> Result<(Client, Traffic), tokio_postgres::Error> {
        let notes = notes.clone();
        Ok(match channel {
            Channel::Plain(socket) => {
                let login = self.target.login(self.purpose, Wrapping::Plain);
                let stream = Reported::over(FirstByte::of(socket), notes);
                let (client, connection) = login.connect_raw(stream, NoTls).await?;
                (client, traffic(connection))
            }
            Channel::Encrypted(stream) => {
                let login = self.target.login(self.purpose, Wrapping::Encrypted);
                let handover = Handover { stream, notes };
                let (client, connection) = login.connect_raw(empty(), handover).await?;
                (client, traffic(connection))
            }
        })
    }

    /// Poolers have no code of their own for a wrong password. An error that
    /// comes instead of the word that the proof is good can only mean that.
    fn login_error(
        self,
        error: tokio_postgres::Error,
        action: Action,
        notes: &ProtocolNotes,
    ) -> DbError {
        let mut error = from_postgres(error, action, Stage::Login);
        if error.kind() == ErrorKind::LoginFailed && notes.awaits_proof() {
            error = error.of_kind(ErrorKind::AuthFailed);
        }
        if error.kind() == ErrorKind::AuthFailed && self.target.section().password.is_none() {
            let words = format!(
                "{} (no password is configured)",
                error.details().unwrap_or_default()
            );
            return error.with_details(&words);
        }
        error
    }
}

/// Tells the server to cancel what a session does, over a way of its own that is
/// protected as the session is. The server does not answer: it is done when that
/// way has been ended from the other side. Whoever leaves earlier may harm a pooler.
pub(super) async fn send_cancel(
    target: &Target,
    token: &CancelToken,
    protection: Protection,
    clock: &PhaseClock,
) -> DbResult<()> {
    let opening = Opening {
        target,
        purpose: Purpose::Statements,
        deadline: Instant::now() + clock.limit(),
    };
    let mode = match protection {
        Protection::None => SslMode::Disable,
        Protection::Tls => target.tls_mode(),
    };
    let (channel, _) = opening.channel(mode, clock).await?;
    let sent = match channel {
        Channel::Plain(socket) => token.cancel_query_raw(Outlasting(socket), NoTls).await,
        Channel::Encrypted(stream) => {
            let notes = ProtocolNotes::default();
            let handover = Handover { stream, notes };
            let handover = Outlasting(handover);
            token.cancel_query_raw(empty(), handover).await
        }
    };
    sent.map_err(|error| from_postgres(error, clock.action(), Stage::Login))
}

/// What libpq tries again without TLS when the mode is `prefer`.
fn is_worth_plain_text(error: &DbError) -> bool {
    error.layer() == Layer::Tls && error.kind() == ErrorKind::TlsCertificate
        || error.kind() == ErrorKind::LoginRefused
}

/// A login is refused with this code for a startup parameter that is not taken.
fn is_about_options(error: &DbError) -> bool {
    error.layer() == Layer::Login && error.code() == Some("08P01")
}
