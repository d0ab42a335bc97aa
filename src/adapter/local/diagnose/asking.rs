//! Asks the server how it would have a role log in, and goes no further.
//! Knows nothing of why that is asked.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    adapter::{
        classify::any_error,
        local::{diagnose::tls::handshake, socket::Socket, target::Target, tls::ask_for_tls},
    },
    domain::Action,
};

/// So much of an answer is read.
const LONGEST: u64 = 4096;

/// What the server says to a login that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// It wants to be convinced like this; the role may or may not exist.
    Method(&'static str),
    /// It takes no login from this client.
    Refused,
}

/// How the way there is to be protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrapped {
    Plain,
    Tls,
}

/// Begins a login and reads the first answer. `None` when there is none that
/// can be understood.
pub(super) async fn ask(target: &Target, address: SocketAddr, wrapped: Wrapped) -> Option<Said> {
    let stream = TcpStream::connect(address).await.ok()?;
    let mut socket: Socket = Box::new(stream);
    match wrapped {
        Wrapped::Plain => first_answer(target, socket).await,
        Wrapped::Tls => {
            let answer = ask_for_tls(&mut socket, Action::HealthCheck).await.ok()?;
            if answer != b'S' {
                return None;
            }
            let stream = handshake(target, socket).await.ok()?;
            first_answer(target, stream).await
        }
    }
}

async fn first_answer(
    target: &Target,
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
) -> Option<Said> {
    let section = target.section();
    let greeting = startup(&[
        ("user", &section.user),
        ("database", &section.database),
        ("application_name", &section.application_name),
    ]);
    stream.write_all(&greeting).await.ok()?;
    let kind = stream.read_u8().await.ok()?;
    let length = u64::from(stream.read_u32().await.ok()?).checked_sub(4)?;
    let mut body = vec![kind];
    body.extend_from_slice(&u32::try_from(length + 4).ok()?.to_be_bytes());
    let mut rest = stream.take(length.min(LONGEST));
    rest.read_to_end(&mut body).await.ok()?;
    understood(&body)
}

/// The first message of a session: its length, version 3.0, and pairs of texts.
fn startup(parameters: &[(&str, &str)]) -> Vec<u8> {
    let mut body = 196_608_u32.to_be_bytes().to_vec();
    for (name, value) in parameters {
        for text in [name, value] {
            body.extend(text.bytes().filter(|byte| *byte != 0));
            body.push(0);
        }
    }
    body.push(0);
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    [length.to_be_bytes().as_slice(), &body].concat()
}

/// Reads a whole message: its kind, its length, its content.
fn understood(message: &[u8]) -> Option<Said> {
    if any_error(message).is_some() {
        return Some(Said::Refused);
    }
    let body = message.strip_prefix(b"R")?.get(4..)?;
    let code = u32::from_be_bytes(body.get(..4)?.try_into().ok()?);
    Some(Said::Method(match code {
        0 => "trust (no password)",
        2 | 7 | 8 => "Kerberos or GSSAPI",
        3 => "password in clear text",
        5 => "md5 password",
        9 => "SSPI",
        10 => "scram-sha-256 password",
        _ => "a method that is not known here",
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(message: &[u8], expected: Option<&Said>) {
        assert_eq!(understood(message).as_ref(), expected);
    }

    #[test]
    fn the_first_answer_names_the_method_or_refuses() {
        check(
            b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0",
            Some(&Said::Method("scram-sha-256 password")),
        );
        check(
            b"R\0\0\0\x08\0\0\0\0",
            Some(&Said::Method("trust (no password)")),
        );
        check(b"E\0\0\0\x10C28000\0Mno\0\0", Some(&Said::Refused));
        check(b"HTTP/1.1", None);
        check(b"R\0\0", None);
    }

    #[test]
    fn a_login_begins_with_its_length_and_ends_with_an_empty_name() {
        let message = startup(&[("user", "a\0b")]);
        assert_eq!(message, b"\0\0\0\x11\0\x03\0\0user\0ab\0\0");
    }
}
