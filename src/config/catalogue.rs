//! All that could be chosen: the modes and the profiles, each resolved from the
//! same sources as at the start. Knows nothing of connections.

use std::{fmt, path::PathBuf, sync::Arc};

use crate::{
    config::{
        Choice, Complaints, Env, Fallback, Flags, Loaded, ProfileChoice, RehearsalChoice, Sources,
        load::{self, Idle, Order},
    },
    domain::{AlternativeKind, Mode, Rehearsal, Scenario},
};

/// Profiles that are listed at most.
const LISTED: usize = 200;

/// The sources of a configuration, kept, so that they can be read again.
///
/// Reading them may wait for a disk: call it where waiting is allowed.
#[derive(Clone)]
pub struct Catalogue {
    flags: Flags,
    env: Arc<dyn Env + Send + Sync>,
    cwd: PathBuf,
}

/// One thing that could be chosen.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The mode's word or the profile's name; `None`: to use no profile.
    pub name: Option<String>,
    /// What choosing it means.
    pub choice: Choice,
    /// What would be in force then, or everything that speaks against it.
    pub outcome: Result<Box<Loaded>, Complaints>,
}

/// All that could be chosen of one kind.
#[derive(Debug, Clone)]
pub struct Candidates {
    /// Those that are listed.
    pub listed: Vec<Candidate>,
    /// How many there are beside them; each can be named at the start.
    pub unlisted: usize,
}

impl Catalogue {
    /// Keeps the sources.
    #[must_use]
    pub fn new(flags: Flags, env: Arc<dyn Env + Send + Sync>, cwd: PathBuf) -> Self {
        Self { flags, env, cwd }
    }

    /// Reads everything again, the profiles that are not in use included.
    ///
    /// # Errors
    /// Every complaint, not only the first.
    pub fn load(&self, choice: &Choice) -> Result<Loaded, Complaints> {
        let order = Order {
            choice: choice.clone(),
            idle: Idle::Checked,
        };
        load::load_chosen(&self.sources(), &order, Fallback::Mock)
    }

    /// All that could be chosen in place of what is.
    ///
    /// # Errors
    /// Why the file that should hold the profiles cannot be read.
    pub fn candidates(
        &self,
        kind: AlternativeKind,
        now: &Choice,
    ) -> Result<Candidates, Complaints> {
        match kind {
            AlternativeKind::Mode => Ok(Candidates {
                listed: self.modes(now),
                unlisted: 0,
            }),
            AlternativeKind::Profile => self.profiles(),
        }
    }

    /// Every mode, with the profile that is in use; mock mode once for each
    /// rehearsal, too.
    fn modes(&self, now: &Choice) -> Vec<Candidate> {
        let candidate = |mode: Mode, rehearsal| {
            let choice = Choice {
                profile: now.profile.clone(),
                mode: Some(mode),
                rehearsal,
            };
            self.candidate(Some(mode.to_string()), choice)
        };
        let as_configured = |mode| candidate(mode, RehearsalChoice::AsConfigured);
        let mut candidates: Vec<_> = Mode::ALL.into_iter().map(as_configured).collect();
        // What the sources name has a row of its own below.
        candidates.retain(|it| it.rehearsal().is_none());
        candidates.extend(Scenario::ALL.into_iter().map(|scenario| {
            let rehearsal = RehearsalChoice::Scenario(scenario);
            candidate(Mode::Mock, rehearsal)
        }));
        let own = candidate(Mode::Mock, RehearsalChoice::OwnScript);
        if own.rehearsal().is_some() {
            candidates.push(own);
        }
        candidates
    }

    /// Every profile of the file, and what holds without one.
    fn profiles(&self) -> Result<Candidates, Complaints> {
        let names = load::profiles(&self.sources())?;
        let unlisted = names.len().saturating_sub(LISTED);
        let without = Choice {
            profile: ProfileChoice::Without,
            ..Choice::default()
        };
        let mut listed = vec![self.candidate(None, without)];
        listed.extend(names.into_iter().take(LISTED).map(|name| {
            let choice = Choice {
                profile: ProfileChoice::Named(name.clone()),
                ..Choice::default()
            };
            self.candidate(Some(name), choice)
        }));
        Ok(Candidates { listed, unlisted })
    }

    fn candidate(&self, name: Option<String>, choice: Choice) -> Candidate {
        let order = Order {
            choice: choice.clone(),
            idle: Idle::LeftOut,
        };
        let outcome = load::load_chosen(&self.sources(), &order, Fallback::Mock);
        Candidate {
            name,
            choice,
            outcome: outcome.map(Box::new),
        }
    }

    fn sources(&self) -> Sources<'_> {
        Sources {
            flags: self.flags.clone(),
            env: &*self.env,
            cwd: self.cwd.clone(),
        }
    }
}

// === impl Candidate ===

impl Candidate {
    /// What would be rehearsed.
    fn rehearsal(&self) -> Option<&Rehearsal> {
        self.outcome.as_ref().ok()?.config.adapter.rehearsal()
    }
}

impl fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalogue")
            .field("flags", &self.flags)
            .field("cwd", &self.cwd)
            .finish_non_exhaustive()
    }
}
