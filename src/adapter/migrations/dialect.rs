//! The SQL of the ledger in each engine's words: to make it, and to record a
//! file. Knows nothing of sessions.

use std::fmt::Write as _;

use crate::{
    adapter::migrations::catalogue::{File, POSTGRES, SQLITE},
    domain::{LEDGER_TABLE, Migration},
};

/// Whose SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MigrationDialect {
    /// PostgreSQL's.
    Postgres,
    /// SQLite's.
    Sqlite,
}

/// A lock of our own among the database's advisory locks: the bytes `dbvitals`.
pub(in crate::adapter) const LOCK: i64 = i64::from_be_bytes(*b"dbvitals");

/// The roles in which strangers come through Supabase's REST interface.
pub(in crate::adapter) const API_ROLES: [&str; 2] = ["anon", "authenticated"];

impl MigrationDialect {
    /// The files, lowest version first.
    pub(in crate::adapter) fn files(self) -> &'static [File] {
        match self {
            Self::Postgres => &POSTGRES,
            Self::Sqlite => &SQLITE,
        }
    }

    /// What the rules compare the ledger with.
    pub(in crate::adapter) fn catalogue(self) -> Vec<Migration> {
        let files = self.files().iter();
        files.map(|file| file.migration.clone()).collect()
    }

    /// Makes the ledger under this name, which is safe in a statement. What it
    /// names is the server's own, whatever the search path is.
    pub(in crate::adapter) fn create_ledger(self, ledger: &str) -> String {
        match self {
            Self::Postgres => format!(
                "create table {ledger} (\n    \
                     version bigint primary key,\n    \
                     name pg_catalog.text not null,\n    \
                     applied_at pg_catalog.timestamptz not null default pg_catalog.now(),\n    \
                     checksum pg_catalog.bytea not null,\n    \
                     execution_ms bigint not null\n)"
            ),
            Self::Sqlite => format!(
                "create table {ledger} (\n    \
                     version integer primary key,\n    \
                     name text not null,\n    \
                     applied_at text not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),\n    \
                     checksum blob not null,\n    \
                     execution_ms integer not null\n)"
            ),
        }
    }

    /// Takes the rights on a new ledger from everybody, and from the roles that
    /// Supabase gives rights on every new table: who may write the ledger decides
    /// what is applied. Of [`API_ROLES`] those are named that exist.
    pub(in crate::adapter) fn protect_ledger(
        self,
        ledger: &str,
        roles: &[String],
    ) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => {
                let readers = roles.iter().map(|role| format!(", \"{role}\""));
                let readers = readers.collect::<String>();
                Some(format!("revoke all on table {ledger} from public{readers}"))
            }
        }
    }

    /// The same where nobody can ask which roles exist. The name is a plain one.
    pub(super) fn protect_ledger_unasked(self, ledger: &str) -> Option<String> {
        let roles = API_ROLES.map(|role| format!("'{role}'")).join(", ");
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(format!(
                "do $$\ndeclare\n    reader pg_catalog.text;\nbegin\n    \
                 revoke all on table {ledger} from public;\n    \
                 for reader in\n        select rolname from pg_catalog.pg_roles\n        \
                 where rolname in ({roles})\n    loop\n        \
                 execute pg_catalog.format('revoke all on table {ledger} from %I', reader);\n    \
                 end loop;\nend\n$$"
            )),
        }
    }

    /// Records a file that was applied. The parameters are version, name,
    /// checksum and milliseconds. A clock that was set back makes no row
    /// earlier than the one before it.
    pub(in crate::adapter) fn record(self, ledger: &str) -> String {
        match self {
            Self::Postgres => format!(
                "insert into {ledger} (version, name, applied_at, checksum, execution_ms) \
                 select $1, $2, greatest(pg_catalog.clock_timestamp(), \
                 (select pg_catalog.max(applied_at) from {ledger})), $3, $4 returning version"
            ),
            Self::Sqlite => format!(
                "insert into {ledger} (version, name, applied_at, checksum, execution_ms) \
                 select $1, $2, max(strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'), \
                 coalesce((select max(applied_at) from {ledger}), '')), $3, $4"
            ),
        }
    }

    /// The same as text, for a file whose time nobody measures.
    pub(super) fn record_as_text(self, ledger: &str, migration: &Migration) -> String {
        let mut digits = String::with_capacity(migration.checksum.len() * 2);
        for byte in &migration.checksum {
            write!(digits, "{byte:02x}").expect("a String takes any text");
        }
        let checksum = match self {
            // Without a backslash, which not every session takes for itself.
            Self::Postgres => format!("pg_catalog.decode('{digits}', 'hex')"),
            Self::Sqlite => format!("x'{digits}'"),
        };
        let id = &migration.id;
        format!(
            "insert into {ledger} (version, name, checksum, execution_ms)\n    \
             values ({}, '{}', {checksum}, 0)",
            id.version, id.name
        )
    }

    /// The name of the ledger in a schema, or where tables go.
    pub(in crate::adapter) fn ledger_name(self, schema: Option<&str>) -> String {
        match (self, schema) {
            // The configuration holds plain names only; a server's name may be any.
            (Self::Postgres, Some(schema)) => {
                format!("\"{}\".{LEDGER_TABLE}", schema.replace('"', "\"\""))
            }
            (Self::Postgres, None) | (Self::Sqlite, _) => LEDGER_TABLE.to_owned(),
        }
    }
}
