//! What is met at the gateway's address, and what answers there instead.

use std::time::Duration;

use super::NEXT_TRY;
use crate::{
    expected::{Expected, Failure, Promise, Recovery, failure},
    row::Row,
    scene::Scene,
    support::{
        network::NameServer,
        proxy::Mode,
        standin::{Fault, Key},
    },
};

const REFUSED: Failure =
    failure("ConnectionRefused", "tcp").hint("check supabase_url: nothing listens there");

const NOT_JSON: Failure = failure("NotJson", "tcp").code("HTTP 200").says("text/html");

const BROKEN: Failure = failure("Unavailable", "rest").code("HTTP 502");

const CERTIFICATE: Failure = failure("TlsCertificate", "tls")
    .hint("its words say why: check the system's authorities (SSL_CERT_FILE), name and dates");

const LOST: Failure = failure("ConnectionLost", "login")
    .hint("see the project's logs and its state in the dashboard");

/// What a request is told that nobody answers.
const SILENT: Failure = failure("Timeout", "login");

/// Late, and in time.
const LATE: Duration = Duration::from_millis(1_300);

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = names();
    rows.extend(down());
    rows.extend(certificates());
    rows.extend(silence());
    rows.extend(slow());
    rows.extend(pages());
    rows
}

fn names() -> Vec<Row> {
    let unknown = |hint| Expected::fails(failure("HostNotFound", "host name").hint(hint));
    let other = "check the host in supabase_url, and the name server";
    vec![
        Row::connecting(
            "host unknown",
            |_| Scene::at("https://no-such-host.invalid".to_owned()).key("sb_secret_for-nobody"),
            unknown(other).within(Promise::Seconds(5)),
        ),
        Row::connecting(
            "project without a name",
            |_| {
                let url = "https://abcdefghijklmnopqrst.supabase.co".to_owned();
                let scene = Scene::at(url).key("sb_publishable_for-nobody");
                by_a_server(scene, NameServer::deny)
            },
            unknown(
                "check supabase_url, and in the Supabase dashboard whether the project is \
                 paused: then it may have no name",
            )
            .within(Promise::Seconds(5)),
        )
        .root("names of its own"),
        Row::idle(
            "the name is gone",
            |_| {
                let scene = Scene::open_project(Key::Publishable);
                let url = scene.standin().url().replace("127.0.0.1", "project.test");
                by_a_server(scene.url(url), NameServer::answer)
            },
            |scene| its_names(scene).deny(),
            unknown(other).seen_by("c").recovery(NEXT_TRY),
        )
        .mend(|scene| its_names(scene).answer())
        .root("names of its own"),
    ]
}

/// Names are asked of a server of ours, which does this from the beginning.
fn by_a_server(mut scene: Scene, does: fn(&NameServer)) -> Scene {
    let server = NameServer::start();
    does(&server);
    let resolver = server.resolver();
    scene.names = Some(server);
    scene.names("127.0.0.1 localhost\n", &resolver)
}

fn its_names(scene: &Scene) -> &NameServer {
    scene.names.as_ref().expect("the row has names")
}

fn certificates() -> Vec<Row> {
    vec![
        Row::connecting(
            "with a certificate that is good",
            |_| {
                let standin = Scene::standins().tls("localhost").start();
                let roots = standin.ca_path();
                believing(Scene::of_standin(standin, Key::Secret), &roots)
            },
            Expected::well(),
        ),
        Row::connecting(
            "certificate by an unknown authority",
            |_| {
                let standin = Scene::standins().tls("localhost").start();
                let roots = standin.stranger_ca_path();
                believing(Scene::of_standin(standin, Key::Secret), &roots)
            },
            Expected::fails(CERTIFICATE.says("UnknownIssuer")),
        ),
        Row::connecting(
            "certificate for another name",
            |_| {
                let standin = Scene::standins().tls("project.example").start();
                let (roots, port) = (standin.ca_path(), standin.port());
                let scene = Scene::of_standin(standin, Key::Secret);
                believing(scene.url(format!("https://127.0.0.1:{port}")), &roots)
            },
            Expected::fails(CERTIFICATE.says("name")),
        ),
        Row::connecting(
            "certificate expired",
            |_| {
                let standin = Scene::standins().tls_expired("localhost").start();
                let roots = standin.ca_path();
                believing(Scene::of_standin(standin, Key::LegacyServiceRole), &roots)
            },
            Expected::fails(CERTIFICATE.says("expired")),
        ),
        Row::connecting(
            "https:// where nobody speaks TLS",
            |_| {
                let scene = Scene::open_project(Key::Publishable);
                let url = scene.standin().url().replace("http://", "https://");
                scene.url(url)
            },
            Expected::fails(failure("ProtocolViolation", "tls").hint(
                "check supabase_url, http or https, and the port: another program answers there",
            )),
        ),
    ]
}

/// The system's authorities are those of this file.
fn believing(scene: Scene, roots: &std::path::Path) -> Scene {
    scene.variable("SSL_CERT_FILE", roots.to_str().expect("the path is text"))
}

fn silence() -> Vec<Row> {
    let pass: fn(&mut Scene) = |scene| scene.set(Mode::Pass);
    let thaw: fn(&mut Scene) = |scene| scene.standin_mut().thaw();
    let silent = || Expected::fails(SILENT);
    vec![
        Row::connecting(
            "gateway frozen",
            |_| {
                let mut scene = Scene::open_project(Key::Secret);
                scene.standin_mut().freeze();
                scene
            },
            silent().within(Promise::Timeout).heals_on_try(),
        )
        .mend(thaw),
        Row::idle(
            "gateway frozen",
            |_| Scene::open_project(Key::LegacyAnon),
            |scene| scene.standin_mut().freeze(),
            silent().within(Promise::Silence).suspect().heals_on_try(),
        )
        .mend(thaw),
        Row::connecting(
            "black hole before the gateway",
            |_| {
                let scene = Scene::project_behind_proxy(Key::Publishable);
                scene.set(Mode::BlackHole);
                scene
            },
            silent().within(Promise::Timeout).recovery(NEXT_TRY),
        )
        .mend(pass),
        Row::idle(
            "black hole before the gateway",
            |_| Scene::project_behind_proxy(Key::Publishable),
            |scene| scene.set(Mode::BlackHole),
            silent()
                .within(Promise::Silence)
                .suspect()
                .recovery(NEXT_TRY),
        )
        .mend(pass),
        Row::connecting(
            "closed after accept",
            |_| {
                let scene = Scene::project_behind_proxy(Key::Secret);
                scene.set(Mode::HangUp);
                scene
            },
            Expected::fails(LOST).heals_on_try(),
        )
        .mend(pass),
        Row::connecting(
            "answer cut in the middle",
            |_| {
                let scene = Scene::project_behind_proxy(Key::Secret);
                scene.set(Mode::Cut(60));
                scene
            },
            Expected::fails(LOST).heals_on_try(),
        )
        .mend(pass),
        Row::idle(
            "connections are reset",
            |_| Scene::project_behind_proxy(Key::Publishable),
            |scene| scene.set(Mode::Reset),
            Expected::fails(LOST).seen_by("c").heals_on_try(),
        )
        .mend(pass),
    ]
}

fn slow() -> Vec<Row> {
    let delayed: fn(&mut Scene) = |scene| scene.answer(&Fault::delay(LATE));
    vec![
        Row::connecting(
            "answers are late",
            |_| {
                let scene = Scene::open_project(Key::Secret);
                scene.answer(&Fault::delay(LATE));
                scene
            },
            Expected::marked("slow: 1")
                .slow(LATE)
                .within(Promise::Timeout)
                .recovery(Recovery::ByKey("c"))
                .diagnosed(|it| {
                    it.degraded("statement", None)
                        .says(&["slow: 1"])
                        .advises("look at the network")
                }),
        )
        .mend(|scene| scene.answer_truly()),
        Row::idle(
            "answers are late",
            |_| Scene::open_project(Key::Publishable),
            delayed,
            Expected::marked("suspect")
                .slow(LATE)
                .within(Promise::Suspicion)
                .recovery(Recovery::ByKey("c"))
                .diagnosed(|it| {
                    it.degraded("statement", None)
                        .says(&["slow: 1"])
                        .advises("look at the network")
                }),
        )
        .mend(|scene| scene.answer_truly()),
    ]
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
