//! A way to the server that is left only after the server has left it. Knows no
//! message.
//!
//! Whoever asks for a cancellation gets no answer: the end of the connection says
//! that it was passed on. `PgBouncer` 1.18 ends itself, with all its clients, when
//! such a client goes before that.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, Empty, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

use crate::adapter::local::tls::Handover;

/// A stream whose shutdown waits for the other side's.
pub(super) struct Outlasting<S>(pub(super) S);

impl<S: AsyncRead + Unpin> AsyncRead for Outlasting<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Outlasting<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut bytes = [0; 64];
            let mut buf = ReadBuf::new(&mut bytes);
            // An end without a farewell is an end as well.
            let read = ready!(Pin::new(&mut self.0).poll_read(cx, &mut buf));
            if read.is_err() || buf.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: TlsStream + Unpin> TlsStream for Outlasting<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.0.channel_binding()
    }
}

impl TlsConnect<Empty> for Outlasting<Handover> {
    type Stream = Outlasting<<Handover as TlsConnect<Empty>>::Stream>;
    type Error = <Handover as TlsConnect<Empty>>::Error;
    type Future = futures::future::MapOk<
        <Handover as TlsConnect<Empty>>::Future,
        fn(<Handover as TlsConnect<Empty>>::Stream) -> Self::Stream,
    >;

    fn connect(self, nothing: Empty) -> Self::Future {
        futures::TryFutureExt::map_ok(self.0.connect(nothing), Outlasting)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn the_other_side_ends_first() {
        let (ours, mut theirs) = duplex(256);
        let mut ours = Outlasting(ours);
        ours.write_all(b"cancel").await.unwrap();
        let ending = tokio::spawn(async move { ours.shutdown().await });
        let mut asked = [0; 6];
        theirs.read_exact(&mut asked).await.unwrap();
        // Words that nobody wants are no end.
        theirs.write_all(&[0; 200]).await.unwrap();
        tokio::task::yield_now().await;
        assert!(!ending.is_finished());
        drop(theirs);
        ending.await.unwrap().unwrap();
    }
}
