//! The nine tables of the embedded database. Knows their files alone.

use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

/// One table a file, in the order in which they refer to each other.
const FILES: [&str; 9] = [
    include_str!("../../../migrations/sqlite/0001_agents.sql"),
    include_str!("../../../migrations/sqlite/0002_commands.sql"),
    include_str!("../../../migrations/sqlite/0003_terminal_outputs.sql"),
    include_str!("../../../migrations/sqlite/0004_command_presets.sql"),
    include_str!("../../../migrations/sqlite/0005_trace_entries.sql"),
    include_str!("../../../migrations/sqlite/0006_investigation_reports.sql"),
    include_str!("../../../migrations/sqlite/0007_audit_logs.sql"),
    include_str!("../../../migrations/sqlite/0008_execution_constraints.sql"),
    include_str!("../../../migrations/sqlite/0009_command_queues.sql"),
];

/// Makes the tables in a new database, each file in a transaction of its own.
pub(super) async fn make_tables(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    for file in FILES {
        let mut transaction = connection.begin().await?;
        sqlx::raw_sql(AssertSqlSafe(file))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
    }
    Ok(())
}
