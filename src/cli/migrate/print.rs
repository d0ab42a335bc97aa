//! `migrate print`: the SQL, for where this program cannot go. Needs no database.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use serde_json::{Value, json};

use crate::{
    adapter::{
        MigrationDialect, MigrationSource, migration_script, migration_sources, restoring_script,
    },
    cli::{
        config::Format,
        exit::{Exit, Outcome},
        json::write_pretty,
    },
};

/// What is printed.
#[derive(Debug, Clone, Copy)]
pub struct PrintOptions<'a> {
    /// Whose SQL.
    pub dialect: MigrationDialect,
    /// Where the ledger goes, if that is configured.
    pub ledger_schema: Option<&'a str>,
    /// The files' versions; all files and the ledger where none is named.
    pub versions: &'a [i64],
    /// SQL or JSON.
    pub format: Format,
}

/// Prints files, and the ledger where all are printed. A file that the engine
/// does not have is nothing to print.
pub fn print(options: PrintOptions<'_>, out: &mut dyn Write) -> Outcome {
    let PrintOptions {
        dialect, versions, ..
    } = options;
    let script = match versions {
        [] => Some(migration_script(dialect, options.ledger_schema)),
        some => restoring_script(dialect, some),
    };
    let Some(script) = script else {
        writeln!(
            io::stderr(),
            "dbvitals: this dialect has no such file: nothing was printed"
        )
        .ok();
        return Exit::NotAttempted.silent();
    };
    let is_printed = |source: &&MigrationSource| {
        versions.is_empty() || versions.contains(&source.migration.id.version)
    };
    Exit::Done.printed(match options.format {
        Format::Table => out.write_all(script.as_bytes()),
        Format::Json => {
            let sources = migration_sources(dialect);
            let files: Value = sources.iter().filter(is_printed).map(file_json).collect();
            write_pretty(&json!({ "files": files, "script": script }), out)
        }
    })
}

fn file_json(source: &MigrationSource) -> Value {
    let mut checksum = String::with_capacity(source.migration.checksum.len() * 2);
    for byte in &source.migration.checksum {
        write!(checksum, "{byte:02x}").expect("a String takes any text");
    }
    json!({
        "version": source.migration.id.version,
        "name": source.migration.id.name,
        "checksum": checksum,
        "sql": source.sql,
    })
}
