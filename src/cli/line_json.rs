//! Events as single lines: JSON for programs, words for people. The words and
//! names are those of `check`.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use crate::{
    cli::json::{error_json, millis},
    domain::{
        DbError, Event, LatencySample, MigrationEvent, MigrationProgress, Rehearsed, SampleOutcome,
        Scenario, Target, Verdict, clean,
    },
};

/// Which samples are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Samples {
    /// None.
    LeftOut,
    /// Every one.
    Told,
}

/// One thing to tell, in both forms.
pub(super) struct Line {
    at: DateTime<Utc>,
    event: &'static str,
    fields: Map<String, Value>,
    words: String,
}

impl Line {
    /// A line of this kind.
    pub(super) fn new(event: &'static str, at: DateTime<Utc>, words: impl Into<String>) -> Self {
        Self {
            at,
            event,
            fields: Map::new(),
            words: words.into(),
        }
    }

    /// The same with one field more.
    pub(super) fn with(mut self, name: &str, value: Value) -> Self {
        self.fields.insert(name.to_owned(), value);
        self
    }

    /// The same with an error, if there is one.
    pub(super) fn because(mut self, error: Option<&DbError>) -> Self {
        if let Some(error) = error {
            self.words = format!("{}: {}", self.words, error_words(error));
            self.fields.insert("error".to_owned(), error_json(error));
        }
        self
    }

    /// One JSON object.
    pub(super) fn json(&self, target: &Target) -> String {
        let mut object = Map::new();
        object.insert("event".to_owned(), json!(self.event));
        object.insert("mode".to_owned(), json!(target.mode));
        object.insert("target".to_owned(), json!(target.to_string()));
        object.insert("timestamp".to_owned(), json!(self.at));
        object.extend(self.fields.clone());
        Value::Object(object).to_string()
    }

    /// Words after the time in UTC.
    pub(super) fn text(&self) -> String {
        let at = self.at.to_rfc3339_opts(SecondsFormat::Millis, true);
        format!("{at} {}", clean(&self.words))
    }
}

/// The line of an event; none for what is not watched. `written` is the database
/// that the migrations are in.
pub(super) fn line_of(event: &Event, samples: Samples, written: &Target) -> Option<Line> {
    Some(match event {
        Event::StatusChanged {
            from,
            to,
            at,
            error,
        } => Line::new("status", *at, format!("status {to} (was {from})"))
            .with("status", json!(to))
            .with("from", json!(from))
            .because(error.as_deref()),
        Event::HealthChanged { verdict, at } => health(verdict, *at),
        Event::OwnSideAway { reason, length, at } => {
            let words = format!("own side: {reason} for {:.1} s", length.as_secs_f64());
            Line::new("ownSide", *at, words)
                .with("reason", json!(reason))
                .with("lengthMs", json!(millis(*length)))
        }
        Event::CheckFinished { result, error } => {
            let latency = millis(result.latency());
            let words = if result.success() {
                format!("check ok, latency {latency:.2} ms")
            } else {
                format!("check failed after {latency:.2} ms")
            };
            Line::new("check", result.timestamp(), words)
                .with("connectionId", json!(result.connection_id()))
                .with("success", json!(result.success()))
                .with("latency", json!(latency))
                .with("details", json!(result.details()))
                .because(error.as_deref())
        }
        Event::Rehearsed { rehearsed, at } => rehearsal(rehearsed, *at),
        Event::Migrating { event, at } => migrating(event, *at, written),
        Event::MigrationEnded(progress) => return migrated(progress, written),
        Event::Sampled(sample) if samples == Samples::Told => sampled(sample),
        Event::Sampled(_)
        | Event::Diagnosed(_)
        | Event::OperationFinished(_)
        // Nobody is there to choose anything.
        | Event::Switched { .. }
        | Event::Left { .. }
        | Event::Configured { .. }
        | Event::CommandDone { .. } => return None,
    })
}

fn health(verdict: &Verdict, at: DateTime<Utc>) -> Line {
    let reasons: Vec<_> = verdict.reasons.iter().map(ToString::to_string).collect();
    let words = match reasons.as_slice() {
        [] => format!("health {}", verdict.health.as_str()),
        reasons => format!("health {}: {}", verdict.health.as_str(), reasons.join("; ")),
    };
    Line::new("health", at, words)
        .with("health", json!(verdict.health))
        .with("reasons", json!(reasons))
}

/// What is rehearsed from now on: what is told next is no real failure.
fn rehearsal(rehearsed: &Rehearsed, at: DateTime<Utc>) -> Line {
    let next = rehearsed.next.map(|(at, condition)| {
        let condition = condition.to_string();
        json!({ "timestamp": at, "condition": condition })
    });
    Line::new("rehearsal", at, format!("rehearsal {rehearsed}"))
        .with("scenario", json!(rehearsed.scenario.map(Scenario::as_str)))
        .with("condition", json!(rehearsed.condition.to_string()))
        .with("next", json!(next))
}

/// What a run of migrations does, and in which database.
fn migrating(event: &MigrationEvent, at: DateTime<Utc>, written: &Target) -> Line {
    let (step, migration, took) = match event {
        MigrationEvent::Waiting { .. } => ("waiting", None, None),
        MigrationEvent::Blocked { migration, .. } => ("blocked", Some(migration), None),
        MigrationEvent::AppliedByOther(migration) => ("appliedByOther", Some(migration), None),
        MigrationEvent::Started(migration) => ("started", Some(migration), None),
        MigrationEvent::Applied { migration, took } => ("applied", Some(migration), Some(*took)),
    };
    in_database(at, &event.to_string(), written)
        .with("step", json!(step))
        .with("migration", json!(migration.map(ToString::to_string)))
        .with("durationMs", json!(took.map(millis)))
}

/// What a run of migrations came to; none of one that goes on.
fn migrated(progress: &MigrationProgress, written: &Target) -> Option<Line> {
    let (at, result) = progress.ended()?;
    let line = match result {
        Ok(run) => in_database(*at, &run.to_string(), written),
        Err(error) => in_database(*at, "failed", written).because(Some(error)),
    };
    Some(
        line.with("step", json!("ended"))
            .with("success", json!(result.is_ok())),
    )
}

fn in_database(at: DateTime<Utc>, what: &str, written: &Target) -> Line {
    Line::new("migration", at, format!("migrations in {written}: {what}"))
        .with("target", json!(written.to_string()))
        .with("message", json!(what))
}

fn sampled(sample: &LatencySample) -> Line {
    let (outcome, took) = match sample.outcome {
        SampleOutcome::Answered(took) => ("answered", Some(took)),
        SampleOutcome::Failed(took) => ("failed", Some(took)),
        SampleOutcome::TimedOut(took) => ("timedOut", Some(took)),
        SampleOutcome::OwnSide => ("ownSide", None),
    };
    let latency = took.map(millis);
    let words = match latency {
        Some(latency) => format!("sample {outcome}, {latency:.2} ms"),
        None => format!("sample {outcome}"),
    };
    Line::new("sample", sample.at, words)
        .with("outcome", json!(outcome))
        .with("latency", json!(latency))
}

/// Events that came faster than they could be printed.
pub(super) fn missed(count: u64, at: DateTime<Utc>) -> Line {
    Line::new("missed", at, format!("{count} events missed")).with("count", json!(count))
}

/// Message, kind and code of an error.
fn error_words(error: &DbError) -> String {
    let kind = error.kind().name();
    match error.code() {
        Some(code) => format!("{} ({kind}, {code})", error.message()),
        None => format!("{} ({kind})", error.message()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::{Action, ConnectionStatus, ErrorKind, Mode, TransportSecurity};

    fn target() -> Target {
        Target {
            mode: Mode::Local,
            address: "db:5432".to_owned(),
            database: "app".to_owned(),
            role: "me".to_owned(),
            security: TransportSecurity::Plain,
        }
    }

    #[track_caller]
    fn check(event: &Event, text: &str, json: &str) {
        let line = line_of(event, Samples::Told, &target()).unwrap();
        assert_eq!(line.text(), format!("1970-01-01T00:00:00.000Z {text}"));
        let expected: Value = serde_json::from_str(json).unwrap();
        let found: Value = serde_json::from_str(&line.json(&target())).unwrap();
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&found[name], value, "{name} in {found}");
        }
        assert_eq!(found["target"], "db:5432/app");
    }

    #[test]
    fn an_event_is_one_line_of_the_same_words_in_both_forms() {
        let at = DateTime::UNIX_EPOCH;
        let error = DbError::new(Action::Connect, ErrorKind::ConnectionLost).with_code("57P01");
        check(
            &Event::StatusChanged {
                from: ConnectionStatus::Connected,
                to: ConnectionStatus::Error,
                at,
                error: Some(error.into()),
            },
            "status error (was connected): Database connection lost. \
             Attempting to reconnect... (ConnectionLost, 57P01)",
            r#"{"event": "status", "status": "error", "from": "connected"}"#,
        );
        let sample = |outcome| Event::Sampled(LatencySample { at, outcome });
        check(
            &sample(SampleOutcome::Answered(Duration::from_micros(1_500))),
            "sample answered, 1.50 ms",
            r#"{"event": "sample", "outcome": "answered", "latency": 1.5}"#,
        );
        check(
            &sample(SampleOutcome::OwnSide),
            "sample ownSide",
            r#"{"outcome": "ownSide", "latency": null}"#,
        );
    }
}
