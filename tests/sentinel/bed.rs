//! Databases on servers that the tests start themselves, and guards whose
//! words and end are noted with their time.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use dbvitals::{
    adapter::{Beat, Database, GuardSettings, OperationSink},
    config::{AdapterSection, Endpoint, LocalSection, RootCertificates, SslMode, TlsSection},
    domain::{ConnectionId, DatabaseOperation, DbError, Secret},
};
use tokio::{
    sync::mpsc::{Receiver, channel},
    task::JoinHandle,
    time::timeout,
};
use uuid::Uuid;

use crate::support::cluster::{Cluster, DATABASE, PASSWORD, ROLE};

/// Longer than anything takes that is going to happen.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// The name under which a server knows the guard's session.
pub(crate) const SENTINEL: &str = "dbvitals-sentinel";

/// A guard in a hurry, so that tests of silence are short.
pub(crate) const BRISK: GuardSettings = GuardSettings {
    heartbeat: Some(Duration::from_millis(200)),
    late_after: Duration::from_millis(300),
    timeout: Duration::from_millis(1_500),
};

/// A guard that only listens.
pub(crate) const STILL: GuardSettings = GuardSettings {
    heartbeat: None,
    late_after: Duration::from_secs(1),
    timeout: Duration::from_secs(5),
};

/// Where operations are noted.
pub(crate) type Recorded = Arc<Mutex<Vec<Arc<DatabaseOperation>>>>;

/// A guard that stands.
pub(crate) struct Watch {
    beats: Receiver<Beat>,
    task: JoinHandle<(DbError, Instant)>,
}

impl Watch {
    /// Posts a guard without waiting for its login.
    pub(crate) fn post(database: &Database, settings: GuardSettings) -> Self {
        let (beats_in, beats) = channel(64);
        let database = database.clone();
        let task = tokio::spawn(async move {
            let error = database.stand_guard(settings, beats_in).await;
            (error, Instant::now())
        });
        Self { beats, task }
    }

    /// Posts a guard and waits until it stands.
    pub(crate) async fn over(database: &Database, settings: GuardSettings) -> Self {
        let mut watch = Self::post(database, settings);
        assert_eq!(watch.next().await, Some(Beat::Opened));
        watch
    }

    /// What the guard says next; `None` when it has ended.
    pub(crate) async fn next(&mut self) -> Option<Beat> {
        timeout(LIMIT, self.beats.recv())
            .await
            .expect("the guard says something or ends")
    }

    /// The round trip of the next answer; fails on anything else.
    #[track_caller]
    pub(crate) fn answer(&mut self) -> impl Future<Output = Duration> {
        let caller = std::panic::Location::caller();
        async move {
            let beat = self.next().await;
            let Some(Beat::Answered(took)) = beat else {
                unreachable!("{beat:?} instead of an answer, at {caller}");
            };
            took
        }
    }

    /// Waits until a heartbeat is late; answers before that are passed over.
    pub(crate) async fn late(&mut self) -> Instant {
        let mut beat = self.next().await;
        while let Some(Beat::Answered(_)) = beat {
            beat = self.next().await;
        }
        assert_eq!(beat, Some(Beat::Late));
        Instant::now()
    }

    /// Why and when the guard ended.
    pub(crate) async fn ended(self) -> (DbError, Instant) {
        timeout(LIMIT, self.task)
            .await
            .expect("the guard ends")
            .expect("the guard does not panic")
    }

    /// Leaves the guard: its future is dropped when this returns.
    pub(crate) async fn leave(self) {
        self.task.abort();
        let left = self.task.await.expect_err("it stood");
        assert!(left.is_cancelled(), "{left}");
    }
}

/// How to reach a server's port as the clusters' role.
pub(crate) fn section_at(host: &str, port: u16) -> LocalSection {
    LocalSection {
        endpoint: Endpoint::Tcp {
            host: host.to_owned(),
            hostaddr: None,
            port,
        },
        user: ROLE.to_owned(),
        password: Some(Secret::new(PASSWORD)),
        database: DATABASE.to_owned(),
        tls: TlsSection {
            mode: SslMode::Disable,
            roots: RootCertificates::Unset,
            client: None,
        },
        options: None,
        application_name: "dbvitals".to_owned(),
        pool_size: 4,
        timeout: Duration::from_secs(5),
        max_retries: 0,
        retry_delay: Duration::from_millis(100),
        read_only: false,
        requires_schema: false,
        ledger_schema: None,
    }
}

/// The same over the server's Unix socket.
pub(crate) fn socket_section(cluster: &Cluster) -> LocalSection {
    LocalSection {
        endpoint: Endpoint::Unix {
            folder: cluster.socket_folder().to_owned(),
            port: cluster.port(),
        },
        ..section_at("", 0)
    }
}

/// The same over TLS, with the server's certificate checked.
pub(crate) fn tls_section(cluster: &Cluster) -> LocalSection {
    let mut section = section_at(cluster.host(), cluster.port());
    section.tls = TlsSection {
        mode: SslMode::VerifyFull,
        roots: RootCertificates::File(cluster.ca_path()),
        client: None,
    };
    section
}

/// A database that is not connected.
pub(crate) fn on(section: LocalSection) -> Database {
    recorded(&AdapterSection::Local(Box::new(section))).0
}

/// A database on a port of 127.0.0.1.
pub(crate) fn at(port: u16) -> Database {
    on(section_at("127.0.0.1", port))
}

/// A database, and the list of what it records.
pub(crate) fn recorded(section: &AdapterSection) -> (Database, Recorded) {
    let recorded = Recorded::default();
    let list = Arc::clone(&recorded);
    let sink: OperationSink = Arc::new(move |operation| {
        list.lock()
            .expect("no test panics while it looks")
            .push(operation);
    });
    let id = ConnectionId(Uuid::now_v7());
    (Database::new(section, id, sink), recorded)
}

/// A session of our own, for statements beside the guard.
pub(crate) async fn login(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
        .await
        .expect("the role gets in");
    tokio::spawn(connection);
    client
}

/// Shows measured times, for whoever runs the test with its output.
#[expect(
    clippy::print_stdout,
    reason = "the test harness keeps it unless asked"
)]
pub(crate) fn show(what: &str, times: &mut [Duration]) {
    times.sort_unstable();
    println!(
        "{what}: median {:?}, longest {:?}, of {}",
        times[times.len() / 2],
        times[times.len() - 1],
        times.len()
    );
}
