//! The nine tables as our migrations make them, on both engines: every limit,
//! what both have in common, and who may reach them on Supabase.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what is not as the schema says is a failed test"
)]

#[allow(dead_code, reason = "its other half is for the contract")]
#[path = "../contract/bed.rs"]
mod bed;
mod engines;
mod likeness;
mod limit;
mod limits;
mod stored_forms;
mod supabase;
#[path = "../support/mod.rs"]
mod support;
