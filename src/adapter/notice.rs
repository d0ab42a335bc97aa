//! What a server remarks while a statement runs, on its way to whoever asked for
//! it. Knows no driver.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::mpsc;

/// Remarks that may wait to be taken. A server can make them faster than anybody
/// takes them, and must not be held up by that.
const WAITING: usize = 1_000;

/// A remark of a server. All of it is cleaned, and cut where it is long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// `NOTICE`, `WARNING` and the like, in the server's language.
    pub severity: String,
    /// Its SQLSTATE.
    pub code: String,
    /// What is remarked.
    pub message: String,
    /// More about it.
    pub detail: Option<String>,
    /// What might be done.
    pub hint: Option<String>,
}

/// Where remarks go.
#[derive(Debug, Clone)]
pub struct NoticeSink {
    waiting: mpsc::Sender<Notice>,
    missed: Arc<AtomicU64>,
}

/// The remarks as they come.
#[derive(Debug)]
pub struct NoticeFeed {
    waiting: mpsc::Receiver<Notice>,
    missed: Arc<AtomicU64>,
}

/// A way for remarks, on which a thousand may wait.
#[must_use]
pub fn notice_feed() -> (NoticeSink, NoticeFeed) {
    let (tell, waiting) = mpsc::channel(WAITING);
    let missed = Arc::<AtomicU64>::default();
    let sink = NoticeSink {
        waiting: tell,
        missed: Arc::clone(&missed),
    };
    (sink, NoticeFeed { waiting, missed })
}

impl NoticeSink {
    /// Hands a remark on, or counts it where too many wait.
    pub(super) fn tell(&self, notice: Notice) {
        if self.waiting.try_send(notice).is_err() {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl NoticeFeed {
    /// The next remark; `None` when there can be no more.
    pub async fn next(&mut self) -> Option<Notice> {
        self.waiting.recv().await
    }

    /// The next remark that waits already.
    pub fn try_next(&mut self) -> Option<Notice> {
        self.waiting.try_recv().ok()
    }

    /// How many were not handed on.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_takes_is_counted() {
        let (sink, mut feed) = notice_feed();
        for n in 0..1_500 {
            sink.tell(Notice {
                severity: "NOTICE".to_owned(),
                code: "00000".to_owned(),
                message: n.to_string(),
                detail: None,
                hint: None,
            });
        }
        let mut taken = 0;
        while let Some(notice) = feed.try_next() {
            assert_eq!(notice.message, taken.to_string());
            taken += 1;
        }
        assert_eq!((taken, feed.missed()), (1_000, 500));
    }
}
