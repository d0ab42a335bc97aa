//! Asks an open session what a health check reports beside success. Knows
//! nothing of how the session came about.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use tokio_postgres::{
    Client, Row,
    types::{ToSql, Type},
};

use crate::{
    adapter::{
        DbResult,
        local::{
            phase_clock::{Phase, PhaseClock},
            session::Session,
            target::Target,
        },
    },
    domain::{Action, DbError, ErrorKind, HealthDetails, Layer, REQUIRED_TABLES, SlotHolder},
};

/// The bare round trip: it asks for the server's clock, which costs no more
/// than any other value and gives the skew.
const CLOCK: &str = include_str!("sql/clock.sql");
const DETAILS: &str = include_str!("sql/details.sql");
const DATABASE_SIZE: &str = include_str!("sql/database_size.sql");
const SYSTEM_IDENTIFIER: &str = include_str!("sql/system_identifier.sql");

/// The bare round trip of a health check.
#[derive(Debug, Clone, Copy)]
pub(super) struct RoundTrip {
    /// There and back.
    pub(super) latency: Duration,
    /// Server clock minus ours.
    pub(super) clock_skew_ms: f64,
}

/// The answer of `details.sql`. A server that is not quite PostgreSQL may leave parts out.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Answer {
    server_version: Option<String>,
    role: Option<String>,
    database: Option<String>,
    database_oid: Option<u64>,
    active_connections: Option<u64>,
    max_connections: Option<u64>,
    slot_holders: Vec<SlotHolder>,
    in_recovery: Option<bool>,
    read_only: Option<bool>,
    tls: Option<String>,
    missing_tables: Option<Vec<String>>,
}

/// One bare statement, there and back: the phase query.
pub(super) async fn round_trip(session: &mut Session, clock: &PhaseClock) -> DbResult<RoundTrip> {
    clock.begin(Phase::Query);
    let sent = Utc::now();
    let answer = one(session.client(), CLOCK, &[]).await;
    let row = match answer {
        Ok(row) => row,
        Err(error) => return Err(session.classify(error, clock.action()).await),
    };
    let latency = clock.end();
    let theirs: i64 = match row.try_get(0) {
        Ok(micros) => micros,
        Err(error) => return Err(session.classify(error, clock.action()).await),
    };
    Ok(RoundTrip {
        latency,
        clock_skew_ms: skew_ms(theirs, sent, latency),
    })
}

/// The details, in one flight: what may fail by itself is a statement by
/// itself, and all are sent before the first answer is awaited.
pub(super) async fn details(
    session: &mut Session,
    target: &Target,
    clock: &PhaseClock,
) -> DbResult<HealthDetails> {
    let requires_schema = target.section().requires_schema;
    let required: &[&str] = if requires_schema {
        &REQUIRED_TABLES
    } else {
        &[]
    };
    let client = session.client();
    let params: [(&(dyn ToSql + Sync), Type); 1] = [(&required, Type::TEXT_ARRAY)];
    let (answer, size, system) = tokio::join!(
        one(client, DETAILS, &params),
        one(client, DATABASE_SIZE, &[]),
        one(client, SYSTEM_IDENTIFIER, &[]),
    );
    let size = optional(session, size, clock).await?;
    let system = optional(session, system, clock).await?;
    let answer = match optional(session, answer, clock).await? {
        None => Answer::default(),
        Some(row) => parse(&row, clock.action())?,
    };
    Ok(HealthDetails {
        phases: clock.timings(),
        fingerprint: fingerprint(whole(system.as_ref()), answer.database_oid),
        server_version: answer.server_version,
        role: answer.role,
        database: answer.database,
        active_connections: answer.active_connections,
        max_connections: answer.max_connections,
        slot_holders: answer.slot_holders,
        in_recovery: answer.in_recovery,
        read_only: answer.read_only,
        database_size_bytes: whole(size.as_ref()).and_then(|bytes| u64::try_from(bytes).ok()),
        tls: Some(tls_words(session, answer.tls)),
        missing_tables: answer.missing_tables.filter(|_| requires_schema),
        ..HealthDetails::default()
    })
}

async fn one(
    client: &Client,
    sql: &str,
    params: &[(&(dyn ToSql + Sync), Type)],
) -> Result<Row, tokio_postgres::Error> {
    client.query_typed_one(sql, params).await
}

/// What the role may not see, or the server does not have, is absent. Every
/// other failure is the check's.
async fn optional(
    session: &mut Session,
    answer: Result<Row, tokio_postgres::Error>,
    clock: &PhaseClock,
) -> DbResult<Option<Row>> {
    let error = match answer {
        Ok(row) => return Ok(Some(row)),
        Err(error) => session.classify(error, clock.action()).await,
    };
    match error.kind() {
        ErrorKind::PermissionDenied
        | ErrorKind::SchemaMissing
        | ErrorKind::SchemaMismatch
        | ErrorKind::StatementInvalid
        | ErrorKind::Unknown => {
            tracing::debug!(code = error.code(), "a detail cannot be seen");
            Ok(None)
        }
        _ => Err(error),
    }
}

/// `details.sql` gives one JSON text, so that no column needs a type of its own.
fn parse(row: &Row, action: Action) -> DbResult<Answer> {
    let wrong = || DbError::new(action, ErrorKind::ProtocolViolation).at_layer(Layer::Statement);
    let text: &str = row.try_get(0).map_err(|error| wrong().with_source(error))?;
    serde_json::from_str(text).map_err(|error| wrong().with_source(error))
}

/// A whole number; a server that gives something else has none for us.
fn whole(row: Option<&Row>) -> Option<i64> {
    row.and_then(|row| row.try_get(0).ok())
}

/// The identifier is an unsigned number that SQL shows as a signed one. Without
/// it the oid says nothing: every cluster counts its databases alike.
fn fingerprint(system: Option<i64>, database_oid: Option<u64>) -> Option<String> {
    Some(format!("{}/{}", system?.cast_unsigned(), database_oid?))
}

/// What the server says of our TLS. It knows nothing of it when somebody in
/// between ends it.
fn tls_words(session: &Session, by_server: Option<String>) -> String {
    if session.is_encrypted() {
        by_server.unwrap_or_else(|| "on".to_owned())
    } else {
        "off".to_owned()
    }
}

/// Their clock minus ours, taking the server to have looked at its clock in
/// the middle of the round trip.
#[expect(
    clippy::cast_precision_loss,
    reason = "53 bits of microseconds are 285 years"
)]
fn skew_ms(theirs_us: i64, sent: DateTime<Utc>, latency: Duration) -> f64 {
    let middle = sent + latency / 2;
    (theirs_us - middle.timestamp_micros()) as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(theirs_ms: i64, latency_ms: u64, skew: f64) {
        let sent = DateTime::from_timestamp_millis(1_000_000).unwrap();
        let latency = Duration::from_millis(latency_ms);
        let found = skew_ms(theirs_ms * 1000, sent, latency);
        assert!((found - skew).abs() < 1e-6, "{found}");
    }

    #[test]
    fn the_skew_is_measured_against_the_middle_of_the_round_trip() {
        check(1_000_050, 100, 0.0);
        check(1_000_000, 100, -50.0);
        check(1_002_050, 100, 2000.0);
    }

    #[test]
    fn an_answer_with_parts_left_out_is_taken() {
        let answer: Answer = serde_json::from_str(r#"{"role":"r","tls":null}"#).unwrap();
        assert_eq!(answer.role.as_deref(), Some("r"));
        assert_eq!((answer.tls, answer.max_connections), (None, None));
    }

    #[test]
    fn a_fingerprint_needs_both_parts() {
        assert_eq!(fingerprint(None, Some(5)), None);
        assert_eq!(
            fingerprint(Some(-1), Some(5)).as_deref(),
            Some("18446744073709551615/5")
        );
    }
}
