//! The only code that knows a target's drivers: the database adapter and its
//! modes. Knows nothing of the backend and the screen.

mod classify;
mod database;
mod database_adapter;
mod diagnosis;
mod guard;
mod leading;
mod local;
mod migrations;
mod mock;
mod mode_adapter;
mod notice;
mod own_side;
mod recorder;
mod retry;
mod running;
mod status;
mod supabase;
mod vigil;
mod whole_rows;

pub use database::Database;
pub use database_adapter::{DatabaseAdapter, DbResult, HealthReport, SqlValue, TransactionClient};
pub use diagnosis::{DiagnosisOptions, WriteTest};
pub use guard::{Beat, GuardSettings};
pub use migrations::{
    MigrateOptions, MigrationDialect, MigrationSink, MigrationSource, migration_script,
    migration_sources, restoring_script,
};
pub use mock::Rehearsing;
pub use notice::{Notice, NoticeFeed, NoticeSink, notice_feed};
pub use recorder::OperationSink;
pub use running::{CellForm, Piece, Ran, ResultColumn, RunAccess, RunOrder};
