//! The key of a project and the password of its database appear nowhere: not on
//! the screen, in no output, in no error and in no panic, whole or in pieces, as
//! they are or encoded, also where a gateway sends the key back.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a program that does not behave must fail the test"
)]

mod commands;
mod echoes;
mod process;
mod screen;
mod search;
#[path = "../support/mod.rs"]
mod support;
mod types;
