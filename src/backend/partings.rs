//! The connections that were left and are being ended, each under a deadline.
//! Nobody waits for them; how they ended is told.

use std::{sync::Arc, time::Duration};

use tokio::task::JoinSet;

use crate::{
    backend::{jobs, watched::Watched},
    domain::{DbError, Target},
};

/// From so many on each further one gets a moment only: what hangs is cut off,
/// so that those who switch quickly pile nothing up.
const MANY: usize = 8;

/// That moment.
const MOMENT: Duration = Duration::from_millis(100);

/// A connection that was left has ended.
#[derive(Debug)]
pub(super) struct Parted {
    pub(super) target: Target,
    /// Why it did not end well.
    pub(super) error: Option<Arc<DbError>>,
}

/// All that are under way. Dropped, they are cut off.
#[derive(Debug, Default)]
pub(super) struct Partings {
    ends: JoinSet<Parted>,
}

impl Partings {
    /// Ends a connection within the limit; then, or when it hangs, whatever it
    /// holds is dropped.
    pub(super) fn begin<A: Watched>(&mut self, left: Arc<A>, target: Target, limit: Duration) {
        let limit = if self.ends.len() < MANY {
            limit
        } else {
            limit.min(MOMENT)
        };
        self.ends.spawn(async move {
            let error = jobs::part(left, limit).await.err();
            Parted { target, error }
        });
    }

    /// Waits for the next end; `None` when nothing is being ended.
    pub(super) async fn next(&mut self) -> Option<Parted> {
        loop {
            match self.ends.join_next().await? {
                Ok(parted) => return Some(parted),
                // What panics is caught where it is called; nothing else ends one.
                Err(error) => tracing::error!(%error, "the end of a connection was not told"),
            }
        }
    }
}
