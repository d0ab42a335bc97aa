//! `migrate status` and `migrate plan`: what was applied, what is pending, and
//! what `up` would do. Only reads.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use serde_json::{Value, json};

use crate::{
    adapter::Database,
    cli::{
        config::Format,
        exit::{Exit, Outcome},
        json::write_pretty,
        migrate::told::{failed, name_json, object, print_warnings, refusal_json, target},
    },
    config::Config,
    domain::{AppliedMigration, MigrationState, Unwritable, clean},
};

/// What is told of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// All that is known.
    Status,
    /// What `up` would do.
    Plan,
}

/// Looks and prints.
pub(super) async fn look(
    config: &Config,
    database: &Database,
    told: Told,
    format: Format,
    out: &mut dyn Write,
) -> Outcome {
    let state = match database.migration_state().await {
        Ok(state) => state,
        Err(error) => return failed(object(config), &error, format, out),
    };
    let printed = match (format, told) {
        (Format::Json, _) => print_json(config, &state, out),
        (Format::Table, Told::Status) => print_status(config, &state, out),
        (Format::Table, Told::Plan) => print_plan(config, &state, out),
    };
    let exit = match told {
        Told::Plan => exit_of_plan(&state),
        Told::Status => Exit::Done,
    };
    exit.printed(printed)
}

/// The exit of a run, as far as it is known before.
fn exit_of_plan(state: &MigrationState) -> Exit {
    let is_pending = !state.pending.is_empty();
    match state.unwritable {
        // What our own configuration forbids is not attempted.
        Some(Unwritable::Configured) if is_pending => Exit::NotAttempted,
        Some(_) if is_pending => Exit::Failed,
        _ if state.refusal.is_some() || state.missing_right.is_some() => Exit::Failed,
        _ => Exit::Done,
    }
}

fn print_json(config: &Config, state: &MigrationState, out: &mut dyn Write) -> io::Result<()> {
    let mut object = object(config);
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    put("schema", json!(state.schema));
    put("ledger", json!(state.ledger));
    put("upToDate", json!(state.is_up_to_date()));
    put("applied", state.applied.iter().map(applied_json).collect());
    put("pending", state.pending.iter().map(name_json).collect());
    put(
        "wouldApply",
        state.appliable().iter().map(name_json).collect(),
    );
    put("refusal", json!(state.refusal.as_ref().map(refusal_json)));
    put(
        "unwritable",
        json!(state.unwritable.map(Unwritable::as_str)),
    );
    let right = state.missing_right.as_ref();
    put(
        "missingRight",
        json!(right.map(|right| json!({ "message": right.words, "hint": right.hint }))),
    );
    put("warnings", json!(config.provenance.warnings));
    write_pretty(&Value::Object(object), out)
}

fn applied_json(row: &AppliedMigration) -> Value {
    let mut checksum = String::with_capacity(row.checksum.len() * 2);
    for byte in &row.checksum {
        write!(checksum, "{byte:02x}").expect("a String takes any text");
    }
    json!({
        "version": row.id.version,
        "name": row.id.name,
        "appliedAt": row.applied_at,
        "executionMs": row.execution_ms,
        "checksum": checksum,
    })
}

fn print_status(config: &Config, state: &MigrationState, out: &mut dyn Write) -> io::Result<()> {
    let (applied, pending) = (state.applied.len(), state.pending.len());
    writeln!(
        out,
        "{}: {applied} applied, {pending} pending",
        target(config)
    )?;
    print_warnings(config, out)?;
    print_place(state, out)?;
    for row in &state.applied {
        let at = match row.applied_at {
            Some(at) => at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
            None => "at an unknown time".to_owned(),
        };
        let name = row.id.to_string();
        match row.execution_ms {
            0 => writeln!(out, "  applied {name:<28} {at}  recorded")?,
            ms => writeln!(out, "  applied {name:<28} {at}  {ms} ms")?,
        }
    }
    for name in &state.pending {
        writeln!(out, "  pending {name}")?;
    }
    print_hindrance(state, out)
}

fn print_plan(config: &Config, state: &MigrationState, out: &mut dyn Write) -> io::Result<()> {
    let target = target(config);
    let is_hindered =
        !state.pending.is_empty() && (state.unwritable.is_some() || state.missing_right.is_some());
    match state.appliable().len() {
        _ if is_hindered => writeln!(out, "{target}: nothing would be applied")?,
        0 if state.refusal.is_some() => writeln!(out, "{target}: nothing would be applied")?,
        0 => writeln!(out, "{target}: nothing to apply")?,
        count => writeln!(out, "{target}: {count} would be applied")?,
    }
    print_warnings(config, out)?;
    print_place(state, out)?;
    for name in state.appliable() {
        let what = if is_hindered {
            "pending"
        } else {
            "would apply"
        };
        writeln!(out, "  {what} {name}")?;
    }
    print_hindrance(state, out)
}

/// Where the tables and the ledger are or would be.
fn print_place(state: &MigrationState, out: &mut dyn Write) -> io::Result<()> {
    let (schema, ledger) = (clean(&state.schema), clean(&state.ledger));
    if schema.is_empty() {
        return writeln!(out, "  ledger {ledger}");
    }
    writeln!(out, "  tables in schema {schema}, ledger {ledger}")
}

/// What speaks against applying, with the next step.
fn print_hindrance(state: &MigrationState, out: &mut dyn Write) -> io::Result<()> {
    if let Some(refusal) = &state.refusal {
        writeln!(out, "  refused: {refusal}\n  next: {}", refusal.hint())?;
    }
    if let Some(why) = state.unwritable.filter(|_| !state.pending.is_empty()) {
        let (words, next) = (why.as_str(), why.hint());
        writeln!(out, "  nothing can be written: {words}\n  next: {next}")?;
    }
    if let Some(right) = &state.missing_right {
        let next = right.hint;
        writeln!(out, "  refused: {}\n  next: {next}", clean(&right.words))?;
    }
    Ok(())
}
