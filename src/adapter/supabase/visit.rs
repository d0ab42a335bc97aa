//! A connection of its own, opened for a look and closed after it: host name,
//! TCP and TLS are timed apart. Where the other side closes it after an answer,
//! the next request opens another one. Knows nothing of what the answers mean.

use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, Response,
    body::{Bytes, Incoming},
    client::conn::http1::{SendRequest, handshake},
    header::{CONTENT_TYPE, HOST, HeaderValue, PROXY_AUTHORIZATION},
};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::JoinHandle,
    time::{Instant, timeout},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    adapter::{
        DbResult,
        classify::from_io,
        local::{Phase, PhaseClock, open_socket, system_tls, timeout_error},
        supabase::{
            answer::{Answer, Body},
            client::LARGEST_LOOK,
            failure::{from_hyper, with_next_step},
            project::Project,
            proxy::Proxy,
        },
    },
    domain::{Action, DbError, ErrorKind, Layer},
};

/// An open connection. Dropped, it is closed.
#[derive(Debug)]
pub(super) struct Visit<'p> {
    project: &'p Project,
    action: Action,
    sender: SendRequest<Full<Bytes>>,
    driving: JoinHandle<()>,
    /// Requests that were answered over this connection.
    answered: u32,
    /// Connections that this visit has opened.
    connections: u32,
    /// A request is under way, or its answer was not read to the end: nothing
    /// more can be asked over this connection.
    is_used_up: bool,
    /// The proxy that takes requests in plain text and hands them on.
    proxy: Option<Proxy>,
    /// TLS version and cipher, or `off`.
    pub(super) tls: String,
}

impl<'p> Visit<'p> {
    /// Opens a connection, timed by the clock: dns, tcp and tls.
    pub(super) async fn open(project: &'p Project, clock: &PhaseClock) -> DbResult<Self> {
        match Proxy::before(project, clock.action())? {
            Some(proxy) => Self::through(proxy, project, clock).await,
            None => Self::straight(project, clock)
                .await
                .map_err(|error| with_next_step(error, project)),
        }
    }

    async fn straight(project: &'p Project, clock: &PhaseClock) -> DbResult<Self> {
        let endpoint = project.endpoint();
        let deadline = Instant::now() + project.section().timeout;
        let socket = open_socket(&endpoint.endpoint(), deadline, clock).await?;
        if !endpoint.is_encrypted {
            clock.skip(Phase::Tls);
            return Self::over(socket, "off".to_owned(), project, clock).await;
        }
        clock.begin(Phase::Tls);
        Self::encrypted(socket, project, clock).await
    }

    /// The phases dns and tcp are those of the way to the proxy.
    async fn through(proxy: Proxy, project: &'p Project, clock: &PhaseClock) -> DbResult<Self> {
        let deadline = Instant::now() + project.section().timeout;
        let socket = open_socket(&proxy.endpoint(), deadline, clock).await;
        let socket = socket.map_err(|error| proxy.blame(error))?;
        if !project.endpoint().is_encrypted {
            clock.skip(Phase::Tls);
            let mut visit = Self::over(socket, "off".to_owned(), project, clock).await?;
            visit.proxy = Some(proxy);
            return Ok(visit);
        }
        clock.begin(Phase::Tls);
        clock.step("the proxy did not open the way");
        // It ends before the whole time does, so that the proxy is named.
        let opening = proxy.open(socket, project, clock.action());
        let opened = timeout(clock.remaining() * 9 / 10, opening).await;
        let tunnel = opened.unwrap_or_else(|elapsed| {
            let silent = timeout_error(clock.action(), clock.limit()).with_source(elapsed);
            Err(proxy.silent(silent))
        })?;
        let encrypted = Self::encrypted(tunnel, project, clock).await;
        encrypted.map_err(|error| proxy.blame_within(with_next_step(error, project)))
    }

    async fn encrypted(
        wire: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        project: &'p Project,
        clock: &PhaseClock,
    ) -> DbResult<Self> {
        let stream = shake_hands(wire, &project.endpoint().host, clock).await?;
        clock.end();
        let tls = tls_words(&stream);
        Self::over(stream, tls, project, clock).await
    }

    async fn over(
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        tls: String,
        project: &'p Project,
        clock: &PhaseClock,
    ) -> DbResult<Self> {
        // The key goes with every request: there is no login of its own.
        clock.skip(Phase::Login);
        let (sender, connection) = handshake(TokioIo::new(stream))
            .await
            .map_err(|error| unanswered(from_hyper(error, clock.action(), project)))?;
        let driving = tokio::spawn(async move {
            // Its failure is that of the request which is under way.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "the connection of a look ended");
            }
        });
        Ok(Self {
            project,
            action: clock.action(),
            sender,
            driving,
            answered: 0,
            connections: 1,
            is_used_up: false,
            proxy: None,
            tls,
        })
    }

    /// What it is made for.
    pub(super) fn action(&self) -> Action {
        self.action
    }

    /// Asks, and tells when the first byte of the answer has come.
    pub(super) async fn get(
        &mut self,
        target: &str,
        first_byte: impl FnOnce(),
    ) -> DbResult<Answer> {
        let request = self.request(Method::GET, target, Bytes::new())?;
        self.exchange(request, first_byte).await
    }

    /// Posts a JSON text.
    pub(super) async fn post(&mut self, target: &str, body: &'static str) -> DbResult<Answer> {
        let body = Bytes::from_static(body.as_bytes());
        let mut request = self.request(Method::POST, target, body)?;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        self.exchange(request, || {}).await
    }

    fn request(&self, method: Method, target: &str, body: Bytes) -> DbResult<Request<Full<Bytes>>> {
        let (project, action) = (self.project, self.action);
        let target = match &self.proxy {
            None => target.to_owned(),
            Some(_) => format!("http://{}{target}", project.authority()),
        };
        let mut request = Request::builder().method(method).uri(target);
        if let Some(authorization) = self.proxy.as_ref().and_then(Proxy::authorization) {
            request = request.header(PROXY_AUTHORIZATION, authorization);
        }
        request = request.header(HOST, project.authority());
        if let Some(headers) = request.headers_mut() {
            headers.extend(project.headers().clone());
        }
        request.body(Full::new(body)).map_err(|error| {
            DbError::new(action, ErrorKind::OwnSide)
                .with_details("the request could not be put together")
                .with_source(error)
        })
    }

    /// Connections that were opened so far.
    pub(super) fn connections(&self) -> u32 {
        self.connections
    }

    /// What was answered before shows that the other side is there, and may end
    /// a connection as it likes: then a read is asked again over another one.
    async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
        first_byte: impl FnOnce(),
    ) -> DbResult<Answer> {
        if self.is_used_up || (self.answered > 0 && self.sender.ready().await.is_err()) {
            self.reopen().await?;
        }
        let may_ask_again = self.answered > 0 && request.method() == Method::GET;
        let head = match self.send(request.clone()).await {
            Err(error) if may_ask_again && error.kind() == ErrorKind::ConnectionLost => {
                tracing::debug!(%error, "the connection of a look had ended: it is opened again");
                self.reopen().await?;
                self.send(request).await?
            }
            sent => sent?,
        };
        first_byte();
        self.receive(head).await
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> DbResult<Response<Incoming>> {
        let (project, action) = (self.project, self.action);
        let failed = |error| unanswered(from_hyper(error, action, project));
        self.is_used_up = true;
        self.sender.ready().await.map_err(failed)?;
        self.sender.send_request(request).await.map_err(failed)
    }

    async fn receive(&mut self, response: Response<Incoming>) -> DbResult<Answer> {
        let (project, action) = (self.project, self.action);
        let failed = |error| unanswered(from_hyper(error, action, project));
        let (head, mut incoming) = response.into_parts();
        let status = head.status.as_u16();
        let mut body = Body::default();
        while let Some(frame) = incoming.frame().await {
            if let Some(data) = frame.map_err(failed)?.data_ref()
                && !body.take(data, status, LARGEST_LOOK)
            {
                break;
            }
        }
        self.answered += 1;
        self.is_used_up = body.is_cut();
        Ok(Answer::new(status, &head.headers, body))
    }

    /// Gives the connection up for another one. Whoever asks has a deadline.
    async fn reopen(&mut self) -> DbResult<()> {
        let clock = PhaseClock::start(self.action, self.project.section().timeout);
        // Boxed: what a handshake needs would make every request large.
        let mut other = Box::pin(Self::open(self.project, &clock)).await?;
        other.connections = self.connections + 1;
        *self = other;
        Ok(())
    }
}

/// The address was reached, so an end before the answer is the gateway's.
fn unanswered(error: DbError) -> DbError {
    match error.kind() {
        ErrorKind::ConnectionLost => error.at_layer(Layer::Login),
        _ => error,
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.driving.abort();
    }
}

async fn shake_hands<W: AsyncRead + AsyncWrite + Unpin>(
    wire: W,
    host: &str,
    clock: &PhaseClock,
) -> DbResult<TlsStream<W>> {
    let action = clock.action();
    clock.step("the files with certificates were not read");
    let config = system_tls(action).await?;
    let name = ServerName::try_from(host.to_owned()).map_err(|error| {
        DbError::new(action, ErrorKind::OwnSide)
            .at_layer(Layer::Tls)
            .with_details("no certificate can be for the host's name")
            .with_source(error)
    })?;
    clock.step("the TLS handshake was begun and not finished");
    let connector = TlsConnector::from(std::sync::Arc::new(config));
    connector
        .connect(name, wire)
        .await
        .map_err(|error| from_io(error, action).at_layer(Layer::Tls))
}

/// As PostgreSQL words it: `TLSv1.3` and the cipher's name.
pub(super) fn tls_words<W>(stream: &TlsStream<W>) -> String {
    let (_, session) = stream.get_ref();
    let version = match session.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_3) => "TLSv1.3",
        Some(rustls::ProtocolVersion::TLSv1_2) => "TLSv1.2",
        Some(_) | None => "TLS",
    };
    let suite = session.negotiated_cipher_suite();
    let cipher = suite.and_then(|suite| suite.suite().as_str());
    format!("{version} {}", cipher.unwrap_or("of an unknown cipher"))
}
