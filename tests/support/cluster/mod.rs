//! Throwaway PostgreSQL clusters. They must not know who connects to them.

mod account;
mod builder;
pub(crate) mod certificates;
mod control;
mod faults;
mod instance;
mod pooler;
mod programs;
mod slots;
mod template;
mod watchdog;

pub(crate) use builder::Builder;
pub(crate) use instance::{Cluster, StopMode};
pub(crate) use pooler::{PoolMode, Pooler};
pub(crate) use slots::SlotGuard;

/// The role that tests log in as: an ordinary one, owner of [`DATABASE`].
pub(crate) const ROLE: &str = "vitals";

/// The password of [`ROLE`] in a new cluster: a word that occurs nowhere
/// else, so that a test can look for it in output.
pub(crate) const PASSWORD: &str = "never-show-7Q2xZk";

/// The database of a new cluster.
pub(crate) const DATABASE: &str = "app";

/// The superuser, who gets in over the socket only, and only as the user of
/// this process.
const SUPERUSER: &str = "control";
