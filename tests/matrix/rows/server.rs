//! Servers that are there and not usable, or not in every way.

use std::time::Duration;

use crate::{
    expected::{Expected, Failure, Promise, Recovery, failure},
    row::Row,
    scene::Scene,
    support::{
        cluster::{Cluster, StopMode},
        process::wait_until,
    },
};

/// Longer than a standby takes to follow.
const LIMIT: Duration = Duration::from_secs(20);

pub(crate) const NOT_READY: Failure = failure("ServerNotReady", "login").code("57P03");

pub(crate) fn rows() -> Vec<Row> {
    vec![
        Row::connecting(
            "starting up",
            |bed| {
                let mut scene = Scene::of(bed.cluster());
                scene.cluster().hold_start();
                scene
            },
            Expected::fails(NOT_READY).heals(),
        )
        .mend(|scene| scene.cluster().let_start()),
        Row::connecting(
            "in recovery, letting nobody in",
            |bed| {
                let mut scene = Scene::of(bed.cluster());
                scene.cluster().start_in_recovery();
                scene
            },
            Expected::fails(NOT_READY)
                .meanwhile(&["ConnectionRefused"])
                .heals(),
        )
        .mend(|scene| {
            scene.cluster().stop(StopMode::Fast);
            scene.cluster().start_again();
        }),
        Row::connecting(
            "shutting down",
            |bed| {
                let mut scene = Scene::of(bed.cluster());
                scene.slots = Some(scene.cluster().hold_one_session());
                scene.cluster().begin_smart_stop();
                scene
            },
            Expected::fails(NOT_READY)
                .meanwhile(&["ConnectionRefused"])
                .heals(),
        )
        .mend(|scene| {
            scene.cluster().stop(StopMode::Fast);
            scene.cluster().start_again();
        }),
        Row::connecting(
            "standby",
            |bed| {
                let primary = bed.cluster();
                let standby = bed.trusting(Cluster::builder().standby_of(&primary));
                primary.sql("create table replayed ()");
                let sql = "select to_regclass('replayed') is not null";
                let is_replayed = wait_until(LIMIT, || standby.sql(sql) == "t");
                assert!(is_replayed, "the standby does not follow");
                let mut scene = Scene::of(standby);
                scene.primary = Some(primary);
                scene
            },
            Expected::marked("read-only: standby or recovery")
                .within(Promise::AtOnce)
                .diagnosed(|it| {
                    it.degraded("database", Some("ReadOnly"))
                        .says(&[
                            "a standby or in recovery; last replayed transaction",
                            "0 bytes wait for replay",
                        ])
                        .advises("connect to the primary")
                }),
        ),
        Row::connecting(
            "read-only by default",
            |bed| {
                let cluster = bed.cluster();
                cluster.sql("alter database app set default_transaction_read_only = on");
                Scene::of(cluster)
            },
            Expected::marked("read-only: nothing can be written")
                .recovery(Recovery::ByKey("c"))
                .diagnosed(|it| {
                    it.degraded("database", Some("ReadOnly"))
                        .says(&["default_transaction_read_only is on"])
                        .advises("end default_transaction_read_only for this role")
                }),
        )
        .mend(|scene| {
            let done = scene.cluster().try_sql(
                "postgres",
                "alter database app reset default_transaction_read_only",
            );
            done.expect("the superuser may");
        }),
        Row::connecting(
            "no tables of ours",
            |bed| Scene::of(bed.cluster()).variable("DBVITALS_REQUIRE_SCHEMA", "true"),
            Expected::marked("schema: not initialised 0/9").diagnosed(|it| {
                it.degraded("schema", Some("SchemaMissing"))
                    .says(&["not initialised 0/9", "missing: agents"])
            }),
        ),
    ]
}
