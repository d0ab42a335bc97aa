//! What every mode can do with whole rows beside the data model's eleven
//! methods: put one in its place, and read a table. Knows no mode.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    adapter::{
        Database, DbResult,
        database::{record_of, typed},
        mode_adapter::OnTaken,
    },
    domain::{Action, DbError, ErrorKind, OperationType},
};

impl Database {
    /// Adds a row, or changes the row that has its `id`: then the given columns
    /// get their values, and all others stay as they are. Done twice it is done
    /// once, so that it may be tried again after an answer that was lost.
    ///
    /// # Errors
    /// `InvalidData` without an `id`; else as
    /// [`insert`](crate::adapter::DatabaseAdapter::insert).
    pub async fn upsert<T: DeserializeOwned + Send, D: Serialize + Sync>(
        &self,
        table: &str,
        data: &D,
    ) -> DbResult<T> {
        let recording = self.record(OperationType::Insert, Some(table));
        let row = async {
            self.permit(Action::Insert)?;
            let data = record_of(data, Action::Insert)?;
            if data.get("id").is_none_or(serde_json::Value::is_null) {
                return Err(DbError::new(Action::Insert, ErrorKind::InvalidData)
                    .with_details("a row that may be there already needs its id"));
            }
            let mode = self.mode_adapter();
            typed(
                mode.insert(table, &data, OnTaken::Change).await?,
                Action::Insert,
            )
        }
        .await;
        recording.finish(&row, |_| Some(1));
        row
    }

    /// Reads all rows of a table in the order of their `id`, and hands each to
    /// `take`. However many there are, one row or one page of an answer is held
    /// at a time; `take` keeps what it wants, and its error ends the reading.
    ///
    /// Over REST each page has the deadline of a request; elsewhere the whole
    /// reading has that of a statement.
    ///
    /// # Errors
    /// `SchemaMissing` without such a table, `SchemaMismatch` when a row is not
    /// of the expected form, and those of `take`.
    pub async fn read_table<T: DeserializeOwned + Send>(
        &self,
        table: &str,
        mut take: impl FnMut(T) -> DbResult<()> + Send,
    ) -> DbResult<u64> {
        let recording = self.record(OperationType::Query, Some(table));
        let read = async {
            self.permit(Action::Query)?;
            let mut take = |row| take(typed(row, Action::Query)?);
            self.mode_adapter().read(table, &mut take).await
        }
        .await;
        recording.finish(&read, |rows| Some(*rows));
        read
    }
}
