//! Single HTTP requests, with TLS or without, and their answers. It must not
//! know what they are about.

use std::{
    fmt::Write as _,
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::Arc,
    time::Duration,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use serde_json::Value;

/// Longer than any answer takes that comes.
const LIMIT: Duration = Duration::from_secs(30);

/// A request.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    /// Path and query.
    pub(crate) target: &'a str,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: &'a str,
}

impl<'a> Request<'a> {
    /// A `GET` with these headers.
    pub(crate) fn get(target: &'a str, headers: &'a [(&'a str, &'a str)]) -> Self {
        Self {
            method: "GET",
            target,
            headers,
            body: "",
        }
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in small letters.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The `code` in the body, or nothing.
    pub(crate) fn code(&self) -> String {
        let body = self.json();
        body["code"].as_str().unwrap_or_default().to_owned()
    }

    /// A header's text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(given, _)| given == name)
            .map(|(_, text)| text.as_str())
    }
}

/// How a server is reached.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    pub(crate) address: SocketAddr,
    /// With TLS: the name to verify, and the authority to believe.
    pub(crate) tls: Option<(&'a str, &'a Path)>,
}

/// Sends a request on a connection of its own and reads the whole answer. By
/// HTTP/1.0 no answer comes in chunks.
pub(crate) fn send(place: &Place<'_>, request: &Request<'_>) -> io::Result<Answer> {
    let stream = TcpStream::connect_timeout(&place.address, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_nodelay(true)?;
    let bytes = match place.tls {
        None => talk(stream, request)?,
        Some((host, authority)) => {
            let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
            let client = ClientConnection::new(Arc::new(believing(authority)), name);
            let client = client.map_err(io::Error::other)?;
            talk(StreamOwned::new(client, stream), request)?
        }
    };
    parse(&bytes).ok_or_else(|| io::Error::other(String::from_utf8_lossy(&bytes).into_owned()))
}

fn talk(mut stream: impl Read + Write, request: &Request<'_>) -> io::Result<Vec<u8>> {
    let (method, target, length) = (request.method, request.target, request.body.len());
    let mut text = format!("{method} {target} HTTP/1.0\r\ncontent-length: {length}\r\n");
    for (name, value) in request.headers {
        write!(text, "{name}: {value}\r\n").expect("a String takes any text");
    }
    write!(text, "\r\n{}", request.body).expect("a String takes any text");
    stream.write_all(text.as_bytes())?;
    stream.flush()?;
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        // A server that closes its TLS connection without a farewell.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(bytes),
        Err(error) => Err(error),
    }
}

fn believing(authority: &Path) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(authority).expect("the authority is PEM");
    roots.add(certificate).expect("the authority is one");
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider knows them")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    Some(Answer {
        status,
        headers,
        body: body.to_owned(),
    })
}
