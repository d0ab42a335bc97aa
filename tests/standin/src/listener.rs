//! Connections, with TLS or without. It must not know what is said on them.

use std::{io, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use anyhow::Context;
use postrust_server::lenient_uri::LenientStream;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use crate::settings::{Settings, TlsFiles};

/// How long a client may take to agree on TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long binding and accepting rest after they failed.
const REST: Duration = Duration::from_millis(50);

/// How long the port may still be somebody else's.
const HELD: Duration = Duration::from_secs(5);

/// A connection of either kind.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Gives connections that are ready to be read.
pub(crate) struct Listener {
    address: SocketAddr,
    has_tls: bool,
    ready: mpsc::Receiver<(Box<dyn Stream>, SocketAddr)>,
    accepting: JoinHandle<()>,
}

impl Listener {
    /// Listens.
    pub(crate) async fn open(settings: &Settings) -> anyhow::Result<Self> {
        let tls = settings.tls.as_ref().map(acceptor).transpose()?;
        let socket = bind(&settings.listen).await?;
        let address = socket.local_addr()?;
        let has_tls = tls.is_some();
        let (give, ready) = mpsc::channel(64);
        let accepting = tokio::spawn(accept_all(socket, tls, give));
        Ok(Self {
            address,
            has_tls,
            ready,
            accepting,
        })
    }

    /// `https` with TLS, else `http`.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.has_tls { "https" } else { "http" }
    }
}

impl axum::serve::Listener for Listener {
    // PostgREST takes what `http::Uri` refuses in a target.
    type Io = LenientStream<Box<dyn Stream>>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some((stream, client)) => (LenientStream::new(stream), client),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.address)
    }
}

impl Drop for Listener {
    /// Closes the port.
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Waits for a port that a process which is just starting has inherited and
/// will let go.
async fn bind(address: &str) -> io::Result<TcpListener> {
    let end = Instant::now() + HELD;
    loop {
        match TcpListener::bind(address).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && Instant::now() < end => {
                sleep(REST).await;
            }
            bound => return bound,
        }
    }
}

/// Accepts for ever. Handshakes run beside each other: one that is never
/// finished holds nobody up.
async fn accept_all(
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
    give: mpsc::Sender<(Box<dyn Stream>, SocketAddr)>,
) {
    loop {
        let Ok((stream, client)) = socket.accept().await else {
            sleep(REST).await;
            continue;
        };
        let (tls, give) = (tls.clone(), give.clone());
        tokio::spawn(async move {
            if let Some(stream) = shake_hands(stream, tls).await {
                // Nobody takes it when the program ends.
                drop(give.send((stream, client)).await);
            }
        });
    }
}

/// None when the client would not agree.
async fn shake_hands(stream: TcpStream, tls: Option<TlsAcceptor>) -> Option<Box<dyn Stream>> {
    stream.set_nodelay(true).ok()?;
    let Some(tls) = tls else {
        return Some(Box::new(stream));
    };
    let agreed = timeout(HANDSHAKE, tls.accept(stream)).await.ok()?;
    Some(Box::new(agreed.ok()?))
}

fn acceptor(files: &TlsFiles) -> anyhow::Result<TlsAcceptor> {
    let what = |path: &Path| format!("{} cannot be used", path.display());
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect)
        .with_context(|| what(&files.certificate))?;
    let key = PrivateKeyDer::from_pem_file(&files.private_key)
        .with_context(|| what(&files.private_key))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
