//! The rows, in the order of the table. One file a group of causes.

mod clock;
mod login;
mod loss;
mod names;
mod ports;
mod server;
mod silence;
mod slow;
mod statement;
mod statement_loss;
mod tls;
mod translated;

use crate::row::Row;

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
        translated::rows(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
