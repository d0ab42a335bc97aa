//! Host names that have no address, a dead one, or nobody to say it.

use crate::{
    expected::{Expected, Promise, Recovery, failure},
    row::Row,
    scene::{Bed, Scene},
    support::{cluster::Cluster, network::NameServer, sockets::FullQueue},
};

pub(crate) fn rows() -> Vec<Row> {
    vec![
        Row::connecting(
            "host unknown",
            |_| Scene::at("postgres://vitals@no-such-host.invalid:5432/app".to_owned()),
            // The resolver's own time.
            Expected::fails(failure("HostNotFound", "host name")).within(Promise::Seconds(5)),
        ),
        Row::connecting(
            "name server hangs",
            name_server_hangs,
            // A question that hangs is given up with its attempt; the next one is answered.
            Expected::fails(failure("Timeout", "host name"))
                .within(Promise::Timeout)
                .recovery(Recovery::ByItself(Promise::Timeout))
                .diagnosed(|it| it.advises("name servers in /etc/resolv.conf")),
        )
        .mend(|scene| {
            let names = scene.names.as_ref().expect("the row has a name server");
            names.answer();
        })
        .root("a resolver of its own"),
        Row::connecting(
            "the first of two addresses is dead",
            first_is_dead,
            Expected::well().within(Promise::Timeout).diagnosed(|it| {
                it.degraded("tcp", Some("Timeout"))
                    .says(&["1 of 2 addresses answer"])
                    .advises("start the server at the addresses that do not answer")
            }),
        )
        .root("a hosts file of its own"),
    ]
}

fn name_server_hangs(bed: &Bed) -> Scene {
    let mut scene = Scene::of(bed.cluster());
    let names = NameServer::start();
    let port = scene.cluster().port();
    let url = scene.url_at("db.test", port);
    let resolver = names.resolver();
    scene.names = Some(names);
    scene.url(url).names("127.0.0.1 localhost\n", &resolver)
}

/// The system tries 127.0.0.1 first; there nobody takes a connection. The
/// server listens at 127.0.0.7.
fn first_is_dead(bed: &Bed) -> Scene {
    let builder = Cluster::builder().setting("listen_addresses", "127.0.0.7");
    let mut scene = Scene::of(bed.trusting(builder));
    let port = scene.cluster().port();
    let url = scene.url_at("db.test", port);
    scene.queue = Some(FullQueue::beside(port));
    scene
        .url(url)
        .names("127.0.0.1 db.test\n127.0.0.7 db.test\n", "")
}
