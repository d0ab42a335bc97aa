//! From our TLS section to rustls: which authorities are believed, what is
//! checked, which certificate we show. Knows nothing of sockets.

use std::{io, path::Path, sync::Arc, thread};

use rustls::{
    ClientConfig, RootCertStore,
    client::danger::ServerCertVerifier,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
};

use tokio::sync::{Semaphore, oneshot};

use crate::{
    adapter::{DbResult, local::tls::verifier::Verifier},
    config::{ClientCertificate, RootCertificates, SslMode, TlsSection},
    domain::{Action, DbError, ErrorKind, Layer},
};

/// Larger than any bundle of authorities.
const LONGEST_FILE: u64 = 16 << 20;

/// The system's authorities, and the host's own name.
const SYSTEM: TlsSection = TlsSection {
    mode: SslMode::VerifyFull,
    roots: RootCertificates::System,
    client: None,
};

/// Readings of certificates that may be under way in this process. One that
/// hangs in the system cannot be ended; it must not be followed by many.
static READERS: Semaphore = Semaphore::const_new(4);

/// The configuration of one handshake. Files are read anew each time, so that
/// a renewed certificate needs no restart.
///
/// They are read on a thread of their own, for which nobody waits longer than
/// for the handshake: neither a network file system that hangs nor a pipe that
/// nobody fills may hold up the program, not even at its end.
pub(super) async fn client_config(tls: &TlsSection, action: Action) -> DbResult<ClientConfig> {
    let tls = tls.clone();
    on_a_thread(action, move || read_config(&tls, action)).await
}

/// The same for a handshake that believes the system's authorities, and a
/// certificate of theirs for the host's own name alone.
pub(in crate::adapter) async fn system_tls(action: Action) -> DbResult<ClientConfig> {
    client_config(&SYSTEM, action).await
}

/// The same for a handshake that believes everybody, to see what is shown.
pub(in crate::adapter) async fn trusting_system_tls(action: Action) -> DbResult<ClientConfig> {
    trusting_config(&SYSTEM, action).await
}

/// Why a chain is not accepted for this host, by the system's authorities.
pub(in crate::adapter) async fn judge_system(
    chain: Vec<CertificateDer<'static>>,
    host: String,
) -> DbResult<Result<(), String>> {
    Ok(judge_chain(&SYSTEM, chain, host).await?.name)
}

/// The same for a handshake that believes everybody, to see what is shown.
pub(in crate::adapter::local) async fn trusting_config(
    tls: &TlsSection,
    action: Action,
) -> DbResult<ClientConfig> {
    let tls = TlsSection {
        mode: SslMode::Prefer,
        ..tls.clone()
    };
    client_config(&tls, action).await
}

/// What the checking modes make of a certificate: the error's words where it
/// is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::adapter::local) struct Judged {
    /// As `verify-ca` does it.
    pub(in crate::adapter::local) authority: Result<(), String>,
    /// As `verify-full` does it.
    pub(in crate::adapter::local) name: Result<(), String>,
}

/// Judges a chain, the server's own certificate first, for this host.
pub(in crate::adapter::local) async fn judge_chain(
    tls: &TlsSection,
    chain: Vec<CertificateDer<'static>>,
    host: String,
) -> DbResult<Judged> {
    let action = Action::HealthCheck;
    let tls = tls.clone();
    on_a_thread(action, move || {
        let judge = |mode| {
            let tls = TlsSection {
                mode,
                ..tls.clone()
            };
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let judged = verifier(&tls, provider, action).and_then(|verifier| {
                accept(&verifier, &chain, &host)
                    .map_err(|error| refused(action, "certificate", error))
            });
            judged.map_err(|error| error.details().unwrap_or("not accepted").to_owned())
        };
        Ok(Judged {
            authority: judge(SslMode::VerifyCa),
            name: judge(SslMode::VerifyFull),
        })
    })
    .await
}

fn accept(
    verifier: &Verifier,
    chain: &[CertificateDer<'static>],
    host: &str,
) -> Result<(), rustls::Error> {
    let (own, others) = chain
        .split_first()
        .ok_or(rustls::Error::NoCertificatesPresented)?;
    let name =
        ServerName::try_from(host).map_err(|error| rustls::Error::General(error.to_string()))?;
    verifier
        .verify_server_cert(own, others, &name, &[], UnixTime::now())
        .map(drop)
}

async fn on_a_thread<T: Send + 'static>(
    action: Action,
    work: impl FnOnce() -> DbResult<T> + Send + 'static,
) -> DbResult<T> {
    let reader = READERS.acquire().await;
    let reader = reader.map_err(|error| own_side(action, error))?;
    let (done, result) = oneshot::channel();
    thread::Builder::new()
        .name("certificates".to_owned())
        .spawn(move || {
            // Whoever waited may have gone.
            drop(done.send(work()));
            drop(reader);
        })
        .map_err(|error| own_side(action, error))?;
    result.await.map_err(|error| own_side(action, error))?
}

fn own_side(action: Action, error: impl std::error::Error + Send + Sync + 'static) -> DbError {
    let words = format!("certificates were not read: {error}");
    DbError::new(action, ErrorKind::OwnSide)
        .at_layer(Layer::Tls)
        .with_details(&words)
        .with_source(error)
}

fn read_config(tls: &TlsSection, action: Action) -> DbResult<ClientConfig> {
    let own = match &tls.client {
        Some(client) => Some(own_certificate(client, action)?),
        None => None,
    };
    // Given explicitly: a process default may be missing, or be another one.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = verifier(tls, Arc::clone(&provider), action)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(action, "TLS versions", error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    match own {
        None => Ok(config.with_no_client_auth()),
        Some((chain, key)) => config
            .with_client_auth_cert(chain, key)
            .map_err(|error| refused(action, "sslcert and sslkey", error)),
    }
}

fn verifier(tls: &TlsSection, provider: Arc<CryptoProvider>, action: Action) -> DbResult<Verifier> {
    let checks_name = match (tls.mode, &tls.roots) {
        (SslMode::VerifyFull, _) => true,
        // As in libpq, an sslrootcert makes `require` a `verify-ca`.
        (SslMode::VerifyCa, _) | (SslMode::Require, RootCertificates::File(_)) => false,
        _ => return Ok(Verifier::believing_all(provider)),
    };
    let roots = match &tls.roots {
        RootCertificates::File(path) => from_file(path, action)?,
        RootCertificates::Unset | RootCertificates::System => from_system(action)?,
    };
    let verifier = if checks_name {
        Verifier::for_name(roots, provider)
    } else {
        Verifier::for_authority(roots, provider)
    };
    verifier.map_err(|error| refused(action, "sslrootcert", error))
}

fn from_file(path: &Path, action: Action) -> DbResult<RootCertStore> {
    let pem = read("sslrootcert", path, ErrorKind::TlsCertificate, action)?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| refused(action, "sslrootcert", error))?;
        roots
            .add(certificate)
            .map_err(|error| refused(action, "sslrootcert", error))?;
    }
    if roots.is_empty() {
        let words = format!("sslrootcert {} holds no certificate", path.display());
        return Err(DbError::new(action, ErrorKind::TlsCertificate).with_details(&words));
    }
    Ok(roots)
}

fn from_system(action: Action) -> DbResult<RootCertStore> {
    let mut found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (_, unusable) = roots.add_parsable_certificates(found.certs);
    if unusable > 0 {
        tracing::debug!(unusable, "system certificates left out");
    }
    if !roots.is_empty() {
        return Ok(roots);
    }
    let error = DbError::new(action, ErrorKind::TlsCertificate)
        .with_details("the system has no certificate authorities: set sslrootcert");
    Err(match found.errors.pop() {
        Some(cause) => error.with_source(cause),
        None => error,
    })
}

fn own_certificate(
    client: &ClientCertificate,
    action: Action,
) -> DbResult<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let chain = read("sslcert", &client.certificate, ErrorKind::OwnSide, action)?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&chain)
        .collect::<Result<_, _>>()
        .map_err(|error| refused(action, "sslcert", error))?;
    let key = read("sslkey", &client.key, ErrorKind::OwnSide, action)?;
    let key =
        PrivateKeyDer::from_pem_slice(&key).map_err(|error| refused(action, "sslkey", error))?;
    Ok((chain, key))
}

/// Reads a file of ours; the error names the setting and the path. A pipe or a
/// device may never end, so only a regular file will do.
fn read(setting: &str, path: &Path, kind: ErrorKind, action: Action) -> DbResult<Vec<u8>> {
    regular(path)
        .and_then(|()| std::fs::read(path))
        .map_err(|error| {
            let words = format!("{setting} {}: {error}", path.display());
            DbError::new(action, kind)
                .at_layer(Layer::Tls)
                .with_details(&words)
                .with_source(error)
        })
}

fn regular(path: &Path) -> io::Result<()> {
    let found = std::fs::metadata(path)?;
    if !found.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    if found.len() > LONGEST_FILE {
        return Err(io::Error::other("too large for certificates"));
    }
    Ok(())
}

/// A setting that rustls does not take. Its words name the fault, not the content.
fn refused(
    action: Action,
    setting: &str,
    error: impl std::error::Error + Send + Sync + 'static,
) -> DbError {
    let words = format!("{setting}: {error}");
    DbError::new(action, ErrorKind::TlsCertificate)
        .with_details(&words)
        .with_source(error)
}
