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
mod edge;
mod gateway;
mod keys;
mod sight;

use crate::{
    expected::{Promise, Recovery},
    row::Row,
    scene::Bed,
};

/// Nobody knocks at a project: it is back with the next try of the slow lane
/// at the latest.
const NEXT_TRY: Recovery = Recovery::ByItself(Promise::Interval);

pub(crate) fn rows() -> Vec<Row> {
    let groups = [
        gateway::rows(),
        keys::rows(),
        edge::rows(),
        behind::rows(),
        sight::rows(),
    ];
    let rows = groups.into_iter().flatten();
    rows.map(|mut row| {
        row.bed = Bed::project();
        row.named("supabase")
    })
    .collect()
}
