//! The proxy that the environment puts before a project (`HTTPS_PROXY`,
//! `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`), chosen as the client chooses it.
//! Knows nothing of what is asked through it.

use http_body_util::Empty;
use hyper::{
    Method, Request, StatusCode, Uri,
    body::Bytes,
    client::conn::http1::handshake,
    header::{HOST, HeaderValue, PROXY_AUTHORIZATION},
    http::uri::Authority,
    upgrade::{Upgraded, on},
};
use hyper_util::{client::proxy::matcher::Matcher, rt::TokioIo};

use crate::{
    adapter::{
        DbResult,
        local::Socket,
        supabase::{failure::from_hyper, project::Project},
    },
    config::Endpoint,
    domain::{Action, DbError, ErrorKind, Layer},
};

/// What to do about a way that a proxy does not open.
const NEXT_STEP: &str = "the way goes through the proxy of HTTPS_PROXY or HTTP_PROXY: check it, \
                         or name the host in NO_PROXY";

/// A proxy, without its credentials in anything that is shown.
#[derive(Debug)]
pub(super) struct Proxy {
    host: String,
    port: u16,
    authorization: Option<HeaderValue>,
}

/// A way through a proxy.
pub(super) type Tunnel = TokioIo<Upgraded>;

impl Proxy {
    /// The proxy on the way to the project, if there is one. None stands before
    /// this machine itself.
    ///
    /// # Errors
    /// `Unsupported` for a proxy that is not reached by plain HTTP.
    pub(super) fn before(project: &Project, action: Action) -> DbResult<Option<Self>> {
        let base: Option<Uri> = project.endpoint().base.parse().ok();
        let Some(base) = base.filter(|_| !project.is_near()) else {
            return Ok(None);
        };
        let Some(found) = Matcher::from_env().intercept(&base) else {
            return Ok(None);
        };
        let is_plain = found
            .uri()
            .scheme_str()
            .is_none_or(|scheme| scheme == "http");
        let Some(host) = found.uri().host().filter(|_| is_plain) else {
            return Err(DbError::new(action, ErrorKind::Unsupported)
                .with_details("only an http:// proxy can stand before a project")
                .with_hint(NEXT_STEP));
        };
        if found.uri().port().is_none() && names_port(found.uri()) {
            return Err(DbError::new(action, ErrorKind::Unsupported)
                .with_details("the port of the proxy is no port")
                .with_hint(NEXT_STEP));
        }
        Ok(Some(Self {
            host: host
                .trim_start_matches('[')
                .trim_end_matches(']')
                .to_owned(),
            port: found.uri().port_u16().unwrap_or(80),
            authorization: found.basic_auth().cloned(),
        }))
    }

    /// Where it listens.
    pub(super) fn endpoint(&self) -> Endpoint {
        Endpoint::Tcp {
            host: self.host.clone(),
            hostaddr: None,
            port: self.port,
        }
    }

    /// The proxy as it is shown.
    pub(super) fn shown(&self) -> String {
        if self.host.contains(':') {
            return format!("[{}]:{}", self.host, self.port);
        }
        format!("{}:{}", self.host, self.port)
    }

    /// What a request through it says beside its own headers.
    pub(super) fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }

    /// An error of the way to it.
    pub(super) fn blame(&self, error: DbError) -> DbError {
        let words = match error.details() {
            Some(details) => format!("proxy {}: {details}", self.shown()),
            None => format!("proxy {}", self.shown()),
        };
        error.with_details(&words).with_hint(NEXT_STEP)
    }

    /// An error of the way to the project: where a proxy stands on it, its error.
    pub(super) fn blame_any(error: DbError, project: &Project) -> DbError {
        match Self::before(project, error.action()) {
            Ok(Some(proxy)) => proxy.blame(error),
            Ok(None) | Err(_) => error,
        }
    }

    /// The error of a time in which it has not opened the way.
    pub(super) fn silent(&self, error: DbError) -> DbError {
        self.blame(
            error
                .at_layer(Layer::Tcp)
                .with_details("it takes the connection, and does not open the way"),
        )
    }

    /// An error of a handshake within the way: who says what is no TLS, or hangs
    /// up, may well be the proxy itself.
    pub(super) fn blame_within(&self, error: DbError) -> DbError {
        match error.kind() {
            ErrorKind::ProtocolViolation | ErrorKind::ConnectionLost => self.blame(error),
            _ => error,
        }
    }

    /// Lets it open a way to the project.
    pub(super) async fn open(
        &self,
        socket: Socket,
        project: &Project,
        action: Action,
    ) -> DbResult<Tunnel> {
        let opened = self.open_it(socket, project, action).await;
        opened.map_err(|error| self.blame(error))
    }

    async fn open_it(&self, socket: Socket, project: &Project, action: Action) -> DbResult<Tunnel> {
        let failed = |error| from_hyper(error, action, project);
        let (mut sender, connection) = handshake(TokioIo::new(socket)).await.map_err(failed)?;
        tokio::spawn(async move {
            // Its failure is that of the request, or of what goes through it.
            if let Err(error) = connection.with_upgrades().await {
                tracing::debug!(%error, "the way through a proxy ended");
            }
        });
        let endpoint = project.endpoint();
        let target = format!("{}:{}", endpoint.host, endpoint.port);
        let mut request = Request::builder()
            .method(Method::CONNECT)
            .uri(&target)
            .header(HOST, &target);
        if let Some(authorization) = &self.authorization {
            request = request.header(PROXY_AUTHORIZATION, authorization);
        }
        let request = request.body(Empty::<Bytes>::new()).map_err(|error| {
            DbError::new(action, ErrorKind::OwnSide)
                .with_details("the request could not be put together")
                .with_source(error)
        })?;
        let answer = sender.send_request(request).await.map_err(failed)?;
        if !answer.status().is_success() {
            return Err(refused(answer.status(), action));
        }
        Ok(TokioIo::new(on(answer).await.map_err(failed)?))
    }
}

/// Whether something stands where a port belongs.
fn names_port(uri: &Uri) -> bool {
    let authority = uri.authority().map_or("", Authority::as_str);
    let place = authority.rsplit('@').next().unwrap_or_default();
    let host = uri.host().unwrap_or_default();
    place
        .strip_prefix(host)
        .is_some_and(|rest| rest.len() > ":".len())
}

/// The proxy does not open the way.
fn refused(status: StatusCode, action: Action) -> DbError {
    let (kind, words) = match status {
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => (
            ErrorKind::NotJson,
            "wants a login: name and password stand before its host",
        ),
        _ => (ErrorKind::HostUnreachable, "does not open the way"),
    };
    DbError::new(action, kind)
        .at_layer(Layer::Tcp)
        .with_details(words)
        .with_code(format!("HTTP {}", status.as_u16()))
}
