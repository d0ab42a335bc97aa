//! Migrations on the embedded database: the same files in SQLite's words and
//! the same ledger, in the memory of this program. Knows nothing of recording.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use sqlx::{Connection, Row, SqliteConnection, sqlite::SqliteRow};

use crate::{
    adapter::{
        DbResult, MigrationSink,
        migrations::{File, MigrationDialect, refused, unwritable},
        mock::classify::from_sqlite,
    },
    domain::{
        Action, AppliedMigration, DbError, ErrorKind, FoundLedger, FoundSchema, LEDGER_TABLE,
        LedgerTool, MigrationEvent, MigrationName, MigrationReport, MigrationState, OLDER_NAME,
        REQUIRED_TABLES, Unwritable, excerpt, tool_of,
    },
};

const DIALECT: MigrationDialect = MigrationDialect::Sqlite;

/// How the database stands with the files.
pub(super) async fn state(connection: &mut SqliteConnection) -> DbResult<MigrationState> {
    let classify = |error| from_sqlite(error, Action::Migrate);
    let found = found(connection).await.map_err(classify)?;
    let is_read_only: i64 = sqlx::query_scalar("select query_only from pragma_query_only()")
        .fetch_one(connection)
        .await
        .map_err(classify)?;
    let mut state = MigrationState::of(&DIALECT.catalogue(), found);
    state.unwritable = (is_read_only != 0).then_some(Unwritable::Configured);
    Ok(state)
}

/// Applies what is pending. One caller at a time has the connection, so nobody
/// else applies files meanwhile.
pub(super) async fn up(
    connection: &mut SqliteConnection,
    progress: &MigrationSink,
) -> DbResult<MigrationReport> {
    let state = state(connection).await?;
    let appliable = state.appliable().to_vec();
    if let Some(why) = state.unwritable.filter(|_| !appliable.is_empty()) {
        return Err(unwritable(why));
    }
    let mut applied = Vec::with_capacity(appliable.len());
    for name in appliable {
        progress(MigrationEvent::Started(name.clone()));
        let took = apply(connection, file_of(&name)).await.map_err(|error| {
            let error = from_sqlite(error, Action::Migrate);
            let said = error.details().unwrap_or("no details given");
            let words = format!("{name} was rolled back: {said}");
            error.with_details(&words)
        })?;
        progress(MigrationEvent::Applied {
            migration: name.clone(),
            took,
        });
        applied.push((name, took));
    }
    if let Some(refusal) = state.refusal {
        return Err(refused(refusal));
    }
    Ok(MigrationReport {
        schema: state.schema,
        ledger: state.ledger,
        applied,
        applied_by_others: Vec::new(),
    })
}

/// Applies the first so many files to a new database.
pub(super) async fn apply_first(
    connection: &mut SqliteConnection,
    count: usize,
) -> Result<(), sqlx::Error> {
    for file in DIALECT.files().iter().take(count) {
        apply(connection, file).await?;
    }
    Ok(())
}

/// The file and its row, both or none.
async fn apply(connection: &mut SqliteConnection, file: &File) -> Result<Duration, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    make_ledger(&mut transaction).await?;
    let began = Instant::now();
    sqlx::raw_sql(file.sql).execute(&mut *transaction).await?;
    let took = began.elapsed();
    record(&mut transaction, file, took).await?;
    transaction.commit().await?;
    Ok(took)
}

/// Makes the ledger unless it is there.
async fn make_ledger(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    if columns_of_ledger(connection).await?.is_empty() {
        let create = sqlx::AssertSqlSafe(DIALECT.create_ledger(LEDGER_TABLE));
        sqlx::raw_sql(create).execute(connection).await?;
    }
    Ok(())
}

/// Writes a file's row; without a time it was adopted.
async fn record(
    connection: &mut SqliteConnection,
    file: &File,
    took: Duration,
) -> Result<(), sqlx::Error> {
    let took_ms = match took {
        Duration::ZERO => 0,
        took => i64::try_from(took.as_millis()).unwrap_or(i64::MAX).max(1),
    };
    sqlx::query(sqlx::AssertSqlSafe(DIALECT.record(LEDGER_TABLE)))
        .bind(file.migration.id.version)
        .bind(file.migration.id.name.clone())
        .bind(file.migration.checksum.clone())
        .bind(took_ms)
        .execute(connection)
        .await?;
    Ok(())
}

async fn found(connection: &mut SqliteConnection) -> Result<FoundSchema, sqlx::Error> {
    let columns = columns_of_ledger(connection).await?;
    let tables: Vec<String> =
        sqlx::query_scalar("select name from sqlite_schema where type in ('table', 'view')")
            .fetch_all(&mut *connection)
            .await?;
    let has_rails_table = tables.iter().any(|table| table == "ar_internal_metadata");
    let ledger = match tool_of(&columns, has_rails_table) {
        _ if columns.is_empty() => FoundLedger::Absent,
        LedgerTool::Ours => {
            let rows = sqlx::query(
                "select version, name, applied_at, checksum, execution_ms \
                 from schema_migrations order by version",
            )
            .fetch_all(connection)
            .await?;
            FoundLedger::Ours(rows.iter().map(row_of).collect::<Result<_, _>>()?)
        }
        tool => FoundLedger::Foreign {
            table: LEDGER_TABLE.to_owned(),
            tool,
        },
    };
    let older = std::iter::once(&OLDER_NAME.0);
    let required = REQUIRED_TABLES
        .iter()
        .chain(older)
        .map(|table| (*table).to_owned());
    Ok(FoundSchema {
        schema: Some(String::new()),
        search_path: String::new(),
        ledger_schema: None,
        ledger,
        missing: REQUIRED_TABLES
            .iter()
            .map(|table| (*table).to_owned())
            .filter(|table| !tables.contains(table))
            .collect(),
        tables: required.filter(|table| tables.contains(table)).collect(),
        has_policies: false,
    })
}

async fn columns_of_ledger(
    connection: &mut SqliteConnection,
) -> Result<Vec<(String, String)>, sqlx::Error> {
    sqlx::query_as("select name, type from pragma_table_info('schema_migrations')")
        .fetch_all(connection)
        .await
}

fn row_of(row: &SqliteRow) -> Result<AppliedMigration, sqlx::Error> {
    let (name, time): (&str, &str) = (row.try_get(1)?, row.try_get(2)?);
    let applied_at = DateTime::parse_from_rfc3339(time).ok();
    Ok(AppliedMigration {
        id: MigrationName::new(row.try_get(0)?, excerpt(name)),
        applied_at: applied_at.map(|at| at.with_timezone(&Utc)),
        checksum: row.try_get(3)?,
        execution_ms: row.try_get(4)?,
    })
}

fn file_of(name: &MigrationName) -> &'static File {
    DIALECT
        .files()
        .iter()
        .find(|file| file.migration.id == *name)
        .expect("what is pending is a file of ours")
}

/// Comparing tables that others made is for databases that outlive a program.
pub(super) fn nothing_to_adopt() -> DbError {
    DbError::new(Action::Migrate, ErrorKind::Unsupported)
        .with_details("adopt: the embedded database holds nothing that others made")
}
