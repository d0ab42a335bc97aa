//! Begins a statement whose columns may be of any type. A type that the driver
//! does not know, such as an enum, it looks up in the same session: behind rows
//! that wait to be taken the answer would never come. So the types are learned
//! before the statement is run. Knows nothing of rows.

use tokio_postgres::{Client, Error, RowStream, types::Type};

use crate::adapter::local::params::Param;

/// The parameters of a statement, with their types.
pub(super) type Typed<'p, 'v> = Vec<(&'p Param<'v>, Type)>;

/// Alone, a statement is looked at in a transaction of its own, so that behind
/// a pooler all of it is asked of one server.
pub(super) const BEGIN: &str = "begin read only";
/// Sent behind the statement: what the driver then asks about its types must
/// not find what others have made.
pub(super) const PIN: &str = "set local search_path = pg_catalog, pg_temp";
pub(super) const END: &str = "rollback";

/// Where a statement is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Outside of any transaction of ours.
    Alone,
    /// In a transaction that is under way.
    Within,
}

/// Begins a statement in two round trips.
pub(super) async fn begin(
    client: &Client,
    place: Place,
    sql: &str,
    params: Typed<'_, '_>,
) -> Result<RowStream, Error> {
    let types: Vec<Type> = params
        .iter()
        .map(|(_, declared)| declared.clone())
        .collect();
    if place == Place::Within {
        drop(client.prepare_typed(sql, &types).await?);
        return client.query_typed_raw(sql, params).await;
    }
    let (begun, prepared, _pinned) = tokio::join!(
        biased;
        client.batch_execute(BEGIN),
        client.prepare_typed(sql, &types),
        // Fails with the statement, and without one there are no types to ask for.
        client.batch_execute(PIN),
    );
    // What was prepared is closed within the transaction.
    let read = begun.and(prepared).map(drop);
    let end = client.batch_execute(END);
    if let Err(error) = read {
        // A session that cannot even end this has ended itself.
        drop(end.await);
        return Err(error);
    }
    let (ended, stream) = tokio::join!(biased; end, client.query_typed_raw(sql, params));
    ended?;
    stream
}
