//! The six panes, one file each.

pub(super) mod checks;
pub(super) mod connection;
pub(super) mod errors;
pub(super) mod latency;
pub(super) mod log;
pub(super) mod operations;
pub(super) mod remedies;

mod aside;
mod cause;
mod chart;
mod facts;
