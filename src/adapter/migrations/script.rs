//! The files as SQL to be pasted where this program cannot go, ledger included.
//! Needs no database.

use crate::{
    adapter::migrations::dialect::{LOCK, MigrationDialect},
    domain::Migration,
};

/// A file of this program, for whoever wants to read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationSource {
    /// Version, name and checksum.
    pub migration: Migration,
    /// Its statements.
    pub sql: &'static str,
}

/// The files for an engine, lowest version first.
#[must_use]
pub fn migration_sources(dialect: MigrationDialect) -> Vec<MigrationSource> {
    let files = dialect.files().iter();
    files
        .map(|file| MigrationSource {
            migration: file.migration.clone(),
            sql: file.sql,
        })
        .collect()
}

/// All files and their ledger rows in one transaction, so that an editor that
/// goes on after an error leaves nothing half done. It is for a database that
/// has none of it yet. SQLite has no schemas: there `ledger_schema` is left out.
#[must_use]
pub fn migration_script(dialect: MigrationDialect, ledger_schema: Option<&str>) -> String {
    let ledger = dialect.ledger_name(ledger_schema);
    let mut statements = vec!["begin".to_owned()];
    if dialect == MigrationDialect::Postgres {
        statements.push("set local lock_timeout = '10s'".to_owned());
        statements.push(format!("select pg_catalog.pg_advisory_xact_lock({LOCK})"));
        if let Some(schema) = ledger_schema {
            statements.push(format!("create schema if not exists \"{schema}\""));
        }
    }
    statements.push(dialect.create_ledger(&ledger));
    statements.extend(dialect.protect_ledger_unasked(&ledger));
    let mut script = String::new();
    for statement in statements {
        script.push_str(&statement);
        script.push_str(";\n");
    }
    for file in dialect.files() {
        script.push_str("\n-- ");
        script.push_str(&file.migration.id.to_string());
        script.push('\n');
        script.push_str(file.sql.trim_end());
        script.push_str("\n\n");
        script.push_str(&dialect.record_as_text(&ledger, &file.migration));
        script.push_str(";\n");
    }
    script.push_str("\ncommit;\n");
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(dialect: MigrationDialect, schema: Option<&str>, words: &[&str], never: &[&str]) {
        let script = migration_script(dialect, schema);
        for file in dialect.files() {
            assert!(
                script.contains(file.sql.trim_end()),
                "{}",
                file.migration.id
            );
        }
        let rows = script
            .matches("(version, name, checksum, execution_ms)")
            .count();
        assert_eq!(rows, dialect.files().len());
        for words in words {
            assert!(script.contains(words), "{words} is not in:\n{script}");
        }
        for words in never {
            assert!(!script.contains(words), "{words} is in:\n{script}");
        }
    }

    #[test]
    fn the_script_holds_every_file_and_its_row() {
        check(
            MigrationDialect::Postgres,
            None,
            &[
                "create table schema_migrations (",
                "values (1, 'agents', '\\x",
            ],
            &["create schema"],
        );
        check(
            MigrationDialect::Postgres,
            Some("ops"),
            &[
                "create schema if not exists \"ops\"",
                "\"ops\".schema_migrations (",
            ],
            &["insert into schema_migrations"],
        );
        check(
            MigrationDialect::Sqlite,
            Some("ops"),
            &[
                "create table schema_migrations (",
                "values (1, 'agents', x'",
            ],
            &["ops", "advisory"],
        );
    }
}
