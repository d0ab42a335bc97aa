//! What can happen to a Supabase project that is watched over its Data API,
//! from the way to the gateway up to the rows. One file a group of causes.

/// A project answers so from the beginning, until the answer is taken away.
macro_rules! answered {
    ($name:expr, $key:expr, $fault:expr, $expected:expr) => {
        crate::row::Row::connecting(
            $name,
            |_| {
                let scene = crate::scene::Scene::open_project($key);
                scene.answer(&$fault);
                scene
            },
            $expected,
        )
        .mend(|scene| scene.answer_truly())
    };
}

/// It begins to answer so while it is watched; the next check tells.
macro_rules! answered_later {
    ($name:expr, $key:expr, $fault:expr, $expected:expr) => {
        crate::row::Row::idle(
            $name,
            |_| crate::scene::Scene::open_project($key),
            |scene| scene.answer(&$fault),
            $expected.seen_by("c"),
        )
        .mend(|scene| scene.answer_truly())
    };
}

mod behind;
mod direct;
mod edge;
mod gateway;
mod keys;
mod sight;
mod watched;

use crate::{
    expected::{Promise, Recovery},
    row::Row,
    scene::Bed,
};

/// Nobody knocks at a project: it is back with the next try of the slow lane
/// at the latest.
const NEXT_TRY: Recovery = Recovery::ByItself(Promise::Interval);

/// Rows whose words need much room, and those that change while one looks.
const NARROW: [&str; 8] = [
    "connecting: supabase: project without a name",
    "connecting: supabase: certificate for another name",
    "connecting: supabase: key of another project",
    "connecting: supabase: project paused",
    "connecting: supabase: too many requests, with a time to wait",
    "idle: supabase: database frozen",
    "connecting: supabase: row-level security shows no row",
    "connecting: supabase: not migrated",
];

pub(crate) fn rows() -> Vec<Row> {
    let groups = [
        gateway::rows(),
        keys::rows(),
        edge::rows(),
        behind::rows(),
        sight::rows(),
        direct::rows(),
    ];
    let rows = groups.into_iter().flatten();
    let mut rows: Vec<Row> = rows
        .map(|row| row.before_a_project(Bed::project()))
        .collect();
    let beats = watched::rows().into_iter();
    rows.extend(beats.map(|row| row.before_a_project(Bed::brisk())));
    rows
}

/// Some of them through a small window.
pub(crate) fn narrow() -> Vec<Row> {
    let rows = rows().into_iter();
    let rows: Vec<Row> = rows
        .filter(|row| NARROW.contains(&row.name.as_str()))
        .map(Row::narrow)
        .collect();
    assert_eq!(
        rows.len(),
        NARROW.len(),
        "a chosen row has another name now"
    );
    rows
}
