//! The rows, in the order of the table. One file a group of causes.

mod clock;
mod login;
mod loss;
mod names;
mod outside;
mod poolers;
mod ports;
mod server;
mod silence;
mod slow;
mod statement;
mod statement_loss;
mod supabase;
mod tls;
mod translated;

use crate::row::{Length, Row};

/// What somebody sees who looks through a small window: rows whose failure
/// needs more lines there, and those that change while one looks.
fn narrow() -> Vec<Row> {
    let groups = [tls::rows(), login::rows(), loss::rows(), silence::rows()];
    let rows = groups.into_iter().flatten();
    let is_chosen = |row: &Row| row.length == Length::Short;
    rows.filter(is_chosen).map(Row::narrow).collect()
}

/// All rows, the long ones too.
pub(crate) fn all() -> Vec<Row> {
    [
        names::rows(),
        ports::rows(),
        tls::rows(),
        login::rows(),
        server::rows(),
        loss::rows(),
        silence::rows(),
        slow::rows(),
        clock::rows(),
        statement_loss::rows(),
        statement::rows(),
        outside::rows(),
        poolers::rows(),
        supabase::rows(),
        narrow(),
        supabase::narrow(),
        translated::rows(),
        poolers::translated(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
