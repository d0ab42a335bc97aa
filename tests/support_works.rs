//! The test bed itself, tried on real servers, sockets and terminals.

mod support;

use support::{Cluster, StopMode};

#[test]
fn a_cluster_starts_and_answers() {
    let cluster = Cluster::start();
    assert_eq!(cluster.sql("SELECT 1 + 1"), "2");
}
#[test]
fn a_stopped_cluster_starts_again() {
    let mut cluster = Cluster::start();
    cluster.stop(StopMode::Fast);
    cluster.start_again();
    cluster.stop(StopMode::Immediate);
    cluster.start_again();
    assert_eq!(cluster.sql("SELECT 1"), "1");
}
