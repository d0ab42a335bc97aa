//! The configuration from its sources to what is printed, without touching
//! the real environment.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test cannot set up or does not expect is a failed test"
)]

mod choices;
mod files;
mod fixture;
mod invalid;
mod layers;
mod libpq;
mod migrations;
mod misplaced;
mod mode;
mod production;
mod projects;
mod rehearsal;
mod secrets;
mod show;
mod supabase;
