//! From our TLS section to rustls: which authorities are believed, what is
//! checked, which certificate we show. Knows nothing of sockets.

use std::{io, path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use crate::{
    adapter::{DbResult, local::tls::verifier::Verifier},
    config::{ClientCertificate, RootCertificates, SslMode, TlsSection},
    domain::{Action, DbError, ErrorKind, Layer},
};

/// The configuration of one handshake. Files are read anew each time, so that
/// a renewed certificate needs no restart.
pub(super) async fn client_config(tls: &TlsSection, action: Action) -> DbResult<ClientConfig> {
    let own = match &tls.client {
        Some(client) => Some(own_certificate(client, action).await?),
        None => None,
    };
    // Given explicitly: a process default may be missing, or be another one.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = verifier(tls, Arc::clone(&provider), action).await?;
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

async fn verifier(
    tls: &TlsSection,
    provider: Arc<CryptoProvider>,
    action: Action,
) -> DbResult<Verifier> {
    let checks_name = match (tls.mode, &tls.roots) {
        (SslMode::VerifyFull, _) => true,
        // As in libpq, an sslrootcert makes `require` a `verify-ca`.
        (SslMode::VerifyCa, _) | (SslMode::Require, RootCertificates::File(_)) => false,
        _ => return Ok(Verifier::believing_all(provider)),
    };
    let roots = match &tls.roots {
        RootCertificates::File(path) => from_file(path, action).await?,
        RootCertificates::Unset | RootCertificates::System => from_system(action)?,
    };
    let verifier = if checks_name {
        Verifier::for_name(roots, provider)
    } else {
        Verifier::for_authority(roots, provider)
    };
    verifier.map_err(|error| refused(action, "sslrootcert", error))
}

async fn from_file(path: &Path, action: Action) -> DbResult<RootCertStore> {
    let pem = read("sslrootcert", path, ErrorKind::TlsCertificate, action).await?;
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

async fn own_certificate(
    client: &ClientCertificate,
    action: Action,
) -> DbResult<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let chain = read("sslcert", &client.certificate, ErrorKind::OwnSide, action).await?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&chain)
        .collect::<Result<_, _>>()
        .map_err(|error| refused(action, "sslcert", error))?;
    let key = read("sslkey", &client.key, ErrorKind::OwnSide, action).await?;
    let key =
        PrivateKeyDer::from_pem_slice(&key).map_err(|error| refused(action, "sslkey", error))?;
    Ok((chain, key))
}

/// Reads a file of ours; the error names the setting and the path.
async fn read(setting: &str, path: &Path, kind: ErrorKind, action: Action) -> DbResult<Vec<u8>> {
    tokio::fs::read(path).await.map_err(|error: io::Error| {
        let words = format!("{setting} {}: {error}", path.display());
        DbError::new(action, kind)
            .at_layer(Layer::Tls)
            .with_details(&words)
            .with_source(error)
    })
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
