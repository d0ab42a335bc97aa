//! Keys that do not open the project, or no longer.

use serde_json::json;

use crate::{
    expected::{Expected, Failure, failure},
    row::Row,
    scene::Scene,
    support::standin::{Fault, Key, Token},
};

const NOT_A_TOKEN: Failure = failure("AuthFailed", "login")
    .hint("copy the key again from the project's settings: it is no valid token");

const REFUSED: Failure = failure("KeyRefused", "login")
    .code("HTTP 401")
    .says("Invalid API key");

const EXPIRED: Failure = failure("TokenExpired", "login").code("PGRST303");

pub(crate) fn rows() -> Vec<Row> {
    let fails = |failure| Expected::fails(failure).heals_on_try();
    vec![
        Row::connecting(
            "key of another project",
            |_| Scene::open_project(Key::Secret).key("sb_secret_of-another-project-0123456789"),
            Expected::fails(REFUSED),
        ),
        Row::connecting(
            "legacy key of another project",
            |_| {
                let scene = Scene::open_project(Key::LegacyAnon);
                let forged = scene.standin().token(Token::Forged).to_owned();
                scene.key(&forged)
            },
            Expected::fails(REFUSED),
        ),
        answered_later!("key revoked", Key::Publishable, revoked(), fails(REFUSED)),
        answered!(
            "token bad",
            Key::LegacyServiceRole,
            token("PGRST301"),
            fails(NOT_A_TOKEN.code("PGRST301"))
        ),
        answered!(
            "token missing",
            Key::Publishable,
            token("PGRST302"),
            fails(NOT_A_TOKEN.code("PGRST302"))
        ),
        answered!(
            "token expired",
            Key::LegacyAnon,
            token("PGRST303"),
            fails(EXPIRED)
        ),
        answered_later!(
            "token expired",
            Key::LegacyServiceRole,
            token("PGRST303"),
            fails(EXPIRED)
        ),
    ]
}

/// A gateway's words have no code.
fn revoked() -> Fault {
    Fault::status(401).json(&json!({ "message": "Invalid API key" }))
}

fn token(code: &str) -> Fault {
    let body = json!({ "code": code, "message": "JWT", "details": null, "hint": null });
    Fault::status(401).json(&body)
}
