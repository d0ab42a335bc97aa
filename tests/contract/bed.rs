//! Adapters on engines that the tests start themselves, and a list of what
//! they recorded.

use std::{
    any::Any,
    sync::{Arc, Mutex},
    time::Duration,
};

use dbvitals::{
    adapter::{Database, DatabaseAdapter, OperationSink},
    config::{
        AdapterSection, Endpoint, LocalSection, MockSection, RootCertificates, SslMode, TlsSection,
    },
    domain::{ConnectionId, DatabaseOperation, Outcome, Secret},
};
use uuid::Uuid;

use crate::support::cluster::{Cluster, DATABASE, PoolMode, Pooler, ROLE};

/// The deadline of everything that is going to be answered.
pub(crate) const PATIENT: Duration = Duration::from_secs(10);

/// The deadline of what is going to be silent.
pub(crate) const BRIEF: Duration = Duration::from_millis(500);

/// An adapter, and the operations that it recorded.
pub(crate) struct Bed<A> {
    /// Shared, so that many tasks may use it at once.
    pub(crate) adapter: Arc<A>,
    recorded: Recorded,
    /// What the adapter is connected to, kept alive as long as it.
    engine: Engine,
}

/// Servers, poolers or projects of the tests' own, if there are any.
pub(crate) type Engine = Option<Box<dyn Any + Send + Sync>>;

pub(crate) type Recorded = Arc<Mutex<Vec<Arc<DatabaseOperation>>>>;

impl<A: DatabaseAdapter> Bed<A> {
    /// The operations that have ended, oldest first.
    pub(crate) fn ended(&self) -> Vec<Arc<DatabaseOperation>> {
        let all = self.recorded.lock().unwrap();
        all.iter()
            .filter(|operation| *operation.outcome() != Outcome::Running)
            .map(Arc::clone)
            .collect()
    }

    /// The operations that were reported as started.
    pub(crate) fn started(&self) -> usize {
        let all = self.recorded.lock().unwrap();
        all.iter()
            .filter(|operation| *operation.outcome() == Outcome::Running)
            .count()
    }

    /// How many rows the newest operation has returned or changed.
    pub(crate) fn affected(&self) -> Option<u64> {
        match self.newest().outcome() {
            Outcome::Succeeded { affected_rows, .. } => *affected_rows,
            Outcome::Failed { .. } | Outcome::Running => None,
        }
    }

    /// The newest operation that has ended.
    pub(crate) fn newest(&self) -> Arc<DatabaseOperation> {
        self.ended().pop().expect("something was recorded")
    }
}

impl<A> Bed<A> {
    /// The same with another adapter before it.
    pub(crate) fn behind<B>(self, wrap: impl FnOnce(Arc<A>) -> B) -> Bed<B> {
        Bed {
            adapter: Arc::new(wrap(self.adapter)),
            recorded: self.recorded,
            engine: self.engine,
        }
    }
}

/// A connected adapter on a new cluster with our tables.
pub(crate) async fn local(timeout: Duration) -> Bed<Database> {
    let cluster = Cluster::start();
    cluster.make_tables();
    let mut section = local_section(&cluster);
    section.timeout = timeout;
    let section = AdapterSection::Local(Box::new(section));
    ready(section, Some(Box::new(cluster))).await
}

/// A connected adapter on a new cluster with our tables, behind a pooler that
/// hands sessions around between transactions.
pub(crate) async fn pooled(timeout: Duration) -> Bed<Database> {
    if !Pooler::is_here() {
        return local(timeout).await;
    }
    let cluster = Cluster::start();
    cluster.make_tables();
    let pooler = cluster.pooler(PoolMode::Transaction);
    let mut section = section_at("127.0.0.1", pooler.port());
    section.timeout = timeout;
    // More callers than the pooler has sessions.
    section.pool_size = 60;
    let section = AdapterSection::Local(Box::new(section));
    ready(section, Some(Box::new((pooler, cluster)))).await
}

/// A connected adapter on an embedded database, which has our tables.
pub(crate) async fn mock(timeout: Duration) -> Bed<Database> {
    ready(AdapterSection::Mock(mock_section(timeout)), None).await
}

/// An embedded database that is well.
pub(crate) fn mock_section(timeout: Duration) -> MockSection {
    MockSection {
        timeout,
        ..MockSection::default()
    }
}

/// A connected adapter on an engine that is there.
pub(crate) async fn ready(section: AdapterSection, engine: Engine) -> Bed<Database> {
    let (database, recorded) = database(&section);
    database.connect().await.expect("the engine is there");
    Bed {
        adapter: Arc::new(database.for_service("contract")),
        recorded,
        engine,
    }
}

/// An adapter that is not connected, and the list of what it records.
pub(crate) fn database(section: &AdapterSection) -> (Database, Recorded) {
    let recorded = Recorded::default();
    let list = Arc::clone(&recorded);
    let sink: OperationSink = Arc::new(move |operation| list.lock().unwrap().push(operation));
    let id = ConnectionId(Uuid::now_v7());
    (Database::new(section, id, sink), recorded)
}

/// An adapter on a server, its section changed first.
pub(crate) fn on(section: LocalSection) -> Database {
    database(&AdapterSection::Local(Box::new(section))).0
}

/// How to reach a cluster over TCP, without TLS.
pub(crate) fn local_section(cluster: &Cluster) -> LocalSection {
    let mut section = section_at("127.0.0.1", cluster.port());
    section.password = Some(Secret::new(cluster.password()));
    section
}

/// How to reach whatever listens at an address, as the clusters' role.
pub(crate) fn section_at(host: &str, port: u16) -> LocalSection {
    LocalSection {
        endpoint: Endpoint::Tcp {
            host: host.to_owned(),
            hostaddr: None,
            port,
        },
        user: ROLE.to_owned(),
        password: Some(Secret::new("any")),
        database: DATABASE.to_owned(),
        tls: TlsSection {
            mode: SslMode::Disable,
            roots: RootCertificates::Unset,
            client: None,
        },
        options: None,
        application_name: "dbvitals-contract".to_owned(),
        pool_size: 4,
        timeout: PATIENT,
        max_retries: 0,
        retry_delay: Duration::from_millis(100),
        read_only: false,
        requires_schema: true,
        ledger_schema: None,
    }
}
