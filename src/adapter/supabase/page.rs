//! Reads a whole table in pages, whatever the server's limit for one answer is.
//! Knows nothing of what the rows are for.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::{
    adapter::{
        DbResult,
        mode_adapter::TakeRow,
        supabase::{
            client::{Client, Request},
            project::{Project, TableName},
            times::rewrite,
        },
    },
    domain::{Action, DbError, ErrorKind},
};

/// Rows of one page at most. A server may give fewer.
const PAGE: usize = 1_000;

const ACTION: Action = Action::Query;

/// Hands on each row and tells how many there were. Of all rows only one page
/// is held at a time. A page begins behind the last id of the one before it, not
/// at a number of rows: what is added or removed meanwhile moves no other row.
pub(super) async fn read(
    client: &Client,
    project: &Project,
    table: &str,
    take: &mut TakeRow<'_>,
) -> DbResult<u64> {
    let name = TableName::of(table, ACTION)?;
    let mut total = 0;
    let mut last: Option<String> = None;
    loop {
        let query = query(last.as_deref());
        let answer = client.send(Request::get(project.url(&name, &query)), ACTION);
        let rows = answer.await?.rows(ACTION, project)?;
        // A server may have a smaller limit: only an empty page is the end.
        if rows.is_empty() {
            return Ok(total);
        }
        for mut row in rows {
            last = Some(id_of(row.get("id").unwrap_or(&Value::Null))?);
            rewrite(table, &mut row);
            take(Value::Object(row))?;
            total += 1;
        }
    }
}

fn query(last: Option<&str>) -> String {
    let beginning = format!("order=id.asc&limit={PAGE}");
    match last {
        None => beginning,
        Some(last) => {
            let last = utf8_percent_encode(last, NON_ALPHANUMERIC);
            format!("{beginning}&id=gt.{last}")
        }
    }
}

/// An id as a filter takes it.
fn id_of(id: &Value) -> DbResult<String> {
    match id {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err(DbError::new(ACTION, ErrorKind::SchemaMismatch)
                .with_details("the ids of the table put no row behind another"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_begins_behind_the_last_row() {
        assert_eq!(query(None), "order=id.asc&limit=1000");
        let next = query(Some("a&b"));
        assert_eq!(next, "order=id.asc&limit=1000&id=gt.a%26b");
    }

    #[test]
    fn only_what_has_an_order_is_an_id() {
        assert_eq!(id_of(&Value::from(7)).unwrap(), "7");
        for odd in [Value::Null, Value::from(true), Value::from(vec![1])] {
            assert!(id_of(&odd).is_err());
        }
    }
}
