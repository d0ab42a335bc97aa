//! Answers that only the way to the interface gives: limits, bills, pauses and
//! its own errors.

use std::time::Duration;

use serde_json::json;

use super::NEXT_TRY;
use crate::{
    expected::{Expected, Failure, failure},
    row::Row,
    support::standin::{Fault, Key},
};

const PAUSED: Failure = failure("ProjectPaused", "login").says("supabase.com/dashboard");

const LIMITED: Failure = failure("RateLimited", "login").code("HTTP 429");

/// For so long the limit asks to be left alone, in seconds.
const WAIT: u64 = 3;

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = projects();
    rows.extend(limits());
    rows.extend(edges());
    rows
}

fn projects() -> Vec<Row> {
    let fails = |failure| Expected::fails(failure).heals_on_try();
    let restricted = PAUSED
        .code("HTTP 402")
        .hint("see usage and billing in the Supabase dashboard: the project is restricted");
    let paused = PAUSED.code("HTTP 540");
    vec![
        answered!(
            "project restricted",
            Key::Secret,
            page(402),
            fails(restricted)
        ),
        answered_later!(
            "project restricted",
            Key::Publishable,
            page(402),
            fails(restricted)
        ),
        answered!("project paused", Key::LegacyAnon, page(540), fails(paused)),
        answered_later!("project paused", Key::Publishable, page(540), fails(paused)),
    ]
}

fn limits() -> Vec<Row> {
    let asked = || {
        let limited = LIMITED.says("asks to wait for 3 s");
        Expected::fails(limited).rests(Duration::from_secs(WAIT))
    };
    vec![
        answered!(
            "too many requests, with a time to wait",
            Key::Publishable,
            limit().header("retry-after", &WAIT.to_string()),
            asked().heals_on_try()
        ),
        answered_later!(
            "too many requests, with a time to wait",
            Key::Secret,
            limit().header("retry-after", &WAIT.to_string()),
            asked().recovery(NEXT_TRY)
        ),
        answered!(
            "too many requests",
            Key::Secret,
            limit(),
            Expected::fails(LIMITED).recovery(NEXT_TRY)
        ),
    ]
}

fn edges() -> Vec<Row> {
    let edge = |code| {
        let edge = failure("Unavailable", "login").code(code);
        Expected::fails(
            edge.hint("the edge does not reach the project: see its state in the dashboard"),
        )
    };
    vec![
        answered!("520 of the edge", Key::Secret, page(520), edge("HTTP 520")),
        answered!("521 of the edge", Key::Secret, page(521), edge("HTTP 521")),
        answered_later!(
            "522 of the edge",
            Key::Publishable,
            page(522),
            edge("HTTP 522").recovery(NEXT_TRY)
        ),
        answered!("523 of the edge", Key::Secret, page(523), edge("HTTP 523")),
        answered!("524 of the edge", Key::Secret, page(524), edge("HTTP 524")),
        answered!(
            "525 of the edge",
            Key::LegacyAnon,
            page(525),
            edge("HTTP 525")
        ),
    ]
}

fn page(status: u16) -> Fault {
    Fault::status(status).body("text/html", "<html>an error of the edge</html>")
}

fn limit() -> Fault {
    Fault::status(429).json(&json!({ "message": "API rate limit exceeded" }))
}
