//! One log line for each event: the only place where events become text of the log.

use crate::domain::{CommandOutcome, Event};

/// Writes the event to the log.
pub(super) fn log(event: &Event) {
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
            // A cause that the details quote already is not said twice.
            let quoted =
                |cause: &String| error.details().is_some_and(|d| d.contains(cause.as_str()));
            let causes: Vec<_> = error.causes().filter(|cause| !quoted(cause)).collect();
            tracing::error!(
                target: "dbvitals::backend",
                "status {from} -> {to}: {} kind={} code={} layer={} details={:?} causes={:?}",
                error.message(),
                error.kind().name(),
                error.code().unwrap_or("none"),
                error.layer().as_str(),
                error.details().unwrap_or(""),
                causes,
            );
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
        Event::CheckFinished(check) => match check.error() {
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
        // A sample is for charts; its check has a line of its own.
        Event::Sampled(_) => {}
    }
}
