//! The scenarios that can be rehearsed by name. Knows nothing of how they are
//! played.

use std::{fmt, time::Duration};

use crate::domain::{AfterLast, Condition, FaultScript, FaultStep};

/// A rehearsal that is built in. `Display` is its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scenario {
    /// Nothing goes wrong.
    Calm,
    /// Short faults of several kinds, as of a bad network or a busy server.
    Flaky,
    /// The server is stopped and started again.
    Outage,
    /// Answers are late for a while.
    Slow,
    /// The server freezes for a while.
    Hang,
    /// New clients are refused by password while who is in stays in.
    Auth,
    /// The database waits for the last of its migrations.
    Migrations,
}

impl Scenario {
    /// All scenarios.
    pub const ALL: [Self; 7] = [
        Self::Calm,
        Self::Flaky,
        Self::Outage,
        Self::Slow,
        Self::Hang,
        Self::Auth,
        Self::Migrations,
    ];

    /// The word used in configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Flaky => "flaky",
            Self::Outage => "outage",
            Self::Slow => "slow",
            Self::Hang => "hang",
            Self::Auth => "auth",
            Self::Migrations => "migrations",
        }
    }

    /// What is seen of it, in a few words for a row of a list.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Calm => "nothing goes wrong",
            Self::Flaky => "a reset, slow answers, a freeze, a restart",
            Self::Outage => "the server is stopped for 40 s",
            Self::Slow => "answers are late for 20 s: degraded, not down",
            Self::Hang => "the server freezes for 25 s: suspect, lost",
            Self::Auth => "who logs in anew is refused for 35 s",
            Self::Migrations => "six of nine tables: three files are pending",
        }
    }

    /// Its script. Whatever goes wrong does so for long enough to be watched,
    /// and heals, again and again. `slow_by` is what a slow answer takes longer.
    #[must_use]
    pub fn script(self, slow_by: Duration) -> FaultScript {
        use Condition::{Auth, Calm, Hang, Lose, Refuse};
        let slow = Condition::Slow { by: slow_by };
        match self {
            Self::Calm | Self::Migrations => FaultScript::calm(),
            Self::Flaky => repeated(&[
                (12_000, Calm),
                (400, Lose),
                (10_000, Calm),
                (4_000, slow),
                (9_000, Calm),
                (2_500, Hang),
                (11_000, Calm),
                (2_000, Refuse),
            ]),
            // Long enough for the slow lane of the retries.
            Self::Outage => repeated(&[(20_000, Calm), (40_000, Refuse)]),
            // Longer than the few heartbeats that say so. Of the health checks
            // at the default interval every other one meets it.
            Self::Slow => repeated(&[(15_000, Calm), (20_000, slow), (25_000, Calm)]),
            // Longer than the deadline that a suspect connection has.
            Self::Hang => repeated(&[(15_000, Calm), (25_000, Hang)]),
            // Who is in stays in, and only a check can tell: every other one.
            Self::Auth => repeated(&[(25_000, Calm), (35_000, Auth)]),
        }
    }
}

/// These steps, by milliseconds, for ever.
fn repeated(steps: &[(u64, Condition)]) -> FaultScript {
    let step = |&(ms, condition): &(u64, Condition)| FaultStep {
        condition,
        lasts: Duration::from_millis(ms),
    };
    let steps: Vec<_> = steps.iter().map(step).collect();
    FaultScript::try_new(&steps, AfterLast::Repeat).expect("the built-in scripts keep the rules")
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The words of all that a scenario shows within five minutes.
    #[track_caller]
    fn check(scenario: Scenario, words: &[&str]) {
        let script = scenario.script(Duration::from_millis(500));
        let seen: BTreeSet<_> = (0..3_000)
            .map(|tenths| script.at(Duration::from_millis(tenths * 100)))
            .map(|situation| situation.condition.as_str())
            .collect();
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), words, "{scenario}");
        assert_eq!(script.at(Duration::ZERO).condition, Condition::Calm);
    }

    #[test]
    fn each_begins_calm_and_shows_what_it_is_named_for() {
        check(Scenario::Calm, &["calm"]);
        check(Scenario::Flaky, &["calm", "hang", "lose", "refuse", "slow"]);
        check(Scenario::Outage, &["calm", "refuse"]);
        check(Scenario::Slow, &["calm", "slow"]);
        check(Scenario::Hang, &["calm", "hang"]);
        check(Scenario::Auth, &["auth", "calm"]);
        check(Scenario::Migrations, &["calm"]);
    }
}
