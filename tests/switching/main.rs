//! Switching as a person meets it: the real program in a real terminal on real
//! servers, by keys. Each switch begins a new connection, nothing of the old one
//! is left on its server, and one that hangs holds up nothing.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a program that does not behave must fail the test"
)]

#[path = "../support/mod.rs"]
mod support;

mod bed;
mod hanging;
mod production;
mod reloading;
mod rounds;
mod targets;
