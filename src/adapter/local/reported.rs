//! Follows the messages that a server sends. Bounds the parameters that it
//! reports, since the driver keeps each of them as long as the session lives,
//! and has noted what else says something. Knows no statement.

use std::{
    collections::HashMap,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsStream};

use crate::adapter::local::protocol_notes::{Noted, ProtocolNotes};

/// What a session's parameters may take in memory, in bytes. A server reports
/// some twenty of them, most of them shorter than a line.
const MOST: usize = 256 << 10;

/// What keeping a parameter takes beside its bytes, roughly.
const OVERHEAD: usize = 128;

/// The tag of a report, and how long every message's tag and length are.
const PARAMETER_STATUS: u8 = b'S';
const HEADER: usize = 5;

/// A stream that fails when too many parameters have been reported over it.
pub(super) struct Reported<S> {
    stream: S,
    kept: Kept,
}

/// Follows the messages of a stream, and what of them is kept.
#[derive(Debug, Default)]
struct Kept {
    /// The beginning of a message whose length is not known yet.
    header: Vec<u8>,
    /// So much of the message is still to come.
    rest: usize,
    /// The beginning of the name in a report whose name has not ended yet.
    name: Option<Vec<u8>>,
    /// What the report that is being read takes.
    size: usize,
    /// The largest report of each name. A parameter that changes takes the
    /// place of its former value, so that only new names add up.
    largest: HashMap<Vec<u8>, usize>,
    total: usize,
    /// A message that is noted, and the beginning of its body.
    noted: Option<(Noted, Vec<u8>)>,
    notes: ProtocolNotes,
}

// === impl Kept ===

impl Kept {
    fn follow(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            if self.rest == 0 {
                let missing = HEADER - self.header.len();
                let (header, others) = bytes.split_at(bytes.len().min(missing));
                self.header.extend_from_slice(header);
                bytes = others;
                self.begin()?;
            } else {
                let (body, others) = bytes.split_at(bytes.len().min(self.rest));
                self.rest -= body.len();
                bytes = others;
                self.note(body);
                self.read_name(body)?;
            }
        }
        Ok(())
    }

    /// A message begins once its header is whole.
    fn begin(&mut self) -> io::Result<()> {
        let [tag, length @ ..] = self.header.as_slice() else {
            return Ok(());
        };
        let Ok(length) = <[u8; 4]>::try_from(length) else {
            return Ok(());
        };
        // The length counts itself. A smaller one is for the driver to refuse.
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        self.rest = length.saturating_sub(4);
        self.noted = Noted::of(*tag).map(|noted| (noted, Vec::new()));
        if *tag == PARAMETER_STATUS {
            self.size = self.rest.saturating_add(OVERHEAD);
            self.name = Some(Vec::new());
            self.ensure_fits(self.size)?;
        }
        self.header.clear();
        Ok(())
    }

    /// Has the beginning of a body noted, once it is there.
    fn note(&mut self, body: &[u8]) {
        let Some((noted, mut begun)) = self.noted.take() else {
            return;
        };
        let missing = noted.bytes() - begun.len();
        begun.extend_from_slice(&body[..body.len().min(missing)]);
        if begun.len() == noted.bytes() {
            self.notes.note(noted, &begun);
        } else {
            self.noted = Some((noted, begun));
        }
    }

    /// The name ends with a zero byte, or with a message that is no report.
    fn read_name(&mut self, body: &[u8]) -> io::Result<()> {
        let Some(mut name) = self.name.take() else {
            return Ok(());
        };
        let end = body.iter().position(|byte| *byte == 0);
        name.extend_from_slice(&body[..end.unwrap_or(body.len())]);
        if end.is_none() && self.rest > 0 {
            self.name = Some(name);
            return Ok(());
        }
        let largest = self.largest.entry(name).or_default();
        self.total += self.size.saturating_sub(*largest);
        *largest = self.size.max(*largest);
        self.ensure_fits(self.total)
    }

    fn ensure_fits(&self, bytes: usize) -> io::Result<()> {
        if bytes <= MOST {
            return Ok(());
        }
        let names = self.largest.len();
        let words = format!("more than {MOST} bytes of parameters were reported ({names} names)");
        Err(io::Error::new(io::ErrorKind::InvalidData, words))
    }
}

// === impl Reported ===

impl<S> Reported<S> {
    /// Over a stream of which nothing has been read yet.
    pub(super) fn over(stream: S, notes: ProtocolNotes) -> Self {
        let kept = Kept {
            notes,
            ..Kept::default()
        };
        Self { stream, kept }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Reported<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        Poll::Ready(self.kept.follow(&buf.filled()[before..]))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Reported<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S: TlsStream + Unpin> TlsStream for Reported<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.stream.channel_binding()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(name: &str, value: &str) -> Vec<u8> {
        let body = [name.as_bytes(), b"\0", value.as_bytes(), b"\0"].concat();
        let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [&b"S"[..], &length, &body].concat()
    }

    /// What is kept, however the bytes are cut into pieces.
    #[track_caller]
    fn check(bytes: &[u8], names: usize, total: usize) {
        for piece in [1, 2, 3, 7, bytes.len()] {
            let mut kept = Kept::default();
            for bytes in bytes.chunks(piece) {
                kept.follow(bytes).unwrap();
            }
            assert_eq!((kept.largest.len(), kept.total), (names, total), "{piece}");
        }
    }

    #[test]
    fn only_reports_are_kept_and_each_name_once() {
        check(b"Z\0\0\0\x05IC\0\0\0\x0bSELECT 1", 0, 0);
        check(&report("a", "1"), 1, OVERHEAD + 4);
        let changed = [report("a", "1"), report("b", "1"), report("a", "234")].concat();
        check(&changed, 2, 2 * OVERHEAD + 4 + 6);
        check(b"S\0\0\0\x06abZ\0\0\0\x05I", 1, OVERHEAD + 2);
    }

    #[test]
    fn what_is_noted_is_read_however_the_bytes_are_cut() {
        let bytes = b"R\0\0\0\x08\0\0\0\x0bK\0\0\0\x0c\0\0\x01\x02abcdZ\0\0\0\x05T";
        for piece in [1, 2, 3, 5, bytes.len()] {
            let mut kept = Kept::default();
            assert!(kept.notes.is_idle() && kept.notes.process().is_none());
            for bytes in bytes.chunks(piece) {
                kept.follow(bytes).unwrap();
            }
            assert_eq!(kept.notes.process(), Some(0x102));
            assert!(kept.notes.awaits_proof() && !kept.notes.is_idle());
            kept.follow(b"R\0\0\0\x08\0\0\0\x0cZ\0\0\0\x05I").unwrap();
            assert!(!kept.notes.awaits_proof() && kept.notes.is_idle());
        }
    }

    #[test]
    fn a_parameter_may_change_for_ever_and_new_names_may_not_come_for_ever() {
        let mut kept = Kept::default();
        for n in 0..100_000 {
            kept.follow(&report("TimeZone", &n.to_string())).unwrap();
        }
        let mut flood = (0..100_000).map(|n| kept.follow(&report(&n.to_string(), "")));
        let error = flood.find_map(Result::err).unwrap();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!(kept.total < MOST + 1_000);
    }

    #[test]
    fn a_report_that_is_too_long_is_refused_before_it_came() {
        let mut kept = Kept::default();
        assert!(kept.follow(b"S\x7f\xff\xff\xff").is_err());
    }
}
