//! What is met at the address itself, before anybody speaks.

use crate::{
    expected::{Expected, Failure, Promise, failure},
    row::Row,
    scene::{Bed, Scene},
    support::{
        cluster::StopMode,
        proxy::{Mode, Proxy},
        sockets::{FullQueue, Listener, Manner},
    },
};

pub(crate) const REFUSED: Failure = failure("ConnectionRefused", "tcp");

pub(crate) fn rows() -> Vec<Row> {
    vec![
        Row::connecting("port closed", stopped, Expected::fails(REFUSED).heals())
            .mend(|scene| scene.cluster().start_again()),
        Row::connecting(
            "no socket file",
            no_socket,
            Expected::fails(REFUSED).heals(),
        )
        .mend(|scene| scene.cluster().start_again()),
        Row::connecting(
            "port filtered",
            filtered,
            Expected::fails(failure("Timeout", "tcp"))
                .within(Promise::Timeout)
                .meanwhile(&["ConnectionRefused"])
                .heals()
                .diagnosed(|it| it.advises("look at firewalls")),
        )
        .mend(open_the_port),
        Row::connecting(
            "accepted and silent",
            |bed| behind(bed, Mode::BlackHole),
            Expected::fails(failure("Timeout", "login"))
                .within(Promise::Timeout)
                .heals(),
        )
        .mend(|scene| scene.set(Mode::Pass)),
        Row::connecting(
            "closed after accept",
            |bed| behind(bed, Mode::HangUp),
            Expected::fails(failure("ConnectionLost", "login")).heals(),
        )
        .mend(|scene| scene.set(Mode::Pass)),
        Row::connecting(
            "reset after accept",
            |bed| behind(bed, Mode::Reset),
            Expected::fails(failure("ConnectionLost", "login")).heals(),
        )
        .mend(|scene| scene.set(Mode::Pass)),
        Row::connecting(
            "login cut in the middle",
            |bed| behind(bed, Mode::Cut(60)),
            Expected::fails(failure("ConnectionLost", "login")).heals(),
        )
        .mend(|scene| scene.set(Mode::Pass)),
        Row::connecting(
            "another program answers",
            |_| Scene::speaking(Manner::Garbage),
            Expected::fails(failure("ProtocolViolation", "login")),
        ),
    ]
}

fn stopped(bed: &Bed) -> Scene {
    let mut scene = Scene::of(bed.cluster());
    scene.cluster().stop(StopMode::Fast);
    scene
}

fn no_socket(bed: &Bed) -> Scene {
    let mut cluster = bed.cluster();
    let url = cluster.socket_url();
    cluster.stop(StopMode::Fast);
    Scene::of(cluster).url(url)
}

pub(crate) fn behind(bed: &Bed, mode: Mode) -> Scene {
    let scene = Scene::behind_proxy(bed.cluster());
    scene.set(mode);
    scene
}

fn filtered(bed: &Bed) -> Scene {
    let mut scene = Scene::of(bed.cluster());
    let queue = FullQueue::start();
    let url = scene.url_at("127.0.0.1", queue.port());
    scene.queue = Some(queue);
    scene.url(url)
}

fn open_the_port(scene: &mut Scene) {
    let queue = scene.queue.take().expect("the port was filtered");
    let behind = scene.cluster().port();
    scene.proxy = Some(Proxy::at(queue.into_port(), behind));
}

impl Scene {
    /// A port on which something else listens.
    fn speaking(manner: Manner) -> Self {
        let listener = Listener::start(manner);
        let url = format!("postgres://vitals@127.0.0.1:{}/app", listener.port());
        let mut scene = Self::at(url);
        scene.listener = Some(listener);
        scene
    }
}
