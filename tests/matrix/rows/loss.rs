//! Ways in which an idle connection ends with a word or a closed socket.

use crate::{
    expected::{Expected, Failure, Promise, Recovery, failure},
    row::Row,
    rows::{ports::REFUSED, server::NOT_READY},
    scene::Scene,
    support::{
        cluster::{Cluster, StopMode},
        proxy::Mode,
    },
};

const LOST: Failure = failure("ConnectionLost", "tcp");
pub(crate) const SENTINEL: &str = "dbvitals-sentinel";

pub(crate) fn rows() -> Vec<Row> {
    let ended = Expected::fails(LOST.code("57P01"));
    let stopped = ended
        .clone()
        .then(REFUSED)
        .meanwhile(&["ServerNotReady"])
        .heals();
    let start: fn(&mut Scene) = |scene| scene.cluster().start_again();
    vec![
        Row::idle(
            "server stopped fast",
            one,
            |scene| {
                scene.cluster().stop(StopMode::Fast);
            },
            stopped.clone(),
        )
        .mend(start),
        Row::idle(
            "server stopped at once",
            one,
            |scene| {
                scene.cluster().stop(StopMode::Immediate);
            },
            stopped.clone(),
        )
        .mend(start),
        Row::idle(
            "postmaster killed",
            one,
            |scene| {
                scene.cluster().kill_postmaster();
            },
            stopped,
        )
        .mend(start),
        Row::idle(
            // Without that one it would be gone as soon as we let go.
            "server stopped smartly while another works",
            with_a_session,
            |scene| {
                scene.cluster().begin_smart_stop();
            },
            Expected::fails(NOT_READY)
                .asked_by("c")
                .meanwhile(&["ConnectionLost", "ConnectionRefused"])
                .heals(),
        )
        .mend(|scene| {
            scene.cluster().stop(StopMode::Fast);
            scene.cluster().start_again();
        }),
        Row::idle(
            "sentinel's backend terminated",
            one,
            |scene| {
                assert_eq!(scene.cluster().terminate_backends(SENTINEL), 1);
            },
            ended.then_well().heals(),
        )
        .mend(|_| {}),
        Row::idle(
            "another session crashed",
            with_a_session,
            |scene| {
                scene.cluster().kill_backend("slot holder");
            },
            Expected::fails(LOST.code("57P02"))
                .then_well()
                .meanwhile(&["ServerNotReady", "ConnectionRefused"])
                .heals(),
        )
        .mend(|scene| scene.cluster().wait_until_ready()),
        Row::idle(
            "connection reset",
            |bed| Scene::behind_proxy(bed.cluster()),
            |scene| {
                scene.set(Mode::Reset);
            },
            Expected::fails(LOST)
                .then(failure("ConnectionLost", "login"))
                .heals(),
        )
        .mend(|scene| scene.set(Mode::Pass)),
        Row::idle(
            "session of an application terminated",
            with_a_session,
            |scene| {
                assert_eq!(scene.cluster().terminate_backends("slot holder"), 1);
            },
            Expected::well().recovery(Recovery::ByItself(Promise::AtOnce)),
        )
        .mend(|_| {}),
    ]
}

fn one(bed: &crate::scene::Bed) -> Scene {
    Scene::of(bed.cluster())
}

fn with_a_session(bed: &crate::scene::Bed) -> Scene {
    let cluster: Cluster = bed.cluster();
    let mut scene = Scene::of(cluster);
    scene.slots = Some(scene.cluster().hold_one_session());
    scene
}
