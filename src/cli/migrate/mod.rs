//! `dbvitals migrate`: how the database stands with our migrations, and what
//! brings it further. Knows nothing of the screen.

mod adopt;
mod args;
mod command;
mod print;
mod status;
mod told;
mod up;

pub(super) use args::MigrateArgs;
pub use args::{MigrateTask, WriteOptions};
pub use command::migrate;
pub use print::{PrintOptions, print as print_migrations};
