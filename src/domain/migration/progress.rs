//! A run of migrations as a reader of the screen sees it: file by file while it
//! goes on, and its end.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};

use crate::domain::{DbError, LockHolder, MigrationEvent, MigrationName, MigrationRun};

/// The newest run, as far as it has come.
#[derive(Debug, Clone)]
pub struct MigrationProgress {
    began: DateTime<Utc>,
    files: Vec<MigrationFile>,
    waiting: Waiting,
    ended: Option<MigrationEnd>,
    is_looked_after: bool,
}

/// When a run ended, and how.
pub type MigrationEnd = (DateTime<Utc>, Result<MigrationRun, Arc<DbError>>);

/// Whether somebody is waited for.
#[derive(Debug, Clone)]
enum Waiting {
    No,
    For(Option<LockHolder>),
}

/// A file of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationFile {
    /// Which.
    pub migration: MigrationName,
    /// How it stands.
    pub state: MigrationFileState,
}

/// How a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MigrationFileState {
    /// It is being applied since.
    Running(DateTime<Utc>),
    /// It holds; its statements took this long.
    Applied(Duration),
    /// The run broke off in it; nothing of it holds.
    RolledBack,
}

impl MigrationProgress {
    /// A run that begins.
    #[must_use]
    pub fn new(began: DateTime<Utc>) -> Self {
        Self {
            began,
            files: Vec::new(),
            waiting: Waiting::No,
            ended: None,
            is_looked_after: false,
        }
    }

    /// When it began.
    #[must_use]
    pub fn began(&self) -> DateTime<Utc> {
        self.began
    }

    /// The files so far, in order.
    #[must_use]
    pub fn files(&self) -> &[MigrationFile] {
        &self.files
    }

    /// While another session holds a lock that is needed, that of the migrations
    /// or one that a file needs: who, as far as that is known.
    #[must_use]
    pub fn waiting_for(&self) -> Option<Option<&LockHolder>> {
        match &self.waiting {
            Waiting::No => None,
            Waiting::For(holder) => Some(holder.as_ref()),
        }
    }

    /// When it ended, and how; `None` while it goes on.
    #[must_use]
    pub fn ended(&self) -> Option<&MigrationEnd> {
        self.ended.as_ref()
    }

    /// A look has ended. One that ends before the run does says nothing of what
    /// came of it.
    pub fn looked(&mut self) {
        self.is_looked_after = self.ended.is_some();
    }

    /// Whether a look has ended after the run did, by the order of both and
    /// whatever the clock did meanwhile.
    #[must_use]
    pub fn is_looked_after(&self) -> bool {
        self.is_looked_after
    }

    /// Takes what happened at this time.
    pub fn take(&mut self, event: MigrationEvent, at: DateTime<Utc>) {
        self.waiting = Waiting::No;
        match event {
            MigrationEvent::Waiting { holder } => self.waiting = Waiting::For(holder),
            MigrationEvent::Blocked { holders, .. } => {
                if let Some(holder) = holders.into_iter().next() {
                    self.waiting = Waiting::For(Some(holder));
                }
            }
            // Nothing of this run; the next look tells it.
            MigrationEvent::AppliedByOther(_) => {}
            MigrationEvent::Started(migration) => self.files.push(MigrationFile {
                migration,
                state: MigrationFileState::Running(at),
            }),
            MigrationEvent::Applied { migration, took } => {
                let state = MigrationFileState::Applied(took);
                self.files.retain(|file| file.migration != migration);
                self.files.push(MigrationFile { migration, state });
            }
        }
    }

    /// It has ended: a file that ran until now was rolled back.
    pub fn end(&mut self, at: DateTime<Utc>, result: Result<MigrationRun, Arc<DbError>>) {
        self.waiting = Waiting::No;
        if let Ok(MigrationRun::Migrated(report)) = &result {
            // What holds is told, also where an event of it was missed.
            for (migration, took) in &report.applied {
                let migration = migration.clone();
                self.take(
                    MigrationEvent::Applied {
                        migration,
                        took: *took,
                    },
                    at,
                );
            }
            self.files.sort_by_key(|file| file.migration.version);
        }
        for file in &mut self.files {
            if let MigrationFileState::Running(_) = file.state {
                file.state = MigrationFileState::RolledBack;
            }
        }
        self.ended = Some((at, result));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Action, ErrorKind};

    #[test]
    fn only_a_look_after_the_end_says_what_came_of_a_run() {
        let mut progress = MigrationProgress::new(NOW);
        progress.looked();
        assert!(!progress.is_looked_after());
        let error = DbError::new(Action::Migrate, ErrorKind::DiskFull);
        progress.end(NOW, Err(Arc::new(error)));
        assert!(!progress.is_looked_after());
        progress.looked();
        assert!(progress.is_looked_after());
    }

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    #[track_caller]
    fn check(progress: &MigrationProgress, expected: &[(i64, MigrationFileState)]) {
        let files = progress.files().iter();
        let files: Vec<_> = files
            .map(|file| (file.migration.version, file.state))
            .collect();
        assert_eq!(files, expected);
    }

    #[test]
    fn a_file_runs_until_it_holds_or_the_run_ends() {
        let mut progress = MigrationProgress::new(NOW);
        let name = |version| MigrationName::new(version, "x");
        progress.take(MigrationEvent::Waiting { holder: None }, NOW);
        assert_eq!(progress.waiting_for(), Some(None));
        progress.take(MigrationEvent::Started(name(1)), NOW);
        assert_eq!(progress.waiting_for(), None);
        check(&progress, &[(1, MigrationFileState::Running(NOW))]);
        let holder = LockHolder {
            pid: 7,
            application_name: "psql".into(),
            role: None,
            client: None,
            since: None,
        };
        let blocked = |holders| MigrationEvent::Blocked {
            migration: name(1),
            holders,
        };
        progress.take(blocked(vec![holder.clone()]), NOW);
        assert_eq!(progress.waiting_for(), Some(Some(&holder)));
        check(&progress, &[(1, MigrationFileState::Running(NOW))]);
        progress.take(blocked(vec![]), NOW);
        assert_eq!(progress.waiting_for(), None);
        let took = Duration::from_millis(3);
        progress.take(
            MigrationEvent::Applied {
                migration: name(1),
                took,
            },
            NOW,
        );
        progress.take(MigrationEvent::Started(name(2)), NOW);
        let error = DbError::new(Action::Migrate, ErrorKind::DiskFull);
        progress.end(NOW, Err(Arc::new(error)));
        check(
            &progress,
            &[
                (1, MigrationFileState::Applied(took)),
                (2, MigrationFileState::RolledBack),
            ],
        );
        assert!(progress.ended().is_some());
    }
}
