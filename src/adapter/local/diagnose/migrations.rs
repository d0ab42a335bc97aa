//! How the migrations stand, in the words of a health check and with the next
//! step. Knows nothing of the tables themselves.

use tokio_postgres::Row;

use crate::{
    adapter::{
        DbResult,
        local::{
            fence::{Fence, Flight},
            migrations_told::{Asking, Told, migrations_told},
            schema_state::SchemaState,
            session::Session,
            target::Target,
        },
    },
    domain::{Action, DbError, ErrorKind, Finding, MigrationRefusal, MigrationState},
};

/// Adds what the catalogue said of the ledger, and what its rows say.
pub(super) async fn add(
    finding: &mut Finding,
    row: &Row,
    session: &mut Session,
    target: &Target,
) -> DbResult<()> {
    let action = Action::HealthCheck;
    let state = SchemaState::read(row, action)?;
    let flight = Flight::with(Fence::of(target));
    let asking = Asking {
        session: &mut *session,
        target,
        flight: &flight,
        action,
    };
    match migrations_told(state, asking).await? {
        Told::Nothing => {}
        Told::Unread(why) => why.into_iter().for_each(|why| finding.note(why)),
        Told::Locked(words) => finding.warn(&words),
        Told::State(state) => tell(finding, &state),
    }
    match flight.land(session.client()).await {
        Ok(()) => Ok(()),
        Err(error) => Err(session.classify(error, action).await),
    }
}

/// The words of a health check, where it would call the database degraded.
fn tell(finding: &mut Finding, state: &MigrationState) {
    let summary = state.summary();
    let next = if let Some(fault) = summary.fault() {
        finding.warn(fault);
        state.refusal.as_ref().map(MigrationRefusal::hint)
    } else if summary.waiting().is_some() {
        finding.warn(&summary.to_string());
        Some("run 'dbvitals migrate up'")
    } else {
        finding.note(summary.to_string());
        return;
    };
    if finding.next.is_none() {
        finding.next = next.map(str::to_owned);
    }
    if finding.error.is_none() {
        let error = DbError::new(Action::HealthCheck, ErrorKind::SchemaMismatch);
        *finding = finding.clone().because(error);
    }
}
