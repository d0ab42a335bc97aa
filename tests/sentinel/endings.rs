//! Ways in which a server or a network ends the guard's session: what is
//! told, and how soon.

use std::time::{Duration, Instant};

use dbvitals::{
    adapter::{Beat, Database, DatabaseAdapter, GuardSettings},
    domain::{ConnectionStatus, DbError, ErrorKind, Layer},
};
use serde_json::Value;

use crate::{
    bed::{BRISK, LIMIT, SENTINEL, STILL, Watch, at, login, on, show, socket_section, tls_section},
    support::{
        cluster::{Cluster, StopMode},
        process::{Signal, signal, wait_until},
        proxy::{Mode, Proxy},
    },
};

/// An end must be told within this time, whatever the heartbeat.
const AT_ONCE: Duration = Duration::from_millis(250);

/// How often each ending is tried, half of them without heartbeats.
const RUNS: usize = 6;

/// A guard that is asked only now and then, as at a long interval.
const SELDOM: GuardSettings = GuardSettings {
    heartbeat: Some(Duration::from_secs(30)),
    ..STILL
};

async fn stand(database: &Database, run: usize) -> Watch {
    if run.is_multiple_of(2) {
        return Watch::over(database, STILL).await;
    }
    let mut watch = Watch::over(database, SELDOM).await;
    watch.answer().await;
    watch
}

/// Waits until the guard's server process waits for us: one that is ended at
/// once while it still sends an answer cannot say why.
#[track_caller]
fn wait_until_idle(cluster: &Cluster) {
    let sql =
        format!("select wait_event from pg_stat_activity where application_name = '{SENTINEL}'");
    let idle = wait_until(LIMIT, || cluster.sql(&sql) == "ClientRead");
    assert!(idle, "it is not idle: {}", cluster.sql(&sql));
}

/// The guard ended in the expected way, and soon after this moment.
#[track_caller]
fn check(ended: &(DbError, Instant), code: Option<&str>, fault: Instant) -> Duration {
    let (error, at) = ended;
    let took = *at - fault;
    assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{error:?}");
    assert_eq!(error.code(), code, "{error:?}");
    assert_eq!(error.layer(), Layer::Tcp, "{error:?}");
    assert!(error.details().is_some(), "{error:?}");
    assert!(took < AT_ONCE, "{took:?}: {error:?}");
    took
}

/// Puts a fault into the whole server, again and again.
async fn check_fault(what: &str, words: &str, fault: impl Fn(&mut Cluster)) {
    let mut cluster = Cluster::start();
    let mut times = Vec::new();
    for run in 0..RUNS {
        let watch = stand(&at(cluster.port()), run).await;
        wait_until_idle(&cluster);
        let start = Instant::now();
        tokio::task::block_in_place(|| fault(&mut cluster));
        let ended = watch.ended().await;
        times.push(check(&ended, Some("57P01"), start));
        assert_eq!(ended.0.details(), Some(words));
        cluster.start_again();
    }
    show(what, &mut times);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_stopped_fast_says_so() {
    check_fault(
        "stop -m fast",
        "terminating connection due to administrator command",
        |cluster| cluster.stop(StopMode::Fast),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_stopped_at_once_says_so_in_a_warning() {
    check_fault(
        "stop -m immediate",
        "terminating connection due to immediate shutdown command",
        |cluster| cluster.stop(StopMode::Immediate),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_postmaster_is_killed_says_so() {
    check_fault(
        "kill -9 of the postmaster",
        "terminating connection due to unexpected postmaster exit",
        Cluster::kill_postmaster,
    )
    .await;
}

/// Ends the guard's session from another one of the same role.
async fn terminate(control: &tokio_postgres::Client, application: &str) -> usize {
    let sql = "select pg_terminate_backend(pid) from pg_stat_activity \
               where application_name = $1";
    let ended = control.query(sql, &[&application]).await;
    let ended = ended.expect("a role may end its own sessions");
    ended.iter().filter(|row| row.get::<_, bool>(0)).count()
}

async fn check_termination(what: &str, database: &Database, control: &tokio_postgres::Client) {
    let mut times = Vec::new();
    for run in 0..RUNS {
        let watch = stand(database, run).await;
        let fault = Instant::now();
        assert_eq!(terminate(control, SENTINEL).await, 1);
        times.push(check(&watch.ended().await, Some("57P01"), fault));
    }
    show(what, &mut times);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminated_sentinel_knows_by_whom() {
    let cluster = Cluster::start();
    let control = login(&cluster.url()).await;
    check_termination("pg_terminate_backend, tcp", &at(cluster.port()), &control).await;
    let by_socket = on(socket_section(&cluster));
    check_termination("pg_terminate_backend, socket", &by_socket, &control).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_the_last_words_arrive_too() {
    let cluster = Cluster::builder().tls("localhost").start();
    let control = login(&cluster.socket_url()).await;
    let database = on(tls_section(&cluster));
    check_termination("pg_terminate_backend, tls", &database, &control).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_another_session_is_told_with_its_own_code() {
    let cluster = Cluster::start();
    let victim = login(&cluster.url()).await;
    let row = victim.query_one("select pg_backend_pid()", &[]).await;
    let pid: i32 = row.expect("it answers").get(0);
    let watch = Watch::over(&at(cluster.port()), STILL).await;
    wait_until_idle(&cluster);
    let fault = Instant::now();
    signal(u32::try_from(pid).unwrap(), Signal::KILL);
    check(&watch.ended().await, Some("57P02"), fault);
    // It restarts by itself, which must not meet the end of the test.
    cluster.wait_for_log("all server processes terminated; reinitializing", LIMIT);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_is_told_without_a_code() {
    let cluster = Cluster::start();
    let proxy = Proxy::to(cluster.port());
    let mut times = Vec::new();
    for run in 0..RUNS {
        let watch = stand(&at(proxy.port()), run).await;
        let fault = Instant::now();
        tokio::task::block_in_place(|| proxy.set(Mode::Reset));
        times.push(check(&watch.ended().await, None, fault));
        proxy.set(Mode::Pass);
    }
    show("reset", &mut times);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_during_a_heartbeat_keeps_the_last_words() {
    let mut cluster = Cluster::start();
    let mut watch = Watch::over(&at(cluster.port()), BRISK).await;
    watch.answer().await;
    cluster.freeze();
    // A heartbeat waits at the server now; it dies with this on its desk.
    watch.late().await;
    let fault = Instant::now();
    tokio::task::block_in_place(|| cluster.stop(StopMode::Fast));
    let (error, at) = watch.ended().await;
    assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{error:?}");
    assert_eq!(error.code(), Some("57P01"), "{error:?}");
    assert!(at - fault < AT_ONCE, "{:?}", at - fault);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_session_of_the_pool_is_not_the_guards() {
    let cluster = Cluster::start();
    let database = at(cluster.port());
    database.connect().await.expect("the server is there");
    let rows: Vec<Value> = database.query("select 1 as one", &[]).await.unwrap();
    assert_eq!(rows.len(), 1);
    let mut watch = Watch::over(&database, BRISK).await;
    let control = login(&cluster.url()).await;
    assert_eq!(terminate(&control, "dbvitals").await, 1, "the idle one");
    for _ in 0..3 {
        watch.answer().await;
    }
    assert!(database.is_connected());
    let rows: Vec<Value> = database.query("select 1 as one", &[]).await.unwrap();
    assert_eq!(rows.len(), 1, "the pool opens another one");
    watch.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guards_end_is_the_loss_of_an_open_connection() {
    let cluster = Cluster::start();
    let database = at(cluster.port());
    database.connect().await.expect("the server is there");
    let mut watch = Watch::over(&database, STILL).await;
    assert_eq!(cluster.terminate_backends(SENTINEL), 1);
    assert_eq!(watch.next().await, None::<Beat>);
    let (error, _) = watch.ended().await;
    let status = database.connection_status();
    assert_eq!(status.status(), ConnectionStatus::Error);
    assert_eq!(status.last_error(), Some(error.message().as_str()));
    database.connect().await.expect("the server is still there");
    assert!(database.is_connected());
}
