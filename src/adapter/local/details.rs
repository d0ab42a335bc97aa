//! Asks an open session what a health check reports beside success. Knows
//! nothing of how the session came about.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::timeout;
use tokio_postgres::Row;

use crate::{
    adapter::{
        DbResult,
        local::{
            fence::{Flight, Path, Reader},
            migrations_told::{Asking, add_migrations},
            phase_clock::{Phase, PhaseClock},
            schema_state::{Asked, STATE, SchemaState, column},
            session::Session,
            target::Target,
        },
    },
    domain::{Action, HealthDetails, SlotHolder, excerpt},
};

/// The bare round trip: it asks for the server's clock and for the process that
/// serves it, which cost no more than any other values.
const CLOCK: &str = include_str!("sql/clock.sql");
const SERVER: &str = include_str!("sql/server.sql");
const SESSIONS: &str = include_str!("sql/sessions.sql");
const SESSION: &str = include_str!("sql/session.sql");
const DATABASE_SIZE: &str = include_str!("sql/database_size.sql");
const SYSTEM_IDENTIFIER: &str = include_str!("sql/system_identifier.sql");

/// Slot holders that are kept, whatever a server sends.
const HOLDERS: usize = 5;

/// The bare round trip of a health check.
#[derive(Debug, Clone, Copy)]
pub(super) struct RoundTrip {
    /// There and back.
    pub(super) latency: Duration,
    /// Server clock minus ours.
    pub(super) clock_skew_ms: f64,
    /// The server's process that answered, where it says.
    pub(super) process: Option<i64>,
}

/// One bare statement, there and back: the phase query.
pub(super) async fn round_trip(session: &mut Session, clock: &PhaseClock) -> DbResult<RoundTrip> {
    clock.begin(Phase::Query);
    let sent = Utc::now();
    let answer = session.client().query_typed_one(CLOCK, &[]).await;
    let row = match answer {
        Ok(row) => row,
        Err(error) => return Err(session.classify(error, clock.action()).await),
    };
    let latency = clock.end();
    let theirs = column(&row, 0, clock.action())?;
    Ok(RoundTrip {
        latency,
        clock_skew_ms: skew_ms(theirs, sent, latency),
        process: row.try_get(1).ok(),
    })
}

/// The details: what may fail by itself is a statement by itself, and all are
/// sent before the first answer is awaited. Only the size of the database,
/// which a large one takes long to find, is asked for when the rest is known.
pub(super) async fn details(
    session: &mut Session,
    target: &Target,
    flight: &Flight,
    clock: &PhaseClock,
) -> DbResult<HealthDetails> {
    let requires_schema = target.section().requires_schema;
    let client = session.client();
    let pinned = |sql| flight.ask(client, Path::Pinned, sql, &[]);
    let (server, sessions, own, system, tables) = tokio::join!(
        biased;
        // Not fenced: a transaction of ours would answer for the server
        // whether a new session can write.
        client.query_typed_one(SERVER, &[]),
        pinned(SESSIONS),
        pinned(SESSION),
        pinned(SYSTEM_IDENTIFIER),
        async {
            let asked = Asked::about(target.section().ledger_schema.as_deref());
            let params = asked.params();
            if requires_schema {
                Some(flight.ask(client, Path::Clients, STATE, &params).await)
            } else {
                None
            }
        },
    );
    let action = clock.action();
    let is_encrypted = session.is_encrypted();
    let mut reader = Reader::new(session, action);
    let mut found = HealthDetails::default();
    if let Some(row) = reader.row("server", server).await? {
        read_server(&mut found, &row, action)?;
    }
    if let Some(row) = reader.row("sessions", sessions).await? {
        read_sessions(&mut found, &row, action)?;
    }
    let (mut oid, mut tls) = (None, None);
    if let Some(row) = reader.row("session", own).await? {
        oid = column(&row, 0, action)?;
        tls = text(&row, 1, action)?;
    }
    found.tls = Some(tls_words(is_encrypted, tls));
    let system = whole(
        reader.row("system identifier", system).await?.as_ref(),
        action,
    )?;
    found.fingerprint = fingerprint(system, oid);
    let mut state = None;
    if let Some(tables) = tables
        && let Some(row) = reader.row("tables", tables).await?
    {
        let read = SchemaState::read(&row, action)?;
        read_tables(&mut found, &mut reader, &read);
        state = Some(read);
    }
    found.unread = reader.finish();
    if let Some(state) = state {
        let asking = Asking {
            session,
            target,
            flight,
            action,
        };
        add_migrations(&mut found, state, asking).await?;
    }
    Ok(found)
}

/// The size of the database, if it is known soon: half of the time that is
/// left. Its absence is never the check's failure. Ends the flight.
pub(super) async fn add_size(
    found: &mut HealthDetails,
    session: &mut Session,
    flight: &Flight,
    clock: &PhaseClock,
) {
    if flight.is_bare() {
        let words = "database size: no limit can be set for it without transactions";
        found.unread.push(words.to_owned());
        return;
    }
    let share = clock.remaining() / 2;
    let client = session.client();
    let asking = async {
        let limit_ms = share.as_millis().max(1);
        let (answer, landed) = tokio::join!(
            biased;
            flight.ask_for(client, limit_ms, DATABASE_SIZE),
            flight.land(client),
        );
        let row = answer?;
        landed?;
        Ok(row)
    };
    let Ok(answer) = timeout(share, asking).await else {
        found.unread.push("database size: not in time".to_owned());
        return;
    };
    let action = clock.action();
    let mut reader = Reader::new(session, action);
    let size = match reader.row("database size", answer).await {
        Ok(row) => whole(row.as_ref(), action),
        Err(error) => Err(error),
    };
    found.unread.extend(reader.finish());
    match size {
        Ok(size) => found.database_size_bytes = size.and_then(|bytes| u64::try_from(bytes).ok()),
        Err(error) => {
            tracing::debug!(%error, "the size of the database was not told");
            let name = error.kind().name();
            found.unread.push(format!("database size: {name}"));
        }
    }
}

fn read_server(found: &mut HealthDetails, row: &Row, action: Action) -> DbResult<()> {
    found.server_version = text(row, 0, action)?;
    found.role = text(row, 1, action)?;
    found.database = text(row, 2, action)?;
    let max: Option<i64> = column(row, 3, action)?;
    found.max_connections = max.and_then(|max| u64::try_from(max).ok());
    found.in_recovery = column(row, 4, action)?;
    found.read_only = column(row, 5, action)?;
    Ok(())
}

fn read_sessions(found: &mut HealthDetails, row: &Row, action: Action) -> DbResult<()> {
    let active: i64 = column(row, 0, action)?;
    found.active_connections = u64::try_from(active).ok();
    let (names, counts): (Vec<&str>, Vec<i64>) = (column(row, 1, action)?, column(row, 2, action)?);
    found.slot_holders = names
        .iter()
        .zip(counts)
        .take(HOLDERS)
        .map(|(name, count)| SlotHolder {
            name: excerpt(name),
            connections: u64::try_from(count).unwrap_or(0),
        })
        .collect();
    Ok(())
}

/// A table in a schema that the role may not use is there, and a client does
/// not see it: neither "missing" nor "present" would be true.
pub(super) fn read_tables(found: &mut HealthDetails, reader: &mut Reader<'_>, state: &SchemaState) {
    for schema in state.closed.iter().take(HOLDERS) {
        reader.note(&format!("schema {schema}: no USAGE"));
    }
    if state.closed.is_empty() {
        found.missing_tables = Some(state.missing.clone());
    }
}

fn text(row: &Row, index: usize, action: Action) -> DbResult<Option<String>> {
    let text: Option<&str> = column(row, index, action)?;
    Ok(text.map(excerpt))
}

fn whole(row: Option<&Row>, action: Action) -> DbResult<Option<i64>> {
    match row {
        Some(row) => column(row, 0, action),
        None => Ok(None),
    }
}

/// The identifier is an unsigned number that SQL shows as a signed one. Without
/// it the oid says nothing: every cluster counts its databases alike.
fn fingerprint(system: Option<i64>, database_oid: Option<i64>) -> Option<String> {
    Some(format!("{}/{}", system?.cast_unsigned(), database_oid?))
}

/// What the server says of our TLS. It knows nothing of it when somebody in
/// between ends it.
fn tls_words(is_encrypted: bool, by_server: Option<String>) -> String {
    if is_encrypted {
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
    // A server may claim any number; the difference must have room for it.
    (i128::from(theirs_us) - i128::from(middle.timestamp_micros())) as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(theirs_us: i64, latency_ms: u64, skew: f64) {
        let sent = DateTime::from_timestamp_millis(1_000_000).unwrap();
        let latency = Duration::from_millis(latency_ms);
        let found = skew_ms(theirs_us, sent, latency);
        assert!((found - skew).abs() < 1e-6, "{found}");
    }

    #[test]
    fn the_skew_is_measured_against_the_middle_of_the_round_trip() {
        check(1_000_050_000, 100, 0.0);
        check(1_000_000_000, 100, -50.0);
        check(1_002_050_000, 100, 2000.0);
    }

    #[test]
    fn no_clock_is_too_wrong() {
        let sent = DateTime::from_timestamp_millis(1_000_000).unwrap();
        assert!(skew_ms(i64::MIN, sent, Duration::ZERO) < -9e15);
        assert!(skew_ms(i64::MAX, sent, Duration::ZERO) > 9e15);
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
