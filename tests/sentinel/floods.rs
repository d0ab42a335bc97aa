//! Servers that answer each heartbeat, and send more than was asked for.

use dbvitals::domain::{ErrorKind, Layer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::bed::{BRISK, Watch, at};

/// A login that is accepted, and the answer to any statement.
const WELCOME: &[u8] = b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";
const ANSWER: &[u8] = b"C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I";

/// What a server sends before its nth answer.
type Unasked = fn(usize) -> Vec<u8>;

/// Takes everybody in, and answers each statement after what nobody asked for.
async fn server(unasked: Unasked) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("it has one").port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(serve(client, unasked));
        }
    });
    port
}

/// Ends when the client has gone.
async fn serve(mut client: TcpStream, unasked: Unasked) {
    let mut said = [0; 4096];
    let mut answer = WELCOME.to_vec();
    for nth in 0.. {
        let is_there = matches!(client.read(&mut said).await, Ok(1..));
        if !is_there || client.write_all(&answer).await.is_err() {
            return;
        }
        answer = [&unasked(nth), ANSWER].concat();
    }
}

fn message(tag: u8, body: &str) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("it is short");
    [&[tag], &length.to_be_bytes()[..], body.as_bytes()].concat()
}

/// Reports of a thousand parameters, a tenth of what is read for a heartbeat.
fn reports(first: usize) -> Vec<u8> {
    (first..first + 1_000)
        .flat_map(|n| message(b'S', &format!("name{n}\0value\0")))
        .collect()
}

async fn check_ended(unasked: Unasked, words: &str) {
    let watch = Watch::post(&at(server(unasked).await), BRISK);
    let (error, _) = watch.ended().await;
    let (kind, layer) = (error.kind(), error.layer());
    assert_eq!(
        (kind, layer),
        (ErrorKind::ProtocolViolation, Layer::Statement),
        "{error:?}"
    );
    let details = error.details().expect("it says what came");
    assert!(details.starts_with(words), "{details}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ever_new_parameters_are_not_kept() {
    check_ended(
        |nth| reports(nth * 1_000),
        "more than 262144 bytes of parameters were reported",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_that_only_change_are_no_flood() {
    let mut watch = Watch::over(&at(server(|_| reports(0)).await), BRISK).await;
    for _ in 0..15 {
        watch.answer().await;
    }
    watch.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_remarks_before_one_answer_ends_the_session() {
    let notices = |nth| match nth {
        0 => Vec::new(),
        _ => message(b'N', "SNOTICE\0C00000\0Mhello\0\0").repeat(10_000),
    };
    check_ended(notices, "more than 262144 bytes were sent at once").await;
}
