//! Ports and the proxy: what a client meets at each of them.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use tokio::time::timeout;

use crate::{
    LIMIT, SILENCE, is_silent, login,
    support::{
        cluster::Cluster,
        port::ClaimedPort,
        process::wait_until,
        proxy::{Mode, Proxy},
        sockets::{FullQueue, GARBAGE, Listener, Manner, closed_port},
    },
};

fn connect(port: u16) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(SILENCE))?;
    Ok(stream)
}

/// What comes back for some bytes: an answer, an end (no bytes) or an error.
fn ask(stream: &mut TcpStream) -> Result<Vec<u8>, ErrorKind> {
    stream
        .write_all(b"hello")
        .and_then(|()| hear(stream))
        .map_err(|error| error.kind())
}

/// What comes; a signal that interrupts the waiting is no answer.
fn hear(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut heard = vec![0; 256];
    loop {
        match stream.read(&mut heard) {
            Ok(count) => return Ok(heard[..count].to_vec()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[test]
fn claimed_ports_differ() {
    let ports: Vec<ClaimedPort> = (0..20).map(|_| ClaimedPort::claim()).collect();
    let mut numbers: Vec<u16> = ports.iter().map(ClaimedPort::number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 20);
}

#[test]
fn a_port_that_a_starting_process_still_holds_is_waited_for() {
    let behind = Listener::start(Manner::Garbage);
    let port = ClaimedPort::claim();
    let number = port.number();
    let held = port.listen();
    let waiting = thread::spawn(move || Proxy::at(port, behind.port()));
    // Nothing tells that the proxy has met the listener: it has time to.
    let sooner = wait_until(SILENCE, || waiting.is_finished());
    drop(held);
    assert!(!sooner, "the proxy stands at a port that is not free");
    let proxy = waiting
        .join()
        .expect("the proxy comes once the port is free");
    assert_eq!(proxy.port(), number);
    assert!(connect(number).is_ok());
}

#[test]
fn a_closed_port_refuses() {
    let port = closed_port();
    let refused = connect(port.number()).expect_err("nothing listens");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn listeners_are_silent_talk_nonsense_or_hang_up() {
    let silent = Listener::start(Manner::Silent);
    let mut stream = connect(silent.port()).expect("it listens");
    assert_eq!(ask(&mut stream), Err(ErrorKind::WouldBlock));
    assert_eq!(silent.accepted(), 1);

    let garbage = Listener::start(Manner::Garbage);
    let mut stream = connect(garbage.port()).expect("it listens");
    assert_eq!(ask(&mut stream), Ok(GARBAGE.to_vec()));

    let rude = Listener::start(Manner::HangUp);
    let mut stream = connect(rude.port()).expect("it listens");
    let answer = ask(&mut stream);
    assert!(
        matches!(
            answer.as_deref(),
            Ok([]) | Err(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
        ),
        "{answer:?}"
    );
}

#[test]
fn a_full_queue_does_not_even_refuse() {
    let full = FullQueue::start();
    let address = SocketAddr::from(([127, 0, 0, 1], full.port()));
    let silence = TcpStream::connect_timeout(&address, SILENCE).expect_err("no answer");
    assert_eq!(silence.kind(), ErrorKind::TimedOut);
}

struct Bench {
    cluster: Cluster,
    proxy: Proxy,
}

impl Bench {
    fn new() -> Self {
        let cluster = Cluster::start();
        let proxy = Proxy::to(cluster.port());
        Self { cluster, proxy }
    }

    fn url(&self) -> String {
        let (direct, proxied) = (self.cluster.port(), self.proxy.port());
        self.cluster
            .url()
            .replace(&format!(":{direct}/"), &format!(":{proxied}/"))
    }
}

#[tokio::test]
async fn the_proxy_passes_and_counts() {
    let bench = Bench::new();
    for logins in 1..=2 {
        let client = login(&bench.url()).await.expect("the proxy passes");
        assert!(client.simple_query("SELECT 1").await.is_ok());
        assert_eq!(bench.proxy.accepted(), logins);
    }
}

#[tokio::test]
async fn the_proxy_refuses_new_clients_and_keeps_old_ones() {
    let bench = Bench::new();
    let old = login(&bench.url()).await.expect("the proxy passes");
    bench.proxy.set(Mode::Refuse);
    let refused = connect(bench.proxy.port()).expect_err("the port is closed");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    assert!(old.simple_query("SELECT 1").await.is_ok());
    bench.proxy.set(Mode::Pass);
    login(&bench.url()).await.expect("the port is open again");
}

#[tokio::test]
async fn the_proxy_resets_old_clients_and_new_ones() {
    let bench = Bench::new();
    let old = login(&bench.url()).await.expect("the proxy passes");
    let echo = Listener::start(Manner::Silent);
    let plain = Proxy::to(echo.port());
    let mut stream = connect(plain.port()).expect("the proxy listens");
    assert_eq!(ask(&mut stream), Err(ErrorKind::WouldBlock));

    plain.set(Mode::Reset);
    let end = hear(&mut stream).expect_err("it is no quiet end");
    assert_eq!(end.kind(), ErrorKind::ConnectionReset);
    bench.proxy.set(Mode::Reset);
    assert!(old.simple_query("SELECT 1").await.is_err());
    assert!(login(&bench.url()).await.is_err());
    bench.proxy.set(Mode::Pass);
    login(&bench.url())
        .await
        .expect("the network is well again");
}

#[tokio::test]
async fn the_proxy_swallows_everything_and_recovers() {
    let bench = Bench::new();
    let old = login(&bench.url()).await.expect("the proxy passes");
    bench.proxy.set(Mode::BlackHole);
    assert!(is_silent(&bench.url()).await, "a new client hears nothing");
    let answer = timeout(SILENCE, old.simple_query("SELECT 1")).await;
    assert!(answer.is_err(), "nor does an old one");
    bench.proxy.set(Mode::Pass);
    let answer = timeout(LIMIT, old.simple_query("SELECT 1")).await;
    assert!(answer.expect("it answers").is_ok());
    login(&bench.url()).await.expect("a new client gets in");
}

#[tokio::test]
async fn the_proxy_delays_both_directions() {
    let bench = Bench::new();
    let client = login(&bench.url()).await.expect("the proxy passes");
    let delay = Duration::from_millis(60);
    bench.proxy.set(Mode::Latency(delay));
    let start = Instant::now();
    assert!(client.simple_query("SELECT 1").await.is_ok());
    assert!(start.elapsed() >= 2 * delay, "{:?}", start.elapsed());
}
