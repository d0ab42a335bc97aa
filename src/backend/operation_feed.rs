//! The way of recorded operations from the adapter to the supervisor: bounded,
//! never blocking, and counting what did not fit.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::mpsc;

use crate::{adapter::OperationSink, domain::DatabaseOperation};

/// Operations that may wait for the supervisor.
const WAITING: usize = 4096;

/// The supervisor's end.
#[derive(Debug)]
pub struct OperationFeed {
    operations: mpsc::Receiver<Arc<DatabaseOperation>>,
    lost: Arc<AtomicU64>,
}

/// Makes both ends: the adapter's sink and the supervisor's feed.
#[must_use]
pub fn operation_feed() -> (OperationSink, OperationFeed) {
    let (sender, operations) = mpsc::channel(WAITING);
    let lost = Arc::new(AtomicU64::new(0));
    let feed = OperationFeed {
        operations,
        lost: Arc::clone(&lost),
    };
    let sink: OperationSink = Arc::new(move |operation| {
        if sender.try_send(operation).is_err() {
            lost.fetch_add(1, Ordering::Relaxed);
        }
    });
    (sink, feed)
}

impl OperationFeed {
    /// The next operation; `None` when no adapter is left.
    pub(super) async fn next(&mut self) -> Option<Arc<DatabaseOperation>> {
        self.operations.recv().await
    }

    /// The next operation, if one waits.
    pub(super) fn waiting(&mut self) -> Option<Arc<DatabaseOperation>> {
        self.operations.try_recv().ok()
    }

    /// Operations that did not fit.
    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::domain::{ConnectionId, OperationDraft, OperationId, OperationType};

    #[test]
    fn what_does_not_fit_is_counted() {
        let (sink, mut feed) = operation_feed();
        let draft = OperationDraft {
            id: OperationId(Uuid::nil()),
            connection_id: ConnectionId(Uuid::nil()),
            kind: OperationType::Query,
            service: "test".into(),
            table: None,
            start_time: DateTime::UNIX_EPOCH,
        };
        let operation = DatabaseOperation::start(draft, DateTime::UNIX_EPOCH).unwrap();
        let operation = Arc::new(operation);
        for _ in 0..WAITING + 3 {
            sink(Arc::clone(&operation));
        }
        assert_eq!(feed.lost(), 3);
        assert!(feed.waiting().is_some());
        sink(operation);
        assert_eq!(feed.lost(), 3);
    }
}
