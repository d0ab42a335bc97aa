//! Watching something else, and following another configuration: what is listed
//! or read is told first, and nothing but what was told is carried out. The old
//! connection never holds up the new one.

use std::{fmt, sync::Arc};

use crate::{
    backend::{
        jobs::{self, Listing},
        machine::{
            Input, Machine,
            choosing::{self, Applied, Chosen as Wanted, Writing},
        },
        migrating::Migrations,
        partings::{Parted, Partings},
        record::Record,
        session,
        slots::Slot,
        start::{Subject, rhythm},
        supervisor::{Supervisor, Visible},
        watched::Watched,
    },
    config::{self, AdapterSection, Candidate, Candidates, Catalogue, Choice, Loaded},
    domain::{
        AlternativeKind, Alternatives, Chosen, Command, CommandOutcome, ConfigReview, Event,
        Former, Lamps, Pick, Target,
    },
};

/// So many of the targets that were left are remembered: more than the log has
/// lines of.
const FORMER: usize = 64;

/// Makes what is watched, for a section of the configuration.
pub type Maker<A> = Box<dyn Fn(&AdapterSection) -> Subject<A> + Send>;

/// What is needed to watch something else.
pub struct Switchboard<A> {
    /// The sources of the configuration.
    pub catalogue: Catalogue,
    /// The configuration in use.
    pub loaded: Loaded,
    /// Makes the next thing that is watched.
    pub make: Maker<A>,
}

/// What the supervisor keeps for it.
pub(super) struct Switching<A> {
    board: Option<Switchboard<A>>,
    /// What was chosen so far.
    choice: Choice,
    /// Lists and readings are counted.
    number: u64,
    /// What stands behind the newest list.
    listed: Vec<Candidate>,
    /// What stands behind the newest reading.
    read: Option<Box<Loaded>>,
    /// The newest list.
    pub(super) alternatives: Option<Arc<Alternatives>>,
    /// The newest reading.
    pub(super) review: Option<Arc<ConfigReview>>,
    /// The connections that are being ended.
    pub(super) partings: Partings,
}

impl<A> Switching<A> {
    pub(super) fn new(board: Option<Switchboard<A>>) -> Self {
        Self {
            board,
            choice: Choice::default(),
            number: 0,
            listed: Vec::new(),
            read: None,
            alternatives: None,
            review: None,
            partings: Partings::default(),
        }
    }

    /// What lists and readings said of the old connection is void.
    fn forget(&mut self) {
        self.listed = Vec::new();
        self.read = None;
        self.alternatives = None;
        self.review = None;
    }

    /// The candidate that a reader has seen in a row, if it is still there.
    fn candidate(&self, pick: Pick) -> Option<(AlternativeKind, &Candidate)> {
        let list = self.alternatives.as_ref()?;
        let candidate = self.listed.get(pick.row)?;
        (list.number == pick.list).then_some((list.kind, candidate))
    }
}

// === what is told first ===

impl<A: Watched> Supervisor<A> {
    /// Begins to list what could be watched instead.
    pub(super) fn list(&mut self, kind: AlternativeKind) -> Visible {
        self.read_sources(Command::List(kind), |catalogue, choice, limit| {
            jobs::list(catalogue, kind, choice, limit)
        })
    }

    /// Begins to read the whole configuration again.
    pub(super) fn read_config(&mut self) -> Visible {
        self.read_sources(Command::ReadConfig, jobs::reread)
    }

    fn read_sources<F>(
        &mut self,
        command: Command,
        job: impl FnOnce(Catalogue, Choice, std::time::Duration) -> F,
    ) -> Visible
    where
        F: Future<Output = jobs::JobResult> + Send + 'static,
    {
        let Some(board) = &self.switching.board else {
            return self.answer(command, Err("this watch was started for one target only"));
        };
        if self.slots.is_under_way(Slot::Reading) {
            return self.answer(command, Err("the configuration is being read"));
        }
        let (catalogue, choice) = (board.catalogue.clone(), self.switching.choice.clone());
        let limit = self.parts.session.health_check_timeout;
        let now = self.parts.clock.now();
        let work = job(catalogue, choice, limit);
        self.slots.start(Slot::Reading, now, work);
        self.answer(command, Ok(()))
    }

    pub(super) fn listed(&mut self, listing: Listing) -> Visible {
        let Some(board) = &self.switching.board else {
            return Visible::No;
        };
        let Listing { kind, candidates } = listing;
        let rows = match &candidates {
            Ok(candidates) => {
                let rows = candidates.listed.iter();
                let rows = rows.map(|it| session::alternative(it, kind, &board.loaded.config));
                Ok(rows.collect())
            }
            Err(words) => Err(words.as_slice().into()),
        };
        let (listed, unlisted) = match candidates {
            Ok(Candidates { listed, unlisted }) => (listed, unlisted),
            Err(_) => (Vec::new(), 0),
        };
        self.switching.listed = listed;
        self.switching.number += 1;
        self.switching.alternatives = Some(Arc::new(Alternatives {
            number: self.switching.number,
            kind,
            at: self.parts.clock.now().wall,
            rows,
            unlisted,
        }));
        Visible::Yes
    }

    pub(super) fn reread(&mut self, result: Result<Box<Loaded>, Vec<String>>) -> Visible {
        let Some(board) = &self.switching.board else {
            return Visible::No;
        };
        let difference = match &result {
            Ok(read) => Ok(session::difference(&board.loaded, read)),
            Err(words) => Err(words.clone()),
        };
        self.switching.read = result.ok();
        self.switching.number += 1;
        self.switching.review = Some(Arc::new(ConfigReview {
            number: self.switching.number,
            at: self.parts.clock.now().wall,
            result: difference,
        }));
        Visible::Yes
    }

    fn answer(&self, command: Command, outcome: Result<(), &'static str>) -> Visible {
        let outcome = match outcome {
            Ok(()) => CommandOutcome::Begun,
            Err(reason) => CommandOutcome::Needless(reason),
        };
        self.tell(Event::CommandDone { command, outcome });
        Visible::No
    }

    fn writing(&self) -> Writing {
        if self.has_migration_run() {
            Writing::UnderWay
        } else {
            Writing::Nothing
        }
    }
}

// === what is carried out ===

impl<A: Watched> Supervisor<A> {
    /// Disconnects, unless that would leave a run of migrations.
    pub(super) fn disconnect(&mut self) -> Visible {
        match choosing::may_disconnect(self.writing()) {
            Ok(()) => self.feed(Input::Wished(Command::Disconnect)),
            refused @ Err(_) => self.answer(Command::Disconnect, refused),
        }
    }

    /// Watches what a row of the newest list names.
    pub(super) fn switch(&mut self, pick: Pick) -> Visible {
        let command = Command::Switch(pick);
        let found = self.switching.candidate(pick);
        let wanted = match (found, &self.switching.board) {
            (None, _) | (_, None) => Wanted::Outdated,
            (Some((_, candidate)), Some(board)) => match &candidate.outcome {
                Err(_) => Wanted::Invalid,
                Ok(wanted) if session::is_same(&wanted.config, &board.loaded.config) => {
                    match wanted.config.adapter.rehearsal() {
                        Some(_) => Wanted::Anew,
                        None => Wanted::InUse,
                    }
                }
                Ok(_) => Wanted::Other,
            },
        };
        let may = choosing::may_switch(wanted, self.writing());
        self.answer(command, may);
        let found = found_if(may, self.switching.candidate(pick));
        let Some((kind, choice, loaded)) = found else {
            return Visible::Yes;
        };
        self.switching.choice = choice;
        let at = self.parts.clock.now().wall;
        self.go_to(*loaded, Some(Chosen { kind, at }))
    }

    /// Applies the configuration that was read and told.
    pub(super) fn apply_config(&mut self, number: u64) -> Visible {
        let command = Command::ApplyConfig(number);
        let is_newest = |review: &Arc<ConfigReview>| review.number == number;
        let is_newest = self.switching.review.as_ref().is_some_and(is_newest);
        let read = self.switching.read.take_if(|_| is_newest);
        let (Some(read), Some(board)) = (read, &self.switching.board) else {
            let outdated = choosing::may_apply(Applied::Outdated, self.writing());
            return self.answer(command, outdated);
        };
        let changes = config::changes(&board.loaded, &read);
        let applied = if changes.is_empty() {
            Applied::Nothing
        } else if config::serves(&board.loaded, &read) {
            Applied::Running
        } else {
            Applied::NewConnection
        };
        let may = choosing::may_apply(applied, self.writing());
        self.answer(command, may);
        if may.is_err() {
            return Visible::Yes;
        }
        let at = self.parts.clock.now().wall;
        let changes = changes.into();
        self.tell(Event::Configured { changes, at });
        if applied == Applied::NewConnection {
            let chosen = self.parts.session.chosen;
            return self.go_to(*read, chosen);
        }
        self.follow(*read)
    }

    /// The connection stays, and follows another configuration.
    fn follow(&mut self, loaded: Loaded) -> Visible {
        let watch = loaded.config.watch;
        self.enter(loaded, self.parts.session.chosen);
        let mode = self.parts.session.target.mode;
        let rhythm = rhythm(&watch, self.parts.watched.knock_pace(), mode);
        self.feed(Input::Retuned(rhythm));
        Visible::Yes
    }

    /// Leaves the connection and begins another one. Nothing of the old one is
    /// waited for: its jobs are left, their results are void by their epochs,
    /// and it is ended in the background.
    fn go_to(&mut self, loaded: Loaded, chosen: Option<Chosen>) -> Visible {
        let Some(board) = &self.switching.board else {
            return Visible::No;
        };
        let subject = (board.make)(&loaded.config.adapter);
        self.feed(Input::Leave);
        for slot in Slot::ALL {
            self.slots.stop(slot);
        }
        let from = self.parts.session.target.clone();
        self.remember(&from);
        let limit = self.parts.session.health_check_timeout;
        let left = std::mem::replace(&mut self.parts.watched, subject.watched);
        self.switching.partings.begin(left, from.clone(), limit);
        self.parts.operations = subject.operations;
        let (to, watch) = (loaded.config.target.clone(), loaded.config.watch);
        self.enter(loaded, chosen);
        self.begin_anew();
        let now = self.parts.clock.now();
        let rhythm = rhythm(&watch, self.parts.watched.knock_pace(), to.mode);
        self.parts.machine = Machine::new(rhythm, subject.id, to.mode, now);
        self.tell(Event::Switched {
            from,
            to,
            id: subject.id,
            at: now.wall,
        });
        self.turn_the_page();
        self.feed(Input::Open);
        Visible::Yes
    }

    /// The lines of the log tell what they belong to.
    fn remember(&mut self, target: &Target) {
        let former = &mut Arc::make_mut(&mut self.parts.session).former;
        if former.len() == FORMER {
            former.remove(0);
        }
        let now = self.parts.clock.now();
        let scene = self.stage.map(|stage| stage.rehearsed(now).name());
        let scene = scene.map_or(String::new(), |scene| format!(", {scene}"));
        former.push(Former {
            name: format!("{} {target}{scene}", target.mode),
            until: now.wall,
        });
    }

    /// Takes a configuration into use, as far as the session tells of it.
    fn enter(&mut self, loaded: Loaded, chosen: Option<Chosen>) {
        let config = &loaded.config;
        self.parts.heartbeat = config.watch.heartbeat_interval;
        let mut session = session::session(config, self.parts.session.started_at);
        session.chosen = chosen;
        session.former.clone_from(&self.parts.session.former);
        self.parts.session = Arc::new(session);
        if let Some(board) = &mut self.switching.board {
            board.loaded = loaded;
        }
        self.switching.forget();
    }

    /// What is known of the old connection must not look like the new one's.
    fn begin_anew(&mut self) {
        self.record = Record::new();
        self.lamps = Lamps::unknown();
        self.newest = None;
        self.diagnosis = None;
        self.migrations = Migrations::default();
        self.verdict = None;
        self.failed_sample = None;
        self.stage = None;
    }

    /// A connection that was left has ended.
    pub(super) fn parted(&mut self, parted: Parted) -> Visible {
        let Parted { target, error } = parted;
        let at = self.parts.clock.now().wall;
        self.tell(Event::Left { target, error, at });
        Visible::No
    }
}

/// What is switched to, if that may be.
fn found_if(
    may: Result<(), &'static str>,
    found: Option<(AlternativeKind, &Candidate)>,
) -> Option<(AlternativeKind, Choice, Box<Loaded>)> {
    let (kind, candidate) = found.filter(|_| may.is_ok())?;
    let loaded = candidate.outcome.as_ref().ok()?;
    Some((kind, candidate.choice.clone(), loaded.clone()))
}

impl<A> fmt::Debug for Switchboard<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Switchboard")
            .field("catalogue", &self.catalogue)
            .finish_non_exhaustive()
    }
}
