//! An embedded database in memory, with real SQL and nothing that persists.
//! Knows nothing of the other modes.

mod classify;
mod decode;
mod engine;
mod migrate;
mod mock_database;
mod one_statement;
mod params;
mod pulse;
mod run;
mod statements;
mod table;
mod transaction;

pub(super) use mock_database::MockDatabase;
pub(super) use pulse::MockPulse;
