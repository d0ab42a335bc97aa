//! libpq's TLS parameters into the TLS section. Knows nothing of certificates'
//! contents; it only makes sure that named files can be read.

use std::path::{Path, PathBuf};

use super::{
    defaults,
    params::{Param, Params},
};
use crate::config::{
    ClientCertificate, Complaint, Complaints, Endpoint, Env, Origin, RootCertificates, SslMode,
    TlsSection, plain_file,
};

/// libpq's words for the modes; `allow` is taken as `prefer`.
const MODES: [(&str, SslMode); 6] = [
    ("disable", SslMode::Disable),
    ("allow", SslMode::Prefer),
    ("prefer", SslMode::Prefer),
    ("require", SslMode::Require),
    ("verify-ca", SslMode::VerifyCa),
    ("verify-full", SslMode::VerifyFull),
];

/// The word for a mode.
pub(super) fn mode_name(mode: SslMode) -> &'static str {
    match mode {
        SslMode::Disable => "disable",
        SslMode::Prefer => "prefer",
        SslMode::Require => "require",
        SslMode::VerifyCa => "verify-ca",
        SslMode::VerifyFull => "verify-full",
    }
}

/// TLS towards an endpoint, if that is known. A Unix socket has none, whatever
/// is set.
pub(super) fn tls(
    params: &Params,
    env: &dyn Env,
    endpoint: Option<&Endpoint>,
    complaints: &mut Complaints,
) -> TlsSection {
    let is_system = params.value(Param::SslRootCert) == Some("system");
    let mode = complaints
        .keep(mode(params, is_system))
        .unwrap_or(SslMode::VerifyFull);
    if mode == SslMode::Disable || matches!(endpoint, Some(Endpoint::Unix { .. })) {
        return TlsSection {
            mode: SslMode::Disable,
            roots: RootCertificates::Unset,
            client: None,
        };
    }
    let mut found = |param: Param, default: &str| {
        let named = complaints.keep(named_file(params, param))?;
        named.or_else(|| complaints.keep(default_file(env, param, default)).flatten())
    };
    let roots = if is_system {
        RootCertificates::System
    } else {
        found(Param::SslRootCert, "root.crt")
            .map_or(RootCertificates::Unset, RootCertificates::File)
    };
    let certificate = found(Param::SslCert, "postgresql.crt");
    let key = found(Param::SslKey, "postgresql.key");
    TlsSection {
        mode,
        roots,
        client: complaints.keep(client(params, certificate, key)).flatten(),
    }
}

/// With `sslrootcert=system` the default is the strictest mode, and a weaker
/// one is refused, as in libpq.
fn mode(params: &Params, is_system: bool) -> Result<SslMode, Complaint> {
    let Some((word, origin)) = params.get(Param::SslMode) else {
        return Ok(if is_system {
            SslMode::VerifyFull
        } else {
            SslMode::Prefer
        });
    };
    let complain =
        |problem: String| Complaint::new("sslmode", problem, origin.clone()).with_value(word);
    let found = MODES.iter().find(|(known, _)| *known == word);
    let Some((_, mode)) = found else {
        let words = MODES.map(|(word, _)| word).join(", ");
        return Err(complain(format!("must be one of {words}")));
    };
    if is_system && *mode != SslMode::VerifyFull {
        return Err(complain(
            "must be verify-full with sslrootcert = system".to_owned(),
        ));
    }
    Ok(*mode)
}

fn named_file(params: &Params, param: Param) -> Result<Option<PathBuf>, Complaint> {
    let Some((path, origin)) = params.get(param) else {
        return Ok(None);
    };
    match plain_file::check(Path::new(path)) {
        Ok(()) => Ok(Some(Path::new(path).to_owned())),
        Err(error) => {
            let problem = format!("cannot be read: {error}");
            Err(Complaint::new(param.name(), problem, origin.clone()).with_value(path))
        }
    }
}

/// A file in libpq's folder, if it exists. One that
/// is there and cannot be read is complained about, as if it had been named.
fn default_file(env: &dyn Env, param: Param, name: &str) -> Result<Option<PathBuf>, Complaint> {
    let Some(path) = defaults::certificate_file(env, name) else {
        return Ok(None);
    };
    match plain_file::check(&path) {
        Ok(()) => Ok(Some(path)),
        Err(error) => {
            let problem = format!("cannot be read: {error}");
            let origin = Origin::Derived("found in ~/.postgresql");
            Err(Complaint::new(param.name(), problem, origin)
                .with_value(path.display().to_string()))
        }
    }
}

/// A certificate needs its key, and the reverse; half of the default pair is
/// no client certificate at all.
fn client(
    params: &Params,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
) -> Result<Option<ClientCertificate>, Complaint> {
    let half = |present: Param, absent: &str| match params.get(present) {
        Some((path, origin)) => {
            let problem = format!("needs {absent} too");
            Err(Complaint::new(present.name(), problem, origin.clone()).with_value(path))
        }
        None => Ok(None),
    };
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(Some(ClientCertificate { certificate, key })),
        (Some(_), None) => half(Param::SslCert, "sslkey"),
        (None, Some(_)) => half(Param::SslKey, "sslcert"),
        (None, None) => Ok(None),
    }
}
