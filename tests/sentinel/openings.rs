//! The guard's own login: how it fails, what is recorded of it, and which
//! settings of the server it must survive.

use std::time::{Duration, Instant};

use dbvitals::{
    config::{AdapterSection, MockSection},
    domain::{Action, ErrorKind, Outcome},
};
use tokio::time::timeout;

use crate::{
    bed::{BRISK, LIMIT, SENTINEL, STILL, Watch, at, login, recorded, section_at},
    support::{cluster::Cluster, sockets::closed_port},
};

async fn check_refused(port: u16, kind: ErrorKind, code: Option<&str>) {
    let start = Instant::now();
    let mut watch = Watch::post(&at(port), STILL);
    assert_eq!(watch.next().await, None, "it never stood");
    let (error, ended) = watch.ended().await;
    assert_eq!((error.kind(), error.code()), (kind, code), "{error:?}");
    assert_eq!(error.action(), Action::Connect);
    assert!(ended - start < Duration::from_secs(1));
}

#[tokio::test]
async fn a_login_that_is_refused_is_told_with_its_cause() {
    let closed = closed_port();
    check_refused(closed.number(), ErrorKind::ConnectionRefused, None).await;
    let mut cluster = Cluster::start();
    cluster.set_password("another");
    check_refused(cluster.port(), ErrorKind::AuthFailed, Some("28P01")).await;
}

#[tokio::test]
async fn a_login_that_is_not_answered_is_given_up() {
    let mut cluster = Cluster::start();
    cluster.freeze();
    let start = Instant::now();
    let (error, ended) = Watch::post(&at(cluster.port()), BRISK).ended().await;
    assert_eq!(error.kind(), ErrorKind::Timeout { after_ms: 1_500 });
    assert!(ended - start < BRISK.timeout.mul_f64(1.2));
}

#[tokio::test]
async fn the_opening_is_recorded_and_heartbeats_are_not() {
    let cluster = Cluster::start();
    let section = AdapterSection::Local(Box::new(section_at("127.0.0.1", cluster.port())));
    let (database, operations) = recorded(&section);
    let mut watch = Watch::over(&database, BRISK).await;
    for _ in 0..4 {
        watch.answer().await;
    }
    watch.leave().await;
    let operations = operations.lock().unwrap();
    let [started, ended] = operations.as_slice() else {
        panic!("one opening and nothing else: {operations:?}");
    };
    assert_eq!(
        (started.service(), ended.service()),
        ("sentinel", "sentinel")
    );
    assert_eq!(*started.outcome(), Outcome::Running);
    assert!(matches!(ended.outcome(), Outcome::Succeeded { .. }));
}

#[tokio::test]
async fn the_session_has_a_name_of_its_own() {
    let cluster = Cluster::start();
    let watch = Watch::over(&at(cluster.port()), STILL).await;
    let names = cluster.sql(
        "select application_name from pg_stat_activity \
         where backend_type = 'client backend' and pid <> pg_backend_pid()",
    );
    assert_eq!(names, SENTINEL);
    watch.leave().await;
}

#[tokio::test]
async fn no_limit_of_the_server_ends_or_cancels_the_watch() {
    let cluster = Cluster::start();
    cluster.sql(
        "alter role vitals set idle_session_timeout = '300ms';
         alter role vitals set statement_timeout = '1ms';",
    );
    let mut still = Watch::over(&at(cluster.port()), STILL).await;
    // Another session of the role, which came later, meets the limit.
    let other = login(&cluster.url()).await;
    let ended = async {
        while !other.is_closed() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(LIMIT, ended).await.expect("the limit is in force");
    assert_eq!(
        cluster.terminate_backends(SENTINEL),
        1,
        "it stood until now"
    );
    assert_eq!(still.next().await, None);
    assert_eq!(still.ended().await.0.code(), Some("57P01"));
}

#[tokio::test]
async fn a_cancelled_heartbeat_is_an_answer() {
    let mut cluster = Cluster::start();
    let control = login(&cluster.url()).await;
    let mut watch = Watch::over(&at(cluster.port()), BRISK).await;
    watch.answer().await;
    cluster.freeze();
    watch.late().await;
    cluster.thaw();
    // Whatever the cancellation meets, the session and the guard live on.
    let sql = "select pg_cancel_backend(pid) from pg_stat_activity where application_name = $1";
    for _ in 0..20 {
        control.query(sql, &[&SENTINEL]).await.expect("it may");
    }
    for _ in 0..3 {
        watch.answer().await;
    }
    watch.leave().await;
}

#[tokio::test]
async fn the_embedded_database_is_guarded_in_the_same_way() {
    let section = AdapterSection::Mock(MockSection::default());
    let (database, operations) = recorded(&section);
    let mut watch = Watch::over(&database, BRISK).await;
    for _ in 0..4 {
        assert!(watch.answer().await > Duration::ZERO);
    }
    watch.leave().await;
    assert_eq!(operations.lock().unwrap().len(), 2, "the opening alone");
    assert!(database.is_near());
    database.knock(LIMIT).await.expect("it is there");
}
