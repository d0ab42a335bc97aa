//! What a schema holds, as the server tells it. Knows nothing of what follows.

use tokio_postgres::types::Type;

use crate::{
    adapter::{
        DbResult,
        local::{
            migrate::{link::Link, up::pin_schema},
            schema_state::column,
        },
    },
    domain::{Action, OLDER_NAME, REQUIRED_TABLES, SchemaDescription, SchemaObject},
};

const DESCRIBE: &str = include_str!("sql/describe.sql");

/// What this schema holds of the required tables. It is first in the search
/// path from here on, so that its own names are told without it.
pub(super) async fn describe(link: &mut Link, schema: &str) -> DbResult<SchemaDescription> {
    pin_schema(link, schema).await?;
    let mut tables = REQUIRED_TABLES.to_vec();
    tables.push(OLDER_NAME.0);
    let params: &[_] = &[
        (
            &tables as &(dyn tokio_postgres::types::ToSql + Sync),
            Type::TEXT_ARRAY,
        ),
        (&schema, Type::TEXT),
    ];
    let rows = link.rows(DESCRIBE, params).await?;
    let objects: DbResult<Vec<SchemaObject>> = rows
        .iter()
        .map(|row| {
            // Compared as it is; whoever prints it cleans it.
            let text = |index| column(row, index, Action::Migrate);
            Ok(SchemaObject {
                table: text(0)?,
                kind: text(1)?,
                name: text(2)?,
                made: text(3)?,
            })
        })
        .collect();
    Ok(SchemaDescription::of(objects?))
}
