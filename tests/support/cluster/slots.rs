//! Uses up a server's connection slots with real connections. It must not
//! know who is turned away then.

use std::{
    sync::mpsc,
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::sync::oneshot;
use tokio_postgres::{Client, Config, Error, NoTls, error::SqlState};

use super::{Cluster, ROLE};
use crate::support::process::wait_until;

/// Refusals in a row that count as full: a session that is just ending may
/// still free its slot after the first.
const REFUSALS: usize = 3;

/// Holds the slots until it is dropped.
#[derive(Debug)]
pub(crate) struct SlotGuard {
    count: usize,
    release: Option<oneshot::Sender<()>>,
    holder: Option<JoinHandle<()>>,
}

impl Cluster {
    /// Opens connections as the ordinary role until the server refuses it with
    /// 53300. Slots that the server keeps for superusers stay free.
    pub(crate) fn fill_slots(&self) -> SlotGuard {
        self.hold_sessions(usize::MAX, SlotGuard::APPLICATION)
    }

    /// Opens one session as the ordinary role, under the name
    /// [`SlotGuard::APPLICATION`].
    pub(crate) fn hold_one_session(&self) -> SlotGuard {
        self.hold_sessions(1, SlotGuard::APPLICATION)
    }

    /// Opens sessions as the ordinary role under this name, until the server
    /// refuses one or there are so many.
    pub(crate) fn hold_sessions(&self, at_most: usize, application: &str) -> SlotGuard {
        let mut config = Config::new();
        config
            .host("127.0.0.1")
            .port(self.port())
            .user(ROLE)
            .password(self.password())
            .dbname(&self.database)
            .application_name(application)
            .connect_timeout(Duration::from_secs(20));
        let (tell, full) = mpsc::channel();
        let (release, released) = oneshot::channel();
        // A thread with a runtime of its own, so that async tests may call this too.
        let holder = thread::spawn(move || hold(&config, at_most, &tell, released));
        match full.recv() {
            Ok(count) => SlotGuard {
                count,
                release: Some(release),
                holder: Some(holder),
            },
            Err(mpsc::RecvError) => panic!("the slots could not be filled: see the panic above"),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn hold(
    config: &Config,
    at_most: usize,
    full: &mpsc::Sender<usize>,
    released: oneshot::Receiver<()>,
) {
    let mut sessions = Vec::new();
    let mut refusals = 0;
    while refusals < REFUSALS && sessions.len() < at_most {
        match open_session(config).await {
            Ok(session) => {
                sessions.push(session);
                refusals = 0;
            }
            Err(error) if error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS) => refusals += 1,
            Err(error) => panic!("a slot could not be taken: {error:?}"),
        }
    }
    if full.send(sessions.len()).is_ok() {
        // Ends as well when the guard is lost: both mean that nobody needs the slots.
        drop(released.await);
    }
    for (client, task) in sessions {
        drop(client);
        // Ends once it has said goodbye, or when the server is gone already.
        drop(task.await);
    }
}

async fn open_session(
    config: &Config,
) -> Result<(Client, tokio::task::JoinHandle<Result<(), Error>>), Error> {
    let (client, connection) = config.connect(NoTls).await?;
    Ok((client, tokio::spawn(connection)))
}

impl SlotGuard {
    /// The name under which the sessions appear in `pg_stat_activity`.
    pub(crate) const APPLICATION: &str = "slot holder";

    /// How many slots it holds.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Ends the sessions and waits until the server has freed their slots.
    pub(crate) fn release(self, cluster: &Cluster) {
        drop(self);
        let question = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = '{}'",
            Self::APPLICATION
        );
        let free = wait_until(Duration::from_secs(20), || cluster.sql(&question) == "0");
        assert!(free, "the slots are not free again");
    }
}

impl Drop for SlotGuard {
    fn drop(&mut self) {
        drop(self.release.take());
        if let Some(holder) = self.holder.take() {
            // Its panic, if any, has been printed and has failed `fill_slots`.
            drop(holder.join());
        }
    }
}
