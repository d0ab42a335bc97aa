//! What a server's certificate says of itself. Knows nothing of whether it is
//! to be believed.

use std::time::Duration;

use rustls::pki_types::CertificateDer;
use x509_cert::{Certificate, der::Decode};

use crate::domain::excerpt;

/// A certificate in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::adapter) struct Described {
    pub(in crate::adapter) subject: String,
    pub(in crate::adapter) issuer: String,
    /// The last moment at which it is valid, since the Unix epoch.
    pub(in crate::adapter) not_after: Duration,
    /// The same as a date.
    pub(in crate::adapter) expires: String,
}

/// Reads the certificate; `None` when it cannot be read.
pub(in crate::adapter) fn describe(certificate: &CertificateDer<'_>) -> Option<Described> {
    let read = Certificate::from_der(certificate.as_ref()).ok()?;
    let body = read.tbs_certificate;
    let named = |text: String| {
        if text.is_empty() {
            return "nameless".to_owned();
        }
        excerpt(&text)
    };
    Some(Described {
        subject: named(body.subject.to_string()),
        issuer: named(body.issuer.to_string()),
        not_after: body.validity.not_after.to_unix_duration(),
        expires: body.validity.not_after.to_date_time().to_string(),
    })
}
