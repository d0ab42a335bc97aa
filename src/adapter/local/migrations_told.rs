//! What a health check and a diagnosis tell of the migrations: at most one
//! statement more, and only where a ledger of ours is there to be read.

use crate::{
    adapter::{
        DbResult,
        local::{
            fence::{Flight, Path, Reader},
            schema_state::{SchemaState, read_rows},
            session::Session,
            target::Target,
        },
        migrations::MigrationDialect,
    },
    domain::{Action, HealthDetails, MIGRATIONS_UNREAD, MigrationState},
};

/// With what is asked.
#[derive(Debug)]
pub(super) struct Asking<'a> {
    pub(super) session: &'a mut Session,
    pub(super) target: &'a Target,
    pub(super) flight: &'a Flight,
    pub(super) action: Action,
}

/// How the migrations stand.
#[derive(Debug)]
pub(super) enum Told {
    /// Tables may be hidden, so nothing can be said about what made them.
    Nothing,
    /// The ledger could not be read, for these reasons.
    Unread(Vec<String>),
    /// As this.
    State(Box<MigrationState>),
}

/// Adds how the migrations stand to what was found. A ledger that may not be
/// read is told as unread: nobody knows what is pending then.
pub(super) async fn add_migrations(
    found: &mut HealthDetails,
    state: SchemaState,
    asking: Asking<'_>,
) -> DbResult<()> {
    match migrations_told(state, asking).await? {
        Told::Nothing => {}
        Told::Unread(why) => found.unread.extend(why),
        Told::State(state) => found.migrations = Some(state.summary()),
    }
    Ok(())
}

/// How the migrations stand, by what the catalogue said and the ledger's rows.
pub(super) async fn migrations_told(state: SchemaState, asking: Asking<'_>) -> DbResult<Told> {
    let Asking {
        session,
        target,
        flight,
        action,
    } = asking;
    if !state.closed.is_empty() {
        return Ok(Told::Nothing);
    }
    let mut rows = Vec::new();
    if let Some(ledger) = &state.ledger {
        if let Some(why) = ledger.hidden() {
            let shown = ledger.shown();
            let words = format!("{MIGRATIONS_UNREAD}{shown}: {why}");
            return Ok(Told::Unread(vec![words]));
        }
        if let Some(sql) = ledger.rows() {
            let answer = flight.ask(session.client(), Path::Pinned, &sql, &[]).await;
            let mut reader = Reader::new(session, action);
            let row = reader.row("migrations", answer).await?;
            let unread = reader.finish();
            let Some(row) = row else {
                return Ok(Told::Unread(unread));
            };
            rows = read_rows(&row, action)?;
        }
    }
    let catalogue = MigrationDialect::Postgres.catalogue();
    let configured = target.section().ledger_schema.clone();
    let state = MigrationState::of(&catalogue, state.found(rows, configured));
    Ok(Told::State(Box::new(state)))
}
