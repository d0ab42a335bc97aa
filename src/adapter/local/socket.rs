//! Opens the socket to a PostgreSQL server: name, addresses, TCP or Unix. Knows
//! nothing of TLS and of what is said over the socket.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    os::fd::AsFd,
    path::Path,
    time::Duration,
};

use rustix::io::Errno;
use socket2::{Domain, SockRef, Socket as Socket2, TcpKeepalive, Type};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
    time::{Instant, timeout},
};

use crate::{
    adapter::{
        DbResult,
        classify::from_io,
        local::{
            lookup::look_up,
            phase_clock::{Phase, PhaseClock},
        },
    },
    config::Endpoint,
    domain::{Action, DbError, ErrorKind, Layer},
};

/// A peer that died without a word is noticed after about this long.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// The shortest such time that every system takes.
const CLOSE_KEEPALIVE: Duration = Duration::from_secs(1);

/// An open way to the server.
pub(in crate::adapter) type Socket = Box<dyn Wire>;

/// What a TCP and a Unix socket have in common.
pub(in crate::adapter) trait Wire:
    AsyncRead + AsyncWrite + AsFd + Unpin + Send
{
}

impl<T: AsyncRead + AsyncWrite + AsFd + Unpin + Send> Wire for T {}

/// Opens the socket and times the phases dns and tcp.
///
/// `deadline` bounds the addresses of one name: each gets its share of the
/// time that is left, so that one black hole does not hide the next address.
pub(in crate::adapter) async fn open(
    endpoint: &Endpoint,
    deadline: Instant,
    clock: &PhaseClock,
) -> DbResult<Socket> {
    match endpoint {
        Endpoint::Unix { folder, port } => {
            clock.skip(Phase::Dns);
            clock.begin(Phase::Tcp);
            let socket = unix(&folder.join(format!(".s.PGSQL.{port}")), clock).await?;
            clock.end();
            Ok(socket)
        }
        Endpoint::Tcp {
            host,
            hostaddr,
            port,
        } => {
            let addresses = resolve(host, *hostaddr, *port, clock).await?;
            clock.begin(Phase::Tcp);
            let socket = first_that_answers(&addresses, deadline, clock.action()).await?;
            clock.end();
            Ok(socket)
        }
    }
}

/// Makes the system itself give an idle TCP connection up: what it sends, its
/// own questions after `limit` without traffic included, must be acknowledged
/// within `limit`. A Unix socket needs none of this.
pub(super) fn watch_closely(socket: &Socket, limit: Duration) -> io::Result<()> {
    let socket = SockRef::from(socket);
    if socket.domain()? == Domain::UNIX {
        return Ok(());
    }
    let idle = limit.clamp(CLOSE_KEEPALIVE, KEEPALIVE);
    let keepalive = TcpKeepalive::new()
        .with_time(idle)
        .with_interval(CLOSE_KEEPALIVE);
    socket.set_tcp_keepalive(&keepalive)?;
    // Other systems have no such limit and rely on keepalive and heartbeat.
    #[cfg(any(target_os = "android", target_os = "linux"))]
    socket.set_tcp_user_timeout(Some(limit))?;
    Ok(())
}

async fn unix(path: &Path, clock: &PhaseClock) -> DbResult<Socket> {
    match UnixStream::connect(path).await {
        Ok(stream) => Ok(Box::new(stream)),
        // No server has been asked: the path is longer than a socket's may be.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            let words = format!("{}: {error}", path.display());
            Err(DbError::new(clock.action(), ErrorKind::OwnSide)
                .with_details(&words)
                .with_source(error))
        }
        Err(error) => Err(from_io(error, clock.action())),
    }
}

async fn resolve(
    host: &str,
    hostaddr: Option<IpAddr>,
    port: u16,
    clock: &PhaseClock,
) -> DbResult<Vec<SocketAddr>> {
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    if let Some(address) = hostaddr.or_else(|| literal.parse().ok()) {
        clock.skip(Phase::Dns);
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    clock.begin(Phase::Dns);
    let not_found = || DbError::new(clock.action(), ErrorKind::HostNotFound);
    let lookup = look_up(host);
    if !lookup.is_new() {
        clock
            .step("the host name was not resolved: earlier look-ups of it hang, no more are begun");
    }
    let addresses: Vec<_> = match lookup.answer().await {
        Ok(found) => found.iter().map(|ip| SocketAddr::new(*ip, port)).collect(),
        Err(error) => {
            // The system's resolver gives one kind of error for both.
            let words = format!("the name is unknown, or the name server does not answer: {error}");
            return Err(not_found().with_details(&words).with_source(error));
        }
    };
    if addresses.is_empty() {
        return Err(not_found().with_details("the name has no address"));
    }
    clock.end();
    Ok(addresses)
}

async fn first_that_answers(
    addresses: &[SocketAddr],
    deadline: Instant,
    action: Action,
) -> DbResult<Socket> {
    let mut told: Option<DbError> = None;
    for (index, address) in addresses.iter().enumerate() {
        let others = u32::try_from(addresses.len() - index - 1).unwrap_or(u32::MAX);
        let error = match tcp(*address, deadline, others).await {
            Ok(stream) => return Ok(Box::new(stream)),
            Err(error) => from_io(error, action),
        };
        // A reset that comes before we look: it was accepted, and ended unanswered.
        let error = match error.kind() {
            ErrorKind::ConnectionLost => error.at_layer(Layer::Login),
            _ => error,
        };
        if told
            .as_ref()
            .is_none_or(|before| telling(error.kind()) > telling(before.kind()))
        {
            told = Some(error);
        }
    }
    Err(told.expect("a name without addresses is an error before this"))
}

/// Connects to one address. The last one may use all the time that is left:
/// then the deadline of the whole attempt ends it, which says so.
async fn tcp(address: SocketAddr, deadline: Instant, others: u32) -> io::Result<TcpStream> {
    let connecting = connect(address);
    let stream = if others == 0 {
        connecting.await?
    } else {
        let share = deadline.saturating_duration_since(Instant::now()) / (others + 1);
        timeout(share, connecting).await??
    };
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE)
        .with_interval(KEEPALIVE);
    SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
    Ok(stream)
}

/// Connects. On the same machine a refusal is known at once, before the socket
/// is waited for: that is what most knocks at a server that is down come to.
async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket2::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    if let Err(error) = socket.connect(&address.into())
        && error.raw_os_error() != Some(Errno::INPROGRESS.raw_os_error())
    {
        return Err(error);
    }
    if let Some(error) = socket.take_error()? {
        return Err(error);
    }
    let stream = TcpStream::from_std(socket.into())?;
    stream.writable().await?;
    match stream.take_error()? {
        Some(error) => Err(error),
        None => Ok(stream),
    }
}

/// Which of two failures says more: an answer says more than silence, and
/// silence at an address more than no way to it.
fn telling(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::ConnectionRefused => 3,
        ErrorKind::ConnectionForbidden => 2,
        ErrorKind::HostUnreachable => 0,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    async fn attempt(endpoint: Endpoint) -> (DbResult<Socket>, PhaseClock) {
        let limit = Duration::from_secs(5);
        let clock = PhaseClock::start(Action::Connect, limit);
        let opened = open(&endpoint, Instant::now() + limit, &clock).await;
        (opened, clock)
    }

    fn tcp_at(host: &str, port: u16) -> Endpoint {
        Endpoint::Tcp {
            host: host.into(),
            hostaddr: None,
            port,
        }
    }

    #[tokio::test]
    async fn a_port_without_listener_refuses() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        drop(taken);
        let (opened, clock) = attempt(tcp_at("127.0.0.1", port)).await;
        let error = opened.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        assert_eq!(error.layer(), Layer::Tcp);
        let timings = clock.timings();
        assert_eq!((timings.dns, timings.tcp), (Some(Duration::ZERO), None));
    }

    #[tokio::test]
    async fn a_missing_socket_file_refuses() {
        let endpoint = Endpoint::Unix {
            folder: PathBuf::from("/nonexistent"),
            port: 5432,
        };
        let (opened, _) = attempt(endpoint).await;
        assert_eq!(opened.err().unwrap().kind(), ErrorKind::ConnectionRefused);
    }

    #[tokio::test]
    async fn a_socket_that_cannot_be_is_our_own_fault() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        for folder in [PathBuf::from(format!("/{}", "x".repeat(200))), file] {
            let (opened, _) = attempt(Endpoint::Unix { folder, port: 5432 }).await;
            let error = opened.err().unwrap();
            assert_eq!(error.kind(), ErrorKind::OwnSide, "{error:?}");
        }
    }

    #[tokio::test]
    async fn the_next_address_is_tried() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let good = listener.local_addr().unwrap();
        let bad = SocketAddr::new("127.0.0.2".parse().unwrap(), good.port());
        let deadline = Instant::now() + Duration::from_secs(5);
        let opened = first_that_answers(&[bad, good], deadline, Action::Connect).await;
        assert!(opened.is_ok());
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_watched_socket_is_given_up_by_the_system_in_time() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (opened, _) = attempt(tcp_at("127.0.0.1", port)).await;
        let opened = opened.unwrap();
        let limit = Duration::from_secs(5);
        watch_closely(&opened, limit).unwrap();
        let socket = SockRef::from(&opened);
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(limit));
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), limit);
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), CLOSE_KEEPALIVE);
    }

    #[tokio::test]
    async fn a_unix_socket_needs_no_watching() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let socket: Socket = Box::new(ours);
        watch_closely(&socket, Duration::from_secs(5)).unwrap();
    }
}
