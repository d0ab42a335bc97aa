//! A network that carries everything, two seconds late.

use std::time::Duration;

use crate::{
    diagnosed::Diagnosed,
    expected::{Expected, Promise, Recovery, failure},
    row::Row,
    scene::{Bed, Scene},
    support::proxy::Mode,
};

/// Each way; twice as much for an answer.
const ONE_WAY: Duration = Duration::from_secs(1);

const ROUND_TRIP: Duration = Duration::from_secs(2);

pub(crate) fn rows() -> Vec<Row> {
    let pass: fn(&mut Scene) = |scene| scene.set(Mode::Pass);
    vec![
        Row::connecting(
            "2 s of latency, a long timeout",
            |bed| {
                let scene = patient(bed);
                scene.set(Mode::Latency(ONE_WAY));
                scene
            },
            Expected::marked("slow: 2")
                .slow(ROUND_TRIP)
                .within(Promise::Seconds(12))
                .diagnosed(slow),
        ),
        Row::idle(
            "2 s of latency, a long timeout",
            patient,
            |scene| scene.set(Mode::Latency(ONE_WAY)),
            Expected::marked("suspect")
                .slow(ROUND_TRIP)
                .within(Promise::Suspicion)
                .recovery(Recovery::ByItself(Promise::Seconds(16)))
                .diagnosed(slow),
        )
        .mend(pass),
        Row::idle(
            "2 s of latency, more than a login may take",
            |bed| {
                let scene = Scene::behind_proxy(bed.cluster());
                scene.variable("DBVITALS_HEALTH_CHECK_INTERVAL", "5000")
            },
            |scene| scene.set(Mode::Latency(ONE_WAY)),
            Expected {
                asks: None,
                ..Expected::refused(failure("Timeout", "statement"))
            }
            .slow(ROUND_TRIP)
            .within(Promise::Seconds(8))
            // The refused login is forgotten with the first check that is quick.
            .recovery(Recovery::ByItself(Promise::Seconds(11)))
            .diagnosed(|it| {
                it.says(&["the way or the server is slow, not dead"])
                    .advises("raise health_check_timeout")
            }),
        )
        .mend(pass)
        .on(Bed::unhurried(), "default rhythms"),
    ]
}

fn slow(diagnosed: Diagnosed) -> Diagnosed {
    diagnosed
        .degraded("statement", None)
        .says(&["slow: 2"])
        .advises("look at the network")
}

fn patient(bed: &Bed) -> Scene {
    Scene::behind_proxy(bed.cluster())
        .variable("DBVITALS_HEALTH_CHECK_TIMEOUT", "14000")
        .variable("DBVITALS_HEALTH_CHECK_INTERVAL", "14000")
}
