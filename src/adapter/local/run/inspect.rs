//! What the server makes of a statement before it is run: that it is one, and
//! what it returns. Runs nothing.

use std::error::Error as _;

use tokio_postgres::{
    Client, Error,
    types::{Kind, Type},
};

use crate::{
    adapter::{
        DbResult, ResultColumn,
        classify::ServerWords,
        leading::{counts_rows, leading_word},
        local::{
            learn::{BEGIN, END, NAME_TAKEN, NAMES, PIN, deallocate, left_behind},
            session::Session,
        },
    },
    domain::{Action, DbError, ErrorKind},
};

/// The routine of the server that refuses more than one statement at once; its
/// words are in the server's language.
const REFUSES_SEVERAL: (&str, &str) = ("42601", "exec_parse_message");

/// A statement as the server has read it.
#[derive(Debug)]
pub(super) struct Inspected {
    /// The types of its columns; empty where it has no result.
    pub(super) types: Vec<Type>,
    /// Whether it may be one that only a cursor does not run to its end.
    pub(super) is_query: bool,
    /// Whether it is a COPY, which moves data past the protocol of rows.
    pub(super) is_copy: bool,
    /// Whether the number that the server ends it with counts rows.
    pub(super) counts_rows: bool,
}

/// Has the server read the statement.
pub(super) async fn inspect(session: &mut Session, sql: &str) -> DbResult<Inspected> {
    let mut tries = 1;
    let (types, params) = loop {
        match read(session, sql).await {
            // Left behind in a pooler's session by somebody who did not clear away.
            Err(error) if error.code() == Some(NAME_TAKEN) && tries < NAMES => tries += 1,
            decided => break decided?,
        }
    };
    if params > 0 {
        return Err(DbError::new(Action::Query, ErrorKind::StatementInvalid)
            .with_details("it has parameters ($1), for which no values can be given here"));
    }
    let word = leading_word(sql);
    Ok(Inspected {
        is_query: !types.is_empty()
            && ["select", "with", "values", "table"].contains(&word.as_str()),
        is_copy: word == "copy",
        counts_rows: counts_rows(&word),
        types,
    })
}

/// The types of the statement's columns, and how many parameters it has.
async fn read(session: &mut Session, sql: &str) -> DbResult<(Vec<Type>, usize)> {
    let client = session.client();
    let (begun, prepared, _pinned) = tokio::join!(
        biased;
        client.batch_execute(BEGIN),
        client.prepare(sql),
        // Fails with the statement, and without one there are no types to ask for.
        client.batch_execute(PIN),
    );
    // The statement is closed within the transaction.
    let read = prepared.map(|statement| {
        let columns = statement.columns().iter();
        let types: Vec<Type> = columns.map(|it| it.type_().clone()).collect();
        (types, statement.params().len())
    });
    let is_known = |it: &Type| Type::from_oid(it.oid()).is_some();
    let cleared = match &read {
        Ok((types, _)) if !types.iter().all(is_known) => clear_away(client).await,
        Ok(_) | Err(_) => Ok(()),
    };
    let ended = client.batch_execute(END).await;
    let read = match begun.and(read) {
        Ok(read) => read,
        Err(error) => return Err(refusal(error, session).await),
    };
    if let Err(error) = cleared.and(ended) {
        return Err(session.classify(error, Action::Query).await);
    }
    Ok(read)
}

/// In a pooler's session what the driver leaves would be in the way of the next
/// one who asks.
async fn clear_away(client: &Client) -> Result<(), Error> {
    let names = left_behind(client).await?;
    if names.is_empty() {
        return Ok(());
    }
    client.batch_execute(&deallocate(&names)).await
}

async fn refusal(error: Error, session: &mut Session) -> DbError {
    let error = session.classify(error, Action::Query).await;
    let said = error
        .source()
        .and_then(|source| source.downcast_ref::<ServerWords>());
    let (code, routine) = REFUSES_SEVERAL;
    let is_several =
        error.code() == Some(code) && said.and_then(ServerWords::routine) == Some(routine);
    if is_several {
        return DbError::new(Action::Query, ErrorKind::StatementInvalid)
            .with_code(code)
            .with_details("more than one statement; give one at a time")
            .with_source(error);
    }
    error
}

impl Inspected {
    /// A column of the result as it is told.
    pub(super) fn column(&self, index: usize, name: &str) -> ResultColumn {
        let column_type = self.types.get(index);
        ResultColumn {
            name: name.to_owned(),
            type_name: column_type.map(type_name),
            is_number: column_type.is_some_and(is_number),
        }
    }
}

/// `text[]` rather than `_text`.
fn type_name(column_type: &Type) -> String {
    match column_type.kind() {
        Kind::Array(element) if column_type.name().starts_with('_') => {
            format!("{}[]", element.name())
        }
        _ => column_type.name().to_owned(),
    }
}

fn is_number(column_type: &Type) -> bool {
    match column_type.kind() {
        Kind::Domain(base) => is_number(base),
        _ => matches!(
            *column_type,
            Type::INT2
                | Type::INT4
                | Type::INT8
                | Type::OID
                | Type::FLOAT4
                | Type::FLOAT8
                | Type::NUMERIC
                | Type::MONEY
        ),
    }
}
