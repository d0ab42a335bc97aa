//! What can be done about the migrations as they stand. Knows no keys.

use crate::{
    domain::{Command, ConnectionId, LedgerFault, MigrationRefusal, MigrationState},
    tui::{data::Data, text},
};

/// What writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Write {
    /// Apply what is pending.
    Migrate,
    /// Compare and record what others made.
    Adopt,
}

impl Write {
    /// The command for this connection and no other.
    pub(in crate::tui) const fn at(self, id: ConnectionId) -> Command {
        match self {
            Self::Migrate => Command::Migrate(id),
            Self::Adopt => Command::Adopt(id),
        }
    }
}

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Offer {
    /// So many files can be applied.
    Migrate(usize),
    /// What others made can be compared and recorded.
    Adopt,
    /// Nothing, for this reason.
    Nothing(&'static str),
}

impl Offer {
    /// Whether this is what is wished.
    pub(in crate::tui) fn is(self, write: Write) -> bool {
        match self {
            Self::Migrate(_) => write == Write::Migrate,
            Self::Adopt => write == Write::Adopt,
            Self::Nothing(_) => false,
        }
    }
}

/// What can be done now, by the newest look.
pub(in crate::tui) fn offer(data: &Data) -> Offer {
    let snapshot = &data.snapshot;
    if data.ended.is_some() {
        return Offer::Nothing(text::BACKEND_ENDED);
    }
    if snapshot.session.read_only {
        return Offer::Nothing(text::MIGRATIONS_READ_ONLY);
    }
    if data.is_migrating() {
        return Offer::Nothing(text::MIGRATION_RUNS);
    }
    // What was found before a run has changed with it.
    let run = snapshot.migration.as_deref();
    let is_old = run.is_some_and(|run| run.ended().is_some() && !run.is_looked_after());
    let newest = snapshot.migrations.as_deref().filter(|_| !is_old);
    match newest.map(|look| &look.result) {
        None => Offer::Nothing(text::MIGRATIONS_ASKED),
        Some(Err(_)) => Offer::Nothing(text::MIGRATIONS_UNKNOWN),
        Some(Ok(state)) => by_state(state),
    }
}

fn by_state(state: &MigrationState) -> Offer {
    if state.unwritable.is_some() {
        return Offer::Nothing(text::MIGRATIONS_UNWRITABLE);
    }
    match &state.refusal {
        Some(
            MigrationRefusal::TablesWithoutLedger { .. }
            | MigrationRefusal::TableExists(_)
            | MigrationRefusal::PoliciesExist(_)
            | MigrationRefusal::Ledger(LedgerFault::Gap { .. }),
        ) => Offer::Adopt,
        Some(
            MigrationRefusal::Ledger(_)
            | MigrationRefusal::TablesMissing { .. }
            | MigrationRefusal::ForeignLedger { .. }
            | MigrationRefusal::OlderName(_)
            | MigrationRefusal::NoSchema { .. },
        ) => Offer::Nothing(text::MIGRATIONS_REFUSED),
        None if state.pending.is_empty() => Offer::Nothing(text::NOTHING_PENDING),
        None if state.missing_right.is_some() => Offer::Nothing(text::MIGRATIONS_DENIED),
        None => Offer::Migrate(state.pending.len()),
    }
}
