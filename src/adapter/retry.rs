//! How often and how soon the library's `connect` tries again. Knows nothing
//! of what failed, beyond whether it may pass.

use std::time::Duration;

use crate::{config::AdapterSection, domain::Backoff};

/// No delay between two tries is longer.
const LONGEST_DELAY: Duration = Duration::from_secs(30);

/// The quick retries of one configuration.
#[derive(Debug, Clone, Copy)]
pub(super) struct Retries {
    max: u32,
    backoff: Backoff,
}

impl Retries {
    pub(super) fn new(section: &AdapterSection) -> Self {
        let (max, base) = match section {
            AdapterSection::Supabase(supabase) => (supabase.max_retries, supabase.retry_delay),
            AdapterSection::Local(local) => (local.max_retries, local.retry_delay),
            AdapterSection::Mock(mock) => (mock.max_retries, mock.retry_delay),
        };
        let base = base.clamp(Duration::from_millis(1), LONGEST_DELAY);
        let backoff = Backoff::try_new(base, LONGEST_DELAY)
            .expect("the base was put between zero and the longest delay");
        Self { max, backoff }
    }

    /// The delay before retry `number` (from 1), at least as long as the server
    /// asked to `wait`. `None` when that is one too many, or when the server
    /// wants to be left alone for longer than anybody waits here.
    pub(super) fn delay(self, number: u32, wait: Option<Duration>) -> Option<Duration> {
        let wait = wait.unwrap_or_default();
        if number > self.max || wait > LONGEST_DELAY {
            return None;
        }
        let delay = self.backoff.delay(number, fastrand::f64());
        Some(delay.max(wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::MockSection;

    #[test]
    fn the_number_of_retries_is_a_hard_maximum() {
        let section = AdapterSection::Mock(MockSection::default());
        assert_eq!(Retries::new(&section).delay(1, None), None);
        let retries = Retries {
            max: 2,
            ..Retries::new(&section)
        };
        assert!(retries.delay(1, None).is_some() && retries.delay(2, None).is_some());
        assert_eq!(retries.delay(3, None), None);
    }

    #[test]
    fn who_asks_for_a_wait_gets_it_or_is_left_alone() {
        let section = AdapterSection::Mock(MockSection::default());
        let retries = Retries {
            max: 2,
            ..Retries::new(&section)
        };
        let asked = Duration::from_secs(20);
        assert_eq!(retries.delay(1, Some(asked)), Some(asked));
        let too_long = LONGEST_DELAY + Duration::from_secs(1);
        assert_eq!(retries.delay(1, Some(too_long)), None);
    }
}
