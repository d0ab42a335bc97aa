//! A caller of the library, whose statement meets a cause. It must not know
//! which statement and which cause.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use dbvitals::{
    adapter::{Database, DatabaseAdapter, DbResult},
    config::{AdapterSection, Endpoint, LocalSection, RootCertificates, SslMode, TlsSection},
    domain::{ConnectionId, DbError, Secret},
};
use serde_json::Value;
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::{
    scene::{Bed, Scene},
    seen::{Told, Words},
    support::cluster::{DATABASE, PASSWORD, ROLE},
    support::process::wait_until,
};

/// Longer than anything takes that is going to happen.
const LIMIT: Duration = Duration::from_secs(20);

/// The statement that is running when a cause strikes.
const SLEEP: &str = "select pg_sleep(60)";

/// The name of the caller's sessions.
pub(crate) const APPLICATION: &str = "caller";

/// A statement sleeps at the server, the cause strikes, and goes again.
pub(crate) fn play(
    bed: &Bed,
    prepare: fn(&Bed) -> Scene,
    strike: fn(&mut Scene),
    mend: Option<fn(&mut Scene)>,
) -> Told {
    let mut scene = prepare(bed);
    let caller = Caller::of(&scene, bed);
    let mut told = caller.struck(&mut scene, strike);
    if let Some(mend) = mend {
        mend(&mut scene);
    }
    caller.recovers(&mut told);
    told
}

/// A connected caller.
pub(crate) struct Caller {
    runtime: Runtime,
    database: Database,
}

impl Caller {
    /// Connects to the scene's server, through its proxy where it has one.
    pub(crate) fn of(scene: &Scene, bed: &Bed) -> Self {
        let port = match (&scene.proxy, &scene.pooler, &scene.cluster) {
            (Some(proxy), ..) => proxy.port(),
            (None, Some(pooler), _) => pooler.port(),
            (None, None, cluster) => cluster.as_ref().expect("the row has a server").port(),
        };
        let host = match &scene.network {
            Some(network) => network.outer().to_string(),
            None => "127.0.0.1".to_owned(),
        };
        let section = AdapterSection::Local(Box::new(section(host, port, bed)));
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(1).enable_all();
        if let Some(network) = &scene.network {
            builder.on_thread_start(network.entrance());
        }
        let runtime = builder.build().expect("a runtime can be made");
        let database = Database::new(&section, ConnectionId(Uuid::now_v7()), Arc::new(|_| {}));
        let caller = Self { runtime, database };
        caller
            .run(|database| async move { database.connect().await })
            .unwrap_or_else(|error| panic!("the caller cannot connect: {error:?}"));
        caller
    }

    /// Runs something with the database, on the runtime's own thread, which may
    /// be in a network of its own.
    pub(crate) fn run<T, F>(&self, work: impl FnOnce(Database) -> F) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let running = self.runtime.spawn(work(self.database.clone()));
        self.runtime
            .block_on(running)
            .expect("the caller does not panic")
    }

    /// Runs one statement.
    pub(crate) fn query(&self, sql: &str) -> DbResult<Vec<Value>> {
        let sql = sql.to_owned();
        self.run(|database| async move { database.query::<Value>(&sql, &[]).await })
    }

    /// What the caller is told by work that must fail, from this moment on.
    pub(crate) fn fails<T, F>(&self, work: impl FnOnce(Database) -> F) -> Told
    where
        T: Send + 'static,
        F: Future<Output = DbResult<T>> + Send + 'static,
    {
        let began = Instant::now();
        let outcome = self.run(work);
        told(outcome.err(), began.elapsed())
    }

    /// A statement that sleeps at the server while the cause strikes.
    pub(crate) fn struck(&self, scene: &mut Scene, strike: impl FnOnce(&mut Scene)) -> Told {
        let database = self.database.clone();
        let asking = self.runtime.spawn(async move {
            let error = database.query::<Value>(SLEEP, &[]).await.err();
            (error, Instant::now())
        });
        let sleeps = "select count(*) from pg_stat_activity where wait_event = 'PgSleep'";
        let cluster = scene.cluster();
        let asleep = wait_until(LIMIT, || cluster.sql(sleeps) == "1");
        assert!(asleep, "the statement never ran");
        let began = Instant::now();
        strike(scene);
        let (error, at) = self
            .runtime
            .block_on(asking)
            .expect("the caller does not panic");
        told(error, at.saturating_duration_since(began))
    }

    /// How soon a statement works (again), the caller trying without pause.
    pub(crate) fn recovers(&self, told: &mut Told) {
        let began = Instant::now();
        let works = wait_until(LIMIT, || self.query("select 1 as n").is_ok());
        told.back = works.then(|| began.elapsed());
    }
}

fn told(error: Option<DbError>, took: Duration) -> Told {
    Told {
        visible: error.as_ref().map(|_| took),
        words: error.map(|error| Words {
            kind: error.kind().name().to_owned(),
            code: error.code().map(str::to_owned),
            layer: error.layer().as_str().to_owned(),
            message: error.message(),
            hint: error.hint().to_owned(),
            details: error.details().unwrap_or_default().to_owned(),
            transient: Some(error.is_transient()),
        }),
        // The adapter never runs a caller's statement twice.
        retried: None,
        ..Told::default()
    }
}

fn section(host: String, port: u16, bed: &Bed) -> LocalSection {
    LocalSection {
        endpoint: Endpoint::Tcp {
            host,
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
        application_name: APPLICATION.to_owned(),
        pool_size: 4,
        timeout: bed.rhythm.timeout(),
        max_retries: 0,
        retry_delay: Duration::from_millis(100),
        read_only: false,
        requires_schema: false,
        ledger_schema: None,
    }
}
