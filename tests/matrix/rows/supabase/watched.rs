//! Heartbeats are switched on: small requests tell between the checks.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    expected::{Expected, Promise, failure},
    row::Row,
    scene::Scene,
    support::{
        process::wait_until,
        standin::{Fault, Key},
    },
};

/// Longer than it takes until the first heartbeat.
const LIMIT: Duration = Duration::from_secs(20);

pub(crate) fn rows() -> Vec<Row> {
    let thaw: fn(&mut Scene) = |scene| scene.standin_mut().thaw();
    let start: fn(&mut Scene) = |scene| scene.standin_mut().start_again();
    let refused = failure("ConnectionRefused", "tcp");
    vec![
        Row::idle(
            "heartbeats, and the gateway is down",
            |_| Scene::open_project(Key::Secret),
            |scene| {
                await_a_beat(scene);
                // In order: none is under way then.
                scene.standin_mut().stop();
            },
            // The next beat may be quicker than the end of the gateway's sockets.
            Expected::fails(refused.hint("check supabase_url: nothing listens there"))
                .or(&[failure("ConnectionLost", "tcp")
                    .hint("see the project's logs and its state in the dashboard")])
                .then(refused.hint("check supabase_url: nothing listens there"))
                .within(Promise::Interval)
                .heals_on_try(),
        )
        .mend(start),
        Row::idle(
            "heartbeats, and the gateway is frozen",
            |_| Scene::open_project(Key::Publishable),
            |scene| {
                await_a_beat(scene);
                scene.standin_mut().freeze();
            },
            Expected::fails(failure("Timeout", "statement"))
                .then(failure("Timeout", "login"))
                .within(Promise::Silence)
                .suspect()
                .heals_on_try(),
        )
        .mend(thaw),
        Row::idle(
            "heartbeats, and the key is revoked",
            |_| Scene::open_project(Key::Secret),
            |scene| {
                await_a_beat(scene);
                scene.answer(&revoked());
            },
            Expected::fails(failure("KeyRefused", "login").code("HTTP 401"))
                .within(Promise::Interval)
                .heals_on_try(),
        )
        .mend(|scene| scene.answer_truly()),
    ]
}

/// Before the first one the connection that watches is not there yet.
fn await_a_beat(scene: &Scene) {
    let is_beat = |request: &Value| {
        let target = request["target"].as_str().unwrap_or_default();
        target.ends_with("/agents?limit=1") && request["status"] == 200
    };
    scene.standin().forget_requests();
    let has_come = || scene.standin().requests().iter().any(is_beat);
    assert!(wait_until(LIMIT, has_come), "no heartbeat came");
}

fn revoked() -> Fault {
    Fault::status(401).json(&json!({ "message": "no such key" }))
}
