//! Knocking: who counts as somebody, and how silence is told.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use dbvitals::{
    adapter::Database,
    config::{Endpoint, LocalSection},
    domain::{ErrorKind, Layer},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    bed::{LIMIT, at, on, section_at, socket_section, tls_section},
    support::{
        cluster::{Cluster, StopMode},
        proxy::{Mode, Proxy},
        sockets::{FullQueue, Listener, Manner, closed_port},
    },
};

/// The limit of a knock that nobody will answer.
const BRIEF: Duration = Duration::from_millis(400);

const TIMEOUT: ErrorKind = ErrorKind::Timeout { after_ms: 400 };

async fn answered(database: &Database) {
    database.knock(LIMIT).await.expect("somebody answers");
}

async fn unanswered(database: &Database, kind: ErrorKind, layer: Layer) {
    let start = Instant::now();
    let error = database.knock(BRIEF).await.expect_err("nobody answers");
    let took = start.elapsed();
    assert_eq!((error.kind(), error.layer()), (kind, layer), "{error:?}");
    assert!(took < BRIEF.mul_f64(1.5), "{took:?}");
}

#[tokio::test]
async fn a_healthy_server_answers_and_complains_of_nothing() {
    let cluster = Cluster::start();
    for _ in 0..5 {
        answered(&at(cluster.port())).await;
        answered(&on(socket_section(&cluster))).await;
    }
    let log = cluster.log();
    for word in ["FATAL", "ERROR", "incomplete", "could not"] {
        assert!(!log.contains(word), "{log}");
    }
}

#[tokio::test]
async fn a_server_with_tls_answers() {
    let cluster = Cluster::builder().tls("localhost").start();
    answered(&at(cluster.port())).await;
    answered(&on(tls_section(&cluster))).await;
}

#[tokio::test]
async fn a_server_that_is_full_answers_and_one_that_is_not_ready_does_not() {
    let mut cluster = Cluster::builder()
        .max_connections(8)
        .tls("localhost")
        .start();
    let held = cluster.fill_slots();
    answered(&at(cluster.port())).await;
    drop(held);
    cluster.start_in_recovery();
    let (kind, layer) = (ErrorKind::ServerNotReady, Layer::Login);
    unanswered(&at(cluster.port()), kind, layer).await;
    unanswered(&on(tls_section(&cluster)), kind, layer).await;
}

#[tokio::test]
async fn an_agreement_about_tls_is_no_answer_yet() {
    let cluster = Cluster::builder().tls("localhost").start();
    let hasty = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut section = tls_section(&cluster);
    section.endpoint = section_at("127.0.0.1", hasty.local_addr().unwrap().port()).endpoint;
    let agrees_and_leaves = async {
        let (mut stream, _) = hasty.accept().await.unwrap();
        stream.read_exact(&mut [0; 8]).await.unwrap();
        stream.write_all(b"S").await.unwrap();
        // The handshake's first message is taken, so that nothing is reset.
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
    };
    let database = on(section);
    let knock = unanswered(&database, ErrorKind::ConnectionLost, Layer::Tls);
    tokio::join!(knock, agrees_and_leaves);
}

#[tokio::test]
async fn a_closed_port_refuses() {
    let port = closed_port();
    let (kind, layer) = (ErrorKind::ConnectionRefused, Layer::Tcp);
    unanswered(&at(port.number()), kind, layer).await;
    let mut cluster = Cluster::start();
    let by_socket = on(socket_section(&cluster));
    cluster.stop(StopMode::Fast);
    unanswered(&at(cluster.port()), kind, layer).await;
    unanswered(&by_socket, kind, layer).await;
}

#[tokio::test]
async fn a_frozen_server_is_silent_and_answers_when_it_thaws() {
    let mut cluster = Cluster::start();
    let database = at(cluster.port());
    cluster.freeze();
    unanswered(&database, TIMEOUT, Layer::Login).await;
    unanswered(&on(socket_section(&cluster)), TIMEOUT, Layer::Login).await;
    let waiting = tokio::spawn(async move { database.knock(LIMIT).await });
    cluster.thaw();
    let answer = waiting.await.expect("a knock does not panic");
    answer.expect("the server goes on");
}

#[tokio::test]
async fn who_accepts_and_says_nothing_is_nobody() {
    let cluster = Cluster::start();
    let proxy = Proxy::to(cluster.port());
    answered(&at(proxy.port())).await;
    proxy.set(Mode::BlackHole);
    unanswered(&at(proxy.port()), TIMEOUT, Layer::Login).await;
    proxy.set(Mode::Pass);
    answered(&at(proxy.port())).await;

    let silent = Listener::start(Manner::Silent);
    unanswered(&at(silent.port()), TIMEOUT, Layer::Login).await;
    assert_eq!(silent.accepted(), 1);
    let full = FullQueue::start();
    unanswered(&at(full.port()), TIMEOUT, Layer::Tcp).await;
}

#[tokio::test]
async fn who_hangs_up_is_nobody_and_who_talks_nonsense_is_somebody() {
    let rude = Listener::start(Manner::HangUp);
    unanswered(&at(rude.port()), ErrorKind::ConnectionLost, Layer::Login).await;
    let garbage = Listener::start(Manner::Garbage);
    answered(&at(garbage.port())).await;
}

#[test]
fn near_is_what_does_not_leave_this_machine() {
    let near = |endpoint| {
        on(LocalSection {
            endpoint,
            ..section_at("", 0)
        })
        .is_near()
    };
    let host = |host: &str, hostaddr: Option<&str>| {
        near(Endpoint::Tcp {
            host: host.to_owned(),
            hostaddr: hostaddr.map(|address| address.parse().unwrap()),
            port: 5432,
        })
    };
    assert!(near(Endpoint::Unix {
        folder: PathBuf::from("/tmp"),
        port: 5432,
    }));
    for name in [
        "localhost",
        "LocalHost",
        "127.0.0.1",
        "127.8.9.1",
        "::1",
        "[::1]",
    ] {
        assert!(host(name, None), "{name}");
    }
    for name in ["db.example.org", "10.0.0.1", "localhost.example.org"] {
        assert!(!host(name, None), "{name}");
    }
    assert!(host("db.example.org", Some("127.0.0.1")));
    assert!(!host("localhost", Some("10.0.0.1")));
}
