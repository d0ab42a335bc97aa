//! Adapters on stand-ins for a hosted project, with its database itself beside
//! them and without.

use std::time::Duration;

use dbvitals::{
    adapter::{Database, DatabaseAdapter},
    config::{AdapterSection, SupabaseEndpoint, SupabaseSection},
    domain::{KeyKind, Secret},
};

use crate::{
    bed::{Bed, PATIENT, local_section, on, ready},
    support::standin::{Key, Standin},
    witnessed::Witnessed,
};

/// A connected adapter on a project that has our tables, with the way to its
/// database itself.
pub(crate) async fn supabase(timeout: Duration) -> Bed<Database> {
    let standin = Standin::start();
    let mut section = supabase_section(&standin, Key::Secret);
    section.timeout = timeout;
    let mut direct = local_section(standin.cluster());
    direct.timeout = timeout;
    section.direct = Some(Box::new(direct));
    let section = AdapterSection::Supabase(Box::new(section));
    ready(section, Some(Box::new(standin))).await
}

/// The same without that way: what is read back is read by a witness.
pub(crate) async fn supabase_alone(timeout: Duration) -> Bed<Witnessed> {
    let standin = Standin::start();
    let mut section = supabase_section(&standin, Key::LegacyServiceRole);
    section.timeout = timeout;
    let witness = on(local_section(standin.cluster()));
    witness.connect().await.expect("the database is there");
    let section = AdapterSection::Supabase(Box::new(section));
    let bed = ready(section, Some(Box::new(standin))).await;
    bed.behind(|adapter| Witnessed { adapter, witness })
}

/// How to reach a stand-in, with one of its keys and without its database.
pub(crate) fn supabase_section(standin: &Standin, key: Key) -> SupabaseSection {
    let url = standin.url();
    let key_kind = match key {
        Key::Publishable => KeyKind::Publishable,
        Key::Secret => KeyKind::Secret,
        Key::LegacyAnon => KeyKind::LegacyAnon,
        Key::LegacyServiceRole => KeyKind::LegacyServiceRole,
    };
    SupabaseSection {
        endpoint: SupabaseEndpoint {
            is_encrypted: url.starts_with("https"),
            base: url,
            host: standin.host().to_owned(),
            port: standin.port(),
            project: None,
            is_local_stack: false,
        },
        role: key_kind.role().map(ToOwned::to_owned),
        key: Secret::new(standin.key(key)),
        key_kind,
        pool_size: 4,
        timeout: PATIENT,
        max_retries: 0,
        retry_delay: Duration::from_millis(100),
        read_only: false,
        requires_schema: true,
        health_table: None,
        direct: None,
    }
}
