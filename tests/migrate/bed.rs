//! A server, the library on it, and the program as a user runs it. Knows
//! nothing of what is expected of them.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use dbvitals::{
    adapter::{Database, MigrationSink},
    config::{AdapterSection, Endpoint, LocalSection, RootCertificates, SslMode, TlsSection},
    domain::{ConnectionId, MigrationEvent, Secret},
};
use uuid::Uuid;

use crate::support::cluster::{Cluster, DATABASE, ROLE};

/// Longer than anything here takes on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// How to reach a cluster as its ordinary role.
pub(crate) fn section(cluster: &Cluster) -> LocalSection {
    LocalSection {
        endpoint: Endpoint::Tcp {
            host: "127.0.0.1".to_owned(),
            hostaddr: None,
            port: cluster.port(),
        },
        user: ROLE.to_owned(),
        password: Some(Secret::new(cluster.password())),
        database: DATABASE.to_owned(),
        tls: TlsSection {
            mode: SslMode::Disable,
            roots: RootCertificates::Unset,
            client: None,
        },
        options: None,
        application_name: "dbvitals".to_owned(),
        pool_size: 4,
        timeout: Duration::from_secs(20),
        max_retries: 0,
        retry_delay: Duration::from_millis(100),
        read_only: false,
        requires_schema: true,
        ledger_schema: None,
    }
}

/// A database that is not connected.
pub(crate) fn on(section: LocalSection) -> Database {
    let section = AdapterSection::Local(Box::new(section));
    Database::new(&section, ConnectionId(Uuid::now_v7()), Arc::new(|_| {}))
}

/// What was told of a run.
pub(crate) type Told = Arc<Mutex<Vec<MigrationEvent>>>;

/// A listener, and what it hears.
pub(crate) fn listener() -> (MigrationSink, Told) {
    let told = Told::default();
    let list = Arc::clone(&told);
    (
        Arc::new(move |event| list.lock().unwrap().push(event)),
        told,
    )
}

/// The ledger's rows, as `version name`, one a line.
#[track_caller]
pub(crate) fn ledger(cluster: &Cluster) -> String {
    cluster.sql("SELECT version || ' ' || name FROM schema_migrations ORDER BY version")
}
