//! What ends the connection under a statement that runs.

use dbvitals::adapter::DatabaseAdapter;
use serde_json::Value;

use crate::{
    expected::{Expected, Failure, Promise, Recovery, failure},
    library::{APPLICATION, Caller},
    row::Row,
    rows::silence::over_a_cable,
    scene::{Bed, Scene},
    seen::Told,
    support::{
        cluster::{SlotGuard, StopMode},
        proxy::Mode,
    },
};

const LOST: Failure = failure("ConnectionLost", "tcp");
const ENDED: Failure = LOST.code("57P01");
const SILENT: Failure = failure("Timeout", "statement");

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = servers();
    rows.extend(networks());
    rows
}

fn alone(failure: Failure) -> Expected {
    Expected::fails(failure)
        .then_well()
        .recovery(Recovery::ByItself(Promise::AtOnce))
}

fn servers() -> Vec<Row> {
    let row = |name: &str, strike: fn(&mut Scene), expected| {
        Row::sleeping(name, with_a_session, strike, expected)
    };
    let start: fn(&mut Scene) = |scene| scene.cluster().start_again();
    let wait: fn(&mut Scene) = |scene| scene.cluster().wait_until_ready();
    vec![
        row("server stopped fast", stop_fast, alone(ENDED)).mend(start),
        row("server stopped at once", stop_at_once, alone(ENDED)).mend(start),
        // A session that sleeps notices that its postmaster is gone, and says nothing.
        row("postmaster killed", kill, alone(LOST)).mend(start),
        row("its backend terminated", terminate, alone(ENDED)),
        row("its backend crashed", crash_it, alone(LOST)).mend(wait),
        row(
            "another session crashed",
            crash_another,
            alone(LOST.code("57P02")),
        )
        .mend(wait),
        row(
            "server frozen",
            freeze,
            alone(SILENT).within(Promise::Timeout),
        )
        .mend(|scene| scene.cluster().thaw()),
    ]
}

fn stop_fast(scene: &mut Scene) {
    scene.cluster().stop(StopMode::Fast);
}

fn stop_at_once(scene: &mut Scene) {
    scene.cluster().stop(StopMode::Immediate);
}

fn kill(scene: &mut Scene) {
    scene.cluster().kill_postmaster();
}

fn terminate(scene: &mut Scene) {
    assert_eq!(scene.cluster().terminate_backends(APPLICATION), 1);
}

fn crash_it(scene: &mut Scene) {
    scene.cluster().kill_backend(APPLICATION);
}

fn crash_another(scene: &mut Scene) {
    scene.cluster().kill_backend(SlotGuard::APPLICATION);
}

fn freeze(scene: &mut Scene) {
    scene.cluster().freeze();
}

fn with_a_session(bed: &Bed) -> Scene {
    let mut scene = Scene::of(bed.cluster());
    scene.slots = Some(scene.cluster().hold_one_session());
    scene
}

fn networks() -> Vec<Row> {
    let proxied: fn(&Bed) -> Scene = |bed| Scene::behind_proxy(bed.cluster());
    let pass: fn(&mut Scene) = |scene| scene.set(Mode::Pass);
    vec![
        Row::sleeping(
            "connection reset",
            proxied,
            |scene| scene.set(Mode::Reset),
            alone(LOST),
        )
        .mend(pass),
        Row::sleeping(
            "black hole",
            proxied,
            |scene| scene.set(Mode::BlackHole),
            alone(SILENT).within(Promise::Timeout),
        )
        .mend(pass),
        Row::sleeping(
            "half-open after a network drop",
            over_a_cable,
            |scene| scene.cable().drop_everything(),
            alone(SILENT).within(Promise::Timeout),
        )
        .mend(|scene| scene.cable().carry())
        .root("network namespaces"),
        Row::statement("answer cut in the middle", cut, alone(LOST)),
        Row::statement(
            "an idle session of the pool was terminated",
            idle_session,
            Expected::well().recovery(Recovery::ByItself(Promise::AtOnce)),
        ),
    ]
}

fn cut(bed: &Bed) -> Told {
    let scene = Scene::behind_proxy(bed.cluster());
    let caller = Caller::of(&scene, bed);
    caller.query("select 1 as n").expect("the server is well");
    scene.set(Mode::Cut(40_000));
    let rows = "select repeat('x', 100) as x from generate_series(1, 10000)";
    let mut told = caller.fails(|database| async move { database.query::<Value>(rows, &[]).await });
    scene.set(Mode::Pass);
    caller.recovers(&mut told);
    told
}

fn idle_session(bed: &Bed) -> Told {
    let mut scene = Scene::of(bed.cluster());
    let caller = Caller::of(&scene, bed);
    caller.query("select 1 as n").expect("the server is well");
    assert_eq!(scene.cluster().terminate_backends(APPLICATION), 1);
    let mut told = Told::default();
    caller.recovers(&mut told);
    told
}
