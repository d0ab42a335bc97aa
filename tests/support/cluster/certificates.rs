//! Certificates for servers with TLS. It must not know how a server is told
//! to use them.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};

/// When a certificate counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Validity {
    /// Now.
    Now,
    /// It did, years ago.
    Past,
}

/// Writes a new authority to `ca.pem`, and to `server.crt` and `server.key`
/// a certificate for this host name with its key.
pub(crate) fn write(folder: &Path, host: &str, validity: Validity) {
    let authority = authority("dbvitals test authority");
    let key = KeyPair::generate().expect("a key can be made");
    let mut params =
        CertificateParams::new([host.to_owned()]).expect("the host's name fits a certificate");
    if validity == Validity::Past {
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2002, 1, 1);
    }
    let certificate = params
        .signed_by(&key, &authority)
        .expect("a certificate can be made");
    let private = folder.join("server.key");
    fs::write(folder.join("ca.pem"), authority.pem()).expect("ca.pem can be written");
    fs::write(folder.join("server.crt"), certificate.pem()).expect("server.crt can be written");
    fs::write(&private, key.serialize_pem()).expect("server.key can be written");
    fs::set_permissions(&private, fs::Permissions::from_mode(0o600))
        .expect("the mode of our own file can be set");
}

/// Writes an authority that signed nothing.
pub(crate) fn write_stranger(path: &Path) {
    fs::write(path, authority("dbvitals test stranger").pem())
        .expect("the authority can be written");
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().expect("a key can be made");
    CertifiedIssuer::self_signed(params, key).expect("an authority can sign itself")
}
