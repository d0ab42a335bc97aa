//! The subcommands, one file each. Knows nothing of the screen.

mod args;
mod check;
pub mod config;
mod confirm;
mod diagnose;
mod exit;
mod json;
mod line_json;
mod lines;
mod migrate;
mod printer;
mod signals;
mod sql;
mod usage;
mod wait;
mod watch;

pub use args::{Bar, Cli, Task};
pub use check::{CheckOptions, check, print_not_attempted};
pub use diagnose::{DiagnoseOptions, Style, diagnose};
pub use exit::{Exit, Outcome};
pub use json::Layout;
pub use line_json::Samples;
pub use migrate::{MigrateTask, PrintOptions, WriteOptions, migrate, print_migrations};
pub use sql::{ResultFormat, Screen, SqlOptions, sql, sql_misused};
pub use usage::usage_words;
pub use wait::{WaitOptions, wait};
pub use watch::{WatchOptions, watch};
