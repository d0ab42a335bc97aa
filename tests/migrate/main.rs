//! Migrations on real PostgreSQL servers: applied once and in order, stopped by
//! whatever contradicts the ledger, and undone where a run is killed.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what does not behave as promised is a failed test"
)]

mod adopting;
mod applying;
mod automatic;
mod bed;
mod diagnosing;
mod dropped;
mod embedded;
mod health;
mod killing;
mod likeness;
mod odd_ledger;
mod printing;
mod refusing;
mod stopping;
mod strangers;
#[path = "../support/mod.rs"]
mod support;
