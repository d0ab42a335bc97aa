//! What `config show` and `config check` print. Knows nothing of how a
//! configuration is read.

use std::io;

use serde_json::json;
use unicode_width::UnicodeWidthStr;

use crate::{
    config::{Complaints, Loaded, Row, shown},
    domain::{Target, TransportSecurity, clean},
};

/// How data is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Table,
    /// For programs: one JSON object and a line break.
    Json,
}

/// Prints the values in force, each with its origin, secrets as stars.
///
/// # Errors
/// When `out` cannot be written.
pub fn show(loaded: &Loaded, format: Format, out: &mut dyn io::Write) -> io::Result<()> {
    if format == Format::Json {
        let mut object = summary(loaded);
        object["settings"] = json!(loaded.settings);
        object["connection"] = json!(loaded.connection);
        return write_json(&object, out);
    }
    write_summary(loaded, out)?;
    writeln!(out)?;
    write_rows("key", &loaded.settings, out)?;
    if !loaded.connection.is_empty() {
        writeln!(out)?;
        write_rows("connection", &loaded.connection, out)?;
    }
    Ok(())
}

/// Prints the values of a configuration that is not valid, as far as they
/// could be read; in JSON with the complaints.
///
/// # Errors
/// When `out` cannot be written.
pub fn show_refused(
    settings: &[Row],
    complaints: &Complaints,
    format: Format,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match format {
        Format::Table => write_rows("key", settings, out),
        Format::Json => {
            let mut object = refused(complaints);
            object["settings"] = json!(settings);
            write_json(&object, out)
        }
    }
}

/// Prints that the configuration is valid and what it chose, or every complaint.
///
/// # Errors
/// When `out` cannot be written.
pub fn check(
    result: Result<&Loaded, &Complaints>,
    format: Format,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match (result, format) {
        (Ok(loaded), Format::Table) => {
            writeln!(out, "configuration is valid")?;
            write_summary(loaded, out)
        }
        (Ok(loaded), Format::Json) => {
            let mut object = summary(loaded);
            object["valid"] = json!(true);
            write_json(&object, out)
        }
        (Err(complaints), Format::Table) => {
            writeln!(out, "configuration is not valid")?;
            writeln!(out, "{complaints}")
        }
        (Err(complaints), Format::Json) => write_json(&refused(complaints), out),
    }
}

fn refused(complaints: &Complaints) -> serde_json::Value {
    json!({
        "valid": false,
        "complaints": complaints,
        "moreComplaints": complaints.left_off(),
    })
}

fn summary(loaded: &Loaded) -> serde_json::Value {
    let (target, provenance) = (&loaded.config.target, &loaded.config.provenance);
    json!({
        "mode": target.mode,
        "modeReason": provenance.mode_reason,
        "target": target,
        "directTarget": loaded.config.direct,
        "profile": provenance.profile,
        "environment": provenance.environment,
        "file": provenance.file.as_ref().map(|file| shown(&file.display().to_string()).into_owned()),
        "warnings": provenance.warnings,
    })
}

fn write_json(object: &serde_json::Value, out: &mut dyn io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, object)?;
    writeln!(out)
}

fn write_summary(loaded: &Loaded, out: &mut dyn io::Write) -> io::Result<()> {
    let (target, provenance) = (&loaded.config.target, &loaded.config.provenance);
    writeln!(out, "{}", provenance.mode_reason)?;
    writeln!(out, "target: {}", place(target))?;
    if let Some(direct) = &loaded.config.direct {
        writeln!(out, "SQL and migrations: {}", place(direct))?;
    }
    if let Some(file) = &provenance.file {
        writeln!(out, "file: {}", shown(&file.display().to_string()))?;
    }
    for warning in &provenance.warnings {
        writeln!(out, "warning: {}", clean(warning))?;
    }
    Ok(())
}

/// A target, its role and what protects the way there.
fn place(target: &Target) -> String {
    let role = if target.role.is_empty() {
        String::new()
    } else {
        format!(" as {}", target.role)
    };
    let line = format!("{target}{role}, {}", security(target.security));
    clean(&line).into_owned()
}

const fn security(security: TransportSecurity) -> &'static str {
    match security {
        TransportSecurity::ThisMachine => "on this machine",
        TransportSecurity::Verified => "TLS with a checked certificate and host name",
        TransportSecurity::Encrypted => "TLS, the host name is not checked",
        TransportSecurity::Opportunistic => "TLS where the server offers it",
        TransportSecurity::Plain => "plain text",
    }
}

/// Three columns; `-` stands for no value.
fn write_rows(title: &str, rows: &[Row], out: &mut dyn io::Write) -> io::Result<()> {
    let cells: Vec<_> = rows
        .iter()
        .map(|row| (row.key, value(row), row.origin.as_str()))
        .collect();
    let widest = |cell: fn(&(&str, String, &str)) -> usize, title: &str| {
        cells.iter().map(cell).fold(title.width(), usize::max)
    };
    let first = widest(|(key, ..)| key.width(), title);
    let second = widest(|(_, value, _)| value.width(), "value");
    let header = (title, "value".to_owned(), "origin");
    for (key, value, origin) in std::iter::once(&header).chain(&cells) {
        let gap = |text: &str, width: usize| " ".repeat(width - text.width() + 2);
        let (after_key, after_value) = (gap(key, first), gap(value, second));
        writeln!(out, "{key}{after_key}{value}{after_value}{origin}")?;
    }
    Ok(())
}

fn value(row: &Row) -> String {
    match (&row.value, row.unit) {
        (None, _) => "-".to_owned(),
        (Some(value), Some(unit)) => format!("{value} {unit}"),
        (Some(value), None) => value.clone(),
    }
}
