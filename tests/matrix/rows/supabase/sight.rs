//! The project is well, and its role is not shown what it should see.

use crate::{
    counters::Counters,
    diagnosed::Diagnosed,
    expected::{Expected, Recovery},
    instruments,
    row::Row,
    scene::{Bed, Scene},
    seen::Told,
    support::standin::{Key, Request},
};

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = rights();
    rows.extend(tables());
    rows
}

fn rights() -> Vec<Row> {
    let denied = || {
        Expected::marked("permission: anon may not read agents")
            .recovery(Recovery::ByKey("c"))
            .diagnosed(denied)
    };
    vec![
        Row::connecting(
            "no right to read",
            |_| Scene::project(Key::Publishable),
            denied(),
        )
        .mend(Scene::open),
        Row::idle(
            "the right to read is revoked",
            |_| Scene::open_project(Key::LegacyAnon),
            |scene| drop(scene.cluster().sql("revoke select on agents from anon")),
            denied().seen_by("c"),
        )
        .mend(|scene| drop(scene.cluster().sql("grant select on agents to anon"))),
        Row::connecting(
            "row-level security shows no row",
            |_| {
                let mut scene = Scene::open_project(Key::Publishable);
                let hidden = "drop policy seen on agents;
                    grant select on all tables in schema public to anon";
                scene.cluster().sql(hidden);
                scene
            },
            Expected::marked("row-level security: anon sees no row of agents").diagnosed(|it| {
                it.degraded("permission", None)
                    .says(&[
                        "anon sees no row of agents",
                        "the database behind it answers",
                    ])
                    .advises("look with the secret key or with database_url")
            }),
        ),
    ]
}

fn denied(diagnosed: Diagnosed) -> Diagnosed {
    diagnosed
        .degraded("permission", Some("PermissionDenied"))
        .says(&["anon may not read agents", "no right to read: all 9"])
        .advises("grant select to the role and add a policy")
}

fn tables() -> Vec<Row> {
    vec![
        Row::connecting(
            "an empty table, and nothing is hidden",
            |_| Scene::project(Key::Secret),
            Expected::well(),
        ),
        Row::statement("a write is counted", write, Expected::well()),
        Row::connecting(
            "not migrated",
            |_| {
                let standin = Scene::standins().without_migrations().start();
                Scene::of_standin(standin, Key::Secret)
            },
            Expected::marked("schema: not initialised 0/9")
                .recovery(Recovery::ByKey("c"))
                .diagnosed(|it| {
                    it.degraded("schema", Some("SchemaMissing"))
                        .says(&["not initialised 0/9", "missing: agents"])
                        .advises("'dbvitals migrate print' prints into the SQL editor")
                }),
        )
        .mend(|scene| {
            scene.cluster().paste_migrations();
            scene.standin().reload();
        }),
    ]
}

/// Counters that no write moves would show that nothing was ever written.
fn write(bed: &Bed) -> Told {
    let scene = Scene::project(Key::Secret);
    let headers = [
        ("apikey", scene.standin().key(Key::Secret)),
        ("content-type", "application/json"),
    ];
    let insert = Request {
        method: "POST",
        target: "/rest/v1/agents",
        headers: &headers,
        body: r#"{"name":"written","type":"codex"}"#,
    };
    let (answer, counters) = Counters::around(&scene, || scene.standin().send(&insert));
    assert_eq!(answer.expect("the stand-in answers").status, 201);
    assert_eq!(counters.changed(), Some(true), "a write went uncounted");
    Told {
        said: instruments::run(&scene, bed),
        ..Told::default()
    }
}
