//! From status and newest check to one word: healthy, degraded or unhealthy.

use std::{fmt, time::Duration};

use serde::Serialize;

use crate::domain::{ConnectionStatus, HealthCheckResult, millis};

/// The health of the watched database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// It answers and nothing is wrong with it.
    Healthy,
    /// It answers, and something is wrong.
    Degraded,
    /// It cannot be used, or nothing is known of it.
    Unhealthy,
}

/// What is expected of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthPolicy {
    /// A round trip above this is slow.
    pub slow_threshold: Duration,
    /// Writes are expected: a read-only database is degraded.
    pub expects_writes: bool,
    /// The nine required tables are expected.
    pub requires_schema: bool,
}

/// A health, and each reason why it is not better.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The word.
    pub health: Health,
    /// Why it is degraded; empty for the other two.
    pub reasons: Vec<DegradedReason>,
}

/// One thing that is wrong with a database that answers. `Display` is its text
/// on the screen and in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DegradedReason {
    /// The round trip took longer than the threshold.
    Slow {
        /// It took this long.
        latency: Duration,
        /// The threshold.
        threshold: Duration,
    },
    /// A new session cannot write although writes are expected.
    ReadOnly {
        /// Because the server is a standby or recovers.
        in_recovery: bool,
    },
    /// Required tables are missing.
    SchemaMissing {
        /// Required tables that exist.
        present: usize,
        /// Required tables.
        required: usize,
    },
    /// Every connection of our pool is used and callers wait.
    PoolFull {
        /// Callers that wait.
        waiting: u64,
    },
}

// === impl Health ===

impl Health {
    /// The word used in JSON and on the screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
        }
    }
}

// === impl Verdict ===

impl Verdict {
    /// Judges a connection by its status and its newest check.
    ///
    /// Unhealthy unless it is connected and its newest check succeeded.
    #[must_use]
    pub fn assess(
        status: ConnectionStatus,
        newest: Option<&HealthCheckResult>,
        policy: &HealthPolicy,
    ) -> Self {
        let Some(check) = newest.filter(|check| check.success()) else {
            return Self {
                health: Health::Unhealthy,
                reasons: Vec::new(),
            };
        };
        if status != ConnectionStatus::Connected {
            return Self {
                health: Health::Unhealthy,
                reasons: Vec::new(),
            };
        }
        let reasons = reasons(check, policy);
        let health = if reasons.is_empty() {
            Health::Healthy
        } else {
            Health::Degraded
        };
        Self { health, reasons }
    }
}

fn reasons(check: &HealthCheckResult, policy: &HealthPolicy) -> Vec<DegradedReason> {
    let mut reasons = Vec::new();
    if check.latency() > policy.slow_threshold {
        reasons.push(DegradedReason::Slow {
            latency: check.latency(),
            threshold: policy.slow_threshold,
        });
    }
    let Some(details) = check.details() else {
        return reasons;
    };
    let in_recovery = details.in_recovery == Some(true);
    if policy.expects_writes && (details.read_only == Some(true) || in_recovery) {
        reasons.push(DegradedReason::ReadOnly { in_recovery });
    }
    if let Some(missing) = details
        .missing_tables
        .as_ref()
        .filter(|missing| !missing.is_empty())
        && policy.requires_schema
    {
        let required = crate::domain::REQUIRED_TABLES.len();
        let present = required.saturating_sub(missing.len());
        reasons.push(DegradedReason::SchemaMissing { present, required });
    }
    if let Some(pool) = details.pool.filter(|pool| pool.waiting > 0) {
        reasons.push(DegradedReason::PoolFull {
            waiting: pool.waiting,
        });
    }
    reasons
}

// === impl DegradedReason ===

impl fmt::Display for DegradedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slow { latency, threshold } => write!(
                f,
                "slow: {:.1} ms, above {:.0} ms",
                millis::as_ms(*latency),
                millis::as_ms(*threshold)
            ),
            Self::ReadOnly { in_recovery: true } => f.write_str("read-only: standby or recovery"),
            Self::ReadOnly { in_recovery: false } => {
                f.write_str("read-only: nothing can be written")
            }
            Self::SchemaMissing {
                present: 0,
                required,
            } => {
                write!(f, "schema: not initialised 0/{required}")
            }
            Self::SchemaMissing { present, required } => {
                write!(f, "schema: incomplete {present}/{required}")
            }
            Self::PoolFull { waiting } => write!(f, "pool full: {waiting} waiting"),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::{ConnectionId, HealthCheckDraft, HealthDetails, REQUIRED_TABLES};

    const POLICY: HealthPolicy = HealthPolicy {
        slow_threshold: Duration::from_millis(200),
        expects_writes: true,
        requires_schema: true,
    };

    #[track_caller]
    fn check(change: impl FnOnce(&mut HealthDetails), policy: HealthPolicy, expected: &[&str]) {
        let mut details = HealthDetails {
            missing_tables: Some(vec![]),
            ..HealthDetails::default()
        };
        change(&mut details);
        let draft = HealthCheckDraft {
            connection_id: ConnectionId(uuid::Uuid::nil()),
            timestamp: DateTime::UNIX_EPOCH,
            latency: Duration::from_millis(201),
            outcome: Ok(()),
            details: Some(details),
        };
        let result = HealthCheckResult::try_new(draft, DateTime::UNIX_EPOCH).unwrap();
        let verdict = Verdict::assess(ConnectionStatus::Connected, Some(&result), &policy);
        let words: Vec<_> = verdict.reasons.iter().map(ToString::to_string).collect();
        assert_eq!(words, expected);
        let health = if expected.is_empty() {
            Health::Healthy
        } else {
            Health::Degraded
        };
        assert_eq!(verdict.health, health);
        let verdict = Verdict::assess(ConnectionStatus::Error, Some(&result), &policy);
        assert_eq!(verdict.health, Health::Unhealthy);
    }

    #[test]
    fn each_thing_that_is_wrong_is_said() {
        let patient = HealthPolicy {
            slow_threshold: Duration::from_millis(201),
            ..POLICY
        };
        check(|_| {}, patient, &[]);
        check(|_| {}, POLICY, &["slow: 201.0 ms, above 200 ms"]);
        check(
            |d| d.read_only = Some(true),
            patient,
            &["read-only: nothing can be written"],
        );
        check(
            |d| d.in_recovery = Some(true),
            patient,
            &["read-only: standby or recovery"],
        );
        let reader = HealthPolicy {
            expects_writes: false,
            ..patient
        };
        check(|d| d.read_only = Some(true), reader, &[]);
        let all = || REQUIRED_TABLES.map(str::to_owned).to_vec();
        check(
            |d| d.missing_tables = Some(all()),
            patient,
            &["schema: not initialised 0/9"],
        );
        check(
            |d| d.missing_tables = Some(vec!["agents".into()]),
            patient,
            &["schema: incomplete 8/9"],
        );
        let lenient = HealthPolicy {
            requires_schema: false,
            ..patient
        };
        check(|d| d.missing_tables = Some(all()), lenient, &[]);
    }
}
