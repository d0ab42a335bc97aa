//! The only code that knows a target's drivers: the database adapter and its
//! modes. Knows nothing of the backend and the screen.

mod database_adapter;

pub use database_adapter::{DatabaseAdapter, DbResult, HealthReport, SqlValue, TransactionClient};
