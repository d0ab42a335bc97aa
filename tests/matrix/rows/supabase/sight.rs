//! The project is well, and its role is not shown what it should see.

use crate::{
    expected::{Expected, Recovery},
    row::Row,
    scene::Scene,
    support::standin::Key,
};

const SEEN_BY_KEY: Recovery = Recovery::ByKey("c");

pub(crate) fn rows() -> Vec<Row> {
    vec![
        Row::connecting(
            "no right to read",
            |_| Scene::project(Key::Publishable),
            Expected::marked("permission: anon may not read agents")
                .recovery(SEEN_BY_KEY)
                .diagnosed(|it| {
                    it.degraded("permission", Some("PermissionDenied"))
                        .says(&["anon may not read agents"])
                }),
        )
        .mend(|scene| scene.open()),
        Row::idle(
            "the right to read is revoked",
            |_| Scene::open_project(Key::LegacyAnon),
            |scene| drop(scene.cluster().sql("revoke select on agents from anon")),
            Expected::marked("permission: anon may not read agents")
                .seen_by("c")
                .recovery(SEEN_BY_KEY)
                .diagnosed(|it| {
                    it.degraded("permission", Some("PermissionDenied"))
                        .says(&["anon may not read agents"])
                }),
        )
        .mend(|scene| drop(scene.cluster().sql("grant select on agents to anon"))),
        Row::connecting(
            "row-level security shows no row",
            |_| {
                let mut scene = Scene::open_project(Key::Publishable);
                scene.cluster().sql("drop policy seen on agents");
                scene
            },
            Expected::marked("row-level security: anon sees no row of agents").diagnosed(|it| {
                it.degraded("permission", None)
                    .says(&["anon sees no row of agents"])
            }),
        ),
        Row::connecting(
            "an empty table, and nothing is hidden",
            |_| Scene::project(Key::Secret),
            Expected::well(),
        ),
        Row::connecting(
            "not migrated",
            |_| {
                let standin = Scene::standins().without_migrations().start();
                Scene::of_standin(standin, Key::Secret)
            },
            Expected::marked("schema: not initialised 0/9")
                .recovery(SEEN_BY_KEY)
                .diagnosed(|it| {
                    it.degraded("schema", Some("SchemaMissing"))
                        .says(&["not initialised 0/9", "missing: agents"])
                }),
        )
        .mend(|scene| {
            scene.cluster().paste_migrations();
            scene.standin().reload();
        }),
    ]
}
