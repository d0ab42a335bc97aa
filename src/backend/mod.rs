//! Connects, checks, retries and publishes: one supervisor task around a pure
//! machine. Knows nothing of terminals.

mod handle;

pub use handle::{Handle, NotTaken, Outlet, channels};
