//! Ports that misbehave: closed, silent, talking nonsense, or too busy to
//! accept. They must not know which protocol is expected of them.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use socket2::{Domain, Socket, Type};

use super::port::{ClaimedPort, bound};

/// A port on which nothing listens, for as long as the value lives.
pub(crate) fn closed_port() -> ClaimedPort {
    ClaimedPort::claim()
}

/// What a [`Listener`] does with a connection that it accepted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Manner {
    /// Reads and never answers.
    Silent,
    /// Answers the first bytes with something that is no database's protocol.
    Garbage,
    /// Closes at once.
    HangUp,
}

/// What [`Manner::Garbage`] answers.
pub(crate) const GARBAGE: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";

/// Listens on a loopback port and never serves anybody.
#[derive(Debug)]
pub(crate) struct Listener {
    port: ClaimedPort,
    ends: Arc<AtomicBool>,
    accepted: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    /// Starts to listen.
    pub(crate) fn start(manner: Manner) -> Self {
        let port = ClaimedPort::claim();
        let socket = port.listen();
        let ends = Arc::new(AtomicBool::new(false));
        let accepted = Arc::new(AtomicUsize::new(0));
        let (ends_too, count) = (Arc::clone(&ends), Arc::clone(&accepted));
        let thread = thread::spawn(move || {
            let mut open = Vec::new();
            for stream in socket.incoming() {
                if ends_too.load(Ordering::SeqCst) {
                    return;
                }
                let stream = stream.expect("a connection can be accepted");
                count.fetch_add(1, Ordering::SeqCst);
                open.extend(receive(stream, manner));
            }
        });
        Self {
            port,
            ends,
            accepted,
            thread: Some(thread),
        }
    }

    /// The port's number.
    pub(crate) fn port(&self) -> u16 {
        self.port.number()
    }

    /// How many connections it has accepted.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

/// Gives the connection back when it is to stay open.
fn receive(mut stream: TcpStream, manner: Manner) -> Option<TcpStream> {
    match manner {
        Manner::Silent => Some(stream),
        Manner::HangUp => None,
        Manner::Garbage => {
            thread::spawn(move || {
                let mut bytes = [0; 64];
                // A caller that leaves first misses nothing.
                if stream.read(&mut bytes).is_ok_and(|count| count > 0) {
                    drop(stream.write_all(GARBAGE));
                }
            });
            None
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        wake(self.port());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Makes a thread that waits in `accept` look around.
pub(super) fn wake(port: u16) {
    drop(TcpStream::connect((Ipv4Addr::LOCALHOST, port)));
}

/// A port whose queue is full, so that the system drops every new attempt:
/// from outside like a firewall that says nothing.
#[derive(Debug)]
pub(crate) struct FullQueue {
    number: u16,
    /// Absent where somebody else holds the port.
    claim: Option<ClaimedPort>,
    _sockets: Vec<Socket>,
}

impl FullQueue {
    /// Fills the queue of a new port.
    pub(crate) fn start() -> Self {
        let claim = ClaimedPort::claim();
        let mut queue = Self::beside(claim.number());
        queue.claim = Some(claim);
        queue
    }

    /// Fills the queue of this port of 127.0.0.1, which somebody holds who
    /// listens at another address.
    pub(crate) fn beside(number: u16) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, number)).into();
        let new = || Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket can be made");
        let listener = bound(number, |address| {
            let listener = new();
            listener.bind(&address.into())?;
            listener.listen(0)?;
            Ok(listener)
        });
        let mut sockets = vec![listener];
        loop {
            let caller = new();
            let outcome = caller.connect_timeout(&address, Duration::from_millis(200));
            sockets.push(caller);
            match outcome {
                Ok(()) => assert!(sockets.len() < 100, "the queue never fills"),
                Err(error) if error.kind() == std::io::ErrorKind::TimedOut => break,
                Err(error) => panic!("the queue could not be filled: {error}"),
            }
        }
        Self {
            number,
            claim: None,
            _sockets: sockets,
        }
    }

    /// The port's number.
    pub(crate) fn port(&self) -> u16 {
        self.number
    }

    /// Closes the port and gives it back.
    pub(crate) fn into_port(self) -> ClaimedPort {
        self.claim.expect("the port was claimed here")
    }
}
