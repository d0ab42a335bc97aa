//! Counts the bytes that a server sends, so that no message of any claimed
//! length can fill our memory. Knows nothing of messages.

use std::{
    fmt, io,
    os::fd::{AsFd, BorrowedFd},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::adapter::local::socket::Socket;

/// Until a login is done; a certificate chain and some notices fit many times.
pub(super) const LOGIN: u64 = 1 << 20;
/// For one statement of the sentinel and what comes until the next: an answer
/// takes a hundred bytes, with all that a server can be told to remark some thousand.
pub(super) const HEARTBEAT: u64 = 256 << 10;
/// For a session that asks for details.
pub(super) const PROBE: u64 = 16 << 20;
/// Between two callers of a session: their rows are theirs to judge, up to
/// what would bring the program down.
pub(super) const STATEMENTS: u64 = 256 << 20;

/// How much a server may still send.
#[derive(Clone)]
pub(super) struct Allowance(Arc<Shares>);

struct Shares {
    left: AtomicU64,
    given: AtomicU64,
}

/// A socket that fails when the allowance is used up.
pub(super) struct Metered {
    socket: Socket,
    allowance: Allowance,
}

// === impl Allowance ===

impl Allowance {
    pub(super) fn new(bytes: u64) -> Self {
        let shares = Shares {
            left: AtomicU64::new(bytes),
            given: AtomicU64::new(bytes),
        };
        Self(Arc::new(shares))
    }

    /// From now on so many bytes are allowed, whatever was left.
    pub(super) fn renew(&self, bytes: u64) {
        self.0.given.store(bytes, Ordering::Relaxed);
        self.0.left.store(bytes, Ordering::Relaxed);
    }

    fn take(&self, bytes: u64) -> io::Result<()> {
        let enough = |left: u64| left.checked_sub(bytes);
        let (set, get) = (Ordering::Relaxed, Ordering::Relaxed);
        if self.0.left.fetch_update(set, get, enough).is_ok() {
            return Ok(());
        }
        let given = self.0.given.load(Ordering::Relaxed);
        let words = format!("more than {given} bytes were sent at once");
        Err(io::Error::new(io::ErrorKind::InvalidData, words))
    }
}

impl fmt::Debug for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = self.0.left.load(Ordering::Relaxed);
        f.debug_tuple("Allowance").field(&left).finish()
    }
}

// === impl Metered ===

impl Metered {
    pub(super) fn new(socket: Socket, allowance: Allowance) -> Self {
        Self { socket, allowance }
    }
}

impl AsFd for Metered {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.socket).poll_read(cx, buf))?;
        let came = u64::try_from(buf.filled().len() - before).unwrap_or(u64::MAX);
        Poll::Ready(self.allowance.take(came))
    }
}

impl AsyncWrite for Metered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
