//! The contract that every database adapter keeps, run on real engines; and
//! what only a real PostgreSQL server can show.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what is not as the contract says is a failed test"
)]

mod agreeing;
mod answers;
mod bed;
mod cases;
mod contract;
mod decoding;
mod diagnosing;
mod failures;
mod gateways;
mod hijack;
mod hostile;
mod leftovers;
mod poolers;
mod probing;
mod project_bed;
mod project_commands;
mod project_database;
mod project_writes;
mod projects;
mod read_only;
mod rehearsed;
mod statements;
#[path = "../support/mod.rs"]
mod support;
mod tls;
mod witnessed;
