//! The interface answers, and the database behind it does not, or not well.

use std::time::Duration;

use serde_json::{Value, json};

use super::NEXT_TRY;
use crate::{
    expected::{Expected, Failure, Promise, Recovery, failure},
    row::Row,
    scene::Scene,
    support::{
        cluster::StopMode,
        process::wait_until,
        standin::{Fault, Key},
    },
};

/// Longer than it takes until the next check.
const LIMIT: Duration = Duration::from_secs(20);

const UNREACHED: Failure = failure("Unavailable", "database")
    .hint("the REST service does not reach the database: look at the database's state");

const UNREAD: Failure = failure("Unavailable", "database")
    .code("PGRST002")
    .hint("the REST service could not read the schema: look at the database's state and load");

const OVERLOADED: Failure = failure("Unavailable", "database")
    .code("HTTP 544")
    .hint("the gateway waits for the database in vain: look at the project's health");

const SILENT: Failure = failure("Timeout", "database")
    .hint("the REST service waits for the database: look at its state, its load and locks");

const CANCELLED: Failure = failure("StatementCancelled", "statement").code("57014");

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = told();
    rows.extend(true_ones());
    rows
}

fn told() -> Vec<Row> {
    let fails = |failure| Expected::fails(failure).heals_on_try();
    vec![
        answered!(
            "PGRST000 by the service",
            Key::Publishable,
            unavailable("PGRST000"),
            fails(UNREACHED.code("PGRST000"))
        ),
        answered!(
            "PGRST001 by the service",
            Key::Secret,
            unavailable("PGRST001"),
            fails(UNREACHED.code("PGRST001"))
        ),
        answered!(
            "PGRST002 by the service",
            Key::LegacyAnon,
            unavailable("PGRST002"),
            fails(UNREAD)
        ),
        answered_later!(
            "PGRST002 by the service",
            Key::Publishable,
            unavailable("PGRST002"),
            fails(UNREAD)
        ),
        answered!(
            "the gateway gives the database up",
            Key::Publishable,
            given_up(),
            fails(OVERLOADED)
        ),
        answered_later!(
            "the gateway gives the database up",
            Key::Secret,
            given_up(),
            fails(OVERLOADED)
        ),
    ]
}

fn is_answered(request: &Value) -> bool {
    request["status"] == 200
}

fn unavailable(code: &str) -> Fault {
    let body = json!({
        "code": code, "details": null, "hint": null,
        "message": "Could not query the database. Retrying.",
    });
    Fault::status(503).json(&body)
}

fn given_up() -> Fault {
    Fault::status(544).json(&json!({ "message": "The connection to the database timed out" }))
}

fn true_ones() -> Vec<Row> {
    let thaw: fn(&mut Scene) = |scene| scene.cluster().thaw();
    let start: fn(&mut Scene) = |scene| scene.cluster().start_again();
    let down = || Expected::fails(UNREACHED.code("PGRST000")).within(Promise::Seconds(1));
    // The try that is under way may still wait for an old session.
    let back = Recovery::ByItself(Promise::Silence);
    let silent = || Expected::fails(SILENT).recovery(back);
    vec![
        Row::connecting(
            "database down",
            |_| {
                let mut scene = Scene::open_project(Key::Publishable);
                scene.cluster().stop(StopMode::Fast);
                scene
            },
            down().recovery(NEXT_TRY),
        )
        .mend(start),
        Row::idle(
            "database down",
            |_| Scene::open_project(Key::Secret),
            |scene| scene.cluster().stop(StopMode::Fast),
            down().seen_by("c").recovery(NEXT_TRY),
        )
        .mend(start),
        Row::connecting(
            "database frozen",
            |_| {
                let mut scene = Scene::open_project(Key::Secret);
                scene.cluster().freeze();
                scene
            },
            silent().within(Promise::Timeout),
        )
        .mend(thaw),
        Row::idle(
            "database frozen",
            |_| Scene::open_project(Key::Publishable),
            |scene| scene.cluster().freeze(),
            silent().within(Promise::Silence).suspect(),
        )
        .mend(thaw),
        Row::idle(
            "database restarted",
            |_| Scene::open_project(Key::Secret),
            |scene| {
                scene.cluster().stop(StopMode::Fast);
                scene.cluster().start_again();
                scene.standin().forget_requests();
                // Nothing is to be told, so the next check must have come.
                let is_asked = || scene.standin().requests().iter().any(is_answered);
                assert!(wait_until(LIMIT, is_asked), "no check came");
            },
            Expected::well().recovery(Recovery::ByItself(Promise::AtOnce)),
        )
        .mend(|_| {}),
        Row::connecting(
            "statement timeout of the role",
            |_| {
                let mut scene = Scene::open_project(Key::Publishable);
                let slow = "alter policy seen on agents using (pg_sleep(60) is not null)";
                scene.cluster().sql(slow);
                scene.variable("DBVITALS_HEALTH_CHECK_TIMEOUT", "4500")
            },
            Expected::fails(CANCELLED)
                .within(Promise::Seconds(4))
                .heals_on_try(),
        )
        .mend(|scene| {
            let quick = "alter policy seen on agents using (true)";
            scene.cluster().sql(quick);
        }),
    ]
}
