//! From a driver's error to a [`DbError`](crate::domain::DbError), once, at the
//! adapter's edge. Decides by codes alone and knows nothing of what was asked.

mod io;
mod plain;
mod postgres;
mod sqlstate;

pub(super) use io::{from_io, kind_of_io};
pub(super) use plain::{any_error, is_whole, plain_error};
pub(super) use postgres::{
    SAID_BY_POOLER, ServerWords, Stage, at_login, from_postgres, from_server,
};
pub(super) use sqlstate::kind_of_sqlstate;
