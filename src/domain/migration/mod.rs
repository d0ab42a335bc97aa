//! Migrations: which files there are, what the ledger says of them, and what
//! follows. Pure rules, in no driver's words.

mod adoption;
mod auto;
mod file;
mod ledger;
mod ledger_tool;
mod progress;
mod refusal;
mod run;
mod state;
mod summary;

pub use adoption::{Adoption, Compared, Difference, recordable};
pub use auto::{AutoMigrate, is_production};
pub use file::{AppliedMigration, Migration, MigrationName};
pub use ledger::{LedgerFault, pending};
pub use ledger_tool::{LEDGER_TABLE, LedgerTool, tool_of};
pub use progress::{MigrationFile, MigrationFileState, MigrationProgress};
pub use refusal::MigrationRefusal;
pub use run::{LockHolder, MigrationEvent, MigrationReport, MigrationRun};
pub use state::{FoundLedger, FoundSchema, MigrationState, Unwritable};
pub use summary::{LedgerStanding, MigrationSummary};
