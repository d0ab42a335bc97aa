//! The outages that are over, so that a connection that is well again does not
//! hide that it was not. Knows nothing of how they are drawn.

use std::{collections::VecDeque, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::{ConnectionStatus, DbError};

/// An outage is told for this long after its end.
const TOLD: TimeDelta = TimeDelta::minutes(15);

/// More of them than anybody needs to see counted.
const KEPT: usize = 1_000;

/// What is remembered of outages.
#[derive(Debug, Clone, Default)]
pub(super) struct Outages {
    open: Option<(DateTime<Utc>, Option<Arc<DbError>>)>,
    over: VecDeque<Outage>,
}

/// An outage that is over.
#[derive(Debug, Clone)]
pub(super) struct Outage {
    /// When it began.
    pub(super) since: DateTime<Utc>,
    /// When the connection was established again.
    pub(super) until: DateTime<Utc>,
    /// What it began with.
    pub(super) error: Option<Arc<DbError>>,
}

impl Outages {
    /// Takes note of a step of the connection.
    pub(super) fn note(
        &mut self,
        to: ConnectionStatus,
        at: DateTime<Utc>,
        error: Option<&Arc<DbError>>,
    ) {
        match to {
            ConnectionStatus::Error => {
                self.open.get_or_insert_with(|| (at, error.cloned()));
            }
            ConnectionStatus::Connecting => {}
            // Ended on request: how long it could have lasted is not known.
            ConnectionStatus::Disconnected => self.open = None,
            ConnectionStatus::Connected => {
                if let Some((since, error)) = self.open.take() {
                    self.over.truncate(KEPT - 1);
                    let until = at;
                    self.over.push_front(Outage {
                        since,
                        until,
                        error,
                    });
                }
            }
        }
    }

    /// Those that are still told, newest first.
    pub(super) fn told(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Outage> {
        self.over
            .iter()
            .take_while(move |outage| now - outage.until <= TOLD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::fixtures::{ago, now, refused};

    #[test]
    fn an_outage_is_told_from_its_first_failure_until_the_connection_is_back() {
        let mut outages = Outages::default();
        let error = Arc::new(refused());
        outages.note(ConnectionStatus::Error, ago(60), Some(&error));
        outages.note(ConnectionStatus::Connecting, ago(58), None);
        outages.note(ConnectionStatus::Error, ago(57), None);
        assert_eq!(outages.told(now()).count(), 0);
        outages.note(ConnectionStatus::Connected, ago(50), None);
        let told = outages.told(now()).next().unwrap();
        assert_eq!((told.since, told.until), (ago(60), ago(50)));
        assert!(
            told.error
                .as_ref()
                .is_some_and(|told| told.is_same_as(&error))
        );
    }

    #[test]
    fn what_is_long_over_or_was_ended_on_request_is_not_told() {
        let mut outages = Outages::default();
        outages.note(ConnectionStatus::Error, ago(1_000), None);
        outages.note(ConnectionStatus::Connected, ago(901), None);
        outages.note(ConnectionStatus::Error, ago(60), None);
        outages.note(ConnectionStatus::Disconnected, ago(59), None);
        outages.note(ConnectionStatus::Connected, ago(50), None);
        assert_eq!(outages.told(now()).count(), 0);
        assert_eq!(outages.told(ago(2)).count(), 1);
    }
}
