//! The rows, in the order of the table. One file a group of causes.

mod login;
mod loss;
mod ports;
mod server;
mod silence;
mod statement;
mod statement_loss;
mod tls;

use crate::row::Row;

/// All rows, the long ones too.
pub(crate) fn all() -> Vec<Row> {
    [
        ports::rows(),
        tls::rows(),
        login::rows(),
        server::rows(),
        loss::rows(),
        silence::rows(),
        statement_loss::rows(),
        statement::rows(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
