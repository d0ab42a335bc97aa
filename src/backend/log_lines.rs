//! One log line for each event: the only place where events become text of the log.

use std::fmt::Write;

use crate::domain::{CommandOutcome, ConfigChange, ConnectionId, DbError, Event, Target};

/// Writes the event to the log. `written` is the database that the migrations
/// are in.
pub(super) fn log(event: &Event, written: &Target) {
    match event {
        Event::StatusChanged {
            from,
            to,
            error: None,
            ..
        } => {
            tracing::info!(target: "dbvitals::backend", "status {from} -> {to}");
        }
        Event::StatusChanged {
            from,
            to,
            error: Some(error),
            ..
        } => {
            tracing::error!(target: "dbvitals::backend", "status {from} -> {to}: {}", told(error));
        }
        Event::HealthChanged { verdict, .. } if verdict.reasons.is_empty() => {
            tracing::info!(target: "dbvitals::backend", "health {}", verdict.health.as_str());
        }
        Event::HealthChanged { verdict, .. } => {
            let reasons: Vec<_> = verdict.reasons.iter().map(ToString::to_string).collect();
            tracing::warn!(
                target: "dbvitals::backend",
                "health {}: {}",
                verdict.health.as_str(),
                reasons.join("; ")
            );
        }
        Event::OwnSideAway { reason, length, .. } => tracing::warn!(
            target: "dbvitals::backend",
            "own side: {reason} seconds={:.1}",
            length.as_secs_f64()
        ),
        Event::CheckFinished { result: check, .. } => match check.error() {
            None => tracing::info!(
                target: "dbvitals::backend",
                "health check ok latency_ms={:.2}",
                check.latency().as_secs_f64() * 1e3
            ),
            Some(error) => tracing::warn!(
                target: "dbvitals::backend",
                "health check failed after_ms={:.2}: {error}",
                check.latency().as_secs_f64() * 1e3
            ),
        },
        Event::Diagnosed(progress) => {
            if let Some((_, conclusion)) = progress.ended() {
                tracing::info!(
                    target: "dbvitals::backend",
                    "diagnosis: {} next: {}",
                    conclusion.verdict,
                    conclusion.next_step
                );
            }
        }
        Event::Migrating { event, .. } => {
            tracing::info!(target: "dbvitals::backend", "migrations in {written}: {event}");
        }
        Event::MigrationEnded(progress) => match progress.ended() {
            Some((_, Ok(run))) => {
                tracing::info!(target: "dbvitals::backend", "migrations in {written}: {run}");
            }
            Some((_, Err(error))) => {
                tracing::error!(
                    target: "dbvitals::backend",
                    "migrations in {written}: {}",
                    told(error)
                );
            }
            None => {}
        },
        Event::OperationFinished(operation) => tracing::trace!(
            target: "dbvitals::backend",
            "operation type={} service={} table={}",
            operation.kind().as_str(),
            operation.service(),
            operation.table().unwrap_or("none"),
        ),
        Event::CommandDone {
            command,
            outcome: CommandOutcome::Begun,
        } => {
            tracing::info!(target: "dbvitals::backend", "command {}", command.as_str());
        }
        Event::CommandDone {
            command,
            outcome: CommandOutcome::Needless(reason),
        } => {
            tracing::info!(target: "dbvitals::backend", "command {}: needless, {reason}", command.as_str());
        }
        Event::Rehearsed { rehearsed, .. } => {
            tracing::info!(target: "dbvitals::backend", "rehearsal {rehearsed}");
        }
        Event::Switched { from, to, id, .. } => switched(from, to, *id),
        Event::Left { target, error, .. } => left(target, error.as_deref()),
        Event::Configured { changes, .. } => configured(changes),
        // A sample is for charts; its check has a line of its own.
        Event::Sampled(_) => {}
    }
}

fn switched(from: &Target, to: &Target, id: ConnectionId) {
    let (before, now) = (from.mode, to.mode);
    tracing::info!(
        target: "dbvitals::backend",
        "switched from {before} {from} to {now} {to} connection={id}"
    );
}

/// It names its target: it is about none that is watched now.
fn left(target: &Target, error: Option<&DbError>) {
    let mode = target.mode;
    match error {
        None => tracing::debug!(
            target: "dbvitals::backend",
            "the connection to {mode} {target} that was left has ended"
        ),
        Some(error) => tracing::warn!(
            target: "dbvitals::backend",
            "the connection to {mode} {target} that was left was cut off: {}",
            told(error)
        ),
    }
}

fn configured(changes: &[ConfigChange]) {
    for ConfigChange { key, old, new, .. } in changes {
        let (old, new) = (old.as_deref(), new.as_deref());
        let (old, new) = (old.unwrap_or("none"), new.unwrap_or("none"));
        tracing::info!(
            target: "dbvitals::backend",
            "configuration: {key} = {new} (was {old})"
        );
    }
}

/// An error with all that is known of it; what is not there is left out.
fn told(error: &DbError) -> String {
    let (kind, layer) = (error.kind().name(), error.layer().as_str());
    let mut words = format!("{} kind={kind} layer={layer}", error.message());
    if let Some(code) = error.code() {
        write!(words, " code={code}").expect("a string takes all");
    }
    if let Some(details) = error.details() {
        write!(words, " details={details:?}").expect("a string takes all");
    }
    // A cause that the details quote already is not said twice.
    let quoted = |cause: &String| error.details().is_some_and(|d| d.contains(cause.as_str()));
    let causes: Vec<_> = error.causes().filter(|cause| !quoted(cause)).collect();
    if !causes.is_empty() {
        write!(words, " causes={causes:?}").expect("a string takes all");
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Action, ErrorKind};

    #[test]
    fn an_error_is_told_with_all_that_is_known_and_no_more() {
        let refused = DbError::new(Action::Connect, ErrorKind::ConnectionRefused);
        let bare = "Cannot connect to database. Please check if PostgreSQL is running. \
                    kind=ConnectionRefused layer=tcp";
        assert_eq!(told(&refused), bare);
        let refused = refused
            .with_details("Connection refused")
            .with_source(std::io::Error::other("Connection refused"));
        assert_eq!(
            told(&refused),
            format!("{bare} details=\"Connection refused\"")
        );
        let source = std::io::Error::other("cable unplugged");
        let lost = DbError::new(Action::HealthCheck, ErrorKind::ConnectionLost).with_source(source);
        assert!(
            told(&lost).ends_with(" causes=[\"cable unplugged\"]"),
            "{}",
            told(&lost)
        );
    }
}
