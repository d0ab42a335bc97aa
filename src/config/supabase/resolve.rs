//! From values to a project: its address, its key and what is shown of both.

use super::{
    address::{self, Address},
    key,
};
use crate::{
    config::{Complaint, Complaints, SupabaseEndpoint, values::Values},
    domain::{KeyKind, Secret, Target, clean},
};

/// A project with nothing left open.
pub(crate) struct Resolved {
    pub(crate) endpoint: SupabaseEndpoint,
    pub(crate) key: Secret,
    pub(crate) key_kind: KeyKind,
    pub(crate) role: Option<String>,
    pub(crate) target: Target,
    pub(crate) warnings: Vec<String>,
}

/// `None` when something is wrong, which was then complained about, or when
/// address or key are absent, which is the data model's to complain about.
pub(crate) fn resolve(values: &Values, complaints: &mut Complaints) -> Option<Resolved> {
    let (url, secret) = (values.supabase_url.as_ref(), values.supabase_key.as_ref());
    let address = url.and_then(|url| match address::read(&url.value) {
        Ok(address) => Some(address),
        Err(problem) => {
            let complaint = Complaint::new("supabase_url", problem, url.origin.clone());
            complaints.push(complaint.with_value(&url.value));
            None
        }
    });
    let secret = secret.filter(|secret| {
        let is_sendable = key::is_sendable(secret.value.expose());
        if !is_sendable {
            let problem = "must be of visible ASCII characters, without spaces";
            let complaint = Complaint::new("supabase_key", problem, secret.origin.clone());
            complaints.push(complaint.with_shown(&secret.value.to_string()));
        }
        is_sendable
    });
    let (address, secret) = (address?, secret?);
    let (key_kind, role) = key::read(secret.value.expose());
    Some(Resolved {
        target: target(&address, role.as_deref()),
        warnings: warnings(&address, key_kind),
        endpoint: SupabaseEndpoint {
            base: address.base,
            host: address.host,
            port: address.port,
            is_encrypted: address.is_encrypted,
            project: address.project,
            is_local_stack: address.is_local_stack,
        },
        key: secret.value.clone(),
        key_kind,
        role,
    })
}

/// The scheme says nothing that `security` does not.
fn target(address: &Address, role: Option<&str>) -> Target {
    let base = address.base.split_once("://");
    let shown = base.map_or(address.base.as_str(), |(_, rest)| rest);
    Target {
        mode: crate::domain::Mode::Supabase,
        address: clean(shown).into_owned(),
        database: String::new(),
        role: clean(role.unwrap_or_default()).into_owned(),
        security: address.security,
    }
}

fn warnings(address: &Address, kind: KeyKind) -> Vec<String> {
    let mut warnings = Vec::new();
    if address.security == crate::domain::TransportSecurity::Plain {
        warnings.push(format!(
            "the key and the data travel in plain text to {}: use https://",
            clean(&address.host)
        ));
    }
    if kind == KeyKind::Unknown {
        warnings.push(
            "supabase_key is of no known form (sb_publishable_…, sb_secret_… or eyJ…): it is \
             sent as it is"
                .to_owned(),
        );
    }
    warnings
}
