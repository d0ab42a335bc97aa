//! The backend in this process, for what no screen can show.
#![allow(
    clippy::panic,
    reason = "a measurement that cannot be made must end the program"
)]

use std::{sync::Arc, time::Instant};

use chrono::Utc;
use dbvitals::{
    adapter::Database,
    backend::{self, Backend, Clock, Handle, Subject},
    config::{self, Fallback, FixedEnv, Flags, Sources},
    domain::{Command, ConnectionId, ConnectionStatus, Event, SampleOutcome},
};
use tokio::runtime::Runtime;

use crate::bed::LIMIT;

/// A backend, its database and the runtime of both.
pub(crate) struct Watch {
    pub(crate) runtime: Runtime,
    pub(crate) handle: Handle,
    pub(crate) database: Arc<Database>,
}

impl Watch {
    /// Watches from now on, as these variables say.
    pub(crate) fn start(variables: &[(&str, &str)]) -> Self {
        let given = [("USER", "somebody")];
        let env: FixedEnv = given.iter().chain(variables).copied().collect();
        let sources = Sources {
            flags: Flags::default(),
            env: &env,
            cwd: std::env::temp_dir(),
        };
        let loaded = config::load(&sources, Fallback::Refuse).expect("the configuration is valid");
        let id = ConnectionId(uuid::Uuid::now_v7());
        let (sink, operations) = backend::operation_feed();
        let database = Arc::new(Database::new(&loaded.config.adapter, id, sink));
        let session = Arc::new(backend::session(&loaded.config, Utc::now()));
        let subject = Subject {
            watched: Arc::clone(&database),
            id,
            operations,
        };
        let runtime = Runtime::new().expect("a runtime can be made");
        let Backend { handle, .. } = runtime.block_on(async {
            backend::start(subject, &loaded.config.watch, session, Clock::system())
        });
        // The first reader hears the start; the measurements want the present.
        drop(handle.events());
        Self {
            runtime,
            handle,
            database,
        }
    }

    /// The status now.
    pub(crate) fn status(&self) -> ConnectionStatus {
        self.handle.snapshots().borrow().connection.status()
    }

    /// Waits for a status.
    pub(crate) fn until(&self, status: ConnectionStatus) {
        let mut snapshots = self.handle.snapshots();
        let wait = snapshots.wait_for(|snapshot| snapshot.connection.status() == status);
        let start = Instant::now();
        self.runtime
            .block_on(async { tokio::time::timeout(LIMIT, wait).await.map(|_| ()) })
            .unwrap_or_else(|_| panic!("not {status} after {:?}", start.elapsed()));
    }

    /// Has it connect now, unless it has done so by itself, and waits for that.
    pub(crate) fn reconnect(&self) {
        if self.status() != ConnectionStatus::Connected {
            let sent = self.handle.send(Command::Reconnect);
            assert!(sent.is_ok(), "the backend takes no command");
        }
        self.until(ConnectionStatus::Connected);
    }

    /// Waits for two answers: by then the sentinel stands, so that the next
    /// fault meets a connection that is whole.
    pub(crate) fn heartbeats(&self) {
        let mut events = self.handle.events();
        let mut answers = 0;
        let wait = async {
            while answers < 2 {
                if let Ok(Event::Sampled(sample)) = events.recv().await {
                    answers += u8::from(matches!(sample.outcome, SampleOutcome::Answered(_)));
                }
            }
        };
        let waited = self
            .runtime
            .block_on(async { tokio::time::timeout(LIMIT, wait).await });
        assert!(waited.is_ok(), "the sentinel never answered");
    }

    /// Ends everything, without waiting.
    pub(crate) fn end(self) {
        drop(self.handle);
        self.runtime.shutdown_background();
    }
}

/// How often the status changed in what the reader has not read yet.
pub(crate) fn changes(events: &mut tokio::sync::broadcast::Receiver<Event>) -> usize {
    let mut changes = 0;
    while let Ok(event) = events.try_recv() {
        changes += usize::from(matches!(event, Event::StatusChanged { .. }));
    }
    changes
}

/// The shortest time in which heartbeats are asked for, in ms.
pub(crate) const QUICK_HEARTBEAT: (&str, &str) = ("DBVITALS_HEARTBEAT_INTERVAL", "200");

/// Watches the embedded database.
pub(crate) const MOCK: [(&str, &str); 1] = [("DBVITALS_MODE", "mock")];
