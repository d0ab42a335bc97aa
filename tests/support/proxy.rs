//! A TCP proxy that stands for the network between a client and a server. It
//! must not know what the bytes mean.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use socket2::SockRef;

use super::{port::ClaimedPort, process::wait_until, sockets::wake};

/// What the network does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Carries everything.
    Pass,
    /// Carries every piece of data later by this time, in each direction.
    Latency(Duration),
    /// Nothing listens: new connections are refused, open ones live on.
    Refuse,
    /// Resets open connections, and new ones as soon as they are made.
    Reset,
    /// Accepts new connections and closes them in order; open ones live on.
    HangUp,
    /// Carries this many bytes more to each client, then closes the
    /// connection in order, in the middle of whatever is said.
    Cut(usize),
    /// Carries nothing, in open connections and new ones. As in TCP, what was
    /// sent arrives when the network is well again.
    BlackHole,
}

/// The acceptor does what it is asked for within this time.
const SETTLED: Duration = Duration::from_secs(30);

/// A port of 127.0.0.1 behind which another one lies.
#[derive(Debug)]
pub(crate) struct Proxy {
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    port: ClaimedPort,
    behind: u16,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    mode: Mode,
    listens: bool,
    ends: bool,
    accepted: usize,
    links: Vec<Weak<Link>>,
}

/// One client and its way to the server. Each socket is here once, so that it
/// is really closed when the link goes.
#[derive(Debug)]
struct Link {
    client: TcpStream,
    server: TcpStream,
}

/// Which direction is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    ToServer,
    ToClient,
}

/// How much one direction has carried since connections are to be cut.
#[derive(Debug, Default)]
struct Carried {
    since_cut: usize,
}

// === impl Proxy ===

impl Proxy {
    /// Opens a port in front of this one.
    pub(crate) fn to(port: u16) -> Self {
        Self::at(ClaimedPort::claim(), port)
    }

    /// Stands at a port that is ours already.
    pub(crate) fn at(port: ClaimedPort, behind: u16) -> Self {
        let shared = Arc::new(Shared {
            port,
            behind,
            state: Mutex::new(State {
                mode: Mode::Pass,
                listens: false,
                ends: false,
                accepted: 0,
                links: Vec::new(),
            }),
            changed: Condvar::new(),
        });
        let its = Arc::clone(&shared);
        let acceptor = thread::spawn(move || its.accept());
        shared.settle(|state| state.listens);
        Self {
            shared,
            acceptor: Some(acceptor),
        }
    }

    /// The proxy's own port.
    pub(crate) fn port(&self) -> u16 {
        self.shared.port.number()
    }

    /// How many connections it has accepted.
    pub(crate) fn accepted(&self) -> usize {
        self.shared.lock().accepted
    }

    /// Changes the network; it has changed when this returns.
    pub(crate) fn set(&self, mode: Mode) {
        let links = {
            let mut state = self.shared.lock();
            state.mode = mode;
            self.shared.changed.notify_all();
            state.links.retain(|link| link.strong_count() > 0);
            state.links.clone()
        };
        match mode {
            Mode::Refuse => {
                wake(self.port());
                self.shared.settle(|state| !state.listens);
            }
            Mode::Reset => {
                self.shared.settle(|state| state.listens);
                reset(&links);
            }
            Mode::Pass | Mode::Latency(_) | Mode::BlackHole | Mode::HangUp | Mode::Cut(_) => {
                self.shared.settle(|state| state.listens);
            }
        }
    }
}

/// Makes the socket's end, when it comes, a reset.
fn close_with_reset(socket: &TcpStream) {
    // Fails only on a socket that has lost its other end: a reset for nobody.
    drop(SockRef::from(socket).set_linger(Some(Duration::ZERO)));
}

/// Wakes the threads of these links, which then close them, and waits for it.
fn reset(links: &[Weak<Link>]) {
    for link in links.iter().filter_map(Weak::upgrade) {
        close_with_reset(&link.client);
        drop(link.client.shutdown(Shutdown::Read));
        drop(link.server.shutdown(Shutdown::Both));
    }
    let closed = wait_until(Duration::from_secs(20), || {
        links.iter().all(|link| link.strong_count() == 0)
    });
    assert!(closed, "a connection could not be reset");
}

impl Drop for Proxy {
    fn drop(&mut self) {
        {
            let mut state = self.shared.lock();
            state.ends = true;
            self.shared.changed.notify_all();
        }
        wake(self.port());
        if let Some(acceptor) = self.acceptor.take() {
            drop(acceptor.join());
        }
        let links = std::mem::take(&mut self.shared.lock().links);
        for link in links.iter().filter_map(Weak::upgrade) {
            drop(link.client.shutdown(Shutdown::Both));
            drop(link.server.shutdown(Shutdown::Both));
        }
    }
}

// === impl Shared ===

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self, reached: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        self.changed
            .wait_while(self.lock(), |state| !reached(state))
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the acceptor has done what it was asked for. It may have
    /// panicked: that must not hold its caller for ever.
    fn settle(&self, reached: impl Fn(&State) -> bool) {
        let (state, timeout) = self
            .changed
            .wait_timeout_while(self.lock(), SETTLED, |state| !reached(state))
            .unwrap_or_else(PoisonError::into_inner);
        drop(state);
        assert!(!timeout.timed_out(), "the proxy does not do as it is told");
    }

    /// Listens, except in the mode in which nothing does.
    fn accept(self: &Arc<Self>) {
        loop {
            let state = self.wait(|state| state.ends || state.mode != Mode::Refuse);
            if state.ends {
                return;
            }
            drop(state);
            let listener = self.port.listen();
            self.say_listens(true);
            self.serve(&listener);
            drop(listener);
            self.say_listens(false);
        }
    }

    fn say_listens(&self, listens: bool) {
        self.lock().listens = listens;
        self.changed.notify_all();
    }

    /// Accepts until the listener is to be closed.
    fn serve(self: &Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming() {
            let mut state = self.lock();
            if state.ends || state.mode == Mode::Refuse {
                return;
            }
            let Ok(client) = client else {
                continue; // It was reset by the caller while it waited.
            };
            state.accepted += 1;
            let its = Arc::clone(self);
            thread::spawn(move || its.connect(client));
        }
    }

    fn connect(self: &Arc<Self>, client: TcpStream) {
        let mode = self
            .wait(|state| state.ends || state.mode != Mode::BlackHole)
            .mode;
        if mode == Mode::HangUp {
            return; // The socket closes with its owner.
        }
        let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.behind)) else {
            close_with_reset(&client);
            return;
        };
        // Small pieces must not wait for each other.
        drop(client.set_nodelay(true));
        drop(server.set_nodelay(true));
        let link = Arc::new(Link { client, server });
        {
            let mut state = self.lock();
            if state.ends || state.mode == Mode::Reset {
                close_with_reset(&link.client);
                return;
            }
            state.links.push(Arc::downgrade(&link));
        }
        let (its, other) = (Arc::clone(self), Arc::clone(&link));
        thread::spawn(move || its.carry(&other.server, &other.client, Way::ToClient));
        self.carry(&link.client, &link.server, Way::ToServer);
    }

    /// Carries one direction until its end, which is carried too.
    fn carry(&self, mut from: &TcpStream, mut to: &TcpStream, way: Way) {
        let mut bytes = [0; 16 * 1024];
        let mut carried = Carried::default();
        loop {
            let count = match from.read(&mut bytes) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => 0, // Reset by its end: for the other side it is an end.
            };
            if !self.may_deliver(Instant::now()) {
                return;
            }
            if way == Way::ToClient
                && let Some(last) = carried.last_part(self.lock().mode, count)
            {
                drop(to.write_all(&bytes[..last]));
                drop(to.shutdown(Shutdown::Both));
                drop(from.shutdown(Shutdown::Both));
                return;
            }
            if count == 0 || to.write_all(&bytes[..count]).is_err() {
                // Fails only when the other end has gone first.
                drop(to.shutdown(Shutdown::Write));
                return;
            }
        }
    }

    /// Waits until the network carries what was sent at this time. False when
    /// the connection is to be given up.
    fn may_deliver(&self, sent: Instant) -> bool {
        let state = self.wait(|state| state.ends || state.mode != Mode::BlackHole);
        match state.mode {
            _ if state.ends => false,
            Mode::Reset => false,
            Mode::Latency(time) => {
                drop(state);
                thread::sleep((sent + time).saturating_duration_since(Instant::now()));
                true
            }
            Mode::Pass | Mode::Refuse | Mode::BlackHole | Mode::HangUp | Mode::Cut(_) => true,
        }
    }
}

// === impl Carried ===

impl Carried {
    /// When these bytes reach the point at which the connection is to be cut:
    /// how many of them still arrive.
    fn last_part(&mut self, mode: Mode, count: usize) -> Option<usize> {
        let Mode::Cut(at) = mode else {
            self.since_cut = 0;
            return None;
        };
        let before = self.since_cut;
        self.since_cut += count;
        (self.since_cut >= at).then(|| at.saturating_sub(before))
    }
}
