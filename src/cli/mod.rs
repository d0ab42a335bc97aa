//! The subcommands, one file each. Knows nothing of the screen.

pub mod config;
