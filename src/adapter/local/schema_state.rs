//! Asks an open session how the schema stands: the required tables that a
//! client sees, and the ledger of migrations. Knows nothing of what follows.

use std::fmt;

use chrono::{DateTime, Utc};
use tokio_postgres::{
    Row,
    types::{FromSql, ToSql, Type},
};

use crate::{
    adapter::{DbResult, local::fence::unlike_us, migrations::MigrationDialect},
    domain::{
        Action, AppliedMigration, FoundLedger, FoundSchema, LEDGER_TABLE, LedgerTool, LockHolder,
        MigrationName, OLDER_NAME, REQUIRED_TABLES, excerpt, tool_of,
    },
};

/// Tables and what the catalogue says of the ledger: one row. Must be asked
/// with the search path of a client.
pub(super) const STATE: &str = include_str!("sql/schema_state.sql");

/// Characters of a name in it that are read; ours are shorter.
const NAME: usize = 200;

/// Bytes of a checksum in it that are read: one more than ours have.
const CHECKSUM: usize = 49;

/// Rows of a ledger that are read; a ledger of ours has as many as we have files.
const ROWS: usize = 1000;

/// What is asked about.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    required: &'a [&'a str],
    ledger_schema: Option<&'a str>,
}

impl<'a> Asked<'a> {
    /// The required tables, and the ledger where it is configured to be.
    pub(super) fn about(ledger_schema: Option<&'a str>) -> Self {
        Self {
            required: &REQUIRED_TABLES,
            ledger_schema,
        }
    }

    /// The parameters of [`STATE`].
    pub(super) fn params(&self) -> [(&(dyn ToSql + Sync), Type); 3] {
        [
            (&self.required, Type::TEXT_ARRAY),
            (&self.ledger_schema, Type::TEXT),
            (&OLDER_NAME.0, Type::TEXT),
        ]
    }
}

/// What the catalogue says.
#[derive(Debug)]
pub(super) struct SchemaState {
    /// The required tables that a client does not see.
    pub(super) missing: Vec<String>,
    /// Schemas of the search path that hold some of them and may not be used.
    pub(super) closed: Vec<String>,
    /// Where a table without a schema's name would go.
    pub(super) schema: Option<String>,
    pub(super) search_path: String,
    pub(super) ledger: Option<LedgerLook>,
    /// A required table is there under its older name.
    has_older_name: bool,
    has_policies: bool,
}

/// What the catalogue says of the table in the ledger's place.
#[derive(Debug)]
pub(super) struct LedgerLook {
    schema: String,
    tool: LedgerTool,
    /// Why its rows are not read.
    hidden: Option<Hidden>,
}

/// Why the rows of a ledger with our columns are not read. `Display` says why.
#[derive(Debug)]
pub(super) enum Hidden {
    /// It is not as we make it, or others than we trust can have it run code.
    Distrusted(String),
    /// The role lacks a right.
    Denied(String),
}

impl SchemaState {
    pub(super) fn read(row: &Row, action: Action) -> DbResult<Self> {
        let known = |missing: Vec<&str>| {
            let tables = REQUIRED_TABLES.iter();
            let tables = tables.filter(|table| missing.contains(table));
            tables.map(|table| (*table).to_owned()).collect()
        };
        let schema: Option<&str> = column(row, 4, action)?;
        let (names, types): (Vec<&str>, Vec<&str>) =
            (column(row, 5, action)?, column(row, 6, action)?);
        let columns: Vec<_> = names
            .iter()
            .zip(types)
            .map(|(name, type_name)| ((*name).to_owned(), type_name.to_owned()))
            .collect();
        let denied: Option<&str> = column(row, 7, action)?;
        let distrusted: Option<&str> = column(row, 10, action)?;
        let denied = denied.map(|why| Hidden::Denied(excerpt(why)));
        let distrusted = distrusted.map(|why| Hidden::Distrusted(excerpt(why)));
        let has_rails_table = column(row, 8, action)?;
        let ledger = schema.map(|schema| LedgerLook {
            schema: schema.to_owned(),
            tool: tool_of(&columns, has_rails_table),
            hidden: distrusted.or(denied),
        });
        let closed: Vec<&str> = column(row, 1, action)?;
        let schema: Option<&str> = column(row, 2, action)?;
        let search_path: &str = column(row, 3, action)?;
        Ok(Self {
            missing: known(column(row, 0, action)?),
            closed: closed.iter().map(excerpt).collect(),
            schema: schema.map(str::to_owned),
            search_path: excerpt(search_path),
            ledger,
            has_older_name: column(row, 9, action)?,
            has_policies: column(row, 11, action)?,
        })
    }

    /// The required tables that a client sees, also under an older name.
    fn tables(&self) -> Vec<String> {
        let older = self.has_older_name.then_some(OLDER_NAME.0);
        let tables = REQUIRED_TABLES.iter().copied();
        tables
            .filter(|table| !self.missing.iter().any(|missing| missing == table))
            .chain(older)
            .map(str::to_owned)
            .collect()
    }

    /// What was found, with the ledger's rows where it is ours.
    pub(super) fn found(
        self,
        rows: Vec<AppliedMigration>,
        configured: Option<String>,
    ) -> FoundSchema {
        let tables = self.tables();
        let has_policies = self.has_policies;
        let is_all_seen = self.closed.is_empty();
        let ledger = match self.ledger {
            None => FoundLedger::Absent,
            Some(look) if look.tool == LedgerTool::Ours => FoundLedger::Ours(rows),
            Some(look) => FoundLedger::Foreign {
                table: look.shown(),
                tool: look.tool,
            },
        };
        FoundSchema {
            schema: self.schema,
            search_path: self.search_path,
            ledger_schema: configured,
            ledger,
            tables,
            has_policies,
            missing: self.missing.into_iter().filter(|_| is_all_seen).collect(),
        }
    }
}

impl LedgerLook {
    /// Schema and table, for people.
    pub(super) fn shown(&self) -> String {
        format!("{}.{LEDGER_TABLE}", excerpt(&self.schema))
    }

    /// That another session keeps it locked, for people.
    pub(super) fn locked_words(&self, holder: Option<&LockHolder>) -> String {
        let shown = self.shown();
        match holder {
            Some(holder) => format!("{shown} is locked by {holder}"),
            None => format!("{shown} is locked by another session"),
        }
    }

    /// The name of its schema.
    pub(super) fn schema(&self) -> &str {
        &self.schema
    }

    /// Why the rows of a ledger of ours are not read; another tool's are not
    /// read in any case.
    pub(super) fn hidden(&self) -> Option<&Hidden> {
        self.hidden
            .as_ref()
            .filter(|_| self.tool == LedgerTool::Ours)
    }

    /// The statement that reads its rows, all in one, where it is ours and may be
    /// read. Whatever somebody wrote there, it gives something of bounded length:
    /// no time where a calendar has none, and beginnings of names and checksums.
    pub(super) fn rows(&self) -> Option<String> {
        if self.tool != LedgerTool::Ours || self.hidden.is_some() {
            return None;
        }
        let ledger = MigrationDialect::Postgres.ledger_name(Some(&self.schema));
        Some(format!(
            "select pg_catalog.array_agg(coalesce(version, 0)), \
             pg_catalog.array_agg(coalesce(pg_catalog.left(name, {NAME}), '(null)')), \
             pg_catalog.array_agg(case when pg_catalog.isfinite(applied_at) \
             and applied_at operator(pg_catalog.>=) \
             '0001-01-01 00:00:00+00'::pg_catalog.timestamptz \
             and applied_at operator(pg_catalog.<) \
             '9999-01-01 00:00:00+00'::pg_catalog.timestamptz then applied_at end), \
             pg_catalog.array_agg(coalesce(pg_catalog.substr(checksum, 1, {CHECKSUM}), \
             ''::pg_catalog.bytea)), pg_catalog.array_agg(coalesce(execution_ms, 0)) \
             from (select * from only {ledger} order by version limit {ROWS}) as ledger"
        ))
    }
}

/// The rows of the ledger from the one row that holds them.
pub(super) fn read_rows(row: &Row, action: Action) -> DbResult<Vec<AppliedMigration>> {
    // Of no rows there is no array.
    let versions: Option<Vec<i64>> = column(row, 0, action)?;
    let names: Option<Vec<&str>> = column(row, 1, action)?;
    let times: Option<Vec<Option<DateTime<Utc>>>> = column(row, 2, action)?;
    let checksums: Option<Vec<Vec<u8>>> = column(row, 3, action)?;
    let durations: Option<Vec<i64>> = column(row, 4, action)?;
    let (Some(versions), Some(names), Some(times), Some(checksums), Some(durations)) =
        (versions, names, times, checksums, durations)
    else {
        return Ok(Vec::new());
    };
    let rows = versions
        .into_iter()
        .zip(names)
        .zip(times)
        .zip(checksums)
        .zip(durations);
    Ok(rows
        .map(
            |((((version, name), applied_at), checksum), execution_ms)| AppliedMigration {
                id: MigrationName::new(version, beginning(name)),
                applied_at,
                checksum,
                execution_ms,
            },
        )
        .collect())
}

/// A name, with a mark where it goes on.
fn beginning(name: &str) -> String {
    let rest = if name.chars().count() < NAME {
        ""
    } else {
        "…"
    };
    excerpt(name) + rest
}

impl fmt::Display for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Distrusted(why) | Self::Denied(why) => f.write_str(why),
        }
    }
}

/// A column of a row of ours.
pub(super) fn column<'r, T: FromSql<'r>>(
    row: &'r Row,
    index: usize,
    action: Action,
) -> DbResult<T> {
    row.try_get(index).map_err(|error| unlike_us(error, action))
}
