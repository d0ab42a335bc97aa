//! `dbvitals diagnose`: the way to the database layer by layer, told in words
//! or JSON, and by the exit code.

use std::{
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use tokio::{sync::mpsc, time::Instant};
use uuid::Uuid;

use crate::{
    adapter::{Database, DiagnosisOptions, WriteTest},
    cli::{
        args::Bar,
        config::Format,
        exit::{Exit, Outcome},
        json::{error_json, millis, write_pretty},
        lines::{WIDTH, wrap},
    },
    config::Config,
    domain::{
        Action, ConnectionId, DbError, Diagnosis, ErrorKind, Finding, FindingStatus, Health, clean,
    },
};

/// Columns before the words of a finding.
const INDENT: usize = 31;

/// How a diagnosis is made, told and judged.
#[derive(Debug, Clone, Copy)]
pub struct DiagnoseOptions {
    /// Words or JSON.
    pub format: Format,
    /// What counts as passed.
    pub bar: Bar,
    /// Whether writing is tried.
    pub write_test: WriteTest,
    /// How words look.
    pub style: Style,
}

/// How words look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// In colours, as on a terminal.
    Coloured,
    /// Without.
    Plain,
}

/// Everything that a diagnosis tells.
struct Told<'a> {
    config: &'a Config,
    connection_id: ConnectionId,
    timestamp: DateTime<Utc>,
    took: Duration,
    diagnosis: Diagnosis,
}

/// Makes a diagnosis and prints it.
pub async fn diagnose(config: &Config, options: DiagnoseOptions, out: &mut dyn Write) -> Outcome {
    if config.watch.read_only && options.write_test == WriteTest::Try {
        return refuse_to_write(options.format, out);
    }
    let connection_id = ConnectionId(Uuid::now_v7());
    let database = Database::new(&config.adapter, connection_id, Arc::new(|_| {}));
    let wanted = DiagnosisOptions {
        policy: config.watch.policy,
        write_test: options.write_test,
    };
    let (timestamp, began) = (Utc::now(), Instant::now());
    // All is printed in order at the end, so nobody listens meanwhile.
    let diagnosis = database.diagnose(wanted, mpsc::channel(1).0).await;
    let told = Told {
        config,
        connection_id,
        timestamp,
        took: began.elapsed(),
        diagnosis,
    };
    let printed = match options.format {
        Format::Json => write_pretty(&json_of(&told), out),
        Format::Table => print_text(&told, options.style, out),
    };
    let conclusion = &told.diagnosis.conclusion;
    let error = conclusion
        .error
        .as_deref()
        .filter(|_| conclusion.health == Health::Unhealthy);
    Exit::of_check(conclusion.health, error, options.bar).printed(printed)
}

/// `read_only` and a test that writes contradict each other: nothing is done.
fn refuse_to_write(format: Format, out: &mut dyn Write) -> Outcome {
    let error = DbError::new(Action::Transaction, ErrorKind::ReadOnlyConfigured);
    let printed = match format {
        Format::Json => write_pretty(
            &json!({ "success": false, "error": error_json(&error) }),
            out,
        ),
        Format::Table => writeln!(
            out,
            "--write-test: {}\nnext: leave --write-test out, or {}",
            error.message(),
            error.hint()
        ),
    };
    Exit::NotAttempted.printed(printed)
}

fn json_of(told: &Told<'_>) -> Value {
    let target = &told.config.target;
    let conclusion = &told.diagnosis.conclusion;
    let is_usable = conclusion.health != Health::Unhealthy;
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    put("mode", json!(target.mode));
    put("target", json!(target.to_string()));
    put("connectionId", json!(told.connection_id));
    put("health", json!(conclusion.health));
    put("timestamp", json!(told.timestamp));
    put("success", json!(is_usable));
    put("durationMs", json!(millis(told.took)));
    put("verdict", json!(conclusion.verdict));
    put("nextStep", json!(conclusion.next_step));
    put("layer", json!(conclusion.layer));
    if let Some(error) = &conclusion.error {
        put("error", error_json(error));
    }
    let steps = told.diagnosis.findings.iter().map(step_json);
    put("steps", steps.collect());
    put("warnings", json!(told.config.provenance.warnings));
    Value::Object(object)
}

fn step_json(finding: &Finding) -> Value {
    let facts: Map<_, _> = finding
        .facts
        .iter()
        .map(|fact| (fact.name.to_owned(), json!(fact.value)))
        .collect();
    let error = finding.error.as_deref();
    json!({
        "step": finding.exam,
        "layer": error.map_or(finding.exam.layer(), DbError::layer),
        "status": finding.status,
        "ms": finding.took.map(millis),
        "summary": finding.summary,
        "notes": finding.notes,
        "facts": facts,
        "error": error.map(error_json),
        "nextStep": finding.next,
    })
}

fn print_text(told: &Told<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let target = &told.config.target;
    let role = match target.role.as_str() {
        "" => String::new(),
        role => format!(" as {role}"),
    };
    let conclusion = &told.diagnosis.conclusion;
    writeln!(
        out,
        "{}: {} {}{} ({} ms)",
        conclusion.health.as_str(),
        target.mode,
        clean(&target.to_string()),
        clean(&role),
        told.took.as_millis()
    )?;
    for finding in &told.diagnosis.findings {
        print_finding(finding, told.config.tui.ascii, style, out)?;
    }
    for warning in &told.config.provenance.warnings {
        print_wrapped("warning: ", warning, out)?;
    }
    writeln!(out)?;
    print_wrapped("verdict: ", &conclusion.verdict, out)?;
    print_wrapped("next:    ", &conclusion.next_step, out)
}

fn print_finding(
    finding: &Finding,
    ascii: bool,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (unicode, plain, colour) = match finding.status {
        FindingStatus::Ok => ("✔", "+", "32"),
        FindingStatus::Warning => ("▲", "!", "33"),
        FindingStatus::Failed => ("✖", "X", "1;31"),
        FindingStatus::Skipped => ("–", "-", "2"),
    };
    let glyph = if ascii { plain } else { unicode };
    let word = format!("{glyph} {:<7}", finding.status.as_str());
    let word = match style {
        Style::Coloured => format!("\u{1b}[{colour}m{word}\u{1b}[0m"),
        Style::Plain => word,
    };
    let took = finding
        .took
        .map_or(String::new(), |took| format!("{:.1} ms", millis(took)));
    let mut lines = wrap(&clean(&finding.summary), WIDTH - INDENT).into_iter();
    let first = lines.next().unwrap_or_default();
    writeln!(
        out,
        "{word} {:<10} {took:>8} {first}",
        finding.exam.as_str()
    )?;
    for line in lines {
        writeln!(out, "{:INDENT$}{line}", "")?;
    }
    for note in &finding.notes {
        print_wrapped("            ", note, out)?;
    }
    Ok(())
}

/// The words after a label, under each other.
fn print_wrapped(label: &str, words: &str, out: &mut dyn Write) -> io::Result<()> {
    let indent = label.len();
    let mut label = label;
    for line in wrap(&clean(words), WIDTH - indent) {
        writeln!(out, "{label:indent$}{line}")?;
        label = "";
    }
    Ok(())
}
