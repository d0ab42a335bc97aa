//! `dbvitals check`: one health check on one connection, told in words or
//! JSON, and by the exit code.

use std::{
    io::{self, Write},
    sync::Arc,
};

use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    adapter::{Database, DatabaseAdapter, HealthReport},
    cli::{
        args::Bar,
        config::Format,
        exit::{Exit, Outcome},
        json::{Layout, error_json, millis, write_pretty},
    },
    config::{Complaints, Config},
    domain::{
        ConnectionId, ConnectionStatus, DbError, Evidence, HealthDetails, MIGRATIONS_UNREAD,
        Target, Verdict, clean,
    },
};

/// How a check is told and judged.
#[derive(Debug, Clone, Copy)]
pub struct CheckOptions {
    /// Words or JSON.
    pub format: Format,
    /// What counts as passed.
    pub bar: Bar,
}

/// Everything that a check tells.
struct Told<'a> {
    target: &'a Target,
    direct: Option<&'a Target>,
    warnings: &'a [String],
    status: ConnectionStatus,
    verdict: Verdict,
    report: HealthReport,
}

/// Runs one check and prints its result.
pub async fn check(config: &Config, options: CheckOptions, out: &mut dyn Write) -> Outcome {
    let id = ConnectionId(Uuid::now_v7());
    // One check is told as a whole; its operations go nowhere else.
    let database = Database::new(&config.adapter, id, Arc::new(|_| {}));
    let report = database.first_check().await;
    let status = database.connection_status().status();
    let verdict = Verdict::assess(
        &Evidence::new(status, Some(&report.result)),
        &config.watch.policy,
    );
    let told = Told {
        target: &config.target,
        direct: config.direct.as_ref(),
        warnings: &config.provenance.warnings,
        status,
        verdict,
        report,
    };
    let printed = match options.format {
        Format::Json => print_json(&told, out),
        Format::Table => print_text(&told, out),
    };
    let exit = Exit::of_check(
        told.verdict.health,
        told.report.error.as_deref(),
        options.bar,
    );
    // The result is known and told; how the connection ends changes nothing.
    if let Err(error) = database.disconnect().await {
        tracing::warn!("disconnect failed: {}", error.message());
    }
    exit.printed(printed)
}

fn print_json(told: &Told<'_>, out: &mut dyn Write) -> io::Result<()> {
    let result = &told.report.result;
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    put("mode", json!(told.target.mode));
    put("target", json!(told.target.to_string()));
    if let Some(direct) = told.direct {
        put("directTarget", json!(direct.to_string()));
    }
    put("connectionId", json!(result.connection_id()));
    put("status", json!(told.status));
    put("health", json!(told.verdict.health));
    put("timestamp", json!(result.timestamp()));
    put("success", json!(result.success()));
    put("latency", json!(millis(result.latency())));
    if let Some(error) = &told.report.error {
        put("error", error_json(error));
    }
    put("details", details_json(told));
    write_pretty(&Value::Object(object), out)
}

/// The check's details, with the reasons of a degraded health and what is odd
/// about the configuration beside them.
fn details_json(told: &Told<'_>) -> Value {
    #[derive(Serialize)]
    struct Details<'a> {
        #[serde(flatten)]
        learned: Option<&'a HealthDetails>,
        reasons: Vec<String>,
        #[serde(skip_serializing_if = "<[String]>::is_empty")]
        warnings: &'a [String],
    }
    json!(Details {
        warnings: told.warnings,
        learned: told.report.result.details(),
        reasons: told
            .verdict
            .reasons
            .iter()
            .map(ToString::to_string)
            .collect(),
    })
}

fn print_text(told: &Told<'_>, out: &mut dyn Write) -> io::Result<()> {
    let result = &told.report.result;
    writeln!(
        out,
        "{}: {} {}{}",
        told.verdict.health.as_str(),
        told.target.mode,
        told.target,
        match told.target.role.as_str() {
            "" => String::new(),
            role => format!(" as {role}"),
        },
    )?;
    if let Some(direct) = told.direct {
        writeln!(out, "  SQL and migrations: {direct} as {}", direct.role)?;
    }
    for reason in &told.verdict.reasons {
        writeln!(out, "  {reason}")?;
        if let Some(next) = reason.next_step() {
            writeln!(out, "  next: {next}")?;
        }
    }
    if let Some(error) = &told.report.error {
        print_error(error, out)?;
    }
    for warning in told.warnings {
        writeln!(out, "  warning: {}", clean(warning))?;
    }
    writeln!(out, "  latency {:.2} ms", millis(result.latency()))?;
    if let Some(details) = result.details() {
        print_details(details, out)?;
    }
    Ok(())
}

pub(super) fn print_error(error: &DbError, out: &mut dyn Write) -> io::Result<()> {
    let headline = error.message();
    writeln!(out, "  {headline}")?;
    print_reasons(&headline, error, out)
}

/// What stands below a headline.
pub(super) fn print_reasons(
    headline: &str,
    error: &DbError,
    out: &mut dyn Write,
) -> io::Result<()> {
    // Some messages quote it.
    let is_quoted = |details: &&str| headline.contains(*details);
    if let Some(details) = error.details().filter(|details| !is_quoted(details)) {
        writeln!(out, "  said: {details}")?;
    }
    write!(
        out,
        "  kind {}, layer {}",
        error.kind().name(),
        error.layer().as_str()
    )?;
    if let Some(code) = error.code() {
        write!(out, ", code {code}")?;
    }
    writeln!(out)?;
    // What was said already is no news.
    let said = error.details().filter(|it| !it.is_empty());
    let is_told = |cause: &String| {
        // A server's words stand behind their code.
        let coded = error.code().and_then(|code| cause.split_once(code));
        let words = coded.map_or(cause.as_str(), |(_, words)| words.trim_start_matches(": "));
        error.message().contains(words)
            || said.is_some_and(|it| it.contains(words) || words.contains(it))
    };
    for cause in error.causes().filter(|cause| !is_told(cause)) {
        writeln!(out, "  cause: {cause}")?;
    }
    writeln!(out, "  next: {}", error.hint())
}

fn print_details(details: &HealthDetails, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "  phases")?;
    let (named, of_request) = (details.phases.named(), details.phases.of_request());
    let phases: &[_] = match details.rest {
        Some(_) => &of_request,
        None => &named,
    };
    for (name, duration) in phases {
        match duration {
            Some(duration) => write!(out, " {name} {:.2}", millis(*duration))?,
            None => write!(out, " {name} –")?,
        }
    }
    writeln!(out, " (ms)")?;
    if let Some(rest) = &details.rest {
        if let Some(service) = &rest.service {
            writeln!(out, "  service {service}")?;
        }
        writeln!(out, "  key {}", rest.key_words())?;
        writeln!(out, "  asked {}", rest.asked_words())?;
        for tables in rest.table_words() {
            writeln!(out, "  tables {tables}")?;
        }
    }
    if let Some(version) = &details.server_version {
        writeln!(out, "  server {version}")?;
    }
    if let Some(pooler) = details.pooler {
        writeln!(out, "  pooler {}", pooler.mode.told())?;
    }
    if let (Some(active), Some(max)) = (details.active_connections, details.max_connections) {
        writeln!(out, "  connections {active} of {max}")?;
    }
    if let Some(migrations) = &details.migrations {
        match migrations.applied {
            Some(applied) => write!(out, "  migrations {applied} applied")?,
            None => write!(out, "  migrations unread")?,
        }
        if let Some(pending) = migrations.pending {
            write!(out, ", {pending} pending")?;
        }
        if let Some(problem) = &migrations.problem {
            write!(out, "; {problem}")?;
        }
        writeln!(out)?;
    }
    let of_migrations = |what: &&String| what.starts_with(MIGRATIONS_UNREAD);
    for what in details.unread.iter().filter(of_migrations) {
        let why = what.trim_start_matches(MIGRATIONS_UNREAD);
        writeln!(out, "  migrations unread: {}", clean(why))?;
    }
    Ok(())
}

/// Prints that nothing was attempted, so that a reader of JSON gets JSON.
///
/// # Errors
/// When it cannot be printed.
pub fn print_not_attempted(
    complaints: &Complaints,
    layout: Layout,
    out: &mut dyn Write,
) -> io::Result<()> {
    let object = json!({
        "success": false,
        "error": {
            "kind": "InvalidConfiguration",
            "code": null,
            "message": "The configuration is not valid. Nothing was attempted.",
            "hint": "correct each key that the complaints name",
            "transient": false,
            "complaints": complaints,
            "moreComplaints": complaints.left_off(),
        },
    });
    match layout {
        Layout::Pretty => write_pretty(&object, out),
        Layout::OneLine => writeln!(out, "{object}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Action, ErrorKind};

    #[track_caller]
    fn check(cause: &str, causes: usize) {
        let error = DbError::new(Action::Connect, ErrorKind::ConnectionRefused)
            .with_details("Connection refused")
            .with_source(io::Error::other(cause.to_owned()));
        let mut out = Vec::new();
        print_error(&error, &mut out).unwrap();
        let told = String::from_utf8(out).unwrap();
        assert!(told.contains("said: Connection refused\n"), "{told}");
        assert_eq!(told.matches("cause: ").count(), causes, "{told}");
    }

    #[test]
    fn a_cause_is_told_where_it_says_more_than_was_said() {
        check("Connection refused", 0);
        check("FATAL: Connection refused", 0);
        check("No route to host", 1);
        let error = DbError::new(Action::Migrate, ErrorKind::StatementCancelled)
            .with_code("55P03")
            .with_details("it was rolled back (canceling statement due to lock timeout)")
            .with_source(io::Error::other(
                "ERROR 55P03: canceling statement due to lock timeout",
            ));
        let mut out = Vec::new();
        print_error(&error, &mut out).unwrap();
        let told = String::from_utf8(out).unwrap();
        assert!(!told.contains("cause: "), "{told}");
    }
}
