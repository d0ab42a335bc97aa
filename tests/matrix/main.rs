//! The failure matrix: every way in which a connection to PostgreSQL, direct or
//! over Supabase's Data API, can fail,
//! while connecting, while idle and in the middle of a statement. Each row
//! puts one cause into a real server or network and compares what the real
//! program says of it, cell by cell, with what it must say.
//!
//! `cargo test --test matrix` runs the short rows and prints the table;
//! arguments choose the rows whose name holds one of them, `--full` (or
//! `DBVITALS_MATRIX=full`) adds the long ones. A row that needs root says
//! "not run" for other users, and fails where the variable `CI` is set.
//!
//! While a dashboard is on a screen, [`truth`] reads that screen several
//! times a second and compares what it claims with what is true.

#![allow(clippy::panic, reason = "a bed that cannot be made must fail its row")]

mod counters;
mod dashboard;
mod diagnosed;
mod expected;
mod hidden;
mod instruments;
mod library;
mod options;
mod project;
mod row;
mod rows;
mod runner;
mod scene;
mod screen;
mod seen;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod truth;
mod words;

use std::process::ExitCode;

use options::Options;

fn main() -> ExitCode {
    let options = Options::read(std::env::args().skip(1));
    let rows = rows::all();
    if options.lists {
        return table::list(&rows);
    }
    // A checker that finds no lie would pass every screen.
    hidden::prove();
    truth::prove();
    runner::run(&options.choose(rows), &options)
}
