//! Errors as they were seen, with repeated ones folded into one entry.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::domain::{DbError, Ring};

/// One error, and how often it came in a row: "× 41 since 10:31".
#[derive(Debug, Clone)]
pub struct ErrorEntry {
    /// The newest of the folded errors.
    pub error: Arc<DbError>,
    /// When the first of them was seen.
    pub first: DateTime<Utc>,
    /// When the newest of them was seen.
    pub last: DateTime<Utc>,
    /// How many they are, at least 1.
    pub count: u64,
}

/// A bounded list of folded errors, oldest first.
#[derive(Debug)]
pub struct ErrorLog {
    entries: Ring<ErrorEntry>,
}

impl ErrorLog {
    /// An empty log that keeps at most `capacity` entries, at least 1.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            entries: Ring::new(capacity),
        }
    }

    /// Adds an error: it is folded into the newest entry when it is the same one again.
    pub fn push(&mut self, error: Arc<DbError>, at: DateTime<Utc>) {
        if let Some(newest) = self.entries.newest_mut()
            && newest.error.is_same_as(&error)
        {
            newest.error = error;
            newest.last = at;
            newest.count = newest.count.saturating_add(1);
            return;
        }
        self.entries.push(ErrorEntry {
            error,
            first: at,
            last: at,
            count: 1,
        });
    }

    /// The entries, oldest first.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &ErrorEntry> {
        self.entries.iter()
    }

    /// How many entries were dropped to make room.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.entries.dropped()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Action, ErrorKind};

    #[test]
    fn only_identical_neighbours_are_folded() {
        let mut log = ErrorLog::new(8);
        let refused = || Arc::new(DbError::new(Action::Connect, ErrorKind::ConnectionRefused));
        let auth = || Arc::new(DbError::new(Action::Connect, ErrorKind::AuthFailed));
        for error in [refused(), refused(), refused(), auth(), refused()] {
            log.push(error, DateTime::UNIX_EPOCH);
        }
        let counts: Vec<_> = log.iter().map(|entry| entry.count).collect();
        assert_eq!(counts, [3, 1, 1]);
    }
}
