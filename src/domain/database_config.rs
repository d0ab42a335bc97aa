//! DatabaseConfig of the data model: eight fields, their defaults and rules.

use std::{error::Error, fmt, ops::RangeInclusive};

use serde::{Deserialize, Serialize};

use crate::domain::{Mode, Secret};

/// A configuration that keeps every rule of the data model.
///
/// Made from a [`DatabaseConfigDraft`] by [`DatabaseConfigDraft::validate`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "DatabaseConfigDraft", into = "DatabaseConfigDraft")]
pub struct DatabaseConfig(DatabaseConfigDraft);

/// The fields of a configuration before they are checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DatabaseConfigDraft {
    /// Active database mode.
    pub mode: Mode,
    /// Supabase project URL; required in supabase mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supabase_url: Option<String>,
    /// Supabase anonymous key; required in supabase mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supabase_key: Option<Secret>,
    /// PostgreSQL connection string, credentials included; required in local mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database_url: Option<Secret>,
    /// Connections at most, 1 to 100.
    #[serde(default = "default_pool_size")]
    pub pool_size: u64,
    /// Milliseconds between two health checks, at least 5000.
    #[serde(default = "default_health_check_interval")]
    pub health_check_interval: u64,
    /// Quick connection retries, 0 to 10.
    #[serde(default = "default_max_retries")]
    pub max_retries: u64,
    /// Milliseconds before the first retry, 100 to 10000.
    #[serde(default = "default_retry_delay")]
    pub retry_delay: u64,
}

const fn default_pool_size() -> u64 {
    DatabaseConfig::DEFAULT_POOL_SIZE
}
const fn default_health_check_interval() -> u64 {
    DatabaseConfig::DEFAULT_HEALTH_CHECK_INTERVAL
}
const fn default_max_retries() -> u64 {
    DatabaseConfig::DEFAULT_MAX_RETRIES
}
const fn default_retry_delay() -> u64 {
    DatabaseConfig::DEFAULT_RETRY_DELAY
}

/// One broken rule: which field, what it held, what it may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleViolation {
    /// The data model's name of the field.
    pub field: &'static str,
    /// The value as written, or "absent". Never a secret.
    pub value: String,
    /// What the rule allows.
    pub allowed: String,
}

impl fmt::Display for RuleViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}: {}", self.field, self.value, self.allowed)
    }
}

/// All rules that a draft breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidConfig(pub Vec<RuleViolation>);

impl fmt::Display for InvalidConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{violation}")?;
        }
        Ok(())
    }
}

impl Error for InvalidConfig {}

// === impl DatabaseConfig ===

impl DatabaseConfig {
    /// `poolSize` when it is not given.
    pub const DEFAULT_POOL_SIZE: u64 = 10;
    /// `healthCheckInterval` in ms when it is not given.
    pub const DEFAULT_HEALTH_CHECK_INTERVAL: u64 = 30_000;
    /// `maxRetries` when it is not given.
    pub const DEFAULT_MAX_RETRIES: u64 = 3;
    /// `retryDelay` in ms when it is not given.
    pub const DEFAULT_RETRY_DELAY: u64 = 1_000;
    /// Allowed values of `poolSize`.
    pub const POOL_SIZE: RangeInclusive<u64> = 1..=100;
    /// Allowed values of `healthCheckInterval` in ms. The data model sets no
    /// upper bound; ours is one day, so that no sum of times overflows.
    pub const HEALTH_CHECK_INTERVAL: RangeInclusive<u64> = 5_000..=86_400_000;
    /// Allowed values of `maxRetries`.
    pub const MAX_RETRIES: RangeInclusive<u64> = 0..=10;
    /// Allowed values of `retryDelay` in ms.
    pub const RETRY_DELAY: RangeInclusive<u64> = 100..=10_000;

    /// The checked fields.
    #[must_use]
    pub fn fields(&self) -> &DatabaseConfigDraft {
        &self.0
    }

    /// Active database mode.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.0.mode
    }
}

impl TryFrom<DatabaseConfigDraft> for DatabaseConfig {
    type Error = InvalidConfig;

    fn try_from(draft: DatabaseConfigDraft) -> Result<Self, Self::Error> {
        draft.validate().map_err(InvalidConfig)
    }
}

impl From<DatabaseConfig> for DatabaseConfigDraft {
    fn from(config: DatabaseConfig) -> Self {
        config.0
    }
}

// === impl DatabaseConfigDraft ===

impl DatabaseConfigDraft {
    /// A draft with the data model's defaults and no address.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        Self {
            mode,
            supabase_url: None,
            supabase_key: None,
            database_url: None,
            pool_size: default_pool_size(),
            health_check_interval: default_health_check_interval(),
            max_retries: default_max_retries(),
            retry_delay: default_retry_delay(),
        }
    }

    /// Checks every rule.
    ///
    /// # Errors
    /// All broken rules, in the order of the fields.
    pub fn validate(self) -> Result<DatabaseConfig, Vec<RuleViolation>> {
        let mut broken = Vec::new();
        match self.mode {
            Mode::Supabase => {
                let url = self.supabase_url.as_deref().unwrap_or_default();
                require(
                    &mut broken,
                    "supabaseUrl",
                    self.mode,
                    !url.trim().is_empty(),
                );
                let key = self
                    .supabase_key
                    .as_ref()
                    .is_some_and(|key| !key.is_empty());
                require(&mut broken, "supabaseKey", self.mode, key);
            }
            Mode::Local => {
                let url = self
                    .database_url
                    .as_ref()
                    .is_some_and(|url| !url.is_empty());
                require(&mut broken, "databaseUrl", self.mode, url);
            }
            Mode::Mock => {}
        }
        let ranges = [
            ("poolSize", self.pool_size, DatabaseConfig::POOL_SIZE),
            (
                "healthCheckInterval",
                self.health_check_interval,
                DatabaseConfig::HEALTH_CHECK_INTERVAL,
            ),
            ("maxRetries", self.max_retries, DatabaseConfig::MAX_RETRIES),
            ("retryDelay", self.retry_delay, DatabaseConfig::RETRY_DELAY),
        ];
        for (field, value, range) in ranges {
            if !range.contains(&value) {
                broken.push(RuleViolation {
                    field,
                    value: value.to_string(),
                    allowed: format!("must be between {} and {}", range.start(), range.end()),
                });
            }
        }
        if broken.is_empty() {
            Ok(DatabaseConfig(self))
        } else {
            Err(broken)
        }
    }
}

fn require(broken: &mut Vec<RuleViolation>, field: &'static str, mode: Mode, present: bool) {
    if !present {
        broken.push(RuleViolation {
            field,
            value: "absent".to_owned(),
            allowed: format!("is required in {mode} mode"),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(change: impl FnOnce(&mut DatabaseConfigDraft), broken: &[&str]) {
        let mut draft = DatabaseConfigDraft::new(Mode::Mock);
        change(&mut draft);
        let found = draft.validate().err().unwrap_or_default();
        let fields: Vec<_> = found.iter().map(|violation| violation.field).collect();
        assert_eq!(fields, broken);
    }

    #[test]
    fn the_edges_of_every_range_hold() {
        check(|_| {}, &[]);
        check(|draft| draft.pool_size = 0, &["poolSize"]);
        check(|draft| draft.pool_size = 1, &[]);
        check(|draft| draft.pool_size = 100, &[]);
        check(|draft| draft.pool_size = 101, &["poolSize"]);
        check(
            |draft| draft.health_check_interval = 4_999,
            &["healthCheckInterval"],
        );
        check(|draft| draft.health_check_interval = 5_000, &[]);
        check(|draft| draft.max_retries = 10, &[]);
        check(|draft| draft.max_retries = 11, &["maxRetries"]);
        check(|draft| draft.retry_delay = 99, &["retryDelay"]);
        check(|draft| draft.retry_delay = 100, &[]);
        check(|draft| draft.retry_delay = 10_000, &[]);
        check(|draft| draft.retry_delay = 10_001, &["retryDelay"]);
    }

    #[test]
    fn each_mode_requires_its_address() {
        check(
            |draft| draft.mode = Mode::Supabase,
            &["supabaseUrl", "supabaseKey"],
        );
        check(|draft| draft.mode = Mode::Local, &["databaseUrl"]);
        check(
            |draft| {
                draft.mode = Mode::Local;
                draft.database_url = Some(Secret::new("postgres://h/d"));
            },
            &[],
        );
    }

    #[test]
    fn all_broken_rules_are_named_together() {
        check(
            |draft| {
                draft.mode = Mode::Local;
                draft.pool_size = 0;
                draft.retry_delay = 0;
            },
            &["databaseUrl", "poolSize", "retryDelay"],
        );
    }
}
