//! A rehearsal: what is asked for, and where it stands at a moment. Knows
//! nothing of who plays it.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::domain::{Condition, FaultScript, Scenario};

/// What is rehearsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsal {
    /// The scenario; `None` for steps of somebody's own.
    pub scenario: Option<Scenario>,
    /// The conditions by time.
    pub script: FaultScript,
}

/// The word for steps of somebody's own.
pub const OWN_SCRIPT: &str = "own script";

/// Where a rehearsal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rehearsed {
    /// The scenario; `None` for steps of somebody's own.
    pub scenario: Option<Scenario>,
    /// What holds now.
    pub condition: Condition,
    /// What comes next, and when; `None` when nothing changes any more.
    pub next: Option<(DateTime<Utc>, Condition)>,
}

impl Rehearsed {
    /// The scenario's word, or words for steps of somebody's own.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self.scenario {
            Some(scenario) => scenario.as_str(),
            None => OWN_SCRIPT,
        }
    }

    /// What the condition means in this rehearsal, in a few words.
    #[must_use]
    pub const fn meaning(&self) -> &'static str {
        match (self.scenario, self.condition) {
            (Some(Scenario::Migrations), Condition::Calm) => "begun with 6 of 9 tables",
            (_, condition) => condition.meaning(),
        }
    }
}

/// Name and condition, once where they are the same: `outage: refuse`, `calm`.
impl fmt::Display for Rehearsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let condition = self.condition.to_string();
        if self.name() == condition {
            return f.write_str(&condition);
        }
        write!(f, "{}: {condition}", self.name())
    }
}
