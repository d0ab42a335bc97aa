//! Asks whether a login would be asked for: as far as the server's first word
//! about it, and no further. Says no password, unless a pooler is known to stand
//! before the server.

use std::time::Duration;

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::Instant,
};

use crate::{
    adapter::{
        DbResult,
        classify::{any_error, at_login, from_io},
        local::{
            phase_clock::{Phase, PhaseClock},
            session::Session,
            socket,
            target::{Purpose, Target},
            tls::{Channel, Negotiation, negotiate},
        },
    },
    config::{LocalSection, SslMode},
    domain::{Action, DbError, ErrorKind, Layer},
};

/// Version 3.0 of the protocol, as a startup message names it.
const PROTOCOL: u32 = 3 << 16;

/// So much of a refusal is read.
const LONGEST_REFUSAL: usize = 4096;

/// The farewell of a session that was let in without a password.
const TERMINATE: [u8; 5] = [b'X', 0, 0, 0, 4];

/// Opens the way as a login does and says who would log in. Any word about that
/// is an answer, also a refusal; silence, an end and "not yet" are none. A mere
/// connect would prove nothing: the system accepts for a frozen server, too.
pub(super) async fn knock(target: &Target, limit: Duration) -> DbResult<()> {
    let clock = PhaseClock::start(Action::Connect, limit);
    // Boxed: a handshake's buffers are large.
    let asking = Box::pin(ask(target, limit, &clock));
    match clock.within(asking).await {
        Err(error) if is_an_answer(error.kind()) => {
            tracing::debug!(%error, "a knock was answered by a refusal");
            Ok(())
        }
        Ok(()) if target.pooler().is_some() || target.refuses_options() => {
            behind_pooler(target, &clock).await
        }
        decided => decided,
    }
}

/// A pooler answers for a server that is away: there only a statement proves
/// that somebody is at home.
async fn behind_pooler(target: &Target, clock: &PhaseClock) -> DbResult<()> {
    let asking = async {
        let mut session = Session::open(target, Purpose::Probe, clock).await?;
        clock.begin(Phase::Query);
        let answer = session.client().batch_execute("select 1").await;
        let answer = match answer {
            Ok(()) => Ok(()),
            Err(error) => Err(session.classify(error, clock.action()).await),
        };
        session.close().await;
        answer
    };
    match clock.within(Box::pin(asking)).await {
        Err(error) if is_an_answer(error.kind()) => {
            tracing::debug!(%error, "a knock behind a pooler was answered by a refusal");
            Ok(())
        }
        decided => decided,
    }
}

async fn ask(target: &Target, limit: Duration, clock: &PhaseClock) -> DbResult<()> {
    let section = target.section();
    let socket = socket::open(&section.endpoint, Instant::now() + limit, clock).await?;
    let channel = if target.tls_mode() == SslMode::Disable {
        clock.skip(Phase::Tls);
        Channel::Plain(socket)
    } else {
        clock.begin(Phase::Tls);
        let wanted = Negotiation {
            tls: &section.tls,
            host: target.host(),
            clock,
        };
        negotiate(socket, wanted).await?
    };
    clock.begin(Phase::Login);
    match channel {
        Channel::Plain(socket) => introduce(socket, section, clock.action()).await,
        Channel::Encrypted(stream) => introduce(*stream, section, clock.action()).await,
    }
}

/// Says who would log in, reads the first message about that, and leaves.
async fn introduce(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    section: &LocalSection,
    action: Action,
) -> DbResult<()> {
    let at_login = |error| from_io(error, action).at_layer(Layer::Login);
    stream
        .write_all(&startup(section))
        .await
        .map_err(at_login)?;
    let mut head = [0; 5];
    stream.read_exact(&mut head).await.map_err(at_login)?;
    // An error, a request for authentication, or a word about the protocol's version.
    if !matches!(head[0], b'E' | b'R' | b'v') {
        return Err(DbError::new(action, ErrorKind::ProtocolViolation).at_layer(Layer::Login));
    }
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
    let rest = usize::try_from(length).unwrap_or(usize::MAX);
    let rest = rest.saturating_sub(4).min(LONGEST_REFUSAL);
    let mut message = head.to_vec();
    message.resize(head.len() + rest, 0);
    // A sentence without fields is shorter than the length that it seems to have.
    let mut filled = head.len();
    while filled < message.len() {
        match stream.read(&mut message[filled..]).await {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if head[0] == b'E' => {
                tracing::debug!(%error, "a refusal was cut off");
                break;
            }
            Err(error) => return Err(at_login(error)),
        }
    }
    message.truncate(filled);
    if head[0] == b'E' {
        return Err(refusal(&message, action));
    }
    if filled < head.len() + rest {
        let cut = DbError::new(action, ErrorKind::ConnectionLost).at_layer(Layer::Login);
        return Err(cut.with_details("the first message of the login was cut off"));
    }
    leave(stream, &message).await;
    Ok(())
}

/// Leaves nothing for the server to complain of in its log.
async fn leave(mut stream: impl AsyncWrite + Unpin, message: &[u8]) {
    let is_let_in = message == [b'R', 0, 0, 0, 8, 0, 0, 0, 0];
    let farewell = if is_let_in { &TERMINATE[..] } else { &[] };
    let said = async {
        stream.write_all(farewell).await?;
        stream.shutdown().await
    };
    if let Err(error) = said.await {
        tracing::debug!(%error, "a knock could not say farewell");
    }
}

/// The startup message: its length, the protocol, then names and values.
fn startup(section: &LocalSection) -> Vec<u8> {
    let mut body = PROTOCOL.to_be_bytes().to_vec();
    for word in [
        "user",
        &section.user,
        "database",
        &section.database,
        "application_name",
        &section.application_name,
    ] {
        body.extend_from_slice(word.as_bytes());
        body.push(0);
    }
    body.push(0);
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    let mut message = length.to_be_bytes().to_vec();
    message.append(&mut body);
    message
}

fn refusal(message: &[u8], action: Action) -> DbError {
    let Some(error) = any_error(message) else {
        return DbError::new(action, ErrorKind::ProtocolViolation).at_layer(Layer::Login);
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

/// Whether a login would be told more than that nobody is there yet: neither a
/// server that starts, nor a pooler that is full or waits for its server.
fn is_an_answer(kind: ErrorKind) -> bool {
    kind.was_answered() && !matches!(kind, ErrorKind::ServerNotReady | ErrorKind::LoginFailed)
}
