//! Servers and networks that say nothing more.

use crate::{
    expected::{Expected, Failure, Promise, failure},
    row::Row,
    scene::{Bed, Scene},
    support::{cluster::Cluster, proxy::Mode},
};

const SILENT: Failure = failure("Timeout", "login");

/// The old connection falls silent at its heartbeat; a fresh login at another layer.
const FELL_SILENT: Failure = failure("Timeout", "statement");

pub(crate) fn rows() -> Vec<Row> {
    let falls_silent = Expected::fails(FELL_SILENT)
        .then(SILENT)
        .within(Promise::Silence)
        .suspect()
        .heals();
    let thaw: fn(&mut Scene) = |scene| scene.cluster().thaw();
    let pass: fn(&mut Scene) = |scene| scene.set(Mode::Pass);
    let frozen = |bed: Bed| {
        let mut row = Row::idle(
            "server frozen",
            one,
            |scene| scene.cluster().freeze(),
            falls_silent.clone(),
        )
        .mend(thaw);
        row.bed = bed;
        row
    };
    let black_hole = |bed: Bed| {
        let mut row = Row::idle(
            "black hole",
            proxied,
            |scene| scene.set(Mode::BlackHole),
            falls_silent.clone(),
        )
        .mend(pass);
        row.bed = bed;
        row
    };
    let mut rows = vec![
        Row::connecting(
            "server frozen",
            |bed| {
                let mut scene = one(bed);
                scene.cluster().freeze();
                scene
            },
            Expected::fails(SILENT).within(Promise::Timeout).heals(),
        )
        .mend(thaw),
        frozen(Bed::brisk()),
        black_hole(Bed::brisk()),
        Row::connecting(
            "the network drops every packet",
            |bed| {
                let scene = over_a_cable(bed);
                scene.cable().drop_everything();
                scene
            },
            Expected::fails(failure("Timeout", "tcp"))
                .within(Promise::Timeout)
                .heals()
                .diagnosed(|it| it.advises("look at firewalls")),
        )
        .mend(|scene| scene.cable().carry())
        .root("network namespaces"),
        Row::idle(
            "half-open after a network drop",
            over_a_cable,
            |scene| scene.cable().drop_everything(),
            Expected::fails(FELL_SILENT)
                .then(failure("Timeout", "tcp"))
                .within(Promise::Silence)
                .suspect()
                .heals()
                .diagnosed(|it| it.advises("look at firewalls")),
        )
        .mend(|scene| scene.cable().carry())
        .root("network namespaces"),
    ];
    for long in [frozen(Bed::unhurried()), black_hole(Bed::unhurried())] {
        rows.push(long.on(Bed::unhurried(), "default rhythms").long());
    }
    rows
}

fn one(bed: &Bed) -> Scene {
    Scene::of(bed.cluster())
}

fn proxied(bed: &Bed) -> Scene {
    Scene::behind_proxy(bed.cluster())
}

/// The program in a network of its own, the server outside.
pub(crate) fn over_a_cable(bed: &Bed) -> Scene {
    use crate::support::network::Network;

    let network = Network::make();
    let addresses = format!("127.0.0.1,{}", network.outer());
    let cluster = bed.trusting(Cluster::builder().setting("listen_addresses", &addresses));
    let mut scene = Scene::of(cluster);
    let port = scene.cluster().port();
    let url = scene.url_at(&network.outer().to_string(), port);
    let wrapper = network.enter();
    scene.network = Some(network);
    scene.url(url).wrapped(wrapper)
}

impl Scene {
    pub(crate) fn cable(&self) -> &crate::support::network::Network {
        self.network.as_ref().expect("the row has a network")
    }
}
