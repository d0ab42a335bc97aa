//! Migrations on PostgreSQL: a session of their own, a lock, and one
//! transaction a file. Knows nothing of status and recording.

mod adopt;
mod blocked;
mod describe;
mod link;
mod lock;
mod look;
mod up;

pub(super) use adopt::adopt;
pub(super) use look::state;
pub(super) use up::up;
