//! The six panes, one file each.

pub(super) mod checks;
pub(super) mod connection;
pub(super) mod errors;
pub(super) mod latency;
pub(super) mod log;
pub(super) mod operations;

mod aside;
mod chart;
mod facts;
