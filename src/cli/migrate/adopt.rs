//! `migrate adopt`: compares tables that others made with ours, and tells what
//! was recorded and how they differ.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::{
    adapter::{Database, MigrateOptions},
    cli::{
        config::Format,
        confirm::{self, Permission},
        exit::{Exit, Outcome},
        json::write_pretty,
        migrate::{
            WriteOptions,
            told::{failed, name_json, object, print_warnings, target, unconfirmed},
        },
    },
    config::Config,
    domain::{Adoption, MigrationName, clean},
};

/// Compares, records and tells.
pub(super) async fn adopt(
    config: &Config,
    database: &Database,
    options: &WriteOptions,
    out: &mut dyn Write,
) -> Outcome {
    let permission = match confirm::permission(config, options.target.as_deref()) {
        Ok(Permission::Given) => Ok(()),
        Ok(Permission::Needed) => confirm::ask(config, "record what matches in its ledger"),
        Err(why) => Err(why),
    };
    if let Err(why) = permission {
        return unconfirmed(config, &why, options.format, out);
    }
    let lock_deadline = options.lock_timeout;
    let adoption = match database.adopt(MigrateOptions { lock_deadline }).await {
        Ok(adoption) => adoption,
        Err(error) => return failed(object(config), &error, options.format, out),
    };
    let printed = match options.format {
        Format::Json => print_json(config, &adoption, out),
        Format::Table => print_text(config, &adoption, out),
    };
    let exit = if adoption.differences.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    };
    exit.printed(printed)
}

fn print_json(config: &Config, adoption: &Adoption, out: &mut dyn Write) -> io::Result<()> {
    let names = |names: &[MigrationName]| names.iter().map(name_json).collect::<Value>();
    let mut object = object(config);
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    put("success", json!(adoption.differences.is_empty()));
    put("schema", json!(adoption.schema));
    put("ledger", json!(adoption.ledger));
    put("recorded", names(&adoption.recorded));
    put("recordedBefore", names(&adoption.recorded_before));
    put("waiting", names(&adoption.waiting));
    put("absent", names(&adoption.absent));
    put("wouldApply", names(&adoption.appliable));
    put("differences", json!(adoption.differences));
    put("remarks", json!(adoption.remarks));
    put("warnings", json!(config.provenance.warnings));
    write_pretty(&Value::Object(object), out)
}

fn print_text(config: &Config, adoption: &Adoption, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}: {adoption}", target(config))?;
    print_warnings(config, out)?;
    let (schema, ledger) = (clean(&adoption.schema), clean(&adoption.ledger));
    writeln!(out, "  tables in schema {schema}, ledger {ledger}")?;
    for name in &adoption.recorded_before {
        writeln!(out, "  recorded before {name}")?;
    }
    for name in &adoption.recorded {
        writeln!(out, "  recorded {name}")?;
    }
    for name in &adoption.absent {
        if adoption.appliable.contains(name) {
            writeln!(out, "  not there {name}: 'migrate up' applies it")?;
        } else {
            writeln!(
                out,
                "  not there {name}: nothing is applied as things stand"
            )?;
        }
    }
    for name in &adoption.waiting {
        writeln!(
            out,
            "  waits {name}: nothing speaks against it, and a file before it is not recorded"
        )?;
    }
    let mut before: Option<&MigrationName> = None;
    for difference in &adoption.differences {
        if before != Some(&difference.migration) {
            writeln!(out, "  differs {}", difference.migration)?;
            before = Some(&difference.migration);
        }
        writeln!(out, "    {difference}")?;
    }
    for remark in &adoption.remarks {
        writeln!(out, "  remark {remark}")?;
    }
    match adoption.next_step() {
        Some(next) => writeln!(out, "  next: {next}"),
        None => Ok(()),
    }
}
