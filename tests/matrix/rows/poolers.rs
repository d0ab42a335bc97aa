//! `PgBouncer` before a server.

use crate::{
    expected::{Expected, failure},
    instruments,
    row::Row,
    scene::{Bed, Scene},
    seen::Told,
    support::cluster::{PoolMode, StopMode},
};

pub(crate) fn rows() -> Vec<Row> {
    let named = || {
        Expected::well()
            .diagnosed(|it| it.says(&["a pooler or proxy: session options are refused"]))
    };
    vec![
        Row::statement(
            "through a session pooler",
            |bed| through(bed, PoolMode::Session),
            named(),
        )
        .pooler(),
        Row::statement(
            "through a transaction pooler",
            |bed| through(bed, PoolMode::Transaction),
            named(),
        )
        .pooler(),
        Row::statement(
            "a pooler whose server is away",
            away,
            Expected::well()
                .then(failure("Timeout", "login"))
                .diagnosed(|it| {
                    it.says(&["a pooler that waits for its own server"])
                        .advises("look at the server behind it")
                }),
        )
        .pooler(),
    ]
}

fn pooled(bed: &Bed, mode: PoolMode) -> Scene {
    let mut scene = Scene::of(bed.cluster());
    let pooler = scene.cluster().pooler(mode);
    let url = scene.url_at("127.0.0.1", pooler.port());
    scene.pooler = Some(pooler);
    scene.url(url)
}

fn looked_at(scene: &Scene, bed: &Bed) -> Told {
    Told {
        said: instruments::run(scene, bed),
        ..Told::default()
    }
}

fn through(bed: &Bed, mode: PoolMode) -> Told {
    looked_at(&pooled(bed, mode), bed)
}

fn away(bed: &Bed) -> Told {
    let mut scene = pooled(bed, PoolMode::Transaction);
    scene.cluster().stop(StopMode::Fast);
    looked_at(&scene, bed)
}
