//! Asks the server for TLS and does the handshake, so that both are timed
//! apart from the login. Knows nothing of who logs in.

use std::{
    future::{Ready, ready},
    io,
};

use tokio::io::{AsyncReadExt, AsyncWriteExt, Empty};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{
    adapter::{
        DbResult,
        classify::{any_error, at_login, from_io, is_whole},
        local::{
            phase_clock::PhaseClock, protocol_notes::ProtocolNotes, reported::Reported,
            socket::Socket, tls::client_config::client_config,
        },
    },
    config::{SslMode, TlsSection},
    domain::{Action, DbError, ErrorKind, Layer},
};

/// The `SSLRequest` message: its length, then its code (1234 and 5679).
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// So much of an error is read instead of an answer.
const LONGEST_REFUSAL: usize = 4096;

/// A socket with TLS on it.
pub(in crate::adapter::local) type Encrypted =
    <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// The way to the server after the negotiation.
pub(in crate::adapter::local) enum Channel {
    /// Plain text.
    Plain(Socket),
    /// TLS.
    Encrypted(Box<Encrypted>),
}

/// What is to be negotiated.
#[derive(Debug, Clone, Copy)]
pub(in crate::adapter::local) struct Negotiation<'a> {
    /// What is believed, and what we show of ourselves.
    pub(in crate::adapter::local) tls: &'a TlsSection,
    /// The name that the certificate must be for.
    pub(in crate::adapter::local) host: &'a str,
    /// What is being done, for errors, and which step of it hangs.
    pub(in crate::adapter::local) clock: &'a PhaseClock,
}

/// Brings the socket to what the mode demands.
pub(in crate::adapter::local) async fn negotiate(
    mut socket: Socket,
    wanted: Negotiation<'_>,
) -> DbResult<Channel> {
    let action = wanted.clock.action();
    match ask_for_tls(&mut socket, action).await? {
        b'S' => {}
        b'N' if wanted.tls.mode == SslMode::Prefer => return Ok(Channel::Plain(socket)),
        b'N' => return Err(DbError::new(action, ErrorKind::TlsRefused)),
        b'E' => return Err(refusal(&mut socket, wanted.clock).await),
        other => {
            let words = format!("the answer to a request for TLS was byte 0x{other:02x}");
            return Err(DbError::new(action, ErrorKind::ProtocolViolation)
                .at_layer(Layer::Login)
                .with_details(&words));
        }
    }
    wanted
        .clock
        .step("the files with certificates were not read");
    let config = client_config(wanted.tls, action).await?;
    let mut connector = MakeRustlsConnect::new(config);
    let connect = match MakeTlsConnect::<Socket>::make_tls_connect(&mut connector, wanted.host) {
        Ok(connect) => connect,
        Err(never) => match never {},
    };
    wanted
        .clock
        .step("the TLS handshake was begun and not finished");
    let stream = connect
        .connect(socket)
        .await
        .map_err(|error| at_tls(error, action))?;
    Ok(Channel::Encrypted(Box::new(stream)))
}

/// Asks whether there is TLS, which a server answers with one byte before it
/// knows who asks. Who does not answer fails at the login: without TLS the
/// same would be met there.
pub(in crate::adapter::local) async fn ask_for_tls(
    socket: &mut Socket,
    action: Action,
) -> DbResult<u8> {
    socket
        .write_all(&SSL_REQUEST)
        .await
        .map_err(|error| unanswered(error, action))?;
    socket
        .read_u8()
        .await
        .map_err(|error| unanswered(error, action))
}

/// An error instead of an answer: of a server that has no room for another
/// process, or of a pooler that refuses everybody. Who sent it may leave the
/// socket open.
async fn refusal(socket: &mut Socket, clock: &PhaseClock) -> DbError {
    let action = clock.action();
    clock.step("the answer to a request for TLS was an error that was begun and not finished");
    let mut said = vec![b'E'];
    let mut read = Ok(());
    // Whatever came before the end or the failure is what was said.
    while !is_whole(&said) && said.len() < LONGEST_REFUSAL && read.is_ok() {
        read = match socket.read_buf(&mut said).await {
            Ok(0) => break,
            other => other.map(drop),
        };
    }
    let Some(error) = any_error(&said) else {
        let violation = DbError::new(action, ErrorKind::ProtocolViolation)
            .at_layer(Layer::Login)
            .with_details("the answer to a request for TLS was an error that cannot be read");
        return match read {
            Ok(()) => violation,
            Err(error) => violation.with_source(error),
        };
    };
    let kind = match &error.code {
        Some(code) => at_login(error.kind, code),
        None => error.kind,
    };
    let refused = DbError::new(action, kind)
        .at_layer(Layer::Login)
        .with_details(&error.words);
    match &error.code {
        Some(code) => refused.with_code(code.as_str()).with_source(error),
        None => refused.with_source(error),
    }
}

fn unanswered(error: io::Error, action: Action) -> DbError {
    from_io(error, action).at_layer(Layer::Login)
}

fn at_tls(error: io::Error, action: Action) -> DbError {
    from_io(error, action).at_layer(Layer::Tls)
}

/// Hands a stream whose handshake is done to the driver, which would do it itself.
pub(in crate::adapter::local) struct Handover {
    pub(in crate::adapter::local) stream: Box<Encrypted>,
    pub(in crate::adapter::local) notes: ProtocolNotes,
}

impl TlsConnect<Empty> for Handover {
    type Stream = Reported<Encrypted>;
    type Error = io::Error;
    type Future = Ready<io::Result<Self::Stream>>;

    fn connect(self, _: Empty) -> Self::Future {
        ready(Ok(Reported::over(*self.stream, self.notes)))
    }
}
