//! The subcommands, one file each. Knows nothing of the screen.

mod args;
mod check;
pub mod config;
mod diagnose;
mod exit;
mod json;
mod lines;
mod usage;

pub use args::{Bar, Cli, Task};
pub use check::{CheckOptions, check, print_not_attempted};
pub use diagnose::{DiagnoseOptions, Style, diagnose};
pub use exit::{Exit, Outcome};
pub use usage::usage_words;
