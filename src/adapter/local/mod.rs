//! PostgreSQL, reached directly. Knows nothing of the other modes.

mod decode;
mod decode_network;
mod decode_numeric;
mod details;
mod diagnose;
mod fence;
mod first_byte;
mod knock;
mod local_database;
mod lookup;
mod meter;
mod migrate;
mod migrations_told;
mod params;
mod phase_clock;
mod pool;
mod probe;
mod remarks;
mod reported;
mod run;
mod schema_state;
mod sentinel;
mod session;
mod socket;
mod statements;
mod table;
mod target;
mod tls;
mod traffic;
mod transaction;

pub(super) use local_database::LocalDatabase;
pub(super) use params::hex_text;
pub(super) use phase_clock::timeout_error;
pub(super) use sentinel::Sentinel;
pub(super) use table::quoted;
