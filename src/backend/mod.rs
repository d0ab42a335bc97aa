//! Connects, checks, retries and publishes: one supervisor task around a pure
//! machine. Knows nothing of terminals.

mod clock;
mod diagnosing;
mod handle;
mod jobs;
mod log_lines;
mod machine;
mod migrating;
mod noting;
mod operation_feed;
mod own_side;
mod partings;
mod publish;
mod record;
mod rehearsing;
mod session;
mod slots;
mod start;
mod supervisor;
mod switching;
mod watched;

pub use clock::{Clock, Moment};
pub use handle::{Handle, NotTaken, Outlet, channels};
pub use operation_feed::{OperationFeed, operation_feed};
pub use session::session;
pub use start::{Backend, Subject, start, start_switchable};
pub use switching::{Maker, Switchboard};
pub use watched::Watched;

#[cfg(test)]
mod machine_tests;
#[cfg(test)]
mod rehearsal_tests;
#[cfg(test)]
mod scenario_tests;
#[cfg(test)]
mod switching_tests;
