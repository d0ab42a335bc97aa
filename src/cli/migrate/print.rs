//! `migrate print`: the SQL, for where this program cannot go. Needs no database.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use serde_json::{Value, json};

use crate::{
    adapter::{MigrationDialect, MigrationSource, migration_script, migration_sources},
    cli::{config::Format, json::write_pretty},
};

/// Prints all files and the ledger.
///
/// # Errors
/// When `out` cannot be written.
pub fn print(
    dialect: MigrationDialect,
    ledger_schema: Option<&str>,
    format: Format,
    out: &mut dyn Write,
) -> io::Result<()> {
    let script = migration_script(dialect, ledger_schema);
    match format {
        Format::Table => out.write_all(script.as_bytes()),
        Format::Json => {
            let files: Value = migration_sources(dialect).iter().map(file_json).collect();
            write_pretty(&json!({ "files": files, "script": script }), out)
        }
    }
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
