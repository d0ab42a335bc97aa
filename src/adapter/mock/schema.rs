//! Which of the nine tables a new embedded database has. Knows nothing of what
//! is in their files.

use sqlx::SqliteConnection;

use crate::adapter::mock::migrate::apply_first;

/// Files whose tables a rehearsed migration begins with.
const FIRST: usize = 6;

/// Which tables a new database has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tables {
    /// All nine.
    All,
    /// Those of the first files: the last three wait to be applied.
    First,
    /// None.
    None,
}

/// Makes the tables in a new database, each file in a transaction of its own,
/// with its row in the ledger.
pub(super) async fn make_tables(
    connection: &mut SqliteConnection,
    tables: Tables,
) -> Result<(), sqlx::Error> {
    let files = match tables {
        Tables::All => usize::MAX,
        Tables::First => FIRST,
        Tables::None => 0,
    };
    apply_first(connection, files).await
}
