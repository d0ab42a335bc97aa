//! What a health check and a diagnosis tell of the migrations: at most one
//! statement more, and only where a ledger of ours is there to be read.

use std::time::Duration;

use tokio_postgres::types::Type;

use crate::{
    adapter::{
        DbResult,
        local::{
            fence::{Flight, Params, Path, Reader},
            holder::{LEDGER_HOLDER, LOCK_TIMEOUT, read_holder},
            schema_state::{LedgerLook, SchemaState, read_rows},
            session::Session,
            target::Target,
        },
        migrations::MigrationDialect,
    },
    domain::{
        Action, AppliedMigration, ErrorKind, HealthDetails, MIGRATIONS_UNREAD, MigrationState,
        MigrationSummary,
    },
};

/// A ledger that somebody keeps locked is waited for so long at most: nobody's
/// lock on it says anything about the database.
const PATIENCE: Duration = Duration::from_millis(250);

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
    /// Another session keeps the ledger locked, as these words say.
    Locked(String),
    /// As this.
    State(Box<MigrationState>),
}

/// What came of asking for the ledger's rows.
enum Rows {
    Read(Vec<AppliedMigration>),
    Untold(Told),
}

/// Adds how the migrations stand to what was found. A ledger that may not be
/// read is told as unread: nobody knows what is pending then. Nothing that is
/// odd about it makes the check fail.
pub(super) async fn add_migrations(
    found: &mut HealthDetails,
    state: SchemaState,
    asking: Asking<'_>,
) -> DbResult<()> {
    match migrations_told(state, asking).await? {
        Told::Nothing => {}
        Told::Unread(why) => found.unread.extend(why),
        Told::Locked(words) => found.migrations = Some(MigrationSummary::locked(words)),
        Told::State(state) => found.migrations = Some(state.summary()),
    }
    Ok(())
}

/// How the migrations stand, by what the catalogue said and the ledger's rows.
pub(super) async fn migrations_told(state: SchemaState, mut asking: Asking<'_>) -> DbResult<Told> {
    if !state.closed.is_empty() {
        return Ok(Told::Nothing);
    }
    let rows = match &state.ledger {
        None => Vec::new(),
        Some(ledger) => match asking.rows_of(ledger).await? {
            Rows::Read(rows) => rows,
            Rows::Untold(told) => return Ok(told),
        },
    };
    let catalogue = MigrationDialect::Postgres.catalogue();
    let configured = asking.target.section().ledger_schema.clone();
    let state = MigrationState::of(&catalogue, state.found(rows, configured));
    Ok(Told::State(Box::new(state)))
}

impl Asking<'_> {
    async fn rows_of(&mut self, ledger: &LedgerLook) -> DbResult<Rows> {
        let unread =
            |why: &str| Rows::Untold(Told::Unread(vec![format!("{MIGRATIONS_UNREAD}{why}")]));
        if let Some(why) = ledger.hidden() {
            return Ok(unread(&format!("{}: {why}", ledger.shown())));
        }
        let Some(sql) = ledger.rows() else {
            return Ok(Rows::Read(Vec::new()));
        };
        let share = self.target.section().timeout / 8;
        let patience_ms = PATIENCE.min(share).as_millis().max(1);
        let client = self.session.client();
        let answer = self.flight.ask_past_locks(client, patience_ms, &sql).await;
        if let Err(error) = &answer
            && error.code().is_some_and(|code| code.code() == LOCK_TIMEOUT)
        {
            return Ok(Rows::Untold(self.locked(ledger).await?));
        }
        let mut reader = Reader::new(self.session, self.action);
        let row = reader.row("migrations", answer).await?;
        let Some(row) = row else {
            return Ok(Rows::Untold(Told::Unread(reader.finish())));
        };
        match read_rows(&row, self.action) {
            Ok(rows) => Ok(Rows::Read(rows)),
            Err(error) => Ok(unread(error.details().unwrap_or_default())),
        }
    }

    /// Who keeps the ledger locked, where that may be seen.
    async fn locked(&mut self, ledger: &LedgerLook) -> DbResult<Told> {
        let schema = ledger.schema();
        let params: &Params<'_> = &[(&schema, Type::TEXT)];
        let client = self.session.client();
        let answer = self
            .flight
            .ask(client, Path::Pinned, LEDGER_HOLDER, params)
            .await;
        let holder = match answer {
            Ok(row) => Some(read_holder(&row, self.action)?),
            Err(error) => {
                let error = self.session.classify(error, self.action).await;
                if error.kind() == ErrorKind::ConnectionLost {
                    return Err(error);
                }
                // Among others: it has just ended.
                tracing::debug!(%error, "nobody is seen to hold the ledger");
                None
            }
        };
        Ok(Told::Locked(ledger.locked_words(holder.as_ref())))
    }
}
