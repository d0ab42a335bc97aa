//! A rehearsal's script: which condition holds at which time since its
//! beginning. Pure; whoever plays it has the clock.

use std::{error::Error, fmt, ops::RangeInclusive, sync::Arc, time::Duration};

use crate::domain::Condition;

/// One step of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultStep {
    /// What holds.
    pub condition: Condition,
    /// For how long.
    pub lasts: Duration,
}

/// What follows the last step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterLast {
    /// The first step again, for ever.
    Repeat,
    /// This condition, for ever.
    Stay(Condition),
}

/// Steps by time. Valid by construction; cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultScript {
    steps: Arc<[FaultStep]>,
    after: AfterLast,
    /// The length of all steps.
    length: Duration,
}

/// A script at one moment. Steps of the same condition that follow each other
/// are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Situation {
    /// What holds now.
    pub condition: Condition,
    /// What holds next and from when on, in time since the script's beginning;
    /// `None` when nothing changes any more.
    pub next: Option<(Duration, Condition)>,
}

/// Why steps are no script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScriptError {
    /// There are more than [`FaultScript::MOST_STEPS`].
    TooMany,
    /// A step, from 0, is shorter or longer than [`FaultScript::STEP`] allows.
    Length(usize),
    /// There is nothing to repeat.
    Empty,
}

// === impl FaultScript ===

impl FaultScript {
    /// Steps at most.
    pub const MOST_STEPS: usize = 100;

    /// How long a step may be. Shorter ones could be missed between two looks;
    /// longer ones are nothing that anybody waits for.
    pub const STEP: RangeInclusive<Duration> =
        Duration::from_millis(100)..=Duration::from_hours(24);

    /// A script of these steps.
    ///
    /// # Errors
    /// [`ScriptError`] for the first rule that is broken.
    pub fn try_new(steps: &[FaultStep], after: AfterLast) -> Result<Self, ScriptError> {
        if steps.len() > Self::MOST_STEPS {
            return Err(ScriptError::TooMany);
        }
        if steps.is_empty() && after == AfterLast::Repeat {
            return Err(ScriptError::Empty);
        }
        let is_unfit = |step: &FaultStep| !Self::STEP.contains(&step.lasts);
        if let Some(at) = steps.iter().position(is_unfit) {
            return Err(ScriptError::Length(at));
        }
        Ok(Self {
            length: steps.iter().map(|step| step.lasts).sum(),
            steps: steps.into(),
            after,
        })
    }

    /// Nothing ever happens.
    #[must_use]
    pub fn calm() -> Self {
        Self {
            steps: Arc::new([]),
            after: AfterLast::Stay(Condition::Calm),
            length: Duration::ZERO,
        }
    }

    /// What holds so long after the beginning, and what comes next. A step holds
    /// from its first moment until just before the next one's.
    #[must_use]
    pub fn at(&self, elapsed: Duration) -> Situation {
        let (round, place) = self.place(elapsed);
        let Some(place) = place else {
            return Situation {
                condition: self.last(),
                next: None,
            };
        };
        let condition = self.steps[place].condition;
        Situation {
            condition,
            next: self.change(round, place),
        }
    }

    /// The first condition that ends sessions, of all that hold after `seen`
    /// and until `now`, both included.
    #[must_use]
    pub fn first_end(&self, seen: Duration, now: Duration) -> Option<Condition> {
        // Longer ago than a round everything has been, once.
        let seen = match self.after {
            AfterLast::Repeat => seen.max(now.saturating_sub(self.length)),
            AfterLast::Stay(_) => seen,
        };
        let mut situation = self.at(seen);
        loop {
            if situation.condition.ends_sessions() {
                return Some(situation.condition);
            }
            match situation.next {
                Some((at, _)) if at <= now => situation = self.at(at),
                _ => return None,
            }
        }
    }

    /// When the round that holds then began, and its step; no step once all
    /// are over.
    fn place(&self, elapsed: Duration) -> (Duration, Option<usize>) {
        let round = match self.after {
            AfterLast::Repeat => {
                let rounds = elapsed.as_nanos() / self.length.as_nanos().max(1);
                times(self.length, rounds)
            }
            AfterLast::Stay(_) => Duration::ZERO,
        };
        let mut ends = round;
        let place = self.steps.iter().position(|step| {
            ends += step.lasts;
            elapsed < ends
        });
        (round, place)
    }

    /// When another condition holds than in this step, and which.
    fn change(&self, round: Duration, place: usize) -> Option<(Duration, Condition)> {
        let now = self.steps[place].condition;
        let before: Duration = self.steps[..place].iter().map(|step| step.lasts).sum();
        let mut at = round + before + self.steps[place].lasts;
        let again = match self.after {
            AfterLast::Repeat => &self.steps[..place],
            AfterLast::Stay(_) => &[],
        };
        for step in self.steps[place + 1..].iter().chain(again) {
            if step.condition != now {
                return Some((at, step.condition));
            }
            at += step.lasts;
        }
        match self.after {
            AfterLast::Stay(last) if last != now => Some((at, last)),
            AfterLast::Stay(_) | AfterLast::Repeat => None,
        }
    }

    /// What holds after the last step.
    fn last(&self) -> Condition {
        match self.after {
            AfterLast::Stay(condition) => condition,
            // A script that repeats has a step at every time.
            AfterLast::Repeat => Condition::Calm,
        }
    }
}

/// So many times a length; what is longer than can be told is the longest.
fn times(length: Duration, count: u128) -> Duration {
    let nanos = length.as_nanos().saturating_mul(count);
    let seconds = u64::try_from(nanos / 1_000_000_000).unwrap_or(u64::MAX);
    let rest = u32::try_from(nanos % 1_000_000_000).unwrap_or(0);
    Duration::new(seconds, rest)
}

// === impl ScriptError ===

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany => write!(f, "more than {} steps", FaultScript::MOST_STEPS),
            Self::Length(at) => write!(f, "step {} is too short or too long", at + 1),
            Self::Empty => f.write_str("no step to repeat"),
        }
    }
}

impl Error for ScriptError {}

#[cfg(test)]
#[path = "fault_script_tests.rs"]
mod tests;
