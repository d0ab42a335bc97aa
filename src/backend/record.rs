//! What the backend remembers of the session: checks, operations and errors,
//! each bounded, each telling what it dropped.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::domain::{
    DatabaseOperation, DbError, ErrorEntry, ErrorLog, HealthCheckResult, Outcome, Ring,
};

/// Health checks kept: a bit over an hour and a half at the default interval.
const CHECKS: usize = 200;

/// Ended operations kept.
const OPERATIONS: usize = 500;

/// Operations that may run at once; far above the pool's largest size.
const RUNNING: usize = 256;

/// Folded errors kept.
const ERRORS: usize = 200;

/// The lists of the snapshot. A list is copied only after it changed.
#[derive(Debug)]
pub(super) struct Record {
    checks: Ring<Arc<HealthCheckResult>>,
    operations: Ring<Arc<DatabaseOperation>>,
    running: Ring<Arc<DatabaseOperation>>,
    errors: ErrorLog,
    last_good: Option<Arc<HealthCheckResult>>,
    views: Views,
    stale: Stale,
}

/// The lists as readers get them.
#[derive(Debug, Clone)]
pub(super) struct Views {
    pub(super) checks: Arc<[Arc<HealthCheckResult>]>,
    pub(super) operations: Arc<[Arc<DatabaseOperation>]>,
    pub(super) errors: Arc<[ErrorEntry]>,
}

/// Which lists changed since they were copied.
#[derive(Debug, Default)]
struct Stale {
    checks: bool,
    operations: bool,
    errors: bool,
}

impl Record {
    pub(super) fn new() -> Self {
        Self {
            checks: Ring::new(CHECKS),
            operations: Ring::new(OPERATIONS),
            running: Ring::new(RUNNING),
            errors: ErrorLog::new(ERRORS),
            last_good: None,
            views: Views {
                checks: Arc::new([]),
                operations: Arc::new([]),
                errors: Arc::new([]),
            },
            stale: Stale::default(),
        }
    }

    pub(super) fn check(&mut self, check: Arc<HealthCheckResult>) {
        if check.success() {
            self.last_good = Some(Arc::clone(&check));
        }
        self.checks.push(check);
        self.stale.checks = true;
    }

    pub(super) fn error(&mut self, error: Arc<DbError>, at: DateTime<Utc>) {
        self.errors.push(error, at);
        self.stale.errors = true;
    }

    /// Notes an operation that started or ended. One that ends takes the place
    /// of its start.
    pub(super) fn operation(&mut self, operation: Arc<DatabaseOperation>) {
        if matches!(operation.outcome(), Outcome::Running) {
            self.running.push(operation);
        } else {
            self.running
                .remove(|running| running.id() == operation.id());
            self.operations.push(operation);
        }
        self.stale.operations = true;
    }

    pub(super) fn last_good(&self) -> Option<&Arc<HealthCheckResult>> {
        self.last_good.as_ref()
    }

    pub(super) fn checks_dropped(&self) -> u64 {
        self.checks.dropped()
    }

    pub(super) fn operations_dropped(&self) -> u64 {
        self.operations.dropped() + self.running.dropped()
    }

    pub(super) fn errors_dropped(&self) -> u64 {
        self.errors.dropped()
    }

    /// The lists, copied anew where they changed.
    pub(super) fn views(&mut self) -> Views {
        if std::mem::take(&mut self.stale.checks) {
            self.views.checks = self.checks.iter().cloned().collect();
        }
        if std::mem::take(&mut self.stale.operations) {
            let all = self.operations.iter().chain(self.running.iter());
            self.views.operations = all.cloned().collect();
        }
        if std::mem::take(&mut self.stale.errors) {
            self.views.errors = self.errors.iter().cloned().collect();
        }
        self.views.clone()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::{ConnectionId, OperationDraft, OperationId, OperationType};

    #[test]
    fn an_ended_operation_replaces_its_start() {
        let mut record = Record::new();
        let start = |n| {
            let draft = OperationDraft {
                id: OperationId(Uuid::from_u128(n)),
                connection_id: ConnectionId(Uuid::nil()),
                kind: OperationType::Query,
                service: "watch".into(),
                table: None,
                start_time: DateTime::UNIX_EPOCH,
            };
            DatabaseOperation::start(draft, DateTime::UNIX_EPOCH).unwrap()
        };
        let ended = Outcome::Succeeded {
            duration: std::time::Duration::ZERO,
            affected_rows: None,
        };
        record.operation(Arc::new(start(1)));
        record.operation(Arc::new(start(2)));
        record.operation(Arc::new(start(1).finish(ended).unwrap()));
        let shown: Vec<_> = record
            .views()
            .operations
            .iter()
            .map(|operation| (operation.id().0.as_u128(), operation.end_time().is_some()))
            .collect();
        assert_eq!(shown, [(1, true), (2, false)]);
    }
}
