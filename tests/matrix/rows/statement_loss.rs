//! What ends the connection under a statement that runs.

use crate::{
    expected::{Expected, Failure, Promise, Recovery, failure},
    library::{APPLICATION, Caller},
    row::Row,
    scene::{Bed, Scene},
    seen::Told,
    support::{cluster::StopMode, proxy::Mode},
};

const LOST: Failure = failure("ConnectionLost", "tcp");

pub(crate) fn rows() -> Vec<Row> {
    let alone = |failure: Failure| {
        Expected::fails(failure)
            .then_well()
            .recovery(Recovery::ByItself(Promise::AtOnce))
    };
    let ended = || alone(LOST.code("57P01"));
    vec![
        Row::statement(
            "server stopped fast",
            |bed| {
                play(
                    Scene::of(bed.cluster()),
                    bed,
                    |scene| scene.cluster().stop(StopMode::Fast),
                    |scene| {
                        scene.cluster().start_again();
                    },
                )
            },
            ended(),
        ),
        Row::statement(
            "server stopped at once",
            |bed| {
                play(
                    Scene::of(bed.cluster()),
                    bed,
                    |scene| scene.cluster().stop(StopMode::Immediate),
                    |scene| {
                        scene.cluster().start_again();
                    },
                )
            },
            ended(),
        ),
        Row::statement(
            "postmaster killed",
            |bed| {
                play(
                    Scene::of(bed.cluster()),
                    bed,
                    |scene| scene.cluster().kill_postmaster(),
                    |scene| {
                        scene.cluster().start_again();
                    },
                )
            },
            // A session that sleeps notices that its postmaster is gone, and says nothing.
            alone(LOST),
        ),
        Row::statement(
            "its backend terminated",
            |bed| {
                play(
                    Scene::of(bed.cluster()),
                    bed,
                    |scene| {
                        assert_eq!(scene.cluster().terminate_backends(APPLICATION), 1);
                    },
                    |_| {},
                )
            },
            ended(),
        ),
        Row::statement(
            "its backend crashed",
            |bed| {
                play(
                    Scene::of(bed.cluster()),
                    bed,
                    |scene| scene.cluster().kill_backend(APPLICATION),
                    |scene| {
                        scene.cluster().wait_until_ready();
                    },
                )
            },
            alone(LOST),
        ),
        Row::statement(
            "another session crashed",
            |bed| {
                let mut scene = Scene::of(bed.cluster());
                scene.slots = Some(scene.cluster().hold_one_session());
                play(
                    scene,
                    bed,
                    |scene| scene.cluster().kill_backend("slot holder"),
                    |scene| {
                        scene.cluster().wait_until_ready();
                    },
                )
            },
            alone(LOST.code("57P02")),
        ),
        Row::statement(
            "connection reset",
            |bed| {
                play(
                    Scene::behind_proxy(bed.cluster()),
                    bed,
                    |scene| scene.set(Mode::Reset),
                    |scene| {
                        scene.set(Mode::Pass);
                    },
                )
            },
            alone(LOST),
        ),
        Row::statement("answer cut in the middle", cut, alone(LOST)),
        Row::statement(
            "server frozen",
            |bed| {
                play(
                    Scene::of(bed.cluster()),
                    bed,
                    |scene| scene.cluster().freeze(),
                    |scene| {
                        scene.cluster().thaw();
                    },
                )
            },
            alone(failure("Timeout", "statement")).within(Promise::Timeout),
        ),
        Row::statement(
            "black hole",
            |bed| {
                play(
                    Scene::behind_proxy(bed.cluster()),
                    bed,
                    |scene| scene.set(Mode::BlackHole),
                    |scene| {
                        scene.set(Mode::Pass);
                    },
                )
            },
            alone(failure("Timeout", "statement")).within(Promise::Timeout),
        ),
        Row::statement(
            "an idle session of the pool was terminated",
            |bed| {
                let mut scene = Scene::of(bed.cluster());
                let caller = Caller::of(&scene, bed);
                caller.query("select 1 as n").expect("the server is well");
                assert_eq!(scene.cluster().terminate_backends(APPLICATION), 1);
                let mut told = Told::default();
                caller.recovers(&mut told);
                told
            },
            Expected::well().recovery(Recovery::ByItself(Promise::AtOnce)),
        ),
    ]
}

/// A statement runs, the cause strikes, and goes again.
fn play(
    mut scene: Scene,
    bed: &Bed,
    strike: impl FnOnce(&mut Scene),
    mend: impl FnOnce(&mut Scene),
) -> Told {
    let caller = Caller::of(&scene, bed);
    let mut told = caller.struck(&mut scene, strike);
    mend(&mut scene);
    caller.recovers(&mut told);
    told
}

fn cut(bed: &Bed) -> Told {
    let scene = Scene::behind_proxy(bed.cluster());
    let caller = Caller::of(&scene, bed);
    caller.query("select 1 as n").expect("the server is well");
    scene.set(Mode::Cut(40_000));
    let rows = "select repeat('x', 100) as x from generate_series(1, 10000)";
    let mut told = caller.fails(|database| async move {
        use dbvitals::adapter::DatabaseAdapter;
        database.query::<serde_json::Value>(rows, &[]).await
    });
    scene.set(Mode::Pass);
    caller.recovers(&mut told);
    told
}
