//! What it is told to serve. It must not know what follows from that.

use std::{env, path::PathBuf};

use anyhow::{Context, bail};

/// Signs the legacy keys where nothing else is said.
const JWT_SECRET: &str = "a-secret-of-the-stand-in-that-signs-for-tests-only";

/// The variables' values.
pub(crate) struct Settings {
    /// `STANDIN_DATABASE`: the URI with which `authenticator` logs in.
    pub(crate) database: String,
    /// `STANDIN_LISTEN`: address and port; without it any port of 127.0.0.1.
    pub(crate) listen: String,
    /// `STANDIN_JWT_SECRET`: at least 32 bytes; it has a default.
    pub(crate) jwt_secret: String,
    /// `STANDIN_CERTIFICATE` and `STANDIN_PRIVATE_KEY`: files that switch TLS on.
    pub(crate) tls: Option<TlsFiles>,
}

/// PEM files: a certificate, its chain behind it, and its key.
pub(crate) struct TlsFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) private_key: PathBuf,
}

impl Settings {
    /// Reads the variables.
    pub(crate) fn from_environment() -> anyhow::Result<Self> {
        let text = |name| env::var(name).ok().filter(|text| !text.is_empty());
        let tls = match (text("STANDIN_CERTIFICATE"), text("STANDIN_PRIVATE_KEY")) {
            (Some(certificate), Some(private_key)) => Some(TlsFiles {
                certificate: certificate.into(),
                private_key: private_key.into(),
            }),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => {
                bail!("STANDIN_CERTIFICATE and STANDIN_PRIVATE_KEY need each other")
            }
        };
        Ok(Self {
            database: text("STANDIN_DATABASE").context("STANDIN_DATABASE is not set")?,
            listen: text("STANDIN_LISTEN").unwrap_or_else(|| "127.0.0.1:0".to_owned()),
            jwt_secret: text("STANDIN_JWT_SECRET").unwrap_or_else(|| JWT_SECRET.to_owned()),
            tls,
        })
    }
}
