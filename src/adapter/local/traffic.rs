//! Moves a session's bytes and keeps what the server says at its end. Knows
//! nothing of statements.

use std::future::poll_fn;

use futures::future::{BoxFuture, Fuse, FutureExt};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};
use tokio_postgres::{AsyncMessage, Connection};

use crate::{
    adapter::{
        classify::{Stage, from_postgres, from_server},
        local::remarks::Remarks,
    },
    domain::{Action, DbError},
};

/// The SQLSTATE class of an operator's intervention: shutdown, crash, end of session.
const INTERVENTION: &str = "57";

/// The moving of one session's bytes. Nothing moves unless it is polled; it is
/// done when the session has ended, and dropped it closes the socket.
pub(super) type Traffic = Fuse<BoxFuture<'static, Ended>>;

/// How a session ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// Absent when this side said farewell.
    cause: Option<tokio_postgres::Error>,
    /// A server that is told to stop at once says why in a warning, not in an
    /// error, and closes the socket.
    farewell: Option<tokio_postgres::error::DbError>,
}

/// Moves the bytes of this connection; what the server remarks is noted.
pub(super) fn traffic<S, T>(mut connection: Connection<S, T>, mut remarks: Remarks) -> Traffic
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let moving = async move {
        let mut farewell = None;
        loop {
            let cause = match poll_fn(|cx| connection.poll_message(cx)).await {
                Some(Ok(AsyncMessage::Notice(notice))) => {
                    remarks.note(&notice, Instant::now());
                    if notice.code().code().starts_with(INTERVENTION) {
                        farewell = Some(notice);
                    } else {
                        remarks.tell(&notice);
                    }
                    continue;
                }
                // Notifications, for which this program never asks.
                Some(Ok(_)) => continue,
                Some(Err(error)) => Some(error),
                None => None,
            };
            return Ended { cause, farewell };
        }
    };
    moving.boxed().fuse()
}

impl Ended {
    /// Why the session ended: by the server's own last words where it left
    /// some. `None` when this side ended it.
    pub(super) fn into_error(self, action: Action) -> Option<DbError> {
        let cause = self.cause?;
        match self.farewell {
            Some(farewell) if cause.as_db_error().is_none() => {
                Some(from_server(&farewell, action, Stage::Statement).with_source(cause))
            }
            _ => Some(from_postgres(cause, action, Stage::Statement)),
        }
    }
}
