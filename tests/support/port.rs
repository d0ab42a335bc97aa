//! Loopback ports that no other test on this machine takes at the same time.
//! It must not know what listens on them.

use std::{
    hash::{BuildHasher, RandomState},
    io::{self, ErrorKind},
    net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket},
    thread,
    time::{Duration, Instant},
};

/// Below the ports from which systems serve outgoing connections: a client
/// that knocks on a closed port of its own range can connect to itself.
const FIRST: u16 = 20_000;
const COUNT: u16 = 8_000;

/// How long a socket that we have closed may still hold its port. A process
/// that is being started has our sockets until its program runs.
const HELD: Duration = Duration::from_secs(20);

/// A TCP port of 127.0.0.1 that is ours for as long as this value lives.
///
/// The mark is the UDP port of the same number: the system gives it to one
/// process only and takes it back when that process ends in any way. So a
/// server can stop and start again without losing its port to another test.
#[derive(Debug)]
pub(crate) struct ClaimedPort {
    number: u16,
    _mark: UdpSocket,
}

impl ClaimedPort {
    /// Claims a port on which nothing listens.
    pub(crate) fn claim() -> Self {
        let start = RandomState::new().hash_one(std::process::id());
        let start = u16::try_from(start % u64::from(COUNT)).expect("COUNT is a u16");
        (0..COUNT)
            .map(|step| FIRST + (start + step) % COUNT)
            .find_map(Self::try_claim)
            .expect("a free port between 20000 and 28000")
    }

    fn try_claim(number: u16) -> Option<Self> {
        let mark = UdpSocket::bind((Ipv4Addr::LOCALHOST, number)).ok()?;
        TcpListener::bind((Ipv4Addr::LOCALHOST, number)).ok()?;
        Some(Self {
            number,
            _mark: mark,
        })
    }

    /// The port's number.
    pub(crate) fn number(&self) -> u16 {
        self.number
    }

    /// Listens on the port.
    pub(crate) fn listen(&self) -> TcpListener {
        bound(self.number, TcpListener::bind)
    }
}

/// Binds this port of 127.0.0.1, which is ours.
pub(super) fn bound<T>(number: u16, bind: impl Fn(SocketAddr) -> io::Result<T>) -> T {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, number));
    let end = Instant::now() + HELD;
    loop {
        match bind(address) {
            Ok(socket) => return socket,
            Err(error) if error.kind() == ErrorKind::AddrInUse && Instant::now() < end => {
                thread::sleep(Duration::from_millis(1));
            }
            Err(error) => panic!("port {number} is ours and cannot be bound: {error}"),
        }
    }
}
