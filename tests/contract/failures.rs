//! Every failure a user can meet, on real servers: its kind, code and layer,
//! how soon it is told, and that nothing is left behind.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use dbvitals::{
    adapter::{Database, DatabaseAdapter},
    config::{AdapterSection, Endpoint, LocalSection},
    domain::{ConnectionStatus, ErrorKind, Layer},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{
    bed::{BRIEF, database, local_section, on, section_at},
    support::{
        cluster::{Cluster, PASSWORD, StopMode},
        process::wait_until,
        proxy::{Mode, Proxy},
        sockets::{FullQueue, Listener, Manner, closed_port},
    },
};

const LIMIT: Duration = Duration::from_secs(20);

const TIMEOUT: ErrorKind = ErrorKind::Timeout { after_ms: 500 };

/// What a failure must look like.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Expected {
    kind: ErrorKind,
    code: Option<&'static str>,
    layer: Layer,
}

/// An attempt and a check both fail in the expected way, in time, and neither
/// shows the password.
#[track_caller]
fn check(section: LocalSection, expected: Expected) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let limit = section.timeout.mul_f64(1.2);
        let database = on(section);
        let began = Instant::now();
        let error = database.attempt().await.expect_err("it fails");
        assert!(began.elapsed() < limit, "{:?} at {caller}", began.elapsed());
        let found = (error.kind(), error.code(), error.layer());
        let wanted = (expected.kind, expected.code, expected.layer);
        assert_eq!(found, wanted, "{error:?} at {caller}");
        let status = database.connection_status();
        assert_eq!(status.status(), ConnectionStatus::Error);
        assert_eq!(status.last_error(), Some(error.message().as_str()));
        let began = Instant::now();
        let report = database.health_check().await;
        assert!(began.elapsed() < limit, "{:?} at {caller}", began.elapsed());
        let again = report.error.clone().expect("it fails again");
        assert!(
            (again.kind(), again.code()) == (error.kind(), error.code()),
            "{again:?}"
        );
        assert_eq!(report.result.error(), Some(error.message().as_str()));
        let said = format!("{error:?} {error} {report:?} {database:?}");
        assert!(!said.contains(PASSWORD), "{said}");
    }
}

#[track_caller]
fn fails(kind: ErrorKind, code: &'static str) -> Expected {
    Expected {
        kind,
        code: Some(code),
        layer: kind.layer(),
    }
}

fn fails_without_code(kind: ErrorKind, layer: Layer) -> Expected {
    Expected {
        kind,
        code: None,
        layer,
    }
}

fn brief(mut section: LocalSection) -> LocalSection {
    section.timeout = BRIEF;
    section
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_port() {
    let port = closed_port();
    let expected = fails_without_code(ErrorKind::ConnectionRefused, Layer::Tcp);
    let began = Instant::now();
    check(section_at("127.0.0.1", port.number()), expected).await;
    assert!(began.elapsed() < Duration::from_millis(250));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_host() {
    let expected = fails_without_code(ErrorKind::HostNotFound, Layer::HostName);
    check(section_at("no-such-host.invalid", 5432), expected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password() {
    let cluster = Cluster::start();
    let mut section = local_section(&cluster);
    section.password = Some(dbvitals::domain::Secret::new(format!("{PASSWORD}-not")));
    check(section, fails(ErrorKind::AuthFailed, "28P01")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_password() {
    let cluster = Cluster::start();
    let mut section = local_section(&cluster);
    section.password = None;
    let error = on(section).attempt().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::AuthFailed, Some("28P01"))
    );
    assert!(
        error
            .details()
            .unwrap()
            .contains("no password is configured")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_the_server_does_not_let_in() {
    let cluster = Cluster::start();
    cluster.put_first_in_hba("host all all 127.0.0.1/32 reject");
    check(
        local_section(&cluster),
        fails(ErrorKind::LoginRefused, "28000"),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_database() {
    let cluster = Cluster::start();
    let mut section = local_section(&cluster);
    section.database = "nowhere".into();
    check(section, fails(ErrorKind::DatabaseMissing, "3D000")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_server() {
    let mut cluster = Cluster::start();
    cluster.freeze();
    let expected = fails_without_code(TIMEOUT, Layer::Login);
    check(brief(local_section(&cluster)), expected).await;
    cluster.thaw();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_free_slots() {
    let cluster = Cluster::builder().max_connections(8).start();
    let slots = cluster.fill_slots();
    check(
        local_section(&cluster),
        fails(ErrorKind::TooManyConnections, "53300"),
    )
    .await;
    slots.release(&cluster);
    on(local_section(&cluster))
        .attempt()
        .await
        .expect("a slot is free again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_lets_nobody_in_yet() {
    let mut cluster = Cluster::start();
    cluster.start_in_recovery();
    check(
        local_section(&cluster),
        fails(ErrorKind::ServerNotReady, "57P03"),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_that_is_no_database() {
    let listener = Listener::start(Manner::Garbage);
    let expected = fails_without_code(ErrorKind::ProtocolViolation, Layer::Login);
    check(brief(section_at("127.0.0.1", listener.port())), expected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_that_never_answers() {
    let listener = Listener::start(Manner::Silent);
    let expected = fails_without_code(TIMEOUT, Layer::Login);
    check(brief(section_at("127.0.0.1", listener.port())), expected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_that_hangs_up() {
    let listener = Listener::start(Manner::HangUp);
    let expected = fails_without_code(ErrorKind::ConnectionLost, Layer::Login);
    check(section_at("127.0.0.1", listener.port()), expected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_black_hole() {
    let port = FullQueue::start();
    let expected = fails_without_code(TIMEOUT, Layer::Tcp);
    check(brief(section_at("127.0.0.1", port.port())), expected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_folder_without_a_server() {
    let mut section = section_at("", 0);
    let folder = tempfile::tempdir().unwrap();
    section.endpoint = Endpoint::Unix {
        folder: folder.path().to_owned(),
        port: 5432,
    };
    let expected = fails_without_code(ErrorKind::ConnectionRefused, Layer::Tcp);
    check(section, expected).await;
}

/// A connected adapter whose next statement meets the given fault.
async fn connected(section: LocalSection) -> Database {
    let database = on(section);
    database.connect().await.expect("the server is well");
    database
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_killed_during_a_query() {
    let cluster = Cluster::start();
    let database = connected(local_section(&cluster)).await;
    let asking = tokio::spawn({
        let database = database.clone();
        async move { database.query::<Value>("select pg_sleep(60)", &[]).await }
    });
    let sleeping = "select count(*) from pg_stat_activity where wait_event = 'PgSleep'";
    assert!(wait_until(LIMIT, || cluster.sql(sleeping) == "1"));
    cluster.terminate_backends("dbvitals-contract");
    let error = asking.await.unwrap().unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::ConnectionLost, Some("57P01"))
    );
    assert!(database.is_connected(), "one session is not the connection");
    let rows: Vec<Value> = database.query("select 1 as n", &[]).await.unwrap();
    assert_eq!(rows.len(), 1, "the next statement has a new session");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_session_that_is_ended_is_replaced() {
    let cluster = Cluster::start();
    let database = connected(local_section(&cluster)).await;
    database.query::<Value>("select 1 as n", &[]).await.unwrap();
    cluster.terminate_backends("dbvitals-contract");
    assert!(wait_until(LIMIT, || cluster.sessions() == 0));
    let mine = database.query::<Value>("select 1 as n", &[]);
    assert_eq!(mine.await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_first_check_keeps_the_phases_that_it_passed() {
    let mut cluster = Cluster::start();
    cluster.freeze();
    let report = on(brief(local_section(&cluster))).first_check().await;
    cluster.thaw();
    assert_eq!(report.error.unwrap().kind(), TIMEOUT);
    assert!(report.result.latency() >= BRIEF);
    let phases = report.result.details().unwrap().phases;
    let passed = phases.named().map(|(_, time)| time.is_some());
    assert_eq!(passed, [true, true, true, false, false]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_on_a_stopped_server_tells_the_true_cause_at_once() {
    let mut cluster = Cluster::start();
    let database = connected(local_section(&cluster)).await;
    cluster.stop(StopMode::Fast);
    let began = Instant::now();
    let error = database.query::<Value>("select 1", &[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert!(began.elapsed() < Duration::from_millis(250));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_during_a_statement() {
    let cluster = Cluster::start();
    let proxy = Proxy::to(cluster.port());
    let mut section = local_section(&cluster);
    section.endpoint = Endpoint::Tcp {
        host: "127.0.0.1".into(),
        hostaddr: None,
        port: proxy.port(),
    };
    let database = connected(section).await;
    let asking = tokio::spawn({
        let database = database.clone();
        async move { database.query::<Value>("select pg_sleep(60)", &[]).await }
    });
    let sleeping = "select count(*) from pg_stat_activity where wait_event = 'PgSleep'";
    assert!(wait_until(LIMIT, || cluster.sql(sleeping) == "1"));
    proxy.set(Mode::Reset);
    let error = asking.await.unwrap().unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::ConnectionLost, None)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_takes_too_long() {
    let cluster = Cluster::start();
    let database = connected(brief(local_section(&cluster))).await;
    let began = Instant::now();
    let error = database
        .query::<Value>("select pg_sleep(60)", &[])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), TIMEOUT);
    assert!(began.elapsed() < BRIEF.mul_f64(1.2));
    assert!(wait_until(LIMIT, || cluster.sessions() == 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_wait_for_a_session_have_the_same_deadline() {
    let cluster = Cluster::start();
    let mut section = brief(local_section(&cluster));
    section.pool_size = 2;
    let database = connected(section).await;
    let (first, second) = tokio::join!(
        database.query::<Value>("select pg_sleep(60)", &[]),
        database.query::<Value>("select pg_sleep(60)", &[]),
    );
    assert!(first.is_err() && second.is_err());
    let gauge = |database: &Database| {
        let database = database.clone();
        async move {
            database
                .health_check()
                .await
                .result
                .details()
                .unwrap()
                .pool
                .unwrap()
        }
    };
    let pool = gauge(&database).await;
    assert_eq!((pool.max, pool.size, pool.waiting), (1, 0, 0));
}

/// Open TCP connections to a port, from either end, except those that only
/// wait for their time to be over.
fn sockets_at(port: u16) -> usize {
    let hex = format!(":{port:04X}");
    std::fs::read_to_string("/proc/net/tcp")
        .unwrap()
        .lines()
        .skip(1)
        .filter(|line| {
            let columns: Vec<_> = line.split_whitespace().collect();
            let is_open = !matches!(columns[3], "06" | "0A");
            is_open && (columns[1].ends_with(&hex) || columns[2].ends_with(&hex))
        })
        .count()
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_behind_after_fifty_timeouts() {
    let mut cluster = Cluster::start();
    let mut section = local_section(&cluster);
    section.timeout = Duration::from_millis(50);
    let database = on(section.clone());
    section.timeout = Duration::from_secs(10);
    let patient = on(section);
    patient.connect().await.unwrap();
    assert!(wait_until(LIMIT, || {
        // The session kept by the connect goes away by itself.
        std::thread::yield_now();
        cluster.sessions() <= 1
    }));
    cluster.freeze();
    for _ in 0..25 {
        database.attempt().await.unwrap_err();
        database.health_check().await.error.unwrap();
    }
    cluster.thaw();
    patient.disconnect().await.unwrap();
    let is_clean = async {
        while cluster.sessions() > 0 || sockets_at(cluster.port()) > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let cleaned = tokio::time::timeout(LIMIT, is_clean).await;
    let left = (cluster.sessions(), sockets_at(cluster.port()));
    assert!(cleaned.is_ok(), "sessions and sockets left: {left:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_honours_the_maximum_of_retries() {
    let listener = Listener::start(Manner::HangUp);
    let mut section = section_at("127.0.0.1", listener.port());
    section.max_retries = 2;
    section.retry_delay = Duration::from_millis(1);
    let (database, recorded) = database(&AdapterSection::Local(Box::new(section)));
    let error = database.connect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionLost);
    assert_eq!(listener.accepted(), 3);
    assert_eq!(
        recorded.lock().unwrap().len(),
        6,
        "three starts, three ends"
    );
    assert_eq!(database.connection_status().error_count(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_does_not_retry_what_will_not_pass() {
    let cluster = Cluster::start();
    let mut section = local_section(&cluster);
    section.max_retries = 5;
    section.database = "nowhere".into();
    let (database, recorded) = database(&AdapterSection::Local(Box::new(section)));
    assert!(database.connect().await.is_err());
    assert_eq!(recorded.lock().unwrap().len(), 2, "one start, one end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_that_is_left_is_not_counted() {
    let listener = Listener::start(Manner::Silent);
    let (database, recorded) = database(&AdapterSection::Local(Box::new(section_at(
        "127.0.0.1",
        listener.port(),
    ))));
    let accepted = async {
        while listener.accepted() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = database.attempt() => panic!("nobody answers"),
        () = accepted => {}
    }
    let connection = database.connection_status();
    assert_eq!(connection.status(), ConnectionStatus::Error);
    assert_eq!(connection.error_count(), 0);
    assert_eq!(recorded.lock().unwrap().len(), 2);
}

/// Stands before a server and refuses the first login for its options, as a
/// pooler does; carries every later connection. Gives its port.
async fn pooler(cluster: &Cluster) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = cluster.port();
    let refused = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&refused);
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                let mut startup = vec![0; 1024];
                let length = client.read(&mut startup).await.unwrap();
                let text = String::from_utf8_lossy(&startup[..length]);
                if text.contains("statement_timeout") {
                    count.fetch_add(1, Ordering::Relaxed);
                    let words = b"SFATAL\0C08P01\0Munsupported startup parameter: options\0\0";
                    let length = u32::try_from(words.len() + 4).unwrap().to_be_bytes();
                    client
                        .write_all(&[b"E", &length[..], words].concat())
                        .await
                        .unwrap();
                    return;
                }
                let mut behind = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                behind.write_all(&startup[..length]).await.unwrap();
                // The end of either side is the end of the connection.
                let _ = tokio::io::copy_bidirectional(&mut client, &mut behind).await;
            });
        }
    });
    (port, refused)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_that_takes_no_options_is_asked_without_them() {
    let cluster = Cluster::start();
    let (port, refused) = pooler(&cluster).await;
    let mut section = local_section(&cluster);
    section.endpoint = Endpoint::Tcp {
        host: "127.0.0.1".into(),
        hostaddr: None,
        port,
    };
    let database = connected(section.clone()).await;
    assert!(database.health_check().await.error.is_none());
    assert!(database.health_check().await.error.is_none());
    database.query::<Value>("select 1 as n", &[]).await.unwrap();
    assert_eq!(refused.load(Ordering::Relaxed), 1, "it is remembered");
    // What the options would hold is held by each transaction.
    section.read_only = true;
    let database = connected(section).await;
    database.query::<Value>("select 1 as n", &[]).await.unwrap();
    let error = database
        .query::<Value>("create table m (id int)", &[])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadOnly);
}
