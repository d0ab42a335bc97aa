//! Answers of a gateway that sends back the key it was given, in every place
//! and form that an answer has room for.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use crate::support::standin::Fault;

/// Such answers, each with a name.
pub(crate) fn echoes(key: &str) -> Vec<(&'static str, Fault)> {
    let mut echoes = plain(key);
    echoes.extend(cut(key));
    echoes
}

/// So long, or so divided, that what is left of the key is hard to find.
fn cut(key: &str) -> Vec<(&'static str, Fault)> {
    let long = format!("{key} ").repeat(200);
    let crossing = |kept: usize| format!("{}{key}", "x".repeat(2048 - kept));
    let divided: String = key.chars().flat_map(|c| [c, '\u{200b}']).collect();
    let refused = |message: &str| Fault::status(401).json(&json!({ "message": message }));
    vec![
        (
            "401, a cut leaves most of it",
            refused(&crossing(key.len() - 1)),
        ),
        ("401, a cut leaves a little of it", refused(&crossing(7))),
        ("401, divided by what is not seen", refused(&divided)),
        (
            "403, in another field",
            Fault::status(403).json(&json!({ "error": key, "code": 7 })),
        ),
        (
            "200, many by one server",
            Fault::status(200).header("server", &long).json(&json!([])),
        ),
    ]
}

fn plain(key: &str) -> Vec<(&'static str, Fault)> {
    let each = |write: fn(u8) -> String| -> String { key.bytes().map(write).collect() };
    let percent = each(|byte| format!("%{byte:02X}"));
    let escaped = each(|byte| format!("\\u{byte:04x}"));
    let bearer = STANDARD.encode(format!("Bearer {key}"));
    let half = &key[key.len() / 2..];
    // So long that the words are cut in the middle of a key.
    let long = format!("{key} ").repeat(200);
    let page = format!("<html><body><a href=\"/?apikey={percent}\">{key}</a></body></html>");
    let refused = |message: &str| json!({ "message": message, "hint": half });
    let coded = |code: &str| {
        let details = format!("{percent} {bearer} {escaped}");
        json!({ "code": code, "message": format!("no {key}!"), "details": details, "hint": half })
    };
    vec![
        ("401 of the gateway", Fault::status(401).json(&refused(key))),
        (
            "401 of the gateway, long",
            Fault::status(401).json(&refused(&long)),
        ),
        (
            "401, the token is bad",
            Fault::status(401).json(&coded("PGRST301")),
        ),
        (
            "401, the token is over",
            Fault::status(401).json(&coded("PGRST303")),
        ),
        ("401, no right", Fault::status(401).json(&coded("42501"))),
        (
            "401, the key is the code",
            Fault::status(401).json(&coded(half)),
        ),
        ("403, base64", Fault::status(403).json(&refused(&bearer))),
        ("403, percent", Fault::status(403).json(&refused(&percent))),
        (
            "403, escaped twice",
            Fault::status(403).json(&refused(&escaped)),
        ),
        (
            "401, escaped once",
            Fault::status(401).body(
                "application/json",
                &format!("{{\"message\":\"{escaped}\"}}"),
            ),
        ),
        ("401, a page", Fault::status(401).body("text/html", &page)),
        (
            "502, text",
            Fault::status(502).body("text/plain", &key[..key.len().min(190)]),
        ),
        (
            "503, of the key's type",
            Fault::status(503).body(&format!("text/{half}"), key),
        ),
        ("200, a page", Fault::status(200).body("text/html", &page)),
        (
            "200, of the key's type",
            Fault::status(200).body(&format!("text/{half}"), key),
        ),
        ("200, a text as JSON", Fault::status(200).json(&json!(key))),
        (
            "200, half of an answer",
            Fault::status(200).body("application/json", &format!("[\"{key}")),
        ),
        (
            "302, elsewhere",
            Fault::status(302)
                .header("location", &format!("https://x.test/?apikey={key}"))
                .body("text/html", &page),
        ),
        (
            "540, in every header",
            Fault::status(540)
                .header("server", key)
                .header("www-authenticate", &format!("Bearer {key}"))
                .header("retry-after", half)
                .header("proxy-status", &percent)
                .header("set-cookie", &format!("k={key}"))
                .body("text/html", &page),
        ),
        (
            "200, by a server of the key's name",
            Fault::status(200)
                .header("server", key)
                .header("content-range", &format!("0-1/{half}"))
                .json(&json!([])),
        ),
        (
            "429",
            Fault::status(429)
                .header("retry-after", "1")
                .json(&refused(key)),
        ),
        ("402", Fault::status(402).json(&coded("PGRST000"))),
    ]
}
