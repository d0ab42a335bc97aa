//! A profile or a mode that somebody chose while the program runs, and what it
//! puts out of force. Knows nothing of who chose it.

use std::collections::BTreeSet;

use crate::{
    config::{
        Origin, assign::Entry, file_layer::FileLayer, origin::Sourced, rehearsal, values::Values,
    },
    domain::{Mode, Scenario},
};

/// Where a value comes from that was chosen.
const CHOSEN: Origin = Origin::Derived("chosen by you");

/// Where the mode comes from that a chosen profile has no word for.
const IMPLIED: Origin = Origin::Derived("implied by the address in the chosen profile");

/// The keys that say which database is meant.
const DECIDING: [&str; 4] = ["mode", "supabase_url", "supabase_key", "database_url"];

/// What was chosen beside the sources. The default is nothing.
///
/// A chosen profile means what it says: its own values win over the
/// environment, and where they name a database, over the mode, scenario and URL
/// of the command line, too. All other flags still win, and so does a
/// `read_only` that the environment sets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choice {
    /// Which profile.
    pub profile: ProfileChoice,
    /// Which mode; `None` leaves it to the settings.
    pub mode: Option<Mode>,
    /// What is rehearsed in mock mode.
    pub rehearsal: RehearsalChoice,
}

/// Which profile was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ProfileChoice {
    /// None was: the one that the sources name is used.
    #[default]
    AsConfigured,
    /// To use none.
    Without,
    /// This one.
    Named(String),
}

/// Which rehearsal was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RehearsalChoice {
    /// None was: what the sources name is played.
    #[default]
    AsConfigured,
    /// This one.
    Scenario(Scenario),
    /// The steps that the sources hold, whatever scenario they name as well.
    OwnScript,
}

// === impl Choice ===

impl Choice {
    /// Whether anything was chosen.
    #[must_use]
    pub fn is_made(&self) -> bool {
        *self != Self::default()
    }

    /// Whether an entry of environment or command line still holds.
    pub(crate) fn leaves_in_force(&self, entry: &Entry, file: &FileLayer) -> bool {
        let key = entry.spec.name;
        if let Some(mode) = self.mode {
            let names_another = match key {
                "mode" => true,
                "mock.scenario" => mode != Mode::Mock && rehearsal::is_flag(&entry.origin),
                "database_url" => mode != Mode::Local && entry.origin == Origin::Argument,
                _ => false,
            };
            if names_another {
                return false;
            }
        }
        let own = self.own_keys(file);
        let is_from_environment = matches!(entry.origin, Origin::Environment(_));
        if is_from_environment && key != "read_only" && own.contains(key) {
            return false;
        }
        let is_about_the_database = DECIDING.contains(&key)
            || (key == "mock.scenario" && rehearsal::is_flag(&entry.origin));
        !(is_about_the_database && DECIDING.iter().any(|key| own.contains(key)))
    }

    /// Puts in force what was chosen, over all that was set.
    pub(crate) fn lay(&self, file: &FileLayer, values: &mut Values) {
        match &self.profile {
            ProfileChoice::AsConfigured => {}
            ProfileChoice::Without => values.profile = None,
            ProfileChoice::Named(name) => {
                values.profile = Some(Sourced {
                    value: name.clone(),
                    origin: CHOSEN,
                });
            }
        }
        if let Some(value) = self.mode {
            let origin = CHOSEN;
            values.mode = Some(Sourced { value, origin });
        } else if let Some(value) = self.implied_mode(file) {
            let origin = IMPLIED;
            values.mode = Some(Sourced { value, origin });
        }
        match self.rehearsal {
            RehearsalChoice::AsConfigured => {}
            RehearsalChoice::Scenario(value) => {
                let origin = CHOSEN;
                values.mock_scenario = Some(Sourced { value, origin });
                values.mock_script = None;
            }
            RehearsalChoice::OwnScript => values.mock_scenario = None,
        }
    }

    /// The mode of a profile that has an address and names no mode.
    fn implied_mode(&self, file: &FileLayer) -> Option<Mode> {
        let own = self.own_keys(file);
        let is_rest = own.contains("supabase_url") || own.contains("supabase_key");
        match (own.contains("mode"), own.contains("database_url"), is_rest) {
            (true, _, _) | (_, false, false) => None,
            (false, _, true) => Some(Mode::Supabase),
            (false, true, false) => Some(Mode::Local),
        }
    }

    /// The keys that the chosen profile sets.
    fn own_keys(&self, file: &FileLayer) -> BTreeSet<&'static str> {
        let ProfileChoice::Named(chosen) = &self.profile else {
            return BTreeSet::new();
        };
        let is_own = |entry: &&Entry| match &entry.origin {
            Origin::File {
                profile: Some(profile),
                ..
            } => **profile == *chosen,
            _ => false,
        };
        let own = file.entries.iter().filter(is_own);
        own.map(|entry| entry.spec.name).collect()
    }
}

/// Whether a mode was chosen rather than set.
pub(crate) fn is_chosen(mode: &Sourced<Mode>) -> bool {
    mode.origin == CHOSEN
}
