//! What a new embedded database begins with: our own migrations, so many of
//! them, with their ledger. Knows nothing of what is in them.

use sqlx::SqliteConnection;

use crate::adapter::{
    migrations::{File, MigrationDialect},
    mock::migrate::apply,
};

/// Which tables a new database has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tables {
    /// All nine.
    All,
    /// Those of the first six files: what a rehearsed migration begins with.
    First,
    /// None.
    None,
}

impl Tables {
    fn files(self) -> &'static [File] {
        let files = MigrationDialect::Sqlite.files();
        match self {
            Self::All => files,
            Self::First => &files[..6],
            Self::None => &[],
        }
    }
}

/// Makes the tables in a new database, each file with its row in a transaction
/// of its own.
pub(super) async fn make_tables(
    connection: &mut SqliteConnection,
    tables: Tables,
) -> Result<(), sqlx::Error> {
    for file in tables.files() {
        apply(connection, file).await?;
    }
    Ok(())
}
