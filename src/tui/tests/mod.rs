//! Tests of the screen as a whole: the real loop on a terminal in memory.

mod budget;
mod diagnosis;
mod freezing;
mod harness;
mod migrations;
mod notices;
mod pictures;
mod reactions;
mod sizes;
mod switching;
mod two_targets;
