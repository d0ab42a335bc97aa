//! The two engines with their tables. All tests use one server; what they write
//! bears names of its own.

use std::sync::OnceLock;

use dbvitals::{
    adapter::{Database, DatabaseAdapter},
    config::AdapterSection,
};

use crate::{
    bed::{PATIENT, database, local_section, mock_section, on},
    support::cluster::Cluster,
};

/// Which database holds a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Postgres,
    Sqlite,
}

/// The server, which ends with the process.
pub(crate) fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let cluster = Cluster::start();
        cluster.make_tables();
        cluster
    })
}

impl Engine {
    /// A connected adapter.
    pub(crate) async fn open(self) -> Database {
        let database = match self {
            Self::Postgres => on(local_section(cluster())),
            Self::Sqlite => database(&AdapterSection::Mock(mock_section(PATIENT))).0,
        };
        database.connect().await.expect("the engine is there");
        database
    }
}
