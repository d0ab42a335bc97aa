//! Gateways before a project that are broken, hostile or merely odd: what they
//! answer must neither hide the tables nor pass for health.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use dbvitals::{
    adapter::{Database, DatabaseAdapter, HealthReport},
    config::{AdapterSection, SupabaseEndpoint, SupabaseSection},
    domain::{
        ConnectionStatus, ErrorKind, Evidence, HealthPolicy, KeyKind, Layer, REQUIRED_TABLES,
        Secret, Verdict,
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::bed::{PATIENT, database};

const JSON: &str = "application/json";
const HTML: &str = "text/html";

/// What is done with a request.
#[derive(Debug, Clone)]
enum Reply {
    /// These bytes, and the connection stays.
    Bytes(Vec<u8>),
    /// These bytes, and the connection is closed.
    Last(Vec<u8>),
    /// This head, and a body without an end.
    Endless(String),
    /// Nothing, for ever.
    Silence,
}

type Answers = dyn Fn(&str) -> Reply + Send + Sync;

/// A gateway that answers each table as it is told, and the tables that it was
/// asked for.
struct Gateway {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Gateway {
    async fn start(answers: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let list = Arc::clone(&asked);
        let answers: Arc<Answers> = Arc::new(answers);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, Arc::clone(&answers), Arc::clone(&list)));
            }
        });
        Self { port, asked }
    }

    fn section(&self) -> SupabaseSection {
        SupabaseSection {
            endpoint: SupabaseEndpoint {
                base: format!("http://127.0.0.1:{}", self.port),
                host: "127.0.0.1".to_owned(),
                port: self.port,
                is_encrypted: false,
                project: None,
                is_local_stack: false,
            },
            key: Secret::new("sb_secret_Zr5tQw8nYk3MvB1xJd6HcE"),
            key_kind: KeyKind::Secret,
            role: KeyKind::Secret.role().map(ToOwned::to_owned),
            pool_size: 2,
            timeout: PATIENT,
            max_retries: 0,
            retry_delay: Duration::from_millis(100),
            read_only: false,
            requires_schema: true,
            health_table: None,
            direct: None,
        }
    }

    fn database(&self) -> Database {
        on(self.section())
    }

    fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn on(section: SupabaseSection) -> Database {
    database(&AdapterSection::Supabase(Box::new(section))).0
}

/// Ends when the client has gone, or when it is to hang up.
async fn serve(mut client: TcpStream, answers: Arc<Answers>, asked: Arc<Mutex<Vec<String>>>) {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match client.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return,
            }
        }
        let head = String::from_utf8(head).unwrap();
        let target = head.split(' ').nth(1).unwrap_or_default();
        let path = target.split('?').next().unwrap_or_default();
        let table = path.rsplit('/').next().unwrap_or_default().to_owned();
        let reply = answers(&table);
        asked.lock().unwrap().push(table);
        match reply {
            Reply::Bytes(bytes) => drop(client.write_all(&bytes).await),
            Reply::Last(bytes) => return drop(client.write_all(&bytes).await),
            Reply::Endless(head) => {
                drop(client.write_all(head.as_bytes()).await);
                let chunk = format!("10000\r\n{}\r\n", " ".repeat(65_536));
                while client.write_all(chunk.as_bytes()).await.is_ok() {}
                return;
            }
            Reply::Silence => {}
        }
    }
}

fn answer(status: u16, media: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\nContent-Type: {media}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

fn coded(status: u16, code: &str) -> Reply {
    let body = format!("{{\"code\":\"{code}\",\"message\":\"words\"}}");
    Reply::Bytes(answer(status, JSON, &body))
}

fn no_rows() -> Reply {
    Reply::Bytes(answer(200, JSON, "[]"))
}

fn endless(status: u16, media: &str) -> Reply {
    Reply::Endless(format!(
        "HTTP/1.1 {status} X\r\nContent-Type: {media}\r\nTransfer-Encoding: chunked\r\n\r\n"
    ))
}

/// Why the project is not healthier, after a check that succeeded.
#[track_caller]
fn reasons(database: &Database, report: &HealthReport, requires_schema: bool) -> Vec<String> {
    assert!(report.error.is_none(), "{:?}", report.error);
    let status = database.connection_status().status();
    let evidence = Evidence::new(status, Some(&report.result));
    let policy = HealthPolicy {
        slow_threshold: Duration::from_mins(1),
        expects_writes: true,
        requires_schema,
    };
    let verdict = Verdict::assess(&evidence, &policy);
    verdict.reasons.iter().map(ToString::to_string).collect()
}

/// How the tables were seen, in words.
#[track_caller]
fn seen(report: &HealthReport) -> Vec<String> {
    let details = report.result.details().expect("the check succeeded");
    details.rest.as_ref().unwrap().table_words()
}

/// A gateway that answers every table so, and how its first check fails.
async fn check_failure(reply: Reply, kind: ErrorKind, layer: Layer) {
    let gateway = Gateway::start(move |_| reply.clone()).await;
    let report = gateway.database().first_check().await;
    let error = report.error.expect("it is no health");
    assert_eq!((error.kind(), error.layer()), (kind, layer), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_of_our_name_that_somebody_else_made_is_told_and_no_outage() {
    let gateway = Gateway::start(|table| match table {
        "agents" => coded(400, "42703"),
        _ => no_rows(),
    })
    .await;
    let database = gateway.database();
    let report = database.first_check().await;
    let words = "schema: other columns than ours: agents";
    assert_eq!(reasons(&database, &report, true), [words]);
    let status = database.connection_status().status();
    assert_eq!(status, ConnectionStatus::Connected);
    assert_eq!(seen(&report)[1], "other columns: agents");
    // Who does not ask for our tables misses nothing.
    let lenient = on(SupabaseSection {
        requires_schema: false,
        ..gateway.section()
    });
    let report = lenient.first_check().await;
    assert_eq!(reasons(&lenient, &report, false), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_bad_table_hides_none_behind_it() {
    let gateway = Gateway::start(|table| match table {
        "commands" => coded(500, "57014"),
        _ => no_rows(),
    })
    .await;
    let database = gateway.database();
    let words = "details could not be read: commands: StatementCancelled 57014";
    let report = database.first_check().await;
    assert_eq!(reasons(&database, &report, true), [words]);
    assert_eq!(seen(&report)[1], "unknown: commands");
    assert_eq!(gateway.take_asked(), REQUIRED_TABLES);
    let mut asked = Vec::new();
    for _ in 0..REQUIRED_TABLES.len() {
        let report = database.health_check().await;
        assert_eq!(reasons(&database, &report, true), [words]);
        let these = gateway.take_asked();
        assert!(these.len() <= 3, "{these:?}");
        asked.extend(these);
    }
    for table in REQUIRED_TABLES {
        assert!(asked.iter().any(|name| name == table), "{table}: {asked:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_is_never_answered_costs_the_others_nothing() {
    let gateway = Gateway::start(|table| match table {
        "commands" => Reply::Silence,
        _ => no_rows(),
    })
    .await;
    let database = on(SupabaseSection {
        timeout: Duration::from_secs(2),
        ..gateway.section()
    });
    let report = database.first_check().await;
    let words = "details could not be read: commands: not in time";
    assert_eq!(reasons(&database, &report, true), [words]);
    assert_eq!(seen(&report)[1], "unknown: commands");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_closes_after_each_answer_shows_every_table() {
    let length = "Content-Type: application/json\r\nContent-Length: 2\r\n";
    for head in [
        format!("HTTP/1.1 200 OK\r\n{length}Connection: close\r\n\r\n"),
        format!("HTTP/1.0 200 OK\r\n{length}\r\n"),
        // Without a word about it.
        format!("HTTP/1.1 200 OK\r\n{length}\r\n"),
    ] {
        let reply = format!("{head}[]").into_bytes();
        let gateway = Gateway::start(move |_| Reply::Last(reply.clone())).await;
        let database = gateway.database();
        for _ in 0..3 {
            let report = database.first_check().await;
            assert_eq!(reasons(&database, &report, true), [""; 0], "{head}");
            assert_eq!(seen(&report), ["empty: all 9"], "{head}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_success_without_rows_that_can_be_read_is_no_health() {
    let bare = |status: &str| format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");
    for bytes in [
        b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
        bare("201").into_bytes(),
        bare("200").into_bytes(),
        answer(200, JSON, "[1,\"please log in\",null]"),
        answer(200, JSON, "[[]]"),
        answer(200, HTML, "[]"),
        answer(201, JSON, "[]"),
        answer(200, JSON, "{}"),
    ] {
        let layer = ErrorKind::NotJson.layer();
        check_failure(Reply::Bytes(bytes), ErrorKind::NotJson, layer).await;
    }
    let bytes = answer(200, "application/vnd.pgrst.array+json; charset=utf-8", "[]");
    let gateway = Gateway::start(move |_| Reply::Bytes(bytes.clone())).await;
    let database = gateway.database();
    let report = database.first_check().await;
    assert_eq!(reasons(&database, &report, true), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_huge_answer_is_judged_as_any_other_and_is_no_fault_of_ours() {
    let page = answer(502, HTML, &format!("<html>{}", "x".repeat(2_000_000)));
    let (unavailable, not_json) = (ErrorKind::Unavailable, ErrorKind::NotJson);
    check_failure(Reply::Bytes(page.clone()), unavailable, Layer::Rest).await;
    check_failure(endless(503, JSON), unavailable, Layer::Rest).await;
    check_failure(endless(200, HTML), not_json, not_json.layer()).await;
    let kind = ErrorKind::ProtocolViolation;
    check_failure(endless(200, JSON), kind, Layer::Rest).await;
    // While connected it counts as a check that failed.
    let down = Arc::new(Mutex::new(false));
    let is_down = Arc::clone(&down);
    let gateway = Gateway::start(move |_| {
        if *is_down.lock().unwrap() {
            Reply::Bytes(page.clone())
        } else {
            no_rows()
        }
    })
    .await;
    let database = gateway.database();
    assert!(database.first_check().await.error.is_none());
    *down.lock().unwrap() = true;
    let report = database.health_check().await;
    assert_eq!(report.error.unwrap().kind(), unavailable);
    assert_eq!(database.connection_status().error_count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_counts_only_with_a_status_that_carries_it() {
    let (unavailable, not_json) = (ErrorKind::Unavailable, ErrorKind::NotJson);
    check_failure(coded(302, "PGRST205"), not_json, Layer::Tcp).await;
    check_failure(coded(503, "42P01"), unavailable, Layer::Rest).await;
    check_failure(coded(500, "42501"), unavailable, Layer::Rest).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_begun_and_not_ended_is_told_as_such() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n[";
    let gateway = Gateway::start(|_| Reply::Bytes(head.as_bytes().to_vec())).await;
    let section = SupabaseSection {
        timeout: Duration::from_secs(1),
        ..gateway.section()
    };
    let error = on(section).first_check().await.error.expect("no answer");
    assert_eq!(error.kind(), ErrorKind::Timeout { after_ms: 1_000 });
    assert_eq!(error.layer(), Layer::Rest);
    let words = "an answer was begun, and not sent to its end";
    assert_eq!(error.details(), Some(words));
}
