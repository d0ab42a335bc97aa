//! From the configuration to what the screen says about the whole session.

use chrono::{DateTime, Utc};

use crate::{config::Config, domain::Session};

/// The session of a configuration, begun now.
#[must_use]
pub fn session(config: &Config, now: DateTime<Utc>) -> Session {
    let provenance = &config.provenance;
    Session {
        started_at: now,
        target: config.target.clone(),
        mode_reason: provenance.mode_reason.clone(),
        warnings: provenance.warnings.clone(),
        profile: provenance.profile.clone(),
        environment: provenance.environment.clone(),
        config_file: provenance.file.clone(),
        read_only: config.watch.read_only,
        health_check_interval: config.watch.health_check_interval,
        health_check_timeout: config.watch.health_check_timeout,
        policy: config.watch.policy,
    }
}
