//! The status of one connection, changed by the six steps alone. Knows nothing
//! of how attempts and checks are made.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use crate::{
    adapter::DbResult,
    domain::{
        ConnectionId, ConnectionStatus, DatabaseConnection, DbError, ErrorKind, Failure, Mode, Step,
    },
};

/// The connection and its status.
#[derive(Debug)]
pub(super) struct StatusCell(Mutex<DatabaseConnection>);

/// An attempt under way. Dropped without an end, it counts as left by us.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    cell: &'a StatusCell,
    has_ended: bool,
}

// === impl StatusCell ===

impl StatusCell {
    pub(super) fn new(id: ConnectionId, mode: Mode) -> Self {
        Self(Mutex::new(DatabaseConnection::new(id, mode, Utc::now())))
    }

    pub(super) fn get(&self) -> DatabaseConnection {
        self.lock().clone()
    }

    /// An attempt begins. One that is made while connected is a test: success
    /// changes nothing, failure loses the connection.
    pub(super) fn begin(&self) -> Attempt<'_> {
        let mut connection = self.lock();
        match connection.status() {
            ConnectionStatus::Disconnected => take(&mut connection, Step::Open),
            ConnectionStatus::Error => take(&mut connection, Step::Retry),
            ConnectionStatus::Connecting | ConnectionStatus::Connected => {}
        }
        Attempt {
            cell: self,
            has_ended: false,
        }
    }

    /// A guard's connection has ended: an open connection is lost.
    pub(super) fn lose(&self, error: &DbError) {
        let mut connection = self.lock();
        if connection.status() == ConnectionStatus::Connected && proves_loss(error.kind()) {
            take(&mut connection, Step::Lost(counted(error)));
        }
    }

    /// A health check has ended. One that failed loses an open connection only
    /// when its failure proves that, see [`proves_loss`]; else it is noted.
    pub(super) fn note_check(&self, result: &DbResult<()>, at: DateTime<Utc>) {
        let mut connection = self.lock();
        match (result, connection.status()) {
            (Ok(()), _) => connection.note_success(at),
            (Err(error), ConnectionStatus::Connected) if proves_loss(error.kind()) => {
                take(&mut connection, Step::Lost(counted(error)));
            }
            // Nothing was learned about the database.
            (Err(error), _) if is_ours(error.kind()) => {}
            (Err(error), _) => connection.note_failure(error.message()),
        }
    }

    /// The connection was ended on request. What is in error stays in error.
    pub(super) fn close(&self) {
        let mut connection = self.lock();
        if connection.status() == ConnectionStatus::Connected {
            take(&mut connection, Step::Closed);
        }
    }

    fn lock(&self) -> MutexGuard<'_, DatabaseConnection> {
        // A step changes all or nothing, so a panic elsewhere leaves it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Attempt ===

impl Attempt<'_> {
    /// The attempt has ended.
    pub(super) fn end(mut self, result: &DbResult<()>) {
        self.has_ended = true;
        let mut connection = self.cell.lock();
        match (result, connection.status()) {
            (Ok(()), ConnectionStatus::Connecting) => take(&mut connection, Step::Established),
            (Err(error), ConnectionStatus::Connecting) => {
                take(&mut connection, Step::Failed(counted(error)));
            }
            // Whoever attempts has given the old connection up.
            (Err(error), ConnectionStatus::Connected) => {
                take(&mut connection, Step::Lost(counted(error)));
            }
            _ => {}
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        let mut connection = self.cell.lock();
        if connection.status() == ConnectionStatus::Connecting {
            let left = Failure::Cancelled(ErrorKind::Cancelled.template().to_owned());
            take(&mut connection, Step::Failed(left));
        }
    }
}

/// Whether a failed check, or the end of a guard, proves that an open
/// connection is gone.
///
/// Every check logs in afresh, so a server that answers and refuses it (a
/// changed password, no free slots, a wrong certificate) says nothing about
/// connections that stand: they may serve on. What nobody answered is a loss:
/// nothing can be reached over the way that all connections share. A fault of
/// our own side proves nothing.
fn proves_loss(kind: ErrorKind) -> bool {
    !kind.was_answered() && !is_ours(kind)
}

fn is_ours(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::OwnSide | ErrorKind::Cancelled | ErrorKind::NotConnected
    )
}

fn counted(error: &DbError) -> Failure {
    Failure::Counted(error.message())
}

fn take(connection: &mut DatabaseConnection, step: Step) {
    connection
        .apply(step, Utc::now())
        .expect("the step was chosen by the status under the same lock");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Action;

    fn cell() -> StatusCell {
        StatusCell::new(ConnectionId(uuid::Uuid::nil()), Mode::Mock)
    }

    fn refused() -> DbResult<()> {
        Err(DbError::new(Action::Connect, ErrorKind::ConnectionRefused))
    }

    #[track_caller]
    fn check(cell: &StatusCell, status: ConnectionStatus, errors: u64) {
        let connection = cell.get();
        assert_eq!(
            (connection.status(), connection.error_count()),
            (status, errors)
        );
    }

    #[test]
    fn an_attempt_ends_in_one_of_two_ways() {
        let cell = cell();
        let attempt = cell.begin();
        check(&cell, ConnectionStatus::Connecting, 0);
        attempt.end(&refused());
        check(&cell, ConnectionStatus::Error, 1);
        cell.begin().end(&Ok(()));
        check(&cell, ConnectionStatus::Connected, 0);
        cell.begin().end(&refused());
        check(&cell, ConnectionStatus::Error, 1);
    }

    #[test]
    fn a_left_attempt_is_an_error_that_does_not_count() {
        let cell = cell();
        drop(cell.begin());
        check(&cell, ConnectionStatus::Error, 0);
    }

    #[test]
    fn only_what_nobody_answered_loses_an_open_connection() {
        let cell = cell();
        cell.begin().end(&Ok(()));
        let failed = |kind| Err(DbError::new(Action::HealthCheck, kind));
        for (errors, kind) in [
            (0, ErrorKind::OwnSide),
            (0, ErrorKind::Cancelled),
            (1, ErrorKind::AuthFailed),
            (2, ErrorKind::TooManyConnections),
            (3, ErrorKind::ServerNotReady),
        ] {
            cell.note_check(&failed(kind), Utc::now());
            check(&cell, ConnectionStatus::Connected, errors);
        }
        cell.note_check(&Ok(()), Utc::now());
        cell.note_check(&failed(ErrorKind::Timeout { after_ms: 1 }), Utc::now());
        check(&cell, ConnectionStatus::Error, 1);
        cell.begin().end(&Ok(()));
        let lost = DbError::new(Action::HealthCheck, ErrorKind::ConnectionLost);
        cell.lose(&lost);
        check(&cell, ConnectionStatus::Error, 1);
    }

    #[test]
    fn a_failed_check_loses_only_an_open_connection() {
        let cell = cell();
        cell.note_check(&refused(), Utc::now());
        check(&cell, ConnectionStatus::Disconnected, 1);
        cell.begin().end(&Ok(()));
        cell.note_check(&Ok(()), Utc::now());
        check(&cell, ConnectionStatus::Connected, 0);
        cell.note_check(&refused(), Utc::now());
        check(&cell, ConnectionStatus::Error, 1);
        cell.close();
        check(&cell, ConnectionStatus::Error, 1);
    }
}
