//! From an operating system's error on a socket to an error kind. Knows error
//! numbers and TLS alerts; what was sent over the socket is not its business.

use std::io;

use crate::{
    adapter::classify::plain::PlainError,
    domain::{Action, DbError, ErrorKind},
};

/// "Host is down": the neighbour at that address is not there. The standard
/// library has no kind for it.
#[cfg(any(target_os = "linux", target_os = "android"))]
const EHOSTDOWN: i32 = 112;
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
const EHOSTDOWN: i32 = 64;

/// The error of a socket call, with its cause kept.
pub(in crate::adapter) fn from_io(error: io::Error, action: Action) -> DbError {
    let kind = kind_of_io(&error);
    let words = error.to_string();
    DbError::new(action, kind)
        .with_details(&words)
        .with_source(error)
}

/// The kind of a socket error. TLS errors travel inside io errors.
pub(in crate::adapter) fn kind_of_io(error: &io::Error) -> ErrorKind {
    if let Some(tls) = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
    {
        return kind_of_tls(tls);
    }
    if let Some(plain) = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<PlainError>())
    {
        return plain.kind;
    }
    if is_cut_short(error) {
        return ErrorKind::ConnectionLost;
    }
    #[cfg(unix)]
    if error.raw_os_error() == Some(EHOSTDOWN) {
        return ErrorKind::HostUnreachable;
    }
    match error.kind() {
        // No socket file means that no server listens there.
        io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => ErrorKind::ConnectionRefused,
        io::ErrorKind::PermissionDenied => ErrorKind::ConnectionForbidden,
        // The kernel gave up by itself: nobody answers at that address.
        io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::NetworkDown
        | io::ErrorKind::TimedOut => ErrorKind::HostUnreachable,
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::NotConnected
        | io::ErrorKind::UnexpectedEof => ErrorKind::ConnectionLost,
        // A Unix socket whose queue is full: the server does not accept.
        io::ErrorKind::WouldBlock => ErrorKind::ServerNotReady,
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
            ErrorKind::ProtocolViolation
        }
        _ => ErrorKind::OwnSide,
    }
}

/// Whether the stream ended in the middle of a message. The framing under the
/// driver has no kind of its own for it; these are its words, not a server's.
fn is_cut_short(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Other
        && error
            .get_ref()
            .is_some_and(|inner| inner.to_string() == "bytes remaining on stream")
}

/// Bytes that are no TLS at all mean another program; everything else is a
/// handshake that one side did not accept.
fn kind_of_tls(error: &rustls::Error) -> ErrorKind {
    match error {
        rustls::Error::InvalidMessage(_) | rustls::Error::InappropriateMessage { .. } => {
            ErrorKind::ProtocolViolation
        }
        _ => ErrorKind::TlsCertificate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(errno: i32, kind: ErrorKind) {
        assert_eq!(kind_of_io(&io::Error::from_raw_os_error(errno)), kind);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn error_numbers_have_their_kinds() {
        check(111, ErrorKind::ConnectionRefused); // ECONNREFUSED
        check(2, ErrorKind::ConnectionRefused); // ENOENT: no socket file
        check(13, ErrorKind::ConnectionForbidden); // EACCES
        check(1, ErrorKind::ConnectionForbidden); // EPERM
        check(113, ErrorKind::HostUnreachable); // EHOSTUNREACH
        check(101, ErrorKind::HostUnreachable); // ENETUNREACH
        check(104, ErrorKind::ConnectionLost); // ECONNRESET
        check(32, ErrorKind::ConnectionLost); // EPIPE
        check(24, ErrorKind::OwnSide); // EMFILE
        check(112, ErrorKind::HostUnreachable); // EHOSTDOWN
        check(100, ErrorKind::HostUnreachable); // ENETDOWN
        check(99, ErrorKind::OwnSide); // EADDRNOTAVAIL: no local port is free
    }

    #[test]
    fn tls_errors_are_found_inside_io_errors() {
        let wrap = |tls| kind_of_io(&io::Error::new(io::ErrorKind::InvalidData, tls));
        let unknown = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        assert_eq!(wrap(unknown), ErrorKind::TlsCertificate);
        let garbage = rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
        assert_eq!(wrap(garbage), ErrorKind::ProtocolViolation);
    }
}
