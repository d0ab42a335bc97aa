//! One try of opening a session with a PostgreSQL server, from the socket to the
//! login. Knows nothing of what is asked in it.

use std::time::Duration;

use tokio::{io::empty, time::Instant};
use tokio_postgres::{CancelToken, Client, NoTls};

use crate::{
    adapter::{
        DbResult, NoticeSink,
        classify::{Stage, from_io, from_postgres},
        local::{
            first_byte::FirstByte,
            meter::{self, Allowance, Metered},
            outlasting::Outlasting,
            phase_clock::{Phase, PhaseClock},
            protocol_notes::ProtocolNotes,
            remarks::Remarks,
            reported::Reported,
            session::{Protection, Unattended},
            socket,
            target::{Purpose, Target, Wrapping},
            tls::{Channel, Handover, Negotiation, negotiate},
            traffic::{Traffic, traffic},
        },
    },
    config::SslMode,
    domain::{Action, DbError, ErrorKind, Layer},
};

/// So long a migration's session may hear nothing from the other machine, not
/// even that it received our bytes.
const PATIENCE: Duration = Duration::from_secs(30);

/// One try of opening a session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opening<'a> {
    target: &'a Target,
    purpose: Purpose,
    deadline: Instant,
    /// Who hears what the server remarks.
    notices: Option<&'a NoticeSink>,
}

impl<'a> Opening<'a> {
    /// One that nobody listens to.
    pub(super) fn of(target: &'a Target, purpose: Purpose) -> Self {
        Self {
            target,
            purpose,
            deadline: Instant::now() + target.section().timeout,
            notices: None,
        }
    }

    /// The same, whose server's remarks somebody hears.
    pub(super) fn heard_by(self, notices: Option<&'a NoticeSink>) -> Self {
        Self { notices, ..self }
    }

    /// Opens a session and times the phases dns, tcp, tls and login. A pooler
    /// that refuses our session options is asked again without them.
    pub(super) async fn unattended(self, clock: &PhaseClock) -> DbResult<Unattended> {
        match self.as_configured(clock).await {
            Err(error) if is_about_options(&error) && self.target.give_up_options(self.purpose) => {
                self.as_configured(clock).await
            }
            decided => decided,
        }
    }

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
            .log_in(channel, &notes, &allowance)
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
        allowance: &Allowance,
    ) -> Result<(Client, Traffic), tokio_postgres::Error> {
        let notes = notes.clone();
        let remarks = Remarks::heard_by(self.notices, allowance);
        Ok(match channel {
            Channel::Plain(socket) => {
                let login = self.target.login(self.purpose, Wrapping::Plain);
                let stream = Reported::over(FirstByte::of(socket), notes);
                let (client, connection) = login.connect_raw(stream, NoTls).await?;
                (client, traffic(connection, remarks))
            }
            Channel::Encrypted(stream) => {
                let login = self.target.login(self.purpose, Wrapping::Encrypted);
                let handover = Handover { stream, notes };
                let (client, connection) = login.connect_raw(empty(), handover).await?;
                (client, traffic(connection, remarks))
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
        deadline: Instant::now() + clock.limit(),
        ..Opening::of(target, Purpose::Statements)
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
            let handover = Outlasting(Handover { stream, notes });
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
