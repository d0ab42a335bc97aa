//! What the server answers to a login: who may not come in, and why.

use crate::{
    expected::{Expected, Failure, failure},
    row::Row,
    scene::{Bed, Scene},
    support::cluster::Cluster,
};

const WRONG_PASSWORD: Failure = failure("AuthFailed", "login").code("28P01");
const REJECTED: Failure = failure("LoginRefused", "login").code("28000");
const FULL: Failure = failure("TooManyConnections", "login").code("53300");

/// Takes the role in again, whatever was done to it and to its database.
const PARDON: &str = "alter role vitals login connection limit -1 valid until 'infinity';
    alter database app connection limit -1; grant connect on database app to public";

/// A cause that a superuser's statements put in and take away.
macro_rules! by_statements {
    ($bed:expr, $($sql:expr),+) => {{
        let cluster = $bed.cluster();
        $(cluster.sql($sql);)+
        Scene::of(cluster)
    }};
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = refused_at_first();
    rows.extend(refused_later());
    rows
}

fn refused_at_first() -> Vec<Row> {
    let fails = |failure| Expected::fails(failure).heals_on_try();
    let wrong = || by_password(fails(WRONG_PASSWORD));
    let pardon: fn(&mut Scene) = |scene| drop(scene.cluster().sql(PARDON));
    vec![
        Row::connecting("wrong password", wrong_password, wrong()).mend(|scene| {
            scene
                .cluster()
                .set_password(crate::support::cluster::PASSWORD);
        }),
        Row::connecting(
            "role unknown",
            |bed| {
                let scene = Scene::of(bed.strict(Cluster::builder()));
                let url =
                    scene.url_at("127.0.0.1", scene.cluster.as_ref().map_or(0, Cluster::port));
                scene.url(url.replace("//vitals:", "//nobody:"))
            },
            by_password(Expected::fails(WRONG_PASSWORD)),
        ),
        Row::connecting(
            "role whose time is over",
            |bed| {
                let cluster = bed.strict(Cluster::builder());
                cluster.sql("alter role vitals valid until '2001-01-01'");
                Scene::of(cluster)
            },
            wrong(),
        )
        .mend(pardon),
        Row::connecting("pg_hba.conf rejects", rejected, by_hba(fails(REJECTED))).mend(|scene| {
            scene
                .cluster()
                .put_first_in_hba("host all all 127.0.0.1/32 trust");
        }),
        Row::connecting(
            "role without login",
            |bed| by_statements!(bed, "alter role vitals nologin"),
            by_role(fails(REJECTED)),
        )
        .mend(pardon),
        Row::connecting(
            "database missing",
            |bed| {
                let mut cluster = bed.cluster();
                let url = cluster.url();
                cluster.rename_database("elsewhere");
                Scene::of(cluster).url(url)
            },
            fails(failure("DatabaseMissing", "database").code("3D000")),
        )
        .mend(|scene| scene.cluster().rename_database("app")),
        Row::connecting(
            "database without CONNECT",
            |bed| {
                by_statements!(
                    bed,
                    "alter database app owner to control; \
                     revoke connect on database app from public"
                )
            },
            fails(failure("PermissionDenied", "permission").code("42501")),
        )
        .mend(pardon),
        Row::connecting(
            "database takes no connections",
            |bed| {
                let cluster = bed.cluster();
                cluster
                    .try_sql("postgres", "alter database app allow_connections false")
                    .expect("the superuser may");
                Scene::of(cluster)
            },
            fails(failure("DatabaseClosed", "database").code("55000")),
        )
        .mend(|scene| {
            let done = scene
                .cluster()
                .try_sql("postgres", "alter database app allow_connections true");
            done.expect("the superuser may");
        }),
        Row::connecting(
            "connection limit of the role",
            |bed| by_statements!(bed, "alter role vitals connection limit 0"),
            by_role_limit(fails(FULL)),
        )
        .mend(pardon),
        Row::connecting(
            "connection limit of the database",
            |bed| by_statements!(bed, "alter database app connection limit 0"),
            fails(FULL).diagnosed(|it| {
                it.says(&["the database has as many connections as it may"])
                    .advises("alter database … connection limit")
            }),
        )
        .mend(pardon),
        Row::connecting("no free slots", full, by_reserve(fails(FULL))).mend(free_slots),
    ]
}

fn refused_later() -> Vec<Row> {
    let pardon: fn(&mut Scene) = |scene| drop(scene.cluster().sql(PARDON));
    vec![
        Row::idle(
            "password changed, old connection lives",
            |bed| Scene::of(bed.strict(Cluster::builder())),
            |scene| scene.cluster().set_password("another"),
            by_password(Expected::refused(WRONG_PASSWORD)),
        )
        .mend(|scene| {
            scene
                .cluster()
                .set_password(crate::support::cluster::PASSWORD);
        }),
        Row::idle(
            "pg_hba.conf rejects, old connection lives",
            |bed| Scene::of(bed.cluster()),
            |scene| {
                scene
                    .cluster()
                    .put_first_in_hba("host all vitals 127.0.0.1/32 reject");
            },
            by_hba(Expected::refused(REJECTED)),
        )
        .mend(|scene| {
            scene
                .cluster()
                .put_first_in_hba("host all all 127.0.0.1/32 trust");
        }),
        Row::idle(
            "slots used up, old connection lives",
            |bed| Scene::of(bed.trusting(Cluster::builder().max_connections(10))),
            |scene| scene.slots = Some(scene.cluster().fill_slots()),
            by_reserve(Expected::refused(FULL)),
        )
        .mend(free_slots),
        Row::idle(
            "role lost its login, old connection lives",
            |bed| Scene::of(bed.cluster()),
            |scene| drop(scene.cluster().sql("alter role vitals nologin")),
            by_role(Expected::refused(REJECTED)),
        )
        .mend(pardon),
        Row::idle(
            "connection limit reached, old connection lives",
            |bed| Scene::of(bed.cluster()),
            |scene| drop(scene.cluster().sql("alter role vitals connection limit 1")),
            by_role_limit(Expected::refused(FULL)),
        )
        .mend(pardon),
    ]
}

fn by_password(expected: Expected) -> Expected {
    expected.diagnosed(|it| it.says(&["the server asks for: scram-sha-256 password"]))
}

fn by_hba(expected: Expected) -> Expected {
    expected.diagnosed(|it| {
        it.says(&["refused by pg_hba.conf"])
            .advises("add a line for this client, role and database to pg_hba.conf")
    })
}

fn by_role(expected: Expected) -> Expected {
    expected.diagnosed(|it| it.says(&["NOLOGIN"]).advises("alter role … login"))
}

fn by_role_limit(expected: Expected) -> Expected {
    expected.diagnosed(|it| {
        it.says(&["the role has as many connections as it may"])
            .advises("alter role … connection limit")
    })
}

fn by_reserve(expected: Expected) -> Expected {
    expected.diagnosed(|it| it.says(&["the slots that are left are reserved for superusers"]))
}

fn wrong_password(bed: &Bed) -> Scene {
    let mut cluster = bed.strict(Cluster::builder());
    let url = cluster.url();
    cluster.set_password("another");
    Scene::of(cluster).url(url)
}

fn rejected(bed: &Bed) -> Scene {
    let cluster = bed.strict(Cluster::builder());
    cluster.put_first_in_hba("host all all 127.0.0.1/32 reject");
    Scene::of(cluster)
}

fn full(bed: &Bed) -> Scene {
    let mut scene = Scene::of(bed.trusting(Cluster::builder().max_connections(10)));
    scene.slots = Some(scene.cluster().fill_slots());
    scene
}

fn free_slots(scene: &mut Scene) {
    let slots = scene.slots.take().expect("the slots are held");
    slots.release(scene.cluster());
}
