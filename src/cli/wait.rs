//! `dbvitals wait`: watches as the dashboard does until the database is usable,
//! and says what it waits for.

use std::{
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use serde_json::json;
use tokio::time::{Instant, sleep_until};

use crate::{
    backend::Handle,
    cli::{
        args::Bar,
        config::Format,
        exit::{Exit, Outcome},
        json::millis,
        line_json::Line,
    },
    domain::{ConnectionStatus, DbError, Health, Snapshot},
};

/// How long is waited, for what, and how it is told.
#[derive(Debug, Clone, Copy)]
pub struct WaitOptions {
    /// JSON lines on standard output, or words on standard error.
    pub format: Format,
    /// What is waited for.
    pub bar: Bar,
    /// How long at most; for ever without.
    pub timeout: Option<Duration>,
}

/// Waits until the database is usable; what changes meanwhile is a line each.
///
/// Not in time: the exit is that of the last failure.
pub async fn wait(handle: Handle, options: WaitOptions, out: &mut dyn Write) -> Outcome {
    let mut snapshots = handle.snapshots();
    let limit = options.timeout.map(|timeout| Instant::now() + timeout);
    let mut told: Option<State> = None;
    let mut printed = Ok(());
    loop {
        let snapshot = Arc::clone(&snapshots.borrow_and_update());
        let state = State::of(&snapshot);
        if told.as_ref().is_none_or(|before| !before.is_like(&state)) {
            let line = state.line(&handle, &snapshot);
            printed = printed.and(tell(&line, &snapshot, options.format, out));
            told = Some(state.clone());
        }
        if state.passes(options.bar) {
            return Exit::Done.printed(printed);
        }
        tokio::select! {
            changed = snapshots.changed() => if changed.is_err() {
                return state.exit(options.bar).printed(printed);
            },
            () = sleep_until(limit.unwrap_or_else(Instant::now)), if limit.is_some() => {
                let after = options.timeout.unwrap_or_default();
                let line = state.time_is_over(&handle, after);
                printed = printed.and(tell(&line, &snapshot, options.format, out));
                return state.exit(options.bar).printed(printed);
            }
        }
    }
}

/// What is waited for, so far. A retry that goes on is still the outage.
#[derive(Debug, Clone)]
struct State {
    status: ConnectionStatus,
    health: Health,
    reasons: Vec<String>,
    error: Option<Arc<DbError>>,
}

impl State {
    fn of(snapshot: &Snapshot) -> Self {
        let outage = snapshot.outage.as_ref();
        let error = outage.map(|outage| Arc::clone(&outage.error));
        let status = match (snapshot.connection.status(), &error) {
            (ConnectionStatus::Connecting, Some(_)) => ConnectionStatus::Error,
            (status, _) => status,
        };
        let reasons = snapshot.verdict.reasons.iter();
        Self {
            status,
            health: snapshot.verdict.health,
            reasons: reasons.map(ToString::to_string).collect(),
            error,
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        let is_same_error = match (&self.error, &other.error) {
            (Some(one), Some(other)) => one.kind() == other.kind() && one.code() == other.code(),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        self.status == other.status && self.health == other.health && is_same_error
    }

    fn passes(&self, bar: Bar) -> bool {
        self.status == ConnectionStatus::Connected
            && match (self.health, bar) {
                (Health::Healthy, _) | (Health::Degraded, Bar::Usable) => true,
                (Health::Degraded, Bar::Healthy) | (Health::Unhealthy, _) => false,
            }
    }

    /// Without a failure yet nobody has answered.
    fn exit(&self, bar: Bar) -> Exit {
        match (&self.error, self.health) {
            (None, Health::Unhealthy) => Exit::NoAnswer,
            (error, health) => Exit::of_check(health, error.as_deref(), bar),
        }
    }

    /// What is said when nothing is waited for any longer.
    fn time_is_over(&self, handle: &Handle, after: Duration) -> Line {
        let words = format!(
            "the time is over after {} s: still {}, {}",
            after.as_secs_f64(),
            self.status,
            self.health.as_str()
        );
        Line::new("timeOver", handle.clock().now().wall, words)
            .with("afterMs", json!(millis(after)))
            .with("status", json!(self.status))
            .with("health", json!(self.health))
    }

    fn line(&self, handle: &Handle, snapshot: &Snapshot) -> Line {
        let words = match self.reasons.as_slice() {
            [] => format!("{}, {}", self.status, self.health.as_str()),
            reasons => format!(
                "{}, {}: {}",
                self.status,
                self.health.as_str(),
                reasons.join("; ")
            ),
        };
        Line::new("state", handle.clock().now().wall, words)
            .with("connectionId", json!(snapshot.connection.id()))
            .with("status", json!(self.status))
            .with("health", json!(self.health))
            .with("reasons", json!(self.reasons))
            .because(self.error.as_deref())
    }
}

fn tell(line: &Line, snapshot: &Snapshot, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Json => {
            writeln!(out, "{}", line.json(&snapshot.session.target))?;
            out.flush()
        }
        Format::Table => writeln!(io::stderr(), "{}", line.text()),
    }
}
