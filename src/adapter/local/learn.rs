//! Begins a statement whose columns may be of any type. A type that the driver
//! does not know, such as an enum, it looks up in the same session: behind rows
//! that wait to be taken the answer would never come. So the types are learned
//! before the statement is run. Knows nothing of rows.

use tokio_postgres::{Client, Error, RowStream, SimpleQueryMessage, Statement, types::Type};

use crate::adapter::local::{params::Param, pool::Lease, table::quoted};

/// The parameters of a statement, with their types.
pub(super) type Typed<'p, 'v> = Vec<(&'p Param<'v>, Type)>;

/// Alone, a statement is looked at in a transaction of its own, so that behind
/// a pooler all of it is asked of one server.
pub(super) const BEGIN: &str = "begin read only";
/// Sent behind the statement: what the driver then asks about its types must
/// not find what others have made.
pub(super) const PIN: &str = "set local search_path = pg_catalog, pg_temp";
pub(super) const END: &str = "rollback";

/// The name of a statement is taken: in a pooler's session somebody may have
/// left one behind. This program uses no name twice.
pub(super) const NAME_TAKEN: &str = "42P05";
/// So many names are tried.
pub(super) const NAMES: u32 = 5;

/// The driver's own statements about types, which it names by a letter and a number.
const LEFT_BEHIND: &str = "select name from pg_catalog.pg_prepared_statements \
    where name operator(pg_catalog.~) '^s[0-9]+$' \
    and statement operator(pg_catalog.~) '^SELECT (t[.]typname|enumlabel|attname),?[[:space:]]'";

/// Where a statement is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Outside of any transaction of ours, or in one of its own where only
    /// that can bound it.
    Alone,
    /// In a transaction that is under way.
    Within,
}

/// Begins a statement in two round trips. Alone, behind a pooler, a transaction
/// is begun for it, which is for the caller to end.
pub(super) async fn begin(
    lease: &mut Lease,
    place: Place,
    sql: &str,
    params: Typed<'_, '_>,
) -> Result<RowStream, Error> {
    let types: Vec<Type> = params
        .iter()
        .map(|(_, declared)| declared.clone())
        .collect();
    match place {
        Place::Within => {
            let statement = lease.client().prepare_typed(sql, &types).await?;
            let looked_up = looks_up(&statement);
            drop(statement);
            if looked_up {
                note_left(lease).await?;
            }
        }
        Place::Alone => {
            let end = learn(lease, sql, &types).await?;
            let client = lease.client();
            let Some(opening) = lease.opening() else {
                let (ended, stream) = tokio::join!(
                    biased;
                    client.batch_execute(&end),
                    client.query_typed_raw(sql, params),
                );
                ended?;
                return stream;
            };
            let (ended, begun) = tokio::join!(
                biased;
                client.batch_execute(&end),
                client.batch_execute(&opening),
            );
            ended.and(begun)?;
        }
    }
    lease.client().query_typed_raw(sql, params).await
}

/// Has the driver learn the types in a transaction of its own; gives what is to
/// be sent to end that.
async fn learn(lease: &mut Lease, sql: &str, types: &[Type]) -> Result<String, Error> {
    let mut tries = 1;
    loop {
        match learn_once(lease, sql, types).await {
            Err(error) if is_name_taken(&error) && tries < NAMES => tries += 1,
            decided => return decided,
        }
    }
}

async fn learn_once(lease: &mut Lease, sql: &str, types: &[Type]) -> Result<String, Error> {
    let client = lease.client();
    let (begun, prepared, _pinned) = tokio::join!(
        biased;
        client.batch_execute(BEGIN),
        client.prepare_typed(sql, types),
        // Fails with the statement, and without one there are no types to ask for.
        client.batch_execute(PIN),
    );
    // What was prepared is closed within the transaction.
    let looked_up = begun.and(prepared).map(|statement| looks_up(&statement));
    let noted = match looked_up {
        Ok(true) => note_left(lease).await,
        Ok(false) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = noted {
        // A session that cannot even end this has ended itself.
        drop(lease.client().batch_execute(END).await);
        return Err(error);
    }
    Ok(format!("{}{END}", deallocate(lease.left())))
}

fn is_name_taken(error: &Error) -> bool {
    error.code().is_some_and(|code| code.code() == NAME_TAKEN)
}

/// Whether the driver had to look up a type of the statement's columns.
fn looks_up(statement: &Statement) -> bool {
    let mut columns = statement.columns().iter();
    columns.any(|column| Type::from_oid(column.type_().oid()).is_none())
}

/// The driver keeps its own questions about types as statements with names. In
/// a session that goes to others they would be in the way of the next one who
/// asks, and the driver would look for them in the next session that it gets.
async fn note_left(lease: &mut Lease) -> Result<(), Error> {
    if lease.shares_sessions() {
        let names = left_behind(lease.client()).await?;
        lease.note_left(names);
    }
    Ok(())
}

/// The names of the driver's own statements in this server's session.
pub(super) async fn left_behind(client: &Client) -> Result<Vec<String>, Error> {
    let messages = client.simple_query(LEFT_BEHIND).await?;
    let names = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    Ok(names.collect())
}

/// What takes these statements away, to be sent before or behind another one.
pub(super) fn deallocate(names: &[String]) -> String {
    let each: Vec<_> = names.iter().map(|name| quoted(name)).collect();
    match each.join("; deallocate ") {
        none if none.is_empty() => none,
        names => format!("deallocate {names}; "),
    }
}
