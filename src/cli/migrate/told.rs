//! What the commands about migrations print alike. Knows none of them.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use crate::{
    cli::{
        check::print_reasons,
        config::Format,
        confirm::Unconfirmed,
        exit::{Exit, Outcome},
        json::{error_json, write_pretty},
    },
    config::Config,
    domain::{DbError, ErrorKind, MigrationName, MigrationRefusal, clean},
};

/// An object that begins with mode and target, which is the database that the
/// migrations are in.
pub(super) fn object(config: &Config) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("mode".to_owned(), json!(config.written().mode));
    object.insert("target".to_owned(), json!(config.written().to_string()));
    object
}

/// `local db:5432/app as me`.
pub(super) fn target(config: &Config) -> String {
    let target = config.written();
    let role = match target.role.as_str() {
        "" => String::new(),
        role => format!(" as {role}"),
    };
    clean(&format!("{} {target}{role}", target.mode)).into_owned()
}

/// What must stay in mind of the configuration.
pub(super) fn print_warnings(config: &Config, out: &mut dyn Write) -> io::Result<()> {
    for warning in &config.provenance.warnings {
        writeln!(out, "  warning: {}", clean(warning))?;
    }
    Ok(())
}

pub(super) fn name_json(name: &MigrationName) -> Value {
    json!({ "version": name.version, "name": name.name })
}

pub(super) fn refusal_json(refusal: &MigrationRefusal) -> Value {
    json!({
        "kind": refusal.name(),
        "migration": refusal.migration().map(ToString::to_string),
        "message": refusal.to_string(),
        "hint": refusal.hint(),
    })
}

/// The end of a command that failed, which people are told on standard error. What
/// was found out before is in `object`.
pub(super) fn failed(
    mut object: Map<String, Value>,
    error: &DbError,
    format: Format,
    out: &mut dyn Write,
) -> Outcome {
    let headline = error.headline();
    let printed = match format {
        Format::Json => {
            let mut told = error_json(error);
            told["message"] = json!(headline);
            object.insert("success".to_owned(), json!(false));
            object.insert("error".to_owned(), told);
            write_pretty(&Value::Object(object), out)
        }
        Format::Table => {
            let mut words = format!("dbvitals: {headline}\n").into_bytes();
            print_reasons(&headline, error, &mut words).and_then(|()| complain(&words, out))
        }
    };
    exit_of(error).printed(printed)
}

/// Tells on standard error, after what was told as a result.
fn complain(words: &[u8], out: &mut dyn Write) -> io::Result<()> {
    let flushed = out.flush();
    // Who does not read the complaint still gets the number.
    io::stderr().write_all(words).ok();
    flushed
}

/// What our own configuration forbids was not attempted.
fn exit_of(error: &DbError) -> Exit {
    if error.kind() == ErrorKind::ReadOnlyConfigured {
        return Exit::NotAttempted;
    }
    Exit::Failed
}

/// The end of a command that was not confirmed.
pub(super) fn unconfirmed(
    config: &Config,
    why: &Unconfirmed,
    format: Format,
    out: &mut dyn Write,
) -> Outcome {
    let printed = match format {
        Format::Json => {
            let mut object = object(config);
            object.insert("success".to_owned(), json!(false));
            let error = json!({
                "kind": "NotConfirmed",
                "code": null,
                "message": why.words,
                "hint": why.next,
                "transient": false,
            });
            object.insert("error".to_owned(), error);
            write_pretty(&Value::Object(object), out)
        }
        Format::Table => {
            let (words, next) = (clean(&why.words), clean(&why.next));
            complain(
                format!("dbvitals: {words}\n  next: {next}\n").as_bytes(),
                out,
            )
        }
    };
    Exit::NotAttempted.printed(printed)
}
