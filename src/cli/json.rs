//! What every command prints alike as JSON. Knows no command.

use std::{
    io::{self, Write},
    time::Duration,
};

use serde_json::{Value, json};

use crate::domain::DbError;

/// How an object is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Over several lines, for people who read along.
    Pretty,
    /// On one line, among others.
    OneLine,
}

/// An error, with everything that is known of it.
pub(super) fn error_json(error: &DbError) -> Value {
    json!({
        "kind": error.kind().name(),
        "code": error.code(),
        "message": error.message(),
        "hint": error.hint(),
        "transient": error.is_transient(),
        "layer": error.layer(),
        "details": error.details(),
        "causes": error.causes().collect::<Vec<_>>(),
    })
}

/// A duration in ms, to the microsecond.
pub(super) fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// Prints one object over several lines, for people who read along.
pub(super) fn write_pretty(value: &Value, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}
