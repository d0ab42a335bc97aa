//! Looks at the first byte that answers a login: no other program's greeting
//! may be taken for the length of a message that never ends. Knows no message.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::adapter::{classify::plain_error, local::socket::Socket};

/// What PostgreSQL can begin with: authentication, an error, a notice, or
/// another version of the protocol.
const GREETINGS: [u8; 4] = *b"RENv";

/// A socket whose first byte must be PostgreSQL's.
pub(super) struct FirstByte {
    socket: Socket,
    is_known: bool,
}

impl FirstByte {
    pub(super) fn of(socket: Socket) -> Self {
        Self {
            socket,
            is_known: false,
        }
    }
}

impl AsyncRead for FirstByte {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.socket).poll_read(cx, buf))?;
        if self.is_known {
            return Poll::Ready(Ok(()));
        }
        if let Some(first) = buf.filled().get(before) {
            let answer = &buf.filled()[before..];
            if let Some(plain) = plain_error(answer) {
                return Poll::Ready(Err(io::Error::other(plain)));
            }
            if !GREETINGS.contains(first) {
                let words = format!("the answer to the login began with byte 0x{first:02x}");
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, words)));
            }
            self.is_known = true;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for FirstByte {
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
