//! A pool connection that is ended while nobody uses it.

use dbvitals::{adapter::DatabaseAdapter, domain::ConnectionStatus};
use serde_json::Value;

use crate::{
    in_process::{QUICK_HEARTBEAT, Watch, changes},
    report::Report,
    support::cluster::Cluster,
};

/// Runs.
const RUNS: usize = 10;

/// Ends the idle session of a statement: the status stays, and so does the
/// next statement's success.
pub(crate) fn idle_session_ended(report: &mut Report) {
    let cluster = Cluster::start();
    let watch = Watch::start(&[("DATABASE_URL", &cluster.url()), QUICK_HEARTBEAT]);
    watch.until(ConnectionStatus::Connected);
    let ask = || {
        let query = watch.database.query::<Value>("select 1 as one", &[]);
        watch.runtime.block_on(query)
    };
    let (mut calm, mut next) = (0, 0);
    for _ in 0..RUNS {
        let first = ask();
        assert!(first.is_ok(), "{first:?}");
        watch.heartbeats();
        let mut events = watch.handle.events();
        // Its own name tells it from the sentinel.
        let ended = cluster.terminate_backends("dbvitals");
        assert_eq!(ended, 1, "one session of the pool is idle");
        watch.heartbeats();
        let is_calm = changes(&mut events) == 0 && watch.status() == ConnectionStatus::Connected;
        calm += usize::from(is_calm);
        next += usize::from(ask().is_ok());
    }
    report.count("a pool connection ended: still connected", calm, RUNS);
    report.count("a pool connection ended: next statement", next, RUNS);
    watch.end();
}
