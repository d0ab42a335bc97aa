//! Servers that mean harm, or are broken: what they send must cost little,
//! show nothing that is executed, and be told as what it is.

use dbvitals::{
    adapter::DatabaseAdapter,
    config::{LocalSection, SslMode},
    domain::{DbError, ErrorKind, Layer},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{
    bed::{BRIEF, local_section, on, section_at},
    support::cluster::Cluster,
};

/// What a server does each time it has been sent something.
#[derive(Debug, Clone)]
enum Step {
    /// Answers this.
    Send(Vec<u8>),
    /// Answers this, and then this for ever.
    Flood(Vec<u8>, Vec<u8>),
    /// Answers this and hangs up.
    HangUp(Vec<u8>),
}

/// Listens and takes these steps with everybody; after the last one it is silent.
async fn server(steps: Vec<Step>) -> LocalSection {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(serve(client, steps.clone()));
        }
    });
    section_at("127.0.0.1", port)
}

/// Ends when the client has gone.
async fn serve(mut client: TcpStream, steps: Vec<Step>) {
    let mut said = [0; 4096];
    for step in steps {
        if !matches!(client.read(&mut said).await, Ok(1..)) {
            return;
        }
        match step {
            Step::Send(bytes) => drop(client.write_all(&bytes).await),
            Step::HangUp(bytes) => return drop(client.write_all(&bytes).await),
            Step::Flood(first, again) => {
                drop(client.write_all(&first).await);
                while client.write_all(&again).await.is_ok() {}
                return;
            }
        }
    }
    while matches!(client.read(&mut said).await, Ok(1..)) {}
}

fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
    [&[tag], &length[..], body].concat()
}

/// An error with these fields, each a letter and its text.
fn error(fields: &[&str]) -> Vec<u8> {
    let mut body: Vec<u8> = fields
        .iter()
        .flat_map(|field| field.bytes().chain([0]))
        .collect();
    body.push(0);
    message(b'E', &body)
}

fn fatal(code: &str, words: &str) -> Vec<u8> {
    error(&[
        "SFATAL",
        "VFATAL",
        &format!("C{code}"),
        &format!("M{words}"),
    ])
}

/// A login that is accepted.
fn welcome() -> Vec<u8> {
    [message(b'R', &[0; 4]), ready()].concat()
}

fn ready() -> Vec<u8> {
    message(b'Z', b"I")
}

/// The answer to one statement: one row of one column.
fn row(oid: u32, value: &[u8]) -> Vec<u8> {
    let column = [
        &b"\0\x01c\0\0\0\0\0\0\0"[..],
        &oid.to_be_bytes(),
        &[0xff; 6],
        b"\0\x01",
    ];
    let length = u32::try_from(value.len()).unwrap().to_be_bytes();
    [
        message(b'1', b""),
        message(b'2', b""),
        message(b'T', &column.concat()),
        message(b'D', &[b"\0\x01", &length[..], value].concat()),
        message(b'C', b"SELECT 1\0"),
        ready(),
    ]
    .concat()
}

const INT8: u32 = 20;
const TEXT: u32 = 25;

/// Escape sequences of both kinds, and characters that turn text around.
const ESCAPES: &str = "\u{1b}]0;OWNED\u{7}\u{1b}[2J\u{9b}31m\u{202e}\u{2066}\u{61c}";

/// The failure of one attempt. Whatever was sent, it is small and clean.
async fn failure(section: LocalSection) -> DbError {
    let error = on(section).attempt().await.unwrap_err();
    let mut shown = vec![error.message(), error.to_string()];
    shown.extend(error.code().map(str::to_owned));
    shown.extend(error.details().map(str::to_owned));
    shown.extend(error.causes());
    for text in &shown {
        assert!(text.len() < 10_000, "{} bytes", text.len());
        let is_unsafe = |c: char| c.is_control() || ESCAPES.contains(c) && !c.is_ascii();
        assert!(!text.contains(is_unsafe), "{text:?}");
    }
    assert!(
        format!("{error:?}").len() < 100_000,
        "nothing is kept whole"
    );
    error
}

#[track_caller]
fn check(error: &DbError, kind: ErrorKind, layer: Layer) {
    assert_eq!((error.kind(), error.layer()), (kind, layer), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn escape_sequences_are_shown_not_executed() {
    let words = format!("words {ESCAPES}");
    let answer = error(&[
        &format!("SFATAL{ESCAPES}"),
        "VFATAL",
        &format!("C28P01{ESCAPES}"),
        &format!("M{words}"),
        &format!("D{words}"),
        &format!("H{words}"),
    ]);
    let error = failure(server(vec![Step::Send(answer)]).await).await;
    assert!(error.details().unwrap().contains("words <1B>]0;OWNED<07>"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_error_is_cut_everywhere() {
    let answer = fatal("28P01", &"word ".repeat(150_000));
    let error = failure(server(vec![Step::Send(answer)]).await).await;
    check(&error, ErrorKind::AuthFailed, Layer::Login);
    assert!(error.details().unwrap().contains(" more bytes)"));
    let answer = [fatal("XX000", &"word ".repeat(1_000_000)), ready()].concat();
    let steps = vec![Step::Send(welcome()), Step::Send(answer)];
    let error = failure(server(steps).await).await;
    assert_eq!(error.code(), Some("XX000"));
    assert!(error.details().unwrap().contains(" more bytes)"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_never_ends_is_not_collected() {
    let endless = || Step::Flood(b"E\x7f\xff\xff\xff".to_vec(), vec![b'x'; 1 << 16]);
    let error = failure(server(vec![endless()]).await).await;
    check(&error, ErrorKind::ProtocolViolation, Layer::Login);
    assert_eq!(
        error.details(),
        Some("more than 1048576 bytes were sent at once")
    );
    let error = failure(server(vec![Step::Send(welcome()), endless()]).await).await;
    check(&error, ErrorKind::ProtocolViolation, Layer::Statement);
    assert_eq!(
        error.details(),
        Some("more than 16777216 bytes were sent at once")
    );
    let notices = message(b'N', b"SNOTICE\0VNOTICE\0C00000\0Mhello\0\0").repeat(1_000);
    let error = failure(server(vec![Step::Flood(vec![], notices)]).await).await;
    check(&error, ErrorKind::ProtocolViolation, Layer::Login);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_cannot_fork_says_so_in_the_old_style() {
    let words = "could not fork new process for connection: Cannot allocate memory";
    let old = || vec![Step::HangUp(format!("E{words}\n\0").into_bytes())];
    let mut section = server(old()).await;
    let error = failure(section.clone()).await;
    check(&error, ErrorKind::OutOfResources, Layer::Login);
    assert_eq!(error.details(), Some(words));
    section.tls.mode = SslMode::Require;
    let error = failure(section).await;
    check(&error, ErrorKind::OutOfResources, Layer::Login);
    assert_eq!(error.details(), Some(words));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_instead_of_tls_is_told_by_its_code() {
    let steps = vec![Step::HangUp(fatal("53300", "sorry, too many clients"))];
    let mut section = server(steps).await;
    section.tls.mode = SslMode::Require;
    let error = failure(section).await;
    check(&error, ErrorKind::TooManyConnections, Layer::Login);
    assert_eq!(error.code(), Some("53300"));
    assert_eq!(error.details(), Some("sorry, too many clients"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_instead_of_tls_needs_no_end_of_the_connection() {
    let held = [
        (
            fatal("57P03", "starting up"),
            ErrorKind::ServerNotReady,
            "starting up",
        ),
        (
            b"Ecould not fork\n\0".to_vec(),
            ErrorKind::OutOfResources,
            "could not fork",
        ),
    ];
    for (answer, kind, words) in held {
        let mut section = server(vec![Step::Send(answer)]).await;
        section.tls.mode = SslMode::Require;
        let error = failure(section).await;
        check(&error, kind, Layer::Login);
        assert_eq!(error.details(), Some(words));
    }
    // One that is not finished is not called unanswered.
    let mut section = server(vec![Step::Send(b"E\0\0\0\x20SFATAL".to_vec())]).await;
    section.tls.mode = SslMode::Require;
    section.timeout = BRIEF;
    let error = failure(section).await;
    check(&error, ErrorKind::Timeout { after_ms: 500 }, Layer::Tls);
    let details = error.details().unwrap();
    assert!(details.contains("begun and not finished"), "{details}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_with_a_length_of_garbage_is_no_lack_of_resources() {
    for mode in [SslMode::Disable, SslMode::Require] {
        let mut section = server(vec![Step::HangUp(b"E\xff\xff\xff\xff".to_vec())]).await;
        section.tls.mode = mode;
        check(
            &failure(section).await,
            ErrorKind::ProtocolViolation,
            Layer::Login,
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handshake_that_hangs_is_not_called_unanswered() {
    let mut section = server(vec![Step::Send(b"S".to_vec())]).await;
    section.tls.mode = SslMode::Require;
    section.timeout = BRIEF;
    let error = failure(section).await;
    check(&error, ErrorKind::Timeout { after_ms: 500 }, Layer::Tls);
    assert_eq!(
        error.details(),
        Some("the TLS handshake was begun and not finished")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_that_is_announced_at_the_login_is_an_answer() {
    for code in ["57P01", "57P02", "08006", "08004"] {
        let steps = vec![Step::HangUp(fatal(code, "going down"))];
        let error = failure(server(steps).await).await;
        check(&error, ErrorKind::ServerNotReady, Layer::Login);
        assert_eq!(error.code(), Some(code));
        assert!(error.kind().was_answered());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_pooler_says_at_the_login_is_told_and_may_pass() {
    let words = "server login has been failing, try again later (server_login_retry)";
    for code in ["08P01", "58000", "XX000"] {
        for mode in [SslMode::Disable, SslMode::Require] {
            let mut section = server(vec![Step::HangUp(fatal(code, words))]).await;
            section.tls.mode = mode;
            let error = failure(section).await;
            check(&error, ErrorKind::LoginFailed, Layer::Login);
            assert_eq!(error.code(), Some(code));
            assert_eq!(error.message(), format!("Database login failed: {words}"));
            assert!(error.kind().is_transient() && error.kind().was_answered());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_that_ends_a_session_has_lost_its_server() {
    let ended = fatal("08P01", "server conn crashed?");
    let steps = vec![Step::Send(welcome()), Step::HangUp(ended)];
    let lost = failure(server(steps).await).await;
    check(&lost, ErrorKind::ConnectionLost, Layer::Login);
    assert_eq!(lost.code(), Some("08P01"));
    assert!(lost.hint().starts_with("a pooler ended the session"));
    assert_eq!(lost.details(), Some("server conn crashed?"));
    // A statement that is refused is not the end of its session.
    let refused = error(&["SERROR", "VERROR", "C08P01", "Mtoo many parameters"]);
    let steps = vec![
        Step::Send(welcome()),
        Step::Send([refused, ready()].concat()),
    ];
    let refusal = failure(server(steps).await).await;
    check(&refusal, ErrorKind::StatementInvalid, Layer::Statement);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_without_a_code_keeps_its_sentence() {
    let answer = error(&["SFATAL", "Mno code here"]);
    let error = failure(server(vec![Step::HangUp(answer)]).await).await;
    check(&error, ErrorKind::ProtocolViolation, Layer::Login);
    assert!(
        error.details().unwrap().contains("no code here"),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_unlike_our_statement_is_a_violation_of_the_protocol() {
    let answers = [
        row(TEXT, b"hello"),
        row(INT8, b"abc"),
        [
            message(b'1', b""),
            message(b'2', b""),
            message(b'n', b""),
            ready(),
        ]
        .concat(),
    ];
    for answer in answers {
        let steps = vec![Step::Send(welcome()), Step::Send(answer)];
        let error = failure(server(steps).await).await;
        check(&error, ErrorKind::ProtocolViolation, Layer::Statement);
    }
    // A clock from the beginning of all numbers is strange, and no failure;
    // the server hangs up before the details.
    let clock = row(INT8, &i64::MIN.to_be_bytes());
    let steps = vec![
        Step::Send(welcome()),
        Step::Send(clock),
        Step::HangUp(vec![]),
    ];
    let error = failure(server(steps).await).await;
    check(&error, ErrorKind::ConnectionLost, Layer::Tcp);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_function_raises_is_clean() {
    let cluster = Cluster::start();
    let database = on(local_section(&cluster));
    database.connect().await.unwrap();
    let sql = format!(
        "do $$ begin raise exception using message = 'words {ESCAPES}', \
         detail = 'more {ESCAPES}', hint = 'most {ESCAPES}'; end $$"
    );
    let error = database.query::<Value>(&sql, &[]).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Unknown, Some("P0001"))
    );
    let mut shown = vec![error.message(), error.details().unwrap().to_owned()];
    shown.extend(error.causes());
    for text in &shown {
        assert!(text.contains("words <1B>]0;OWNED<07>"), "{text}");
        let is_unsafe = |c: char| c.is_control() || ESCAPES.contains(c) && !c.is_ascii();
        assert!(!text.contains(is_unsafe), "{text:?}");
    }
}
