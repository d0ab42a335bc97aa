//! The files with how each of them stands: by the newest look, and by a run that
//! is newer. Knows nothing of drawing.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};

use crate::domain::{
    MigrationFileState, MigrationLook, MigrationName, MigrationProgress, MigrationState,
};

/// A file or a row of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    pub(super) name: MigrationName,
    pub(super) standing: Standing,
    /// Whether the refusal is about it.
    pub(super) is_at_fault: bool,
}

impl File {
    /// Whether it holds.
    pub(super) fn is_applied(&self) -> bool {
        match self.standing {
            Standing::Recorded { .. } | Standing::Applied(_) => true,
            Standing::Pending | Standing::Running(_) | Standing::RolledBack | Standing::Left => {
                false
            }
        }
    }
}

/// How a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// The ledger has it, since then; its statements took so long, where that
    /// was measured.
    Recorded {
        at: Option<DateTime<Utc>>,
        took_ms: Option<u64>,
    },
    /// It is to be applied.
    Pending,
    /// It is being applied since.
    Running(DateTime<Utc>),
    /// The newest run has applied it.
    Applied(Duration),
    /// The newest run broke off in it, and nothing of it holds.
    RolledBack,
    /// The newest run lost the server in it: a later look tells whether it holds.
    Left,
}

/// Every file, lowest version first.
pub(super) fn files(
    look: Option<&MigrationLook>,
    progress: Option<&MigrationProgress>,
) -> Vec<File> {
    let state = look.and_then(|look| look.result.as_ref().ok());
    let mut files = state.map(found).unwrap_or_default();
    let Some(progress) = progress else {
        return files;
    };
    // A look that failed tells nothing.
    let is_newer = state.is_none() || !progress.is_looked_after();
    for file in progress.files() {
        let standing = match file.state {
            MigrationFileState::Running(since) => Standing::Running(since),
            MigrationFileState::Applied(took) => Standing::Applied(took),
            MigrationFileState::RolledBack if is_newer && was_unanswered(progress) => {
                Standing::Left
            }
            MigrationFileState::RolledBack => Standing::RolledBack,
        };
        let known = files.iter_mut().find(|known| known.name == file.migration);
        match known {
            // A look cannot tell that a run broke off there.
            Some(known) if known.standing == Standing::Pending => {
                if is_newer || standing == Standing::RolledBack {
                    known.standing = standing;
                }
            }
            None if is_newer => files.push(File {
                name: file.migration.clone(),
                standing,
                is_at_fault: false,
            }),
            Some(_) | None => {}
        }
    }
    files.sort_by_key(|file| file.name.version);
    files
}

/// Whether the run ended without a word of the database, be it in a commit.
fn was_unanswered(progress: &MigrationProgress) -> bool {
    match progress.ended() {
        Some((_, Err(error))) => error.code().is_none(),
        Some((_, Ok(_))) | None => false,
    }
}

fn found(state: &Arc<MigrationState>) -> Vec<File> {
    let fault = state.refusal.as_ref().and_then(|it| it.migration());
    let recorded = state.applied.iter().map(|row| {
        let standing = Standing::Recorded {
            at: row.applied_at,
            took_ms: u64::try_from(row.execution_ms).ok().filter(|ms| *ms > 0),
        };
        (row.id.clone(), standing)
    });
    let pending = state
        .pending
        .iter()
        .map(|name| (name.clone(), Standing::Pending));
    let mut files: Vec<_> = recorded
        .chain(pending)
        .map(|(name, standing)| File {
            is_at_fault: fault == Some(&name),
            name,
            standing,
        })
        .collect();
    files.sort_by_key(|file| file.name.version);
    files
}
