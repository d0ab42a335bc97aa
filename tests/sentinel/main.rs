//! The guard over a connection and the knock at the door, on real servers
//! that are stopped, killed, frozen and cut off.

mod bed;
mod endings;
mod floods;
mod knocks;
#[cfg(target_os = "linux")]
mod leftovers;
mod openings;
mod silences;
#[path = "../support/mod.rs"]
mod support;
