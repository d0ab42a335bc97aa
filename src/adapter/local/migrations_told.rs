//! What a health check tells of the migrations: at most one statement more, and
//! only where a ledger of ours is there to be read.

use std::time::Duration;

use tokio_postgres::types::Type;

use crate::{
    adapter::{
        DbResult,
        local::{
            fence::{Flight, Path, Reader},
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
    /// What is left of the check's time.
    pub(super) remaining: Duration,
}

/// What came of asking for the ledger's rows.
enum Ledger {
    Rows(Vec<AppliedMigration>),
    /// Why not, after the name of what could not be read.
    Unread(String),
    /// Somebody keeps it locked, as these words say.
    Locked(String),
}

/// Adds how the migrations stand to what was found. A ledger that may not be
/// read is told as unread: nobody knows what is pending then. Nothing that is
/// odd about it makes the check fail.
pub(super) async fn add_migrations(
    found: &mut HealthDetails,
    state: SchemaState,
    mut asking: Asking<'_>,
) -> DbResult<()> {
    // Where tables may be hidden, nothing can be said about what made them.
    if !state.closed.is_empty() {
        return Ok(());
    }
    let rows = match &state.ledger {
        None => Ledger::Rows(Vec::new()),
        Some(ledger) => asking.rows_of(ledger).await?,
    };
    match rows {
        Ledger::Unread(why) => found.unread.push(format!("{MIGRATIONS_UNREAD}{why}")),
        Ledger::Locked(words) => found.migrations = Some(MigrationSummary::locked(words)),
        Ledger::Rows(rows) => {
            let catalogue = MigrationDialect::Postgres.catalogue();
            let configured = asking.target.section().ledger_schema.clone();
            let state = MigrationState::of(&catalogue, state.found(rows, configured));
            found.migrations = Some(state.summary());
        }
    }
    Ok(())
}

impl Asking<'_> {
    async fn rows_of(&mut self, ledger: &LedgerLook) -> DbResult<Ledger> {
        if let Some(why) = ledger.hidden() {
            return Ok(Ledger::Unread(format!("{}: {why}", ledger.shown())));
        }
        let Some(sql) = ledger.rows() else {
            return Ok(Ledger::Rows(Vec::new()));
        };
        let patience_ms = PATIENCE.min(self.remaining / 4).as_millis().max(1);
        let client = self.session.client();
        let answer = self.flight.ask_past_locks(client, patience_ms, &sql).await;
        if let Err(error) = &answer
            && error.code().is_some_and(|code| code.code() == LOCK_TIMEOUT)
        {
            return self.locked(ledger).await;
        }
        let mut reader = Reader::new(self.session, self.action);
        let row = reader.row("", answer).await?;
        let unread = reader.finish();
        let Some(row) = row else {
            let why = unread.concat();
            let why = why.trim_start_matches([':', ' ']);
            return Ok(Ledger::Unread(why.to_owned()));
        };
        Ok(match read_rows(&row, self.action) {
            Ok(rows) => Ledger::Rows(rows),
            Err(error) => Ledger::Unread(error.details().unwrap_or_default().to_owned()),
        })
    }

    /// Who keeps the ledger locked, where that may be seen.
    async fn locked(&mut self, ledger: &LedgerLook) -> DbResult<Ledger> {
        let schema = ledger.schema();
        let params: &[_] = &[(
            &schema as &(dyn tokio_postgres::types::ToSql + Sync),
            Type::TEXT,
        )];
        let client = self.session.client();
        let asked = self.flight.ask(client, Path::Pinned, LEDGER_HOLDER, params);
        let answer = asked.await;
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
        Ok(Ledger::Locked(ledger.locked_words(holder.as_ref())))
    }
}
