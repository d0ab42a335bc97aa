//! How the database stands with our migrations. Only reads.

use std::time::Duration;

use tokio_postgres::types::Type;

use crate::{
    adapter::{
        DbResult,
        local::{
            holder::LOCK_TIMEOUT,
            migrate::{link::Link, lock::ledger_locked},
            schema_state::{Asked, Hidden, LedgerLook, STATE, SchemaState, column, read_rows},
            target::Target,
        },
        migrations::{MigrationDialect, unwritable},
    },
    domain::{
        Action, AppliedMigration, DbError, ErrorKind, LedgerStanding, MigrationState, MissingRight,
        Unwritable,
    },
};

const RIGHTS: &str = include_str!("sql/rights.sql");

/// A transaction that writes nothing.
pub(super) const LOOK_ONLY: &str = "begin transaction isolation level repeatable read, read only";

/// Who only looks waits for a ledger that somebody keeps locked for so long.
const PATIENCE: Duration = Duration::from_secs(1);

/// A state, and what a run needs beside it.
#[derive(Debug)]
pub(super) struct Looked {
    pub(super) state: MigrationState,
    /// The ledger's name, safe in a statement.
    pub(super) ledger: String,
    /// The ledger's schema, where it is to be made.
    pub(super) missing_schema: Option<String>,
    rights: Rights,
}

#[derive(Debug)]
struct Rights {
    role: String,
    database: String,
    may_make_tables: bool,
    /// Absent when the ledger's schema does not exist.
    may_make_ledger: Option<bool>,
    may_make_schemas: bool,
}

/// Logs in and looks.
pub(in crate::adapter::local) async fn state(target: &Target) -> DbResult<MigrationState> {
    let mut link = Link::open(target).await?;
    link.begin_patient(LOOK_ONLY, PATIENCE).await?;
    let looked = look(&mut link, target).await?;
    link.roll_back().await;
    link.close().await;
    Ok(looked.state)
}

/// Looks within the transaction that is open.
pub(super) async fn look(link: &mut Link, target: &Target) -> DbResult<Looked> {
    let action = Action::Migrate;
    let configured = target.section().ledger_schema.clone();
    let asked = Asked::about(configured.as_deref());
    let row = link.row(STATE, &asked.params()).await?;
    let found = SchemaState::read(&row, action)?;
    let rows = match &found.ledger {
        None => Vec::new(),
        Some(ledger) => rows_of(link, ledger).await?,
    };
    let place = configured.clone().or_else(|| found.schema.clone());
    let row = link.row(RIGHTS, &[(&place, Type::TEXT)]).await?;
    let rights = Rights {
        role: column(&row, 2, action)?,
        database: column(&row, 3, action)?,
        may_make_tables: column(&row, 4, action)?,
        may_make_ledger: column(&row, 5, action)?,
        may_make_schemas: column(&row, 6, action)?,
    };
    let mut state = MigrationState::of(
        &MigrationDialect::Postgres.catalogue(),
        found.found(rows, configured),
    );
    state.unwritable = match (column(&row, 0, action)?, column(&row, 1, action)?) {
        _ if target.section().read_only => Some(Unwritable::Configured),
        (true, _) => Some(Unwritable::InRecovery),
        (false, true) => Some(Unwritable::ReadOnly),
        (false, false) => None,
    };
    let mut looked = Looked {
        ledger: MigrationDialect::Postgres.ledger_name(place.as_deref()),
        missing_schema: place.filter(|_| rights.may_make_ledger.is_none()),
        state,
        rights,
    };
    if !looked.state.pending.is_empty() {
        looked.state.missing_right = looked.missing_right();
    }
    Ok(looked)
}

async fn rows_of(link: &mut Link, ledger: &LedgerLook) -> DbResult<Vec<AppliedMigration>> {
    if let Some(why) = ledger.hidden() {
        return Err(hidden(&ledger.shown(), why));
    }
    let Some(sql) = ledger.rows() else {
        return Ok(Vec::new());
    };
    match link.row_past_locks(&sql, &[]).await {
        Ok(row) => read_rows(&row, Action::Migrate),
        Err(error) if error.code() == Some(LOCK_TIMEOUT) => {
            Err(ledger_locked(link, ledger, error).await?)
        }
        Err(error) => Err(error),
    }
}

/// A ledger whose rows cannot be read says nothing about what was applied.
fn hidden(ledger: &str, why: &Hidden) -> DbError {
    match why {
        Hidden::Denied(why) => DbError::new(Action::Migrate, ErrorKind::PermissionDenied)
            .with_details(&format!("{ledger} cannot be read: {why}"))
            .with_hint("grant SELECT on the ledger to this role, and USAGE on its schema"),
        Hidden::Distrusted(why) => DbError::new(Action::Migrate, ErrorKind::MigrationRefused)
            .with_details(&format!("{ledger} is not trusted: {why}"))
            .with_hint(
                "find out who made it; remove it or make it as it was, or set ledger_schema",
            ),
    }
}

impl Looked {
    /// Whether a ledger of ours is there.
    pub(super) fn has_ledger(&self) -> bool {
        self.state.whose == LedgerStanding::Ours
    }

    /// Refuses a database that cannot be written at all.
    pub(super) fn ensure_unhindered(&self) -> DbResult<()> {
        match self.state.unwritable {
            Some(why) => Err(unwritable(why)),
            None => Ok(()),
        }
    }

    /// Refuses what cannot be applied, by cause.
    pub(super) fn ensure_writable(&self) -> DbResult<()> {
        self.ensure_unhindered()?;
        self.missing_right()
            .map_or(Ok(()), |right| Err(denied(&right)))
    }

    /// Refuses where the ledger is missing and cannot be made.
    pub(super) fn ensure_recordable(&self) -> DbResult<()> {
        let lacking = self.missing_right_to_record();
        lacking.map_or(Ok(()), |right| Err(denied(&right)))
    }

    /// The right that the role lacks to apply files.
    fn missing_right(&self) -> Option<MissingRight> {
        if self.rights.may_make_tables {
            return self.missing_right_to_record();
        }
        let (role, schema) = (&self.rights.role, &self.state.schema);
        Some(MissingRight {
            words: format!("role {role} may make no tables in schema {schema}"),
            hint: "grant CREATE on the schema to this role, or migrate as its owner",
        })
    }

    /// The right that the role lacks to make the ledger, where it is missing.
    fn missing_right_to_record(&self) -> Option<MissingRight> {
        if self.has_ledger() {
            return None;
        }
        let role = &self.rights.role;
        match (&self.missing_schema, self.rights.may_make_ledger) {
            (Some(schema), _) if !self.rights.may_make_schemas => {
                let database = &self.rights.database;
                let words =
                    format!("role {role} may not make the schema {schema} in database {database}");
                Some(MissingRight {
                    words,
                    hint: "make the schema named by ledger_schema and grant CREATE on it",
                })
            }
            (None, Some(false)) => Some(MissingRight {
                words: format!("role {role} may not make {}", self.state.ledger),
                hint: "grant CREATE on the ledger's schema to this role",
            }),
            _ => None,
        }
    }
}

fn denied(right: &MissingRight) -> DbError {
    DbError::new(Action::Migrate, ErrorKind::PermissionDenied)
        .with_details(&right.words)
        .with_hint(right.hint)
}
