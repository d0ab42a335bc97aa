//! Migrations in every mode: the files, the ledger's SQL, and the three calls.
//! Knows no driver; each mode has a runner of its own.

mod calls;
mod catalogue;
mod dialect;
mod script;

pub use calls::{MigrateOptions, MigrationSink};
pub(super) use calls::{refused, unwritable};
pub(super) use catalogue::File;
pub use dialect::MigrationDialect;
pub(super) use dialect::{API_ROLES, LOCK};
pub use script::{MigrationSource, migration_script, migration_sources, restoring_script};
