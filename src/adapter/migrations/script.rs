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

/// From here on names without a schema are made where tables go, and found there
/// or among the server's own: a search path may have others before these.
const PIN: &str = "select pg_catalog.set_config('search_path', pg_catalog.concat(\
                   pg_catalog.quote_ident(pg_catalog.current_schema()::pg_catalog.text), \
                   ', pg_temp'), true)";

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
        statements.push(PIN.to_owned());
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

/// Some of the files without their ledger rows, in one transaction: what makes
/// tables anew that were dropped behind the ledger's back. `None` when the
/// engine has no file of one of these versions.
///
/// What a dropped table leaves behind is no hindrance: a type that nothing uses
/// any more is replaced, and so are functions and policies.
#[must_use]
pub fn restoring_script(dialect: MigrationDialect, versions: &[i64]) -> Option<String> {
    let of = |version: &i64| {
        let mut files = dialect.files().iter();
        files.find(|file| file.migration.id.version == *version)
    };
    let files: Option<Vec<_>> = versions.iter().map(of).collect();
    let mut script = String::from("-- Without rows of the ledger: for tables that were dropped.\n");
    script.push_str("begin;\n");
    if dialect == MigrationDialect::Postgres {
        script.push_str("set local lock_timeout = '10s';\n");
        script.push_str(PIN);
        script.push_str(";\n");
    }
    for file in files? {
        script.push_str("\n-- ");
        script.push_str(&file.migration.id.to_string());
        script.push('\n');
        for line in file.sql.lines() {
            if let Some(rest) = line.strip_prefix("create type ") {
                let name = rest.split_whitespace().next().unwrap_or_default();
                script.push_str("drop type if exists ");
                script.push_str(name);
                script.push_str(";\n");
            }
        }
        script.push_str(&repeatable(file.sql));
    }
    script.push_str("\ncommit;\n");
    Some(script)
}

/// The statements such that what is there already is replaced.
fn repeatable(sql: &str) -> String {
    const POLICY: &str = "            execute pg_catalog.format(\n                'create policy ";
    const DROPPED: &str = "            execute pg_catalog.format('drop policy if exists %I on %I', \
         target || '_' || role_name, target);\n";
    sql.replace("create function ", "create or replace function ")
        .replace(POLICY, &[DROPPED, POLICY].concat())
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
    fn some_files_are_printed_without_rows_of_the_ledger() {
        let some = |versions: &[i64]| restoring_script(MigrationDialect::Postgres, versions);
        let script = some(&[3, 10]).unwrap();
        for words in [
            "-- 0003_terminal_outputs\ndrop type if exists terminal_output_type;\n",
            "create table terminal_outputs (",
            "drop policy if exists %I on %I",
        ] {
            assert!(script.contains(words), "{words} is not in:\n{script}");
        }
        assert!(!script.contains("insert into schema_migrations"));
        assert!(!script.contains("create table agents ("));
        assert!(some(&[1]).unwrap().contains("create or replace function"));
        assert_eq!(some(&[11]), None);
        assert_eq!(restoring_script(MigrationDialect::Sqlite, &[10]), None);
    }

    #[test]
    fn the_script_holds_every_file_and_its_row() {
        check(
            MigrationDialect::Postgres,
            None,
            &[
                "create table schema_migrations (",
                "values (1, 'agents', pg_catalog.decode('",
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
