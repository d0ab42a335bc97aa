//! Migrations: which files there are, what the ledger says of them, and what
//! follows. Pure rules, in no driver's words.

mod adoption;
mod auto;
mod comparison;
mod definition;
mod file;
mod ledger;
mod ledger_tool;
mod look;
mod progress;
mod refusal;
mod run;
mod state;
mod summary;

pub use adoption::{Adoption, Compared, Difference, recordable};
pub use auto::{AutoMigrate, is_production};
pub use comparison::{Comparison, SchemaDescription, SchemaObject, compare};
pub use file::{AppliedMigration, Migration, MigrationName};
pub use ledger::{LedgerFault, pending};
pub use ledger_tool::{LEDGER_TABLE, LedgerTool, tool_of};
pub use look::MigrationLook;
pub use progress::{MigrationEnd, MigrationFile, MigrationFileState, MigrationProgress};
pub use refusal::MigrationRefusal;
pub use run::{LockHolder, MigrationEvent, MigrationReport, MigrationRun};
pub use state::{FoundLedger, FoundSchema, MigrationState, MissingRight, Unwritable};
pub use summary::{LedgerStanding, MIGRATIONS_UNREAD, MigrationSummary};
