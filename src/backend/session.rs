//! From configurations to what the screen says about them: the one in use, those
//! that could be, and how they differ.

use chrono::{DateTime, Utc};

use crate::{
    backend::jobs::worded,
    config::{self, Candidate, Config, Loaded},
    domain::{Alternative, AlternativeKind, ConfigDifference, Destination, Fate, Session, Use},
};

/// The session of a configuration, begun then.
#[must_use]
pub fn session(config: &Config, started_at: DateTime<Utc>) -> Session {
    let provenance = &config.provenance;
    Session {
        started_at,
        target: config.target.clone(),
        mode_reason: provenance.mode_reason.clone(),
        chosen: None,
        former: Vec::new(),
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

/// Whether two configurations mean the same to whoever watches.
pub(super) fn is_same(a: &Config, b: &Config) -> bool {
    a.adapter == b.adapter
        && a.watch == b.watch
        && a.provenance.profile == b.provenance.profile
        && a.provenance.environment == b.provenance.environment
}

/// A row of the list of what could be watched instead.
pub(super) fn alternative(
    candidate: &Candidate,
    kind: AlternativeKind,
    in_use: &Config,
) -> Alternative {
    let is_named = match kind {
        AlternativeKind::Mode => candidate.name.as_deref() == Some(in_use.target.mode.as_str()),
        AlternativeKind::Profile => candidate.name == in_use.provenance.profile,
    };
    let config = candidate.outcome.as_ref().map(|loaded| &loaded.config);
    let use_now = match (is_named, config) {
        (false, _) => Use::Not,
        (true, Ok(config)) if is_same(config, in_use) => Use::InUse,
        (true, _) => Use::InUseOtherwise,
    };
    Alternative {
        name: candidate.name.clone(),
        use_now,
        standing: config.map(destination).map_err(worded),
    }
}

/// What another configuration would change.
pub(super) fn difference(in_use: &Loaded, read: &Loaded) -> ConfigDifference {
    ConfigDifference {
        changes: config::changes(in_use, read),
        destination: destination(&read.config),
        connection: if config::serves(in_use, read) {
            Fate::Stays
        } else {
            Fate::IsReplaced
        },
    }
}

fn destination(config: &Config) -> Destination {
    Destination {
        target: config.target.clone(),
        environment: config.provenance.environment.clone(),
        read_only: config.watch.read_only,
        profile: config.provenance.profile.clone(),
        auto_migrate: config.watch.auto_migrate,
        remarks: config.provenance.warnings.clone(),
    }
}
