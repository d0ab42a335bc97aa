//! Measures what dbvitals promises about time and cost: the real program in a
//! real terminal against real servers that are broken on purpose.
//!
//! `cargo bench --bench budgets -- [NAME]…` runs all parts, or those whose name
//! begins so (about an hour in all; `cycles` and `down` take ten
//! minutes each), and prints a line for each figure: what, how often, median,
//! worst, the budget, and whether it was kept. It exits with 1 when one was not.
//! `peers` measures other programs of the kind beside it, where they are installed.

mod bed;
mod beginnings;
mod cost;
mod endurance;
mod faults;
mod flood;
mod in_process;
mod keys;
mod peers;
mod pool;
mod recovery;
mod report;
#[path = "../../tests/switching/rounds.rs"]
mod rounds;
#[path = "../../tests/support/mod.rs"]
mod support;
mod switches;

use std::process::ExitCode;

use report::Report;

/// A part of the measurement.
type Part = (&'static str, fn(&mut Report));

const PARTS: [Part; 14] = [
    ("start", cost::first_frame),
    ("away", beginnings::without_a_server),
    ("loss", faults::losses),
    ("pool", pool::idle_session_ended),
    ("silence", faults::silences),
    ("refused", faults::new_connections_refused),
    ("restart", recovery::restarts),
    ("keys", keys::while_frozen),
    ("flood", flood::of_events),
    ("idle", cost::idle_minute),
    ("cycles", endurance::cycles),
    ("switches", switches::two_hundred),
    ("down", endurance::ten_minutes_down),
    ("peers", peers::compare),
];

fn main() -> ExitCode {
    if flood::draws_here() {
        return ExitCode::SUCCESS;
    }
    // `cargo bench` itself passes `--bench`.
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let mut report = Report::begin();
    for (name, part) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|w| name.starts_with(w.as_str())) {
            part(&mut report);
        }
    }
    if report.all_kept() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
