//! No sequence of calls reaches an invalid entity or an illegal edge, and JSON
//! under the data model's names gives back what went in.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

fn time() -> impl Strategy<Value = DateTime<Utc>> {
    // 1970 to 2100, with microseconds.
    (0i64..4_102_444_800_000_000).prop_map(|us| DateTime::UNIX_EPOCH + TimeDelta::microseconds(us))
}

fn duration() -> impl Strategy<Value = Duration> {
    (0u64..10_000_000_000).prop_map(Duration::from_micros)
}

fn failure() -> impl Strategy<Value = Failure> {
    prop_oneof![
        "[a-z ]{1,20}".prop_map(Failure::Counted),
        "[a-z ]{1,20}".prop_map(Failure::Cancelled)
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Open),
        Just(Step::Established),
        failure().prop_map(Step::Failed),
        Just(Step::Closed),
        failure().prop_map(Step::Lost),
        Just(Step::Retry),
    ]
}

/// What a caller may do to a connection.
#[derive(Debug, Clone)]
enum Call {
    Step(Step),
    Success,
    Failure(String),
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        6 => step().prop_map(Call::Step),
        1 => Just(Call::Success),
        1 => "[a-z]{1,9}".prop_map(Call::Failure),
    ]
}

/// The six edges of the data model, written down a second time on purpose.
const EDGES: [(ConnectionStatus, ConnectionStatus); 6] = [
    (ConnectionStatus::Connecting, ConnectionStatus::Connected),
    (ConnectionStatus::Connecting, ConnectionStatus::Error),
    (ConnectionStatus::Connected, ConnectionStatus::Disconnected),
    (ConnectionStatus::Connected, ConnectionStatus::Error),
    (ConnectionStatus::Error, ConnectionStatus::Connecting),
    (ConnectionStatus::Disconnected, ConnectionStatus::Connecting),
];

fn round_trip<T>(value: &T) -> T
where
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

proptest! {
    #[test]
    fn no_sequence_of_calls_leaves_the_six_edges(calls in prop::collection::vec((call(), time()), 0..60)) {
        let id = ConnectionId(Uuid::from_u128(7));
        let mut connection = DatabaseConnection::new(id, Mode::Local, DateTime::UNIX_EPOCH);
        for (call, now) in calls {
            let before = connection.clone();
            match call {
                Call::Step(step) => {
                    let applied = connection.apply(step, now);
                    if applied.is_ok() {
                        prop_assert!(EDGES.contains(&(before.status(), connection.status())));
                    } else {
                        prop_assert_eq!(&before, &connection);
                    }
                }
                Call::Success => connection.note_success(now),
                Call::Failure(text) => connection.note_failure(text),
            }
            prop_assert!(connection.status() != ConnectionStatus::Error || connection.last_error().is_some());
            prop_assert!(connection.error_count() == 0 || connection.last_error().is_some());
            prop_assert!(connection.since() >= connection.created_at());
            prop_assert_eq!(&round_trip(&connection), &connection);
        }
    }

    #[test]
    fn a_health_check_is_valid_or_refused(
        timestamp in time(), now in time(), latency in duration(),
        error in prop::option::of("[a-z]{0,5}"), size in prop::option::of(0u64..1 << 50),
        dns in prop::option::of(duration()),
    ) {
        let details = HealthDetails {
            phases: PhaseTimings { dns, ..PhaseTimings::default() },
            database_size_bytes: size,
            ..HealthDetails::default()
        };
        let draft = HealthCheckDraft {
            connection_id: ConnectionId(Uuid::from_u128(7)),
            timestamp,
            latency,
            outcome: error.clone().map_or(Ok(()), Err),
            details: Some(details),
        };
        let valid = timestamp <= now && error.as_deref() != Some("");
        let result = HealthCheckResult::try_new(draft, now);
        prop_assert_eq!(result.is_ok(), valid);
        if let Ok(result) = result {
            prop_assert_eq!(result.success(), result.error().is_none());
            prop_assert_eq!(round_trip(&result), result);
        }
    }

    #[test]
    fn an_operation_ends_after_it_starts(
        start in time(), now in time(), duration in duration(),
        error in prop::option::of("[a-z]{0,5}"), rows in prop::option::of(0u64..1 << 40),
    ) {
        let draft = OperationDraft {
            id: OperationId(Uuid::from_u128(1)),
            connection_id: ConnectionId(Uuid::from_u128(2)),
            kind: OperationType::Insert,
            service: "agent".into(),
            table: Some("agents".into()),
            start_time: start,
        };
        let started = DatabaseOperation::start(draft, now);
        prop_assert_eq!(started.is_ok(), start <= now);
        if let Ok(started) = started {
            prop_assert_eq!(&round_trip(&started), &started);
            let outcome = match error.clone() {
                Some(error) => Outcome::Failed { duration, error },
                None => Outcome::Succeeded { duration, affected_rows: rows },
            };
            let finished = started.finish(outcome);
            prop_assert_eq!(finished.is_ok(), error.as_deref() != Some(""));
            if let Ok(finished) = finished {
                prop_assert!(finished.end_time().unwrap() > finished.start_time());
                prop_assert_eq!(round_trip(&finished), finished);
            }
        }
    }

    #[test]
    fn a_configuration_keeps_its_rules(
        pool in 0u64..200, interval in 0u64..100_000, retries in 0u64..20, delay in 0u64..20_000,
        mode in prop::sample::select(Mode::ALL.to_vec()), addressed in any::<bool>(),
    ) {
        let mut draft = DatabaseConfigDraft::new(mode);
        (draft.pool_size, draft.health_check_interval) = (pool, interval);
        (draft.max_retries, draft.retry_delay) = (retries, delay);
        if addressed {
            draft.supabase_url = Some("https://x.example".into());
            draft.supabase_key = Some(Secret::new("k3y"));
            draft.database_url = Some(Secret::new("postgres://u:p4ss@h/d"));
        }
        let valid = (1..=100).contains(&pool) && interval >= 5_000 && retries <= 10
            && (100..=10_000).contains(&delay) && (addressed || mode == Mode::Mock);
        let json = serde_json::to_value(&draft).unwrap();
        prop_assert!(!json.to_string().contains("p4ss") && !json.to_string().contains("k3y"));
        let config = draft.validate();
        prop_assert_eq!(config.is_ok(), valid);
        let read = serde_json::from_value::<DatabaseConfig>(json.clone());
        prop_assert_eq!(read.is_ok(), valid);
        if let Ok(read) = read {
            // Secrets read back as stars, so the printed forms are compared.
            prop_assert_eq!(serde_json::to_value(&read).unwrap(), json);
        }
    }
}

#[test]
fn json_uses_the_data_models_field_names() {
    let keys =
        |value: Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    let now = DateTime::UNIX_EPOCH;
    let id = ConnectionId(Uuid::nil());
    let mut connection = DatabaseConnection::new(id, Mode::Supabase, now);
    connection.note_failure("x");
    assert_eq!(
        keys(serde_json::to_value(&connection).unwrap()),
        [
            "createdAt",
            "errorCount",
            "id",
            "lastError",
            "lastHealthCheck",
            "mode",
            "since",
            "status"
        ]
    );
    let draft = HealthCheckDraft {
        connection_id: id,
        timestamp: now,
        latency: Duration::from_micros(1_500),
        outcome: Err("x".into()),
        details: Some(HealthDetails::default()),
    };
    let check = serde_json::to_value(HealthCheckResult::try_new(draft, now).unwrap()).unwrap();
    assert_eq!(check["latency"], json!(1.5));
    assert_eq!(check["timestamp"], json!("1970-01-01T00:00:00Z"));
    assert_eq!(
        keys(check),
        [
            "connectionId",
            "details",
            "error",
            "latency",
            "success",
            "timestamp"
        ]
    );
    let draft = OperationDraft {
        id: OperationId(Uuid::nil()),
        connection_id: id,
        kind: OperationType::Query,
        service: "health".into(),
        table: Some("agents".into()),
        start_time: now,
    };
    let outcome = Outcome::Succeeded {
        duration: Duration::ZERO,
        affected_rows: Some(3),
    };
    let operation = DatabaseOperation::start(draft, now)
        .unwrap()
        .finish(outcome)
        .unwrap();
    let operation = serde_json::to_value(operation).unwrap();
    assert_eq!(operation["endTime"], json!("1970-01-01T00:00:00.000001Z"));
    assert_eq!(
        keys(operation),
        [
            "affectedRows",
            "connectionId",
            "durationMs",
            "endTime",
            "id",
            "service",
            "startTime",
            "success",
            "table",
            "type"
        ]
    );
}

#[test]
fn stored_records_that_break_a_rule_are_refused() {
    let refused = |value: Value| serde_json::from_value::<DatabaseOperation>(value).is_err();
    let valid = json!({
        "id": Uuid::nil(), "connectionId": Uuid::nil(), "type": "query", "service": "s",
        "startTime": "2026-01-01T00:00:00Z", "endTime": "2026-01-01T00:00:01Z", "success": true,
    });
    assert!(!refused(valid.clone()));
    let changed = |key: &str, new: Value| {
        let mut value = valid.clone();
        value[key] = new;
        value
    };
    assert!(refused(changed("endTime", json!("2026-01-01T00:00:00Z"))));
    assert!(refused(changed("success", json!(false))));
    assert!(refused(changed("affectedRows", json!(-1))));
    assert!(refused(changed("error", json!("but it succeeded"))));
    assert!(refused(json!({ "id": Uuid::nil() })));
}
