//! From status and newest check to one word: healthy, degraded or unhealthy.

use std::time::Duration;

use serde::Serialize;

use crate::domain::{
    Asked, ConnectionStatus, DbError, DegradedReason, HealthCheckResult, MIGRATIONS_UNREAD,
    PoolMode, REQUIRED_TABLES, less_than_expected,
};

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

/// What a verdict rests on.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The connection's status.
    pub status: ConnectionStatus,
    /// The newest check that says something about the database.
    pub newest: Option<&'a HealthCheckResult>,
    /// The median round trip of the newest heartbeats, once there are enough.
    pub heartbeats: Option<Duration>,
    /// An answer is overdue.
    pub is_suspect: bool,
    /// Why new clients cannot get in although the connection lives.
    pub refused: Option<&'a DbError>,
    /// Why nobody watches the connection between checks.
    pub unguarded: Option<&'a DbError>,
}

// === impl Evidence ===

impl<'a> Evidence<'a> {
    /// Evidence of status and newest check alone.
    #[must_use]
    pub const fn new(status: ConnectionStatus, newest: Option<&'a HealthCheckResult>) -> Self {
        Self {
            status,
            newest,
            heartbeats: None,
            is_suspect: false,
            refused: None,
            unguarded: None,
        }
    }
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
    /// Judges a connection.
    ///
    /// Unhealthy unless it is connected and there is proof that it lives: a
    /// newest check that succeeded, or a guard although new clients are refused.
    #[must_use]
    pub fn assess(evidence: &Evidence<'_>, policy: &HealthPolicy) -> Self {
        let is_alive = evidence.newest.is_some_and(HealthCheckResult::success)
            || evidence.newest.is_some() && evidence.refused.is_some();
        if evidence.status != ConnectionStatus::Connected || !is_alive {
            return Self {
                health: Health::Unhealthy,
                reasons: Vec::new(),
            };
        }
        let reasons = reasons(evidence, policy);
        let health = if reasons.is_empty() {
            Health::Healthy
        } else {
            Health::Degraded
        };
        Self { health, reasons }
    }

    /// True when both say the same, figures aside.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        let kinds = |verdict: &Self| -> Vec<_> {
            verdict.reasons.iter().map(std::mem::discriminant).collect()
        };
        self.health == other.health && kinds(self) == kinds(other)
    }
}

fn reasons(evidence: &Evidence<'_>, policy: &HealthPolicy) -> Vec<DegradedReason> {
    let mut reasons = Vec::new();
    let cause = |error: &DbError| match error.code() {
        Some(code) => format!("{} ({code})", error.message()),
        None => error.message(),
    };
    if evidence.is_suspect {
        reasons.push(DegradedReason::Suspect);
    }
    if let Some(error) = evidence.refused {
        reasons.push(DegradedReason::NewConnectionsRefused {
            cause: cause(error),
        });
    }
    if let Some(error) = evidence.unguarded {
        reasons.push(DegradedReason::Unguarded {
            cause: cause(error),
        });
    }
    if let Some(latency) = evidence.heartbeats
        && latency > policy.slow_threshold
    {
        reasons.push(DegradedReason::Slow {
            asked: Asked::Heartbeats,
            latency,
            threshold: policy.slow_threshold,
        });
    }
    if let Some(check) = evidence.newest.filter(|check| check.success()) {
        about_check(&mut reasons, check, policy);
    }
    reasons
}

fn about_check(
    reasons: &mut Vec<DegradedReason>,
    check: &HealthCheckResult,
    policy: &HealthPolicy,
) {
    if check.latency() > policy.slow_threshold {
        reasons.push(DegradedReason::Slow {
            asked: Asked::Check,
            latency: check.latency(),
            threshold: policy.slow_threshold,
        });
    }
    let Some(details) = check.details() else {
        return;
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
        let required = REQUIRED_TABLES.len();
        let present = required.saturating_sub(missing.len());
        reasons.push(DegradedReason::SchemaMissing { present, required });
    }
    if let Some(summary) = details
        .migrations
        .as_ref()
        .filter(|_| policy.requires_schema)
    {
        if let Some(what) = summary.fault() {
            let what = what.to_owned();
            reasons.push(DegradedReason::LedgerFault { what });
        } else if let Some(count) = summary.waiting() {
            reasons.push(DegradedReason::MigrationsPending { count });
        }
    }
    let is_unknown = policy.expects_writes && details.read_only.is_none()
        || policy.requires_schema && details.missing_tables.is_none();
    // A ledger that may not be read says nothing about the rest.
    let mut unread = details.unread.iter();
    if is_unknown && unread.any(|what| !what.starts_with(MIGRATIONS_UNREAD)) {
        reasons.push(DegradedReason::DetailsUnread {
            what: details.unread.join("; "),
        });
    }
    reasons.extend(less_than_expected(details, policy));
    if details
        .pooler
        .is_some_and(|pooler| pooler.mode == PoolMode::Statement)
    {
        reasons.push(DegradedReason::NoTransactions);
    }
    if let Some(pool) = details.pool.filter(|pool| pool.waiting > 0) {
        reasons.push(DegradedReason::PoolFull {
            waiting: pool.waiting,
        });
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::{
        ConnectionId, HealthCheckDraft, HealthDetails, KeyKind, LedgerStanding, MigrationSummary,
        RestDetails, SeenTable, TableSight,
    };

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
        let evidence = |status| Evidence::new(status, Some(&result));
        let verdict = Verdict::assess(&evidence(ConnectionStatus::Connected), &policy);
        let words: Vec<_> = verdict.reasons.iter().map(ToString::to_string).collect();
        assert_eq!(words, expected);
        let health = if expected.is_empty() {
            Health::Healthy
        } else {
            Health::Degraded
        };
        assert_eq!(verdict.health, health);
        let verdict = Verdict::assess(&evidence(ConnectionStatus::Error), &policy);
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
        let summary = |pending, problem: Option<&str>| MigrationSummary {
            ledger: LedgerStanding::Ours,
            applied: Some(8),
            pending,
            problem: problem.map(str::to_owned),
        };
        check(
            |d| d.migrations = Some(summary(Some(2), None)),
            patient,
            &["schema: 2 migrations pending"],
        );
        check(
            |d| d.migrations = Some(summary(None, Some("0003_x is a gap"))),
            patient,
            &["schema: 0003_x is a gap"],
        );
        check(
            |d| d.migrations = Some(summary(Some(0), None)),
            patient,
            &[],
        );
        // Who has tables of another origin has nothing to mend.
        check(
            |d| {
                d.migrations = Some(MigrationSummary {
                    ledger: LedgerStanding::Absent,
                    ..summary(None, Some("no ledger"))
                });
            },
            patient,
            &[],
        );
        let lenient = HealthPolicy {
            requires_schema: false,
            ..patient
        };
        check(|d| d.missing_tables = Some(all()), lenient, &[]);
        check(
            |d| d.migrations = Some(summary(Some(2), None)),
            lenient,
            &[],
        );
        let unread = |d: &mut HealthDetails| {
            d.missing_tables = None;
            d.read_only = Some(false);
            d.unread = vec!["tables: PermissionDenied 42501".into()];
        };
        let words = "details could not be read: tables: PermissionDenied 42501";
        check(unread, patient, &[words]);
        check(unread, lenient, &[]);
        let unread = |d: &mut HealthDetails| d.unread = vec!["server: Unknown XX000".into()];
        check(
            unread,
            patient,
            &["details could not be read: server: Unknown XX000"],
        );
        check(unread, reader, &[]);
    }

    #[test]
    fn what_a_check_over_rest_is_not_shown_is_said() {
        let patient = HealthPolicy {
            slow_threshold: Duration::from_millis(201),
            ..POLICY
        };
        let lenient = HealthPolicy {
            requires_schema: false,
            ..patient
        };
        let shown = |table: &str, seen| {
            let table = table.to_owned();
            move |d: &mut HealthDetails| {
                d.role = Some("anon".to_owned());
                d.rest = Some(RestDetails {
                    key: KeyKind::Publishable,
                    role_is_from: String::new(),
                    service: None,
                    table,
                    seen,
                    tables: Vec::new(),
                    direct_fault: None,
                });
            }
        };
        check(shown("agents", TableSight::Rows), patient, &[]);
        check(shown("agents", TableSight::Empty), patient, &[]);
        let words = "permission: anon may not read agents";
        check(shown("agents", TableSight::Denied), patient, &[words]);
        let words = "row-level security: it hides the rows of agents from anon";
        check(shown("agents", TableSight::Hidden), patient, &[words]);
        let words = "row-level security: anon sees no row of agents; it is empty, or they \
                     are hidden";
        check(
            shown("agents", TableSight::EmptyOrHidden),
            patient,
            &[words],
        );
        check(shown("agents", TableSight::Missing), patient, &[]);
        let words = "database not asked: no table is there to read a row of";
        check(shown("agents", TableSight::Missing), lenient, &[words]);
        check(shown("agents", TableSight::OtherColumns), lenient, &[]);
        let others = |d: &mut HealthDetails| {
            shown("agents", TableSight::OtherColumns)(d);
            let tables = ["agents", "commands"].map(|name| SeenTable {
                name: name.to_owned(),
                seen: TableSight::OtherColumns,
            });
            d.rest.as_mut().unwrap().tables = tables.to_vec();
        };
        let words = "schema: other columns than ours: agents, commands";
        check(others, patient, &[words]);
        check(others, lenient, &[]);
        let words = "health_table: _health_check does not exist";
        for policy in [patient, lenient] {
            check(
                shown("_health_check", TableSight::Missing),
                policy,
                &[words],
            );
        }
    }

    #[test]
    fn slow_heartbeats_are_degraded_and_said() {
        let draft = HealthCheckDraft {
            connection_id: ConnectionId(uuid::Uuid::nil()),
            timestamp: DateTime::UNIX_EPOCH,
            latency: Duration::from_millis(1),
            outcome: Ok(()),
            details: None,
        };
        let quick = HealthCheckResult::try_new(draft, DateTime::UNIX_EPOCH).unwrap();
        let mut evidence = Evidence::new(ConnectionStatus::Connected, Some(&quick));
        evidence.heartbeats = Some(Duration::from_millis(200));
        assert_eq!(Verdict::assess(&evidence, &POLICY).health, Health::Healthy);
        evidence.heartbeats = Some(Duration::from_millis(900));
        let verdict = Verdict::assess(&evidence, &POLICY);
        assert_eq!(verdict.health, Health::Degraded);
        let words = "slow heartbeats: 900.0 ms, above 200 ms";
        assert_eq!(verdict.reasons[0].to_string(), words);
    }

    #[test]
    fn a_guard_that_lives_makes_a_refused_login_degraded() {
        let draft = HealthCheckDraft {
            connection_id: ConnectionId(uuid::Uuid::nil()),
            timestamp: DateTime::UNIX_EPOCH,
            latency: Duration::ZERO,
            outcome: Err("refused".into()),
            details: None,
        };
        let failed = HealthCheckResult::try_new(draft, DateTime::UNIX_EPOCH).unwrap();
        let mut evidence = Evidence::new(ConnectionStatus::Connected, Some(&failed));
        assert_eq!(
            Verdict::assess(&evidence, &POLICY).health,
            Health::Unhealthy
        );
        let error = DbError::new(
            crate::domain::Action::HealthCheck,
            crate::domain::ErrorKind::AuthFailed,
        )
        .with_code("28P01");
        evidence.refused = Some(&error);
        let verdict = Verdict::assess(&evidence, &POLICY);
        assert_eq!(verdict.health, Health::Degraded);
        assert_eq!(
            verdict.reasons[0].to_string(),
            "new connections refused: Database authentication failed. \
             Please check your credentials. (28P01)"
        );
    }
}
