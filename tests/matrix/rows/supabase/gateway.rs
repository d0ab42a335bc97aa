//! What is met at the gateway's address, and what answers there instead.

use super::NEXT_TRY;
use crate::{
    expected::{Expected, Failure, Promise, failure},
    row::Row,
    scene::Scene,
    support::standin::{Fault, Key},
};

const REFUSED: Failure =
    failure("ConnectionRefused", "tcp").advises("check supabase_url: nothing listens there");

const NOT_JSON: Failure = failure("NotJson", "tcp").code("HTTP 200").says("text/html");

const BROKEN: Failure = failure("Unavailable", "login").code("HTTP 502");

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = down();
    rows.extend(pages());
    rows
}

fn down() -> Vec<Row> {
    let start: fn(&mut Scene) = |scene| scene.standin_mut().start_again();
    vec![
        Row::connecting(
            "gateway down",
            |_| {
                let mut scene = Scene::open_project(Key::Publishable);
                scene.standin_mut().stop();
                scene
            },
            Expected::fails(REFUSED).recovery(NEXT_TRY),
        )
        .mend(start),
        Row::idle(
            "gateway down",
            |_| Scene::open_project(Key::Publishable),
            |scene| scene.standin_mut().kill(),
            Expected::fails(REFUSED)
                .within(Promise::Interval)
                .heals_on_try(),
        )
        .mend(start),
    ]
}

fn pages() -> Vec<Row> {
    let other = || Expected::fails(NOT_JSON).heals_on_try();
    let broken = || Expected::fails(BROKEN);
    vec![
        answered!("a page instead of rows", Key::Secret, portal(), other()),
        answered_later!(
            "a page instead of rows",
            Key::Publishable,
            portal(),
            other()
        ),
        answered!(
            "a page that tells of a bad gateway",
            Key::Secret,
            bad_gateway(),
            broken().recovery(NEXT_TRY)
        ),
        answered_later!(
            "a page that tells of a bad gateway",
            Key::Secret,
            bad_gateway(),
            broken().heals_on_try()
        ),
    ]
}

/// What a captive portal says to everybody.
fn portal() -> Fault {
    let page = "<!doctype html><html><body>Please log in.</body></html>";
    Fault::status(200).body("text/html; charset=utf-8", page)
}

fn bad_gateway() -> Fault {
    Fault::status(502).body("text/html", "<html>502 Bad Gateway</html>")
}
