//! What the supervisor does with migrations: one run at a time, told file by
//! file. Only the end of the program interrupts one.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::{
    adapter::MigrateOptions,
    backend::{
        clock::Moment,
        jobs,
        machine::{Input, MigrationTask},
        slots::Slot,
        supervisor::{Supervisor, Visible},
        watched::Watched,
    },
    domain::{
        Command, CommandOutcome, DbError, Event, MigrationEvent, MigrationLook, MigrationProgress,
        MigrationRun, MigrationState,
    },
};

/// Events that may wait: three for each of more files than there will be.
const EVENTS: usize = 1024;

/// Migrations as the supervisor keeps them.
#[derive(Debug, Default)]
pub(super) struct Migrations {
    /// What is under way.
    task: Option<MigrationTask>,
    /// How they stood at the newest look.
    pub(super) look: Option<Arc<MigrationLook>>,
    /// The newest run.
    pub(super) progress: Option<Arc<MigrationProgress>>,
}

impl<A: Watched> Supervisor<A> {
    /// A wish that is needless whatever the machine's phase is. A look may be
    /// left for a run, and a run for nothing.
    pub(super) fn is_migrating(&mut self, command: Command) -> bool {
        let wished = match command {
            Command::LookAtMigrations => MigrationTask::Look,
            Command::Migrate(_) => MigrationTask::Migrate,
            Command::Adopt(_) => MigrationTask::Adopt,
            Command::Reconnect
            | Command::Disconnect
            | Command::CheckNow
            | Command::Diagnose
            | Command::List(_)
            | Command::Switch(_)
            | Command::ReadConfig
            | Command::ApplyConfig(_) => return false,
        };
        let reason = match self.migrations.task {
            _ if self.is_for_another(command) => "it was confirmed for another connection",
            None => return false,
            Some(MigrationTask::Look) if wished != MigrationTask::Look => return false,
            Some(MigrationTask::Look) => "the migrations are being looked at",
            Some(MigrationTask::Migrate | MigrationTask::Adopt) => "a migration is under way",
        };
        self.tell(Event::CommandDone {
            command,
            outcome: CommandOutcome::Needless(reason),
        });
        true
    }

    /// Whether a wish to write was confirmed for a connection that was left.
    fn is_for_another(&self, command: Command) -> bool {
        match command {
            Command::Migrate(id) | Command::Adopt(id) => id != self.parts.machine.connection().id(),
            Command::Reconnect
            | Command::Disconnect
            | Command::CheckNow
            | Command::Diagnose
            | Command::LookAtMigrations
            | Command::List(_)
            | Command::Switch(_)
            | Command::ReadConfig
            | Command::ApplyConfig(_) => false,
        }
    }

    /// Whether a run of migrations is under way: it is not left for anything.
    pub(super) fn has_migration_run(&self) -> bool {
        match self.migrations.task {
            Some(MigrationTask::Migrate | MigrationTask::Adopt) => true,
            Some(MigrationTask::Look) | None => false,
        }
    }

    /// Begins a task, unless a run is under way.
    pub(super) fn start_migration(&mut self, task: MigrationTask, now: Moment) {
        if let Some(MigrationTask::Migrate | MigrationTask::Adopt) = self.migrations.task {
            tracing::debug!(target: "dbvitals::backend", "a migration is under way already");
            return;
        }
        self.migrations.task = Some(task);
        let watched = Arc::clone(&self.parts.watched);
        if task == MigrationTask::Look {
            let timeout = self.parts.session.health_check_timeout;
            self.slots
                .start(Slot::Migration, now, jobs::look(watched, timeout));
            return;
        }
        self.migrations.progress = Some(Arc::new(MigrationProgress::new(now.wall)));
        let options = MigrateOptions::default();
        if task == MigrationTask::Adopt {
            self.slots
                .start(Slot::Migration, now, jobs::adopt(watched, options));
            return;
        }
        let (told, heard) = mpsc::channel(EVENTS);
        let work = jobs::migrate(watched, options, told);
        self.slots.start(Slot::Migration, now, work);
        self.slots.hear_migration(heard);
    }

    /// A connection stands: what could not be looked at before is looked at now.
    pub(super) fn look_again(&mut self, now: Moment) {
        let look = self.migrations.look.as_deref();
        if self.migrations.task.is_none() && look.is_some_and(|look| look.result.is_err()) {
            self.start_migration(MigrationTask::Look, now);
        }
    }

    pub(super) fn migrating(&mut self, event: MigrationEvent) -> Visible {
        let at = self.parts.clock.now().wall;
        let Some(progress) = &mut self.migrations.progress else {
            return Visible::No;
        };
        Arc::make_mut(progress).take(event.clone(), at);
        self.tell(Event::Migrating { event, at });
        Visible::Yes
    }

    pub(super) fn looked(&mut self, result: Result<Box<MigrationState>, Arc<DbError>>) -> Visible {
        self.migrations.task = None;
        let at = self.parts.clock.now().wall;
        if let Err(error) = &result {
            self.record.error(Arc::clone(error), at);
        }
        if let Some(progress) = &mut self.migrations.progress {
            Arc::make_mut(progress).looked();
        }
        let result = result.map(|state| Arc::new(*state));
        self.migrations.look = Some(Arc::new(MigrationLook { at, result }));
        Visible::Yes
    }

    /// A run has ended: what it changed is looked at, and the lamps learn of it.
    pub(super) fn migrated(&mut self, result: Result<MigrationRun, Arc<DbError>>) -> Visible {
        self.migrations.task = None;
        let now = self.parts.clock.now();
        if let Err(error) = &result {
            self.record.error(Arc::clone(error), now.wall);
        }
        if let Some(progress) = &mut self.migrations.progress {
            Arc::make_mut(progress).end(now.wall, result);
            let progress = Arc::clone(progress);
            self.tell(Event::MigrationEnded(progress));
        }
        self.start_migration(MigrationTask::Look, now);
        self.feed(Input::MigrationEnded);
        Visible::Yes
    }
}
