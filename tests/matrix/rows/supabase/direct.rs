//! Beside the key there is `database_url`, the way to the database itself.

use crate::{
    expected::{Expected, Promise, Recovery},
    row::Row,
    scene::Scene,
    support::{cluster::PASSWORD, standin::Key},
};

/// Longer words than a table's cell; the database counts what it means.
const HIDDEN: &str = "row-level security: it hides the rows of agents from anon";

pub(crate) fn rows() -> Vec<Row> {
    vec![
        Row::connecting(
            "database_url beside the key",
            |_| with_direct(Scene::open_project(Key::Secret)),
            Expected::well().diagnosed(|it| it.says(&["database_url: PostgreSQL"])),
        ),
        Row::connecting(
            "database_url shows what row-level security hides",
            |_| {
                let mut scene = with_direct(Scene::open_project(Key::Publishable));
                let hidden = "drop policy seen on agents;
                    grant select on all tables in schema public to anon";
                scene.cluster().sql(hidden);
                scene
            },
            // Each look logs in with a password, whose arithmetic is slow here.
            Expected::marked(HIDDEN)
                .within(Promise::Seconds(1))
                .recovery(Recovery::ByKey("c"))
                .diagnosed(|it| {
                    it.degraded("permission", None)
                        .says(&["row-level security: it hides the rows of agents from anon"])
                        .advises("add a policy for the role")
                }),
        )
        .mend(|scene| {
            let seen = "create policy seen on agents for select to anon using (true)";
            scene.cluster().sql(seen);
        }),
        Row::connecting(
            "database_url with a wrong password",
            |_| {
                let mut scene = with_direct(Scene::open_project(Key::Secret));
                scene.cluster().set_password("never-show-another");
                scene
            },
            Expected::marked("database_url does not work, the key does: Database authentication")
                .within(Promise::Seconds(1))
                .recovery(Recovery::ByKey("c"))
                .diagnosed(|it| {
                    it.degraded("database", Some("AuthFailed"))
                        .says(&["database_url does not work"])
                }),
        )
        .mend(|scene| scene.cluster().set_password(PASSWORD)),
    ]
}

fn with_direct(scene: Scene) -> Scene {
    let url = scene.standin().cluster().url();
    scene.variable("DATABASE_URL", &url)
}
