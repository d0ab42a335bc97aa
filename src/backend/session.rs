//! From configurations to what the screen says about them: the one in use, those
//! that could be, and how they differ.

use chrono::{DateTime, Utc};

use crate::{
    backend::jobs::worded,
    config::{self, Candidate, Config, Loaded, RehearsalChoice},
    domain::{
        Alternative, AlternativeKind, ConfigDifference, Destination, Fate, OWN_SCRIPT, Scenario,
        Scene, Session, Use,
    },
};

/// The session of a configuration, begun then.
#[must_use]
pub fn session(config: &Config, started_at: DateTime<Utc>) -> Session {
    let provenance = &config.provenance;
    Session {
        started_at,
        target: config.target.clone(),
        direct: config.direct.clone(),
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
        AlternativeKind::Mode => {
            let is_mode = candidate.name.as_deref() == Some(in_use.target.mode.as_str());
            is_mode && candidate.choice.rehearsal == rehearsed(in_use)
        }
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
        scene: scene(candidate),
        use_now,
        standing: config.map(destination).map_err(worded),
    }
}

/// The choice that a configuration amounts to, as far as rehearsals go.
fn rehearsed(config: &Config) -> RehearsalChoice {
    let rehearsal = config.adapter.rehearsal();
    match rehearsal.map(|rehearsal| rehearsal.scenario) {
        None => RehearsalChoice::AsConfigured,
        Some(Some(scenario)) => RehearsalChoice::Scenario(scenario),
        Some(None) => RehearsalChoice::OwnScript,
    }
}

/// What a candidate would rehearse, in words.
fn scene(candidate: &Candidate) -> Option<Scene> {
    let told = |scenario: Scenario| Scene {
        name: scenario.as_str(),
        summary: scenario.summary().to_owned(),
    };
    match candidate.choice.rehearsal {
        RehearsalChoice::AsConfigured => None,
        RehearsalChoice::Scenario(scenario) => Some(told(scenario)),
        RehearsalChoice::OwnScript => Some(Scene {
            name: OWN_SCRIPT,
            summary: steps(candidate).unwrap_or_default(),
        }),
    }
}

/// The steps of somebody's own, as they were written.
fn steps(candidate: &Candidate) -> Option<String> {
    let settings = &candidate.outcome.as_ref().ok()?.settings;
    let script = settings.iter().find(|row| row.key == "mock.script")?;
    script.value.clone()
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
        direct: config.direct.clone(),
        environment: config.provenance.environment.clone(),
        read_only: config.watch.read_only,
        profile: config.provenance.profile.clone(),
        auto_migrate: config.watch.auto_migrate,
        remarks: config.provenance.warnings.clone(),
    }
}
