//! How each answer of a project is read, whichever key was sent: one table,
//! made from what a stand-in really answers, or is made to answer.

use std::{fmt::Write as _, time::Duration};

use dbvitals::{
    adapter::{Database, DatabaseAdapter},
    config::AdapterSection,
    domain::{DbError, ErrorKind, Layer},
};
use serde_json::{Value, json};

use crate::{
    bed::database,
    project_bed::supabase_section,
    support::standin::{Fault, Key, Standin},
};

/// What is seen, and what it must be read as.
struct Row {
    seen: &'static str,
    cause: Cause,
    kind: ErrorKind,
    layer: Layer,
    code: &'static str,
    retry: bool,
}

/// What a request may be sent again for: nothing is wrong with it.
const RETRIED: [ErrorKind; 5] = [
    ErrorKind::StatementCancelled,
    ErrorKind::Unavailable,
    ErrorKind::TooManyConnections,
    ErrorKind::OutOfResources,
    ErrorKind::RateLimited,
];

/// What is done to see it.
enum Cause {
    /// The stand-in answers so, whatever is asked.
    Fault(Fault),
    /// This row is added to this table, and the truth is answered.
    Insert(&'static str, Value),
    /// A row of the audit log is changed, which no role may.
    Change,
}

fn row(seen: &'static str, cause: Cause, kind: ErrorKind, layer: Layer) -> Row {
    Row {
        seen,
        cause,
        kind,
        layer,
        code: seen.split(' ').next_back().unwrap_or_default(),
        retry: RETRIED.contains(&kind),
    }
}

/// An answer with a code in a JSON body.
fn coded(seen: &'static str, kind: ErrorKind, layer: Layer) -> Row {
    let (status, code) = seen.split_once(' ').unwrap();
    let body = json!({"code": code, "message": "words", "details": null, "hint": null});
    let fault = Fault::status(status.parse().unwrap()).json(&body);
    row(seen, Cause::Fault(fault), kind, layer)
}

/// An answer of the edge, which has no code of the database's.
fn edge(status: u16, seen: &'static str, kind: ErrorKind, layer: Layer) -> Row {
    let fault = Fault::status(status).body("text/html", "<html><body>words</body></html>");
    Row {
        code: seen.split(',').next().unwrap(),
        ..row(seen, Cause::Fault(fault), kind, layer)
    }
}

/// What the gateway and the token say.
fn refusals() -> Vec<Row> {
    use ErrorKind::{AuthFailed, KeyRefused, NotJson, TokenExpired};
    let json = |status, body: Value| Cause::Fault(Fault::status(status).json(&body));
    let words = json!({"message": "Invalid API key", "hint": "words in any language"});
    vec![
        edge(401, "HTTP 401, no JSON", KeyRefused, Layer::Login),
        edge(403, "HTTP 403, no JSON", KeyRefused, Layer::Login),
        Row {
            code: "HTTP 401",
            ..row(
                "HTTP 401, JSON without a code",
                json(401, words),
                KeyRefused,
                Layer::Login,
            )
        },
        coded("401 PGRST301", AuthFailed, Layer::Login),
        coded("401 PGRST302", AuthFailed, Layer::Login),
        coded("401 PGRST303", TokenExpired, Layer::Login),
        edge(200, "HTTP 200, no JSON", NotJson, NotJson.layer()),
        edge(302, "HTTP 302, no JSON", NotJson, NotJson.layer()),
    ]
}

/// What the edge and the way to the database say.
fn outages() -> Vec<Row> {
    use ErrorKind::{
        ConstraintViolation, DiskFull, OutOfResources, ProjectPaused, RateLimited,
        StatementCancelled, TooManyConnections, Unavailable,
    };
    let mut rows = vec![
        coded("503 PGRST000", Unavailable, Layer::Database),
        coded("503 PGRST001", Unavailable, Layer::Database),
        coded("503 PGRST002", Unavailable, Layer::Database),
        coded("503 57P01", Unavailable, Layer::Database),
        coded("503 53300", TooManyConnections, Layer::Database),
        coded("503 53100", DiskFull, Layer::Database),
        coded("503 53200", OutOfResources, Layer::Database),
        coded("504 PGRST003", Unavailable, Layer::Database),
        coded("500 57014", StatementCancelled, Layer::Statement),
        coded("409 23505", ConstraintViolation, Layer::Statement),
        edge(544, "HTTP 544, no JSON", Unavailable, Layer::Database),
        edge(429, "HTTP 429, no JSON", RateLimited, Layer::Login),
        edge(540, "HTTP 540, no JSON", ProjectPaused, Layer::Login),
        edge(402, "HTTP 402, no JSON", ProjectPaused, Layer::Login),
        edge(502, "HTTP 502, no JSON", Unavailable, Layer::Rest),
        edge(503, "HTTP 503, no JSON", Unavailable, Layer::Rest),
    ];
    for (status, seen) in [
        (520, "HTTP 520, no JSON"),
        (521, "HTTP 521, no JSON"),
        (522, "HTTP 522, no JSON"),
        (523, "HTTP 523, no JSON"),
        (524, "HTTP 524, no JSON"),
        (525, "HTTP 525, no JSON"),
    ] {
        rows.push(edge(status, seen, Unavailable, Layer::Login));
    }
    rows
}

/// What only the schema or the data brings about, made to be answered here.
fn statements() -> Vec<Row> {
    use ErrorKind::{ConstraintViolation, InvalidData, RowNotFound, SchemaMismatch, SchemaMissing};
    vec![
        coded("404 42P01", SchemaMissing, Layer::Schema),
        coded("404 PGRST202", SchemaMismatch, Layer::Schema),
        coded("404 42883", SchemaMismatch, Layer::Schema),
        coded("400 42703", SchemaMismatch, Layer::Schema),
        coded("400 22001", InvalidData, Layer::Statement),
        coded("409 23503", ConstraintViolation, Layer::Statement),
        coded("406 PGRST116", RowNotFound, Layer::Statement),
    ]
}

/// The true answers to a role that may read and write.
fn truths() -> Vec<Row> {
    use ErrorKind::{
        ConstraintViolation, InvalidData, PermissionDenied, SchemaMismatch, SchemaMissing,
    };
    let agent = |name: &str, kind: &str| json!({"name": name, "type": kind});
    let nobody = "00000000-0000-4000-8000-000000000000";
    let insert = |seen, table, data, kind: ErrorKind| {
        row(seen, Cause::Insert(table, data), kind, kind.layer())
    };
    vec![
        insert("404 PGRST205", "nowhere", json!({}), SchemaMissing),
        insert(
            "400 PGRST204",
            "agents",
            json!({"name": "b", "type": "codex", "colour": "red"}),
            SchemaMismatch,
        ),
        insert(
            "409 23505",
            "agents",
            agent("a", "codex"),
            ConstraintViolation,
        ),
        insert(
            "409 23503",
            "commands",
            json!({"agent_id": nobody, "command": "c"}),
            ConstraintViolation,
        ),
        insert(
            "400 23502",
            "agents",
            json!({"name": "b"}),
            ConstraintViolation,
        ),
        insert(
            "400 23514",
            "agents",
            agent("", "codex"),
            ConstraintViolation,
        ),
        insert("400 22P02", "agents", agent("b", "nothing"), InvalidData),
        row(
            "403 42501",
            Cause::Change,
            PermissionDenied,
            Layer::Permission,
        ),
    ]
}

/// The true answers to a role without any right.
fn denials() -> Vec<Row> {
    let insert = Cause::Insert("agents", json!({"name": "b", "type": "codex"}));
    let kind = ErrorKind::PermissionDenied;
    vec![
        row("401 42501", insert, kind, kind.layer()),
        row(
            "404 PGRST205",
            Cause::Insert("nowhere", json!({})),
            ErrorKind::SchemaMissing,
            Layer::Schema,
        ),
    ]
}

async fn meet(standin: &Standin, database: &Database, cause: &Cause) -> DbError {
    let add = |table: &'static str, data: Value| async move {
        let added = database.insert::<Value, _>(table, &data).await;
        added.expect_err("it is refused")
    };
    match cause {
        Cause::Fault(fault) => {
            standin.fault(fault);
            let error = add("agents", json!({"name": "b", "type": "codex"})).await;
            standin.clear_faults();
            error
        }
        Cause::Insert(table, data) => add(table, data.clone()).await,
        Cause::Change => {
            let log = json!({"action": "a", "resource_type": "r"});
            let log: Value = database.insert("audit_logs", &log).await.unwrap();
            let id = log["id"].as_str().unwrap();
            let data = json!({"action": "b"});
            let changed = database.update::<Value, _>("audit_logs", id, &data).await;
            changed.expect_err("nobody may")
        }
    }
}

fn key_words(key: Key) -> &'static str {
    match key {
        Key::Publishable => "publishable",
        Key::Secret => "secret",
        Key::LegacyAnon => "legacy anon",
        Key::LegacyServiceRole => "legacy service_role",
    }
}

/// A connected adapter with a key.
async fn connected(standin: &Standin, key: Key) -> Database {
    let mut section = supabase_section(standin, key);
    section.timeout = Duration::from_secs(20);
    let (database, _) = database(&AdapterSection::Supabase(Box::new(section)));
    let connected = database.connect().await;
    connected.expect("reachable and known, whatever the role may do");
    database
}

#[expect(clippy::print_stdout, reason = "the table is what a person reads")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_read_as_what_it_means_whichever_key_was_sent() {
    let standin = Standin::start();
    let sql = "insert into agents (name, type) values ('a', 'codex')";
    standin.cluster().sql(sql);
    let mut table = format!(
        "{:<19} {:<31} {:<19} {:<10} {:<13} retry\n",
        "key", "seen", "kind", "layer", "code"
    );
    let mut count = 0;
    for key in Key::ALL {
        let database = connected(&standin, key).await;
        let may_write = matches!(key, Key::Secret | Key::LegacyServiceRole);
        let true_rows = if may_write { truths() } else { denials() };
        let all = [refusals(), true_rows, statements(), outages()];
        for row in all.into_iter().flatten() {
            let error = meet(&standin, &database, &row.cause).await;
            let (kind, layer) = (error.kind(), error.layer());
            let code = error.code().unwrap_or_default();
            writeln!(
                table,
                "{:<19} {:<31} {:<19} {:<10} {code:<13} {}",
                key_words(key),
                row.seen,
                kind.name(),
                layer.as_str(),
                if kind.is_worth_a_retry() { "yes" } else { "no" },
            )
            .unwrap();
            let expected = (row.kind, row.layer, row.code, row.retry);
            let found = (kind, layer, code, kind.is_worth_a_retry());
            assert_eq!(found, expected, "{}: {error:?}\n{table}", row.seen);
            assert!(!error.message().is_empty() && !error.hint().is_empty());
            count += 1;
        }
    }
    println!("{table}{count} answers");
    let names = standin
        .cluster()
        .sql("select string_agg(name, ',') from agents");
    assert_eq!(names, "a", "no refused row was written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_goes_where_its_kind_belongs_and_a_write_has_its_filter() {
    let standin = Standin::start();
    for key in Key::ALL {
        let database = connected(&standin, key).await;
        standin.forget_requests();
        let data = json!({"version": "1"});
        let id = "00000000-0000-4000-8000-000000000000";
        let changed = database.update::<Value, _>("agents", id, &data).await;
        assert!(changed.is_err());
        assert!(database.delete("agents", id).await.is_err());
        assert!(database.delete("agents", "").await.is_err());
        let requests = standin.requests();
        assert_eq!(requests.len(), 3, "{requests:?}");
        let bearer = match key {
            Key::Publishable | Key::Secret => "none",
            Key::LegacyAnon => "anon",
            Key::LegacyServiceRole => "service_role",
        };
        for request in requests {
            assert_ne!(request["apikey"], "none", "{request}");
            assert_eq!(request["bearer"], bearer, "{request}");
            let agent = request["user_agent"].as_str().unwrap();
            assert!(agent.starts_with("dbvitals/"), "{agent}");
            let target = request["target"].as_str().unwrap();
            assert!(target.contains("?id=eq."), "{target}");
            assert_eq!(request["prefer"], "return=representation");
        }
    }
}
