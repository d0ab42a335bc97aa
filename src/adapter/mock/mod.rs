//! An embedded database in memory, with real SQL and nothing that persists.
//! Knows nothing of the other modes.

mod catalogue;
mod classify;
#[cfg(test)]
mod clock_hold;
mod column_type;
mod constraint;
mod convert;
mod decode;
mod definition;
mod diagnose;
mod engine;
mod faults;
mod look;
mod migrate;
mod mock_database;
mod no_files;
mod one_statement;
mod params;
mod pulse;
mod run;
mod schema;
mod statements;
mod table;
mod transaction;

pub use faults::Rehearsing;
pub(super) use mock_database::MockDatabase;
pub(super) use pulse::MockPulse;
