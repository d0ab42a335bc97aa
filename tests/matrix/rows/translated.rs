//! Rows of the other groups once more, before a server that speaks German:
//! the same expectations, so no cell may change.

use super::{login, loss, outside, server, statement};
use crate::row::Row;

const CHOSEN: [&str; 23] = [
    "connecting: wrong password",
    "connecting: pg_hba.conf rejects",
    "connecting: role without login",
    "connecting: database missing",
    "connecting: database without CONNECT",
    "connecting: database takes no connections",
    "connecting: no free slots",
    "connecting: starting up",
    "connecting: standby",
    "idle: server stopped fast",
    "idle: another session crashed",
    "idle: slots used up, old connection lives",
    "statement: statement timeout of the server",
    "statement: deadlock",
    "statement: rolled back by its own code",
    "statement: table missing",
    "statement: privilege missing",
    "statement: a lock is held by another",
    "statement: a session is idle in a transaction",
    "statement: a required table is missing",
    "statement: a required column is missing",
    "statement: a privilege is missing",
    "statement: the tables are outside the search path",
];

pub(crate) fn rows() -> Vec<Row> {
    let groups = [
        login::rows(),
        server::rows(),
        loss::rows(),
        statement::rows(),
        outside::rows(),
    ];
    let rows: Vec<Row> = groups
        .into_iter()
        .flatten()
        .filter(|row| CHOSEN.contains(&row.name.as_str()))
        .map(Row::in_german)
        .collect();
    assert_eq!(
        rows.len(),
        CHOSEN.len(),
        "a chosen row has another name now"
    );
    rows
}
