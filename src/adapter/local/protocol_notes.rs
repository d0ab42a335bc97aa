//! What the messages of one session say beside their content: how the login
//! went, whose process it is, whether a transaction is open. Knows no bytes.

use std::sync::{
    Arc,
    atomic::{AtomicI32, AtomicU8, Ordering},
};

/// The kinds of the message about authentication. The server asks the client
/// to prove itself; the client's proof is with it when this one has come.
const SASL_CONTINUE: i32 = 11;
/// Nothing was said about authentication.
const NOTHING: i32 = -1;

/// The state in which a server is ready for the next query, outside of any
/// transaction.
const IDLE: u8 = b'I';

/// Notes of one session, written by whoever reads its bytes.
#[derive(Debug, Clone, Default)]
pub(super) struct ProtocolNotes(Arc<Notes>);

#[derive(Debug)]
struct Notes {
    /// The newest message about authentication.
    authentication: AtomicI32,
    /// The process that the key for cancelling names; 0 before it has come.
    process: AtomicI32,
    /// The newest state in which the server was ready.
    ready: AtomicU8,
}

/// The messages of which something is noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noted {
    Authentication,
    Key,
    Ready,
}

// === impl Noted ===

impl Noted {
    /// The kind of a message, by its tag.
    pub(super) const fn of(tag: u8) -> Option<Self> {
        match tag {
            b'R' => Some(Self::Authentication),
            b'K' => Some(Self::Key),
            b'Z' => Some(Self::Ready),
            _ => None,
        }
    }

    /// How many bytes of its body are looked at.
    pub(super) const fn bytes(self) -> usize {
        match self {
            Self::Authentication | Self::Key => 4,
            Self::Ready => 1,
        }
    }
}

// === impl ProtocolNotes ===

impl ProtocolNotes {
    /// A message came whose body begins with these bytes.
    pub(super) fn note(&self, noted: Noted, body: &[u8]) {
        let number = || <[u8; 4]>::try_from(body).map(i32::from_be_bytes);
        match noted {
            Noted::Authentication => {
                self.0
                    .authentication
                    .store(number().unwrap_or(NOTHING), Ordering::Release);
            }
            Noted::Key => {
                self.0
                    .process
                    .store(number().unwrap_or(0), Ordering::Release);
            }
            Noted::Ready => {
                let state = body.first().copied().unwrap_or(IDLE);
                self.0.ready.store(state, Ordering::Release);
            }
        }
    }

    /// The process that the key for cancelling names. A server says its own; a
    /// pooler answers for many processes and says some number.
    pub(super) fn process(&self) -> Option<i32> {
        match self.0.process.load(Ordering::Acquire) {
            0 => None,
            process => Some(process),
        }
    }

    /// Whether the newest word about the login asked for the proof: an error
    /// that came instead of the next word refuses it.
    pub(super) fn awaits_proof(&self) -> bool {
        self.0.authentication.load(Ordering::Acquire) == SASL_CONTINUE
    }

    /// Whether the server was last ready outside of any transaction.
    pub(super) fn is_idle(&self) -> bool {
        self.0.ready.load(Ordering::Acquire) == IDLE
    }
}

impl Default for Notes {
    fn default() -> Self {
        Self {
            authentication: AtomicI32::new(NOTHING),
            process: AtomicI32::new(0),
            ready: AtomicU8::new(IDLE),
        }
    }
}
