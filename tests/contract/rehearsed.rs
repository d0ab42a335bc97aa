//! Statements, transactions and diagnoses over the embedded database while
//! failures are rehearsed: they meet what they would meet on a server.

use std::time::{Duration, Instant};

use dbvitals::{
    adapter::{Database, DatabaseAdapter, DbResult, DiagnosisOptions, WriteTest},
    config::{AdapterSection, MockSection},
    domain::{
        AfterLast, Condition, DbError, ErrorKind, Exam, FaultScript, FaultStep, FindingStatus,
        HealthPolicy, Layer, OperationType, Rehearsal,
    },
};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::bed::{BRIEF, PATIENT, database, mock_section};

/// Ends on the day when whole numbers do.
const ENDLESS: &str = "with recursive numbers (n) as ( \
    select 1 union all select n + 1 from numbers) select count(*) as n from numbers";

/// Until the fault: longer than it takes to get so far on a busy machine.
const CALM: Duration = Duration::from_millis(700);

const OPTIONS: DiagnosisOptions = DiagnosisOptions {
    policy: HealthPolicy {
        slow_threshold: Duration::from_secs(10),
        expects_writes: true,
        requires_schema: true,
    },
    write_test: WriteTest::Judge,
};

/// An embedded database on which these conditions follow each other; the last
/// one stays.
fn rehearsing(steps: &[(Duration, Condition)], then: Condition) -> MockSection {
    let step = |&(lasts, condition): &(Duration, Condition)| FaultStep { condition, lasts };
    let steps: Vec<_> = steps.iter().map(step).collect();
    let script = FaultScript::try_new(&steps, AfterLast::Stay(then)).unwrap();
    MockSection {
        rehearsal: Some(Rehearsal {
            scenario: None,
            script,
        }),
        ..mock_section(PATIENT)
    }
}

async fn connected(section: MockSection) -> Database {
    let (database, _) = database(&AdapterSection::Mock(section));
    database.connect().await.expect("all is calm");
    database
}

#[track_caller]
fn check(result: DbResult<Vec<Value>>, kind: ErrorKind, layer: Layer) -> DbError {
    let error = result.expect_err("it fails");
    assert_eq!((error.kind(), error.layer()), (kind, layer), "{error:?}");
    error
}

#[tokio::test]
async fn a_statement_under_way_is_lost_with_its_connection() {
    let started = Instant::now();
    let calm = [(CALM, Condition::Calm), (CALM, Condition::Lose)];
    let database = connected(rehearsing(&calm, Condition::Calm)).await;
    let lost = database.query(ENDLESS, &[]).await;
    check(lost, ErrorKind::ConnectionLost, Layer::Tcp);
    let took = started.elapsed();
    assert!(CALM <= took && took < CALM * 2, "{took:?}");
    // Until the network is well again a new session is cut as it logs in.
    let refused = database.query("select 1", &[]).await;
    check(refused, ErrorKind::ConnectionLost, Layer::Login);
}

#[tokio::test]
async fn a_transaction_under_way_is_undone_when_the_server_stops() {
    let steps = [(CALM, Condition::Calm), (CALM, Condition::Refuse)];
    let mut section = rehearsing(&steps, Condition::Calm);
    (section.max_retries, section.retry_delay) = (10, Duration::from_millis(100));
    let database = connected(section).await;
    let add = "insert into agents (name, type) values ('a', 'claude') returning name";
    let lost: DbResult<Vec<Value>> = database
        .transaction(|client| {
            Box::pin(async move {
                client.query(add, &[]).await?;
                client.query(ENDLESS, &[]).await
            })
        })
        .await;
    let error = check(lost, ErrorKind::ConnectionLost, Layer::Tcp);
    assert_eq!(error.code(), Some("57P01"));
    let refused = database.attempt().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    database.connect().await.expect("it comes back");
    let rows: Vec<Value> = database.query("select * from agents", &[]).await.unwrap();
    assert_eq!(rows, [] as [Value; 0]);
}

#[tokio::test]
async fn connect_tries_again_as_often_as_it_may() {
    let mut section = rehearsing(&[], Condition::Refuse);
    (section.max_retries, section.retry_delay) = (2, Duration::from_millis(100));
    let (database, recorded) = database(&AdapterSection::Mock(section));
    let error = database.connect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    let recorded = recorded.lock().unwrap();
    let attempts = recorded.iter().filter(|operation| {
        operation.kind() == OperationType::Query && operation.end_time().is_some()
    });
    assert_eq!(attempts.count(), 3);
}

#[tokio::test]
async fn a_statement_on_a_frozen_server_ends_at_its_deadline() {
    let mut section = rehearsing(&[(CALM, Condition::Calm)], Condition::Hang);
    section.timeout = BRIEF;
    let database = connected(section).await;
    let timeout = ErrorKind::Timeout { after_ms: 500 };
    // The first one that meets the fault; those before it were answered.
    let hung = loop {
        let answer = database.query("select 1 as n", &[]).await;
        if answer.is_err() {
            break answer;
        }
    };
    check(hung, timeout, Layer::Statement);
}

/// Where a diagnosis under this condition ends.
async fn diagnosed(
    condition: Condition,
    broken: Option<(ErrorKind, Layer)>,
    expected: &[(Exam, FindingStatus)],
) {
    let mut section = rehearsing(&[], condition);
    section.timeout = BRIEF;
    let (database, _) = database(&AdapterSection::Mock(section));
    let (told, _findings) = mpsc::channel(64);
    let diagnosis = database.diagnose(OPTIONS, told).await;
    let error = diagnosis.conclusion.error.as_ref();
    let found = error.map(|error| (error.kind(), error.layer()));
    assert_eq!(found, broken, "{condition}: {diagnosis:?}");
    for (exam, status) in expected {
        let mut findings = diagnosis.findings.iter();
        let finding = findings.find(|finding| finding.exam == *exam).unwrap();
        assert_eq!(finding.status, *status, "{condition}: {finding:?}");
    }
}

#[tokio::test]
async fn a_diagnosis_names_the_layer_that_is_rehearsed() {
    use FindingStatus::{Failed, Ok, Skipped, Warning};
    let in_at = |login| [(Exam::Tcp, Ok), (Exam::Login, login)];
    diagnosed(Condition::Calm, None, &in_at(Ok)).await;
    let refused = Some((ErrorKind::ConnectionRefused, Layer::Tcp));
    let nowhere = [(Exam::Tcp, Failed), (Exam::Login, Skipped)];
    diagnosed(Condition::Refuse, refused, &nowhere).await;
    let timeout = ErrorKind::Timeout { after_ms: 500 };
    for (condition, kind) in [
        (Condition::Lose, ErrorKind::ConnectionLost),
        (Condition::Hang, timeout),
        (Condition::Auth, ErrorKind::AuthFailed),
        (Condition::Full, ErrorKind::TooManyConnections),
    ] {
        let broken = Some((kind, Layer::Login));
        diagnosed(condition, broken, &in_at(Failed)).await;
    }
    let missing = Some((ErrorKind::SchemaMissing, Layer::Schema));
    let uninitialised = [(Exam::Login, Ok), (Exam::Schema, Warning)];
    diagnosed(Condition::Schema, missing, &uninitialised).await;
}
