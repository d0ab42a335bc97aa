//! Checks a server's certificate as far as the sslmode demands. Knows nothing
//! of files and sockets.

use std::sync::Arc;

use rustls::{
    CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        VerifierBuilderError, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

/// A check of certificates. Signatures of the handshake are checked always:
/// the other end must hold the key of the certificate that it shows.
#[derive(Debug)]
pub(super) struct Verifier {
    provider: Arc<CryptoProvider>,
    believed: Believed,
}

#[derive(Debug)]
enum Believed {
    Everyone,
    Authorities {
        chain: Arc<WebPkiServerVerifier>,
        name: NameCheck,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NameCheck {
    Demanded,
    Waived,
}

impl Verifier {
    /// Encryption without knowing with whom: `prefer` and `require`.
    pub(super) fn believing_all(provider: Arc<CryptoProvider>) -> Self {
        Self {
            provider,
            believed: Believed::Everyone,
        }
    }

    /// `verify-ca`: a believed authority, any name.
    pub(super) fn for_authority(
        roots: RootCertStore,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, VerifierBuilderError> {
        Self::for_roots(roots, provider, NameCheck::Waived)
    }

    /// `verify-full`: a believed authority and the right name.
    pub(super) fn for_name(
        roots: RootCertStore,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, VerifierBuilderError> {
        Self::for_roots(roots, provider, NameCheck::Demanded)
    }

    fn for_roots(
        roots: RootCertStore,
        provider: Arc<CryptoProvider>,
        name: NameCheck,
    ) -> Result<Self, VerifierBuilderError> {
        let chain =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()?;
        Ok(Self {
            provider,
            believed: Believed::Authorities { chain, name },
        })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Believed::Authorities { chain, name } = &self.believed else {
            return Ok(ServerCertVerified::assertion());
        };
        let judged =
            chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match judged {
            // The name is looked at last: all else has been found good.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if *name == NameCheck::Waived => Ok(ServerCertVerified::assertion()),
            judged => judged,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
