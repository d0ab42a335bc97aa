//! Records every call on a database as a [`DatabaseOperation`], when it starts
//! and when it ends. Knows nothing of what the calls do.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    adapter::DbResult,
    domain::{
        ConnectionId, DatabaseOperation, ErrorKind, OperationDraft, OperationId, OperationType,
        Outcome,
    },
};

/// Where operations go. Called twice for each, from any task: once while it
/// runs, once with its end, under the same id. It must not block.
pub type OperationSink = Arc<dyn Fn(Arc<DatabaseOperation>) + Send + Sync>;

/// Makes operations of one connection and hands them to the sink.
#[derive(Clone)]
pub(super) struct Recorder {
    connection_id: ConnectionId,
    sink: OperationSink,
}

/// What is asked, by whom, of which table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) kind: OperationType,
    pub(super) service: &'a str,
    pub(super) table: Option<&'a str>,
}

/// An operation that runs. Dropped without an end, it is recorded as left.
pub(super) struct Recording {
    running: Option<DatabaseOperation>,
    began: Instant,
    sink: OperationSink,
}

// === impl Recorder ===

impl Recorder {
    pub(super) fn new(connection_id: ConnectionId, sink: OperationSink) -> Self {
        Self {
            connection_id,
            sink,
        }
    }

    /// Reports the start of a call.
    pub(super) fn start(&self, call: Call<'_>) -> Recording {
        let now = Utc::now();
        let draft = OperationDraft {
            id: OperationId(Uuid::now_v7()),
            connection_id: self.connection_id,
            kind: call.kind,
            service: call.service.to_owned(),
            table: call.table.map(str::to_owned),
            start_time: now,
        };
        let running = DatabaseOperation::start(draft, now)
            .expect("an operation that starts now does not start in the future");
        (self.sink)(Arc::new(running.clone()));
        Recording {
            running: Some(running),
            began: Instant::now(),
            sink: Arc::clone(&self.sink),
        }
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("connection_id", &self.connection_id)
            .finish_non_exhaustive()
    }
}

// === impl Recording ===

impl Recording {
    /// When the call started, to the microsecond.
    pub(super) fn start_time(&self) -> DateTime<Utc> {
        self.running
            .as_ref()
            .map_or(DateTime::UNIX_EPOCH, DatabaseOperation::start_time)
    }

    /// Time since the call started.
    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Reports the end of a call; `rows` counts what it returned or changed.
    pub(super) fn finish<T>(mut self, result: &DbResult<T>, rows: impl FnOnce(&T) -> Option<u64>) {
        let duration = self.elapsed();
        self.report(match result {
            Ok(value) => Outcome::Succeeded {
                duration,
                affected_rows: rows(value),
            },
            Err(error) => Outcome::Failed {
                duration,
                error: error.message(),
            },
        });
    }

    fn report(&mut self, outcome: Outcome) {
        let Some(running) = self.running.take() else {
            return;
        };
        let ended = running
            .finish(outcome)
            .expect("no message of an error is empty");
        (self.sink)(Arc::new(ended));
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if self.running.is_some() {
            let duration = self.elapsed();
            self.report(Outcome::Failed {
                duration,
                error: ErrorKind::Cancelled.template().to_owned(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::domain::{Action, DbError};

    #[track_caller]
    fn check(end: impl FnOnce(Recording), success: bool, error: Option<&str>, rows: Option<u64>) {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let list = Arc::clone(&seen);
        let sink: OperationSink = Arc::new(move |operation| list.lock().unwrap().push(operation));
        let recorder = Recorder::new(ConnectionId(Uuid::nil()), sink);
        let recording = recorder.start(Call {
            kind: OperationType::Delete,
            service: "agent",
            table: Some("agents"),
        });
        end(recording);
        let seen = seen.lock().unwrap();
        let [started, ended] = seen.as_slice() else {
            panic!("a start and an end, not {seen:?}");
        };
        assert_eq!(*started.outcome(), Outcome::Running);
        assert_eq!(started.id(), ended.id());
        assert_eq!((ended.service(), ended.table()), ("agent", Some("agents")));
        assert!(ended.end_time().unwrap() > ended.start_time());
        match ended.outcome() {
            Outcome::Succeeded { affected_rows, .. } => {
                assert!(success);
                assert_eq!(*affected_rows, rows);
            }
            Outcome::Failed { error: said, .. } => {
                assert!(!success);
                assert_eq!(Some(said.as_str()), error);
            }
            Outcome::Running => panic!("it has ended"),
        }
    }

    #[test]
    fn a_call_is_recorded_at_its_start_and_at_its_end() {
        check(|r| r.finish(&Ok(3), |n| Some(*n)), true, None, Some(3));
        let failed: DbResult<()> = Err(DbError::new(Action::Delete, ErrorKind::RowNotFound));
        let words = ErrorKind::RowNotFound.template();
        check(|r| r.finish(&failed, |()| None), false, Some(words), None);
    }

    #[test]
    fn a_call_that_is_left_is_recorded_as_left() {
        check(drop, false, Some(ErrorKind::Cancelled.template()), None);
    }
}
