//! `dbvitals sql`: one statement against the configured target, its result as a
//! table, JSON or CSV.

mod args;
mod asking;
mod command;
mod confirm;
mod csv;
mod failure;
mod json;
mod notices;
mod output;
mod source;
mod summary;
mod table;
mod writer;

pub(super) use args::SqlArgs;
pub use args::{ResultFormat, SqlOptions};
pub use command::{Screen, sql, sql_misused};
