//! Servers that are stopped, killed, frozen, full or recovering.

use tokio::time::timeout;

use crate::{
    LIMIT, SILENCE, code_of, is_silent, login,
    support::cluster::{Cluster, StopMode},
};

#[tokio::test]
async fn a_stopped_server_refuses_and_starts_again_with_its_data() {
    let mut cluster = Cluster::start();
    cluster.sql("CREATE TABLE kept AS SELECT 7 AS number");
    let port = cluster.port();
    for mode in [StopMode::Fast, StopMode::Immediate] {
        let client = login(&cluster.url()).await.expect("the role gets in");
        cluster.stop(mode);
        assert!(client.simple_query("SELECT 1").await.is_err());
        let refused = std::net::TcpStream::connect(("127.0.0.1", port));
        let refused = refused.expect_err("nothing listens");
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
        cluster.start_again();
        assert_eq!(cluster.sql("SELECT number FROM kept"), "7");
        assert_eq!(cluster.port(), port);
    }
}

#[tokio::test]
async fn a_killed_server_leaves_nothing_and_starts_again() {
    let mut cluster = Cluster::start();
    for _ in 0..2 {
        let client = login(&cluster.url()).await.expect("the role gets in");
        cluster.kill_postmaster();
        assert!(client.simple_query("SELECT 1").await.is_err());
        cluster.start_again();
        assert_eq!(cluster.sql("SELECT 1"), "1");
    }
    assert!(cluster.log().contains("automatic recovery in progress"));
}

#[tokio::test]
async fn a_frozen_server_is_silent_until_it_thaws() {
    let mut cluster = Cluster::start();
    let url = cluster.url();
    let client = login(&url).await.expect("the role gets in");
    cluster.freeze();
    assert!(is_silent(&url).await, "a new client gets no answer");
    let answer = timeout(SILENCE, client.simple_query("SELECT 1")).await;
    assert!(answer.is_err(), "nor does an old one");
    cluster.thaw();
    let answer = timeout(LIMIT, client.simple_query("SELECT 1")).await;
    assert!(answer.expect("it answers").is_ok());
    login(&url).await.expect("a new client gets in");
}

#[tokio::test]
async fn a_frozen_server_can_be_stopped_or_killed() {
    let mut cluster = Cluster::start();
    cluster.freeze();
    cluster.stop(StopMode::Fast);
    cluster.start_again();
    cluster.freeze();
    cluster.kill_postmaster();
    cluster.start_again();
    assert_eq!(cluster.sql("SELECT 1"), "1");
}

#[tokio::test]
async fn full_slots_turn_the_role_away_but_not_the_superuser() {
    let cluster = Cluster::builder().max_connections(8).start();
    let guard = cluster.fill_slots();
    assert_eq!(guard.count(), 5, "three are kept for superusers");
    assert_eq!(code_of(login(&cluster.url()).await), "53300");
    assert_eq!(cluster.sql("SELECT 1"), "1");
    guard.release(&cluster);
    login(&cluster.url()).await.expect("a slot is free");
}

#[tokio::test]
async fn a_recovering_server_is_not_ready_until_it_starts_again() {
    let mut cluster = Cluster::start();
    cluster.start_in_recovery();
    for _ in 0..3 {
        assert_eq!(code_of(login(&cluster.url()).await), "57P03");
    }
    cluster.stop(StopMode::Fast);
    cluster.start_again();
    login(&cluster.url()).await.expect("it is ready");
}
