use std::time::Duration;

use hyper::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use serde_json::json;

use super::*;
use crate::{
    adapter::supabase::{answer::tests as bodies, project::tests::project},
    domain::KeyKind,
};

fn read_body(status: u16, media: &str, body: &str) -> DbError {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, media.parse().unwrap());
    let answer = Answer::new(status, &headers, bodies::read(body));
    read(&answer, Action::Insert, &project(KeyKind::Publishable))
}

#[track_caller]
fn check(status: u16, code: &str, kind: ErrorKind, layer: Layer) {
    let body = json!({"code": code, "message": "m", "details": null, "hint": null});
    let error = read_body(status, "application/json", &body.to_string());
    assert_eq!((error.kind(), error.layer()), (kind, layer), "{code}");
    assert_eq!(error.code(), Some(code));
    assert_eq!(error.details(), Some("m"));
}

#[track_caller]
fn check_bare(status: u16, media: &str, body: &str, kind: ErrorKind, layer: Layer) {
    let error = read_body(status, media, body);
    assert_eq!(
        (error.kind(), error.layer()),
        (kind, layer),
        "{status} {body}"
    );
    let code = format!("HTTP {status}");
    assert_eq!(error.code(), Some(code.as_str()));
}

#[test]
fn the_gateway_the_token_and_the_role_are_told_apart() {
    let json = "application/json";
    for body in [
        "",
        "{}",
        "<html>",
        r#"{"message":"Invalid API key"}"#,
        r#"{"code":401}"#,
    ] {
        check_bare(401, json, body, ErrorKind::KeyRefused, Layer::Login);
        check_bare(403, "text/html", body, ErrorKind::KeyRefused, Layer::Login);
    }
    check(401, "PGRST301", ErrorKind::AuthFailed, Layer::Login);
    check(401, "PGRST302", ErrorKind::AuthFailed, Layer::Login);
    check(401, "PGRST303", ErrorKind::TokenExpired, Layer::Login);
    for status in [401, 403] {
        let kind = ErrorKind::PermissionDenied;
        check(status, "42501", kind, Layer::Permission);
    }
}

#[test]
fn a_code_that_is_nobodys_is_none() {
    let body = r#"{"code":"UNAUTHORIZED_INVALID_API_KEY","message":"m"}"#;
    let json = "application/json";
    check_bare(401, json, body, ErrorKind::KeyRefused, Layer::Login);
}

#[test]
fn the_schema_and_the_data_have_the_databases_codes() {
    for code in ["PGRST205", "42P01", "PGRST106"] {
        check(404, code, ErrorKind::SchemaMissing, Layer::Schema);
    }
    for code in ["PGRST202", "42883", "PGRST204", "42703"] {
        check(400, code, ErrorKind::SchemaMismatch, Layer::Schema);
    }
    for code in ["23505", "23503", "23502", "23514"] {
        check(409, code, ErrorKind::ConstraintViolation, Layer::Statement);
    }
    for code in ["22P02", "22001"] {
        check(400, code, ErrorKind::InvalidData, Layer::Statement);
    }
    check(406, "PGRST116", ErrorKind::RowNotFound, Layer::Statement);
    check(
        500,
        "57014",
        ErrorKind::StatementCancelled,
        Layer::Statement,
    );
    check(
        400,
        "PGRST100",
        ErrorKind::StatementInvalid,
        Layer::Statement,
    );
    check(405, "25006", ErrorKind::ReadOnly, Layer::Database);
}

#[test]
fn a_database_that_is_away_behind_the_interface_is_told_as_such() {
    let unavailable = ErrorKind::Unavailable;
    for code in ["PGRST000", "PGRST001", "PGRST002", "57P01", "08006"] {
        check(503, code, unavailable, Layer::Database);
    }
    check(504, "PGRST003", unavailable, Layer::Database);
    check(503, "53300", ErrorKind::TooManyConnections, Layer::Database);
    check(503, "53100", ErrorKind::DiskFull, Layer::Database);
    check(503, "53200", ErrorKind::OutOfResources, Layer::Database);
    check(503, "57P03", ErrorKind::ServerNotReady, Layer::Database);
    check_bare(544, "text/plain", "t", unavailable, Layer::Database);
    for status in [500, 502, 503, 504] {
        check_bare(status, "text/html", "<html>", unavailable, Layer::Rest);
    }
    for status in 520..=525 {
        check_bare(status, "text/html", "<html>", unavailable, Layer::Login);
    }
    for kind in [unavailable, ErrorKind::StatementCancelled] {
        assert!(kind.is_transient());
    }
}

#[test]
fn a_paused_project_says_where_it_is_resumed() {
    for status in [402, 540] {
        let error = read_body(status, "text/html", "<html>");
        assert_eq!(error.kind(), ErrorKind::ProjectPaused);
        assert!(!error.is_transient());
        let words = error.details().unwrap();
        let place = "resume it at https://supabase.com/dashboard/project/abc";
        assert!(words.contains(place), "{words}");
    }
}

#[test]
fn a_limit_says_how_long_to_wait() {
    let mut headers = HeaderMap::new();
    headers.insert(RETRY_AFTER, "17".parse().unwrap());
    let answer = Answer::new(429, &headers, bodies::read(r#"{"code":"42501"}"#));
    let error = read(&answer, Action::Query, &project(KeyKind::Secret));
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(17)));
    assert!(error.details().unwrap().contains("wait for 17 s"));
}

#[test]
fn what_answers_in_between_is_no_database() {
    for status in [301, 302, 307, 407] {
        check_bare(status, "text/html", "", ErrorKind::NotJson, Layer::Tcp);
    }
    for status in [400, 404, 405] {
        let kind = ErrorKind::ProtocolViolation;
        check_bare(status, "text/html", "<html>", kind, Layer::Login);
    }
}

#[test]
fn outside_words_are_cleaned_and_hold_no_key() {
    let body = r#"{"code":"23505","message":"a\u001b[2J key Zq9key","hint":"h","details":"d"}"#;
    let error = read_body(409, "application/json", body);
    let said = "a<1B>[2J key ***** (d) (hint: h)";
    assert_eq!(error.details(), Some(said));
    let everything = format!(
        "{error:?} {} {:?}",
        error,
        error.causes().collect::<Vec<_>>()
    );
    assert!(!everything.contains("Zq9"), "{everything}");
}

#[test]
fn a_code_counts_only_with_a_status_that_can_carry_it() {
    let json = "application/json";
    let body = |code: &str| json!({"code": code, "message": "m"}).to_string();
    for code in ["PGRST205", "42P01", "42501", "PGRST001", "57014"] {
        for status in [300, 302, 307] {
            check_bare(status, json, &body(code), ErrorKind::NotJson, Layer::Tcp);
        }
    }
    for code in ["PGRST205", "42P01", "42501", "42703", "23505", "PGRST301"] {
        for status in [500, 502, 503] {
            let kind = ErrorKind::Unavailable;
            check_bare(status, json, &body(code), kind, Layer::Rest);
        }
    }
    for code in ["42P01", "PGRST205"] {
        check_bare(403, json, &body(code), ErrorKind::KeyRefused, Layer::Login);
    }
    let kind = ErrorKind::ProtocolViolation;
    for code in ["42501", "PGRST303", "PGRST002"] {
        check_bare(404, json, &body(code), kind, Layer::Login);
    }
    // What the server says of its own troubles comes with a status of its own.
    let statement = Layer::Statement;
    check(503, "08006", ErrorKind::Unavailable, Layer::Database);
    check(500, "57014", ErrorKind::StatementCancelled, statement);
    check(500, "55P03", ErrorKind::StatementCancelled, statement);
    check(500, "40001", ErrorKind::TransactionRolledBack, statement);
    check(500, "42P17", ErrorKind::StatementInvalid, statement);
    check(500, "XX000", ErrorKind::Unknown, statement);
    check(400, "P0001", ErrorKind::Unknown, statement);
    check(401, "22023", ErrorKind::InvalidData, statement);
}

#[test]
fn words_are_read_wherever_they_stand() {
    let check = |status, body: &str, kind, words: &str| {
        let error = read_body(status, "application/json", body);
        assert_eq!(
            (error.kind(), error.details()),
            (kind, Some(words)),
            "{body}"
        );
    };
    let denied = ErrorKind::PermissionDenied;
    let body = r#"{"code":"42501","message":"no","error":"Forbidden"}"#;
    check(403, body, denied, "no");
    let body = r#"{"error":"Forbidden","msg":"no","code":"42501","code":"42501"}"#;
    check(403, body, denied, "no");
    let body = r#"{"code":"PGRST002","message":"m","msg":"other"}"#;
    check(503, body, ErrorKind::Unavailable, "m");
    let body = r#"{"error":"server_error","error_description":"what"}"#;
    check(500, body, ErrorKind::Unavailable, "what");
    check(
        500,
        r#"{"error":"e","message":null}"#,
        ErrorKind::Unavailable,
        "e",
    );
}

#[test]
fn a_byte_that_is_no_text_hides_no_code() {
    let body = bodies::read(b"{\"code\":\"PGRST002\",\"message\":\"caf\xe9\"}");
    let answer = Answer::new(503, &HeaderMap::new(), body);
    let error = read(&answer, Action::Query, &project(KeyKind::Secret));
    assert_eq!(error.code(), Some("PGRST002"));
    assert_eq!(error.details(), Some("caf\u{fffd}"));
}
