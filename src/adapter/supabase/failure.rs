//! Why a request got no answer: decided from what the libraries hand down, not
//! from their words, which would print addresses with their queries.

use std::{error::Error, io, time::Duration};

use crate::{
    adapter::{
        classify::kind_of_io,
        local::timeout_error,
        supabase::{project::Project, proxy::Proxy, resolver::Unresolved},
    },
    domain::{Action, DbError, ErrorKind, Layer},
};

/// Causes that are looked through at most.
const LONGEST_CHAIN: usize = 16;

/// The error of a request over the client that is kept.
pub(super) fn from_reqwest(
    error: reqwest::Error,
    action: Action,
    limit: Duration,
    project: &Project,
) -> DbError {
    let error = error.without_url();
    let is_of_way = error.is_connect();
    let error = read(error, action, limit, project);
    // A certificate comes from behind a proxy.
    if is_of_way && error.kind() != ErrorKind::TlsCertificate {
        return Proxy::blame_any(error, project);
    }
    error
}

fn read(error: reqwest::Error, action: Action, limit: Duration, project: &Project) -> DbError {
    if error.is_timeout() {
        let (layer, words) = if error.is_connect() {
            (Layer::Tcp, "the address did not answer")
        } else {
            (Layer::Statement, "the request was not answered")
        };
        return timeout_error(action, limit)
            .at_layer(layer)
            .with_details(words)
            .with_source(error);
    }
    from_chain(error, action, project)
}

/// The error of a request over a connection of its own.
pub(super) fn from_hyper(error: hyper::Error, action: Action, project: &Project) -> DbError {
    from_chain(error, action, project)
}

fn from_chain(
    error: impl Error + Send + Sync + 'static,
    action: Action,
    project: &Project,
) -> DbError {
    let (kind, words) = kind_of(&error);
    let error = DbError::new(action, kind)
        .with_details(&project.without_key(&words))
        .with_source(error);
    with_next_step(error, project)
}

/// Says what to do where a Supabase project needs something else than a server.
pub(super) fn with_next_step(error: DbError, project: &Project) -> DbError {
    let endpoint = project.endpoint();
    let hint = match error.kind() {
        ErrorKind::ConnectionRefused if endpoint.is_local_stack => {
            "start the local stack with 'supabase start': nothing listens there"
        }
        ErrorKind::ConnectionRefused => "check supabase_url: nothing listens there",
        ErrorKind::HostNotFound if endpoint.project.is_some() => {
            "check supabase_url, and in the Supabase dashboard whether the project is paused: \
             then it may have no name"
        }
        ErrorKind::HostNotFound => "check the host in supabase_url, and the name server",
        ErrorKind::TlsCertificate => {
            "its words say why: check the system's authorities (SSL_CERT_FILE), name and dates"
        }
        ErrorKind::ConnectionLost => "see the project's logs and its state in the dashboard",
        ErrorKind::ProtocolViolation => {
            "check supabase_url, http or https, and the port: another program answers there"
        }
        _ => return error,
    };
    error.with_hint(hint)
}

/// The kind of the innermost cause that is known, and that cause's words.
fn kind_of(error: &(dyn Error + 'static)) -> (ErrorKind, String) {
    let mut kind = None;
    let mut words = error.to_string();
    let mut next = Some(error);
    for _ in 0..LONGEST_CHAIN {
        let Some(cause) = next else { break };
        words = cause.to_string();
        if let Some(unresolved) = cause.downcast_ref::<Unresolved>() {
            return (ErrorKind::HostNotFound, unresolved.to_string());
        }
        if let Some(hyper) = cause.downcast_ref::<hyper::Error>() {
            kind = kind.or(kind_of_hyper(hyper));
        }
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            let io = innermost(io);
            return (kind_of_io(io), io.to_string());
        }
        next = cause.source();
    }
    // Whatever else ends a request ends its connection.
    (kind.unwrap_or(ErrorKind::ConnectionLost), words)
}

fn kind_of_hyper(error: &hyper::Error) -> Option<ErrorKind> {
    if error.is_parse() || error.is_parse_status() {
        return Some(ErrorKind::ProtocolViolation);
    }
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return Some(ErrorKind::ConnectionLost);
    }
    None
}

/// Libraries wrap one io error into another.
fn innermost(error: &io::Error) -> &io::Error {
    let mut error = error;
    for _ in 0..LONGEST_CHAIN {
        let inner = error.get_ref();
        match inner.and_then(|inner| inner.downcast_ref::<io::Error>()) {
            Some(inner) => error = inner,
            None => break,
        }
    }
    error
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{adapter::supabase::project::tests::project, domain::KeyKind};

    #[track_caller]
    fn check(error: impl Error + Send + Sync + 'static, kind: ErrorKind) -> DbError {
        let error = from_chain(error, Action::Query, &project(KeyKind::Secret));
        assert_eq!(error.kind(), kind, "{error:?}");
        error
    }

    #[test]
    fn the_innermost_cause_decides() {
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        check(refused(), ErrorKind::ConnectionRefused);
        let wrapped = io::Error::other(io::Error::other(refused()));
        check(wrapped, ErrorKind::ConnectionRefused);
        let tls = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let wrapped = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, tls));
        let error = check(wrapped, ErrorKind::TlsCertificate);
        assert!(error.hint().contains("SSL_CERT_FILE"));
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        check(reset, ErrorKind::ConnectionLost);
        let unknown = Unresolved(Arc::new(io::Error::other("no such name")));
        let error = check(unknown, ErrorKind::HostNotFound);
        assert!(error.hint().contains("paused"), "{}", error.hint());
        check(std::fmt::Error, ErrorKind::ConnectionLost);
    }
}
