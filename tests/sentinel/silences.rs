//! Servers and networks that say nothing: when a heartbeat is late, when it
//! is given up, and how the way back shows.

use std::time::{Duration, Instant};

use dbvitals::domain::{DbError, ErrorKind};

use crate::{
    bed::{BRISK, Watch, at},
    support::{
        cluster::Cluster,
        proxy::{Mode, Proxy},
    },
};

/// What a busy machine may add to a time.
const SLACK: Duration = Duration::from_millis(150);

/// A silence that lasts: late in time, then given up in time. `before` and
/// `after` surround the moment of the fault.
async fn check_silence(mut watch: Watch, before: Instant, after: Instant) -> DbError {
    let heartbeat = BRISK.heartbeat.expect("it has one");
    let late = watch.late().await;
    // The heartbeat that met the silence may have been on its way before it.
    assert!(late - before + SLACK >= BRISK.late_after);
    assert!(late - after <= heartbeat + BRISK.late_after + SLACK);
    assert_eq!(watch.next().await, None, "late is told once");
    let (error, ended) = watch.ended().await;
    assert!(ended - after <= heartbeat + BRISK.timeout + SLACK);
    assert_eq!(error.kind(), ErrorKind::Timeout { after_ms: 1_500 });
    assert_eq!(error.message(), "Database operation timed out after 1500ms");
    error
}

/// A silence that ends in time: the late answer and its true length, then others.
async fn check_way_back(watch: &mut Watch, late: Instant) {
    let took = watch.answer().await;
    assert!(took >= BRISK.late_after, "{took:?}");
    assert!(
        took <= BRISK.late_after + late.elapsed() + SLACK,
        "{took:?}"
    );
    for _ in 0..3 {
        let took = watch.answer().await;
        assert!(took < BRISK.late_after, "{took:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_server_is_late_and_then_given_up() {
    let mut cluster = Cluster::start();
    let mut watch = Watch::over(&at(cluster.port()), BRISK).await;
    watch.answer().await;
    let before = Instant::now();
    cluster.freeze();
    let after = Instant::now();
    check_silence(watch, before, after).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_swallows_everything_is_late_and_then_given_up() {
    let cluster = Cluster::start();
    let proxy = Proxy::to(cluster.port());
    let mut watch = Watch::over(&at(proxy.port()), BRISK).await;
    watch.answer().await;
    let before = Instant::now();
    proxy.set(Mode::BlackHole);
    let after = Instant::now();
    check_silence(watch, before, after).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_thaws_in_time_answers_late_and_goes_on() {
    let mut cluster = Cluster::start();
    let mut watch = Watch::over(&at(cluster.port()), BRISK).await;
    for _ in 0..3 {
        cluster.freeze();
        let late = watch.late().await;
        cluster.thaw();
        check_way_back(&mut watch, late).await;
    }
    watch.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_carries_again_in_time_brings_the_late_answer() {
    let cluster = Cluster::start();
    let proxy = Proxy::to(cluster.port());
    let mut watch = Watch::over(&at(proxy.port()), BRISK).await;
    proxy.set(Mode::BlackHole);
    let late = watch.late().await;
    proxy.set(Mode::Pass);
    check_way_back(&mut watch, late).await;
    watch.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_is_one_round_trip() {
    let cluster = Cluster::start();
    let proxy = Proxy::to(cluster.port());
    let mut watch = Watch::over(&at(proxy.port()), BRISK).await;
    watch.answer().await;
    let one_way = Duration::from_millis(100);
    proxy.set(Mode::Latency(one_way));
    watch.answer().await;
    let mut shortest = Duration::MAX;
    for _ in 0..5 {
        shortest = shortest.min(watch.answer().await);
    }
    assert!(shortest >= 2 * one_way, "{shortest:?}");
    assert!(shortest < (2 * one_way).mul_f64(1.2), "{shortest:?}");
    watch.leave().await;
}
