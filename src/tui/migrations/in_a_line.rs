//! A run of migrations in one line, for whoever does not look at it. Knows
//! nothing of where the line stands.

use crate::{
    domain::{MigrationFileState, MigrationProgress},
    tui::text,
};

/// Where more is to be seen of a run.
const M_SHOWS: &str = "M shows it";

/// How far a run has come that goes on.
///
/// ```text
/// a migration is under way: 4 applied, now 0005_trace_entries; M shows it
/// ```
pub(in crate::tui) fn in_a_line(run: &MigrationProgress) -> String {
    let (mut applied, mut running) = (0, None);
    for file in run.files() {
        match file.state {
            MigrationFileState::Applied(_) => applied += 1,
            MigrationFileState::Running(_) => running = Some(&file.migration),
            MigrationFileState::RolledBack => {}
        }
    }
    let runs = text::MIGRATION_RUNS;
    match running {
        _ if run.waiting_for().is_some() => {
            format!("{runs}: it waits for another session; {M_SHOWS}")
        }
        Some(file) => format!("{runs}: {applied} applied, now {file}; {M_SHOWS}"),
        None => format!("{runs}; {M_SHOWS}"),
    }
}
