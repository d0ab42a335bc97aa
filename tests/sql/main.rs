//! `dbvitals sql` as a person and a script run it: the real program against
//! real servers and the embedded database.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a program that does not behave must fail the test"
)]

mod bed;
mod effects;
mod endings;
mod failures;
mod long_lines;
mod mock;
mod notices;
mod poolers;
mod production;
mod read_only;
mod results;
#[path = "../support/mod.rs"]
mod support;
mod terminals;
