//! What both engines' files have in common, and what they promise as files.

use std::collections::{BTreeMap, BTreeSet};

use dbvitals::{adapter::DatabaseAdapter, domain::REQUIRED_COLUMNS};
use serde_json::Value;

use crate::{
    engines::{Engine, cluster},
    support::schema::migrations,
};

/// What SQLite's constraints have at their end that stand for a type.
const TYPES: [&str; 8] = [
    "_array", "_boolean", "_inet", "_json", "_known", "_text", "_time", "_uuid",
];

/// The names that the files give with this word before them, but for those of
/// SQLite's that stand for a type.
fn names(engine: &str, word: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in migrations(engine) {
        let words: Vec<&str> = file
            .lines()
            .filter(|line| !line.trim_start().starts_with("--"))
            .flat_map(str::split_whitespace)
            .collect();
        names.extend(
            words
                .windows(2)
                .filter(|pair| pair[0] == word && pair[1] != "language")
                .map(|pair| pair[1].to_owned())
                .filter(|name| {
                    engine == "postgres" || !TYPES.iter().any(|end| name.ends_with(end))
                }),
        );
    }
    names
}

#[test]
fn constraints_indexes_and_triggers_have_the_same_names() {
    for (word, at_least) in [("constraint", 50), ("index", 12), ("trigger", 3)] {
        let (postgres, sqlite) = (names("postgres", word), names("sqlite", word));
        assert_eq!(postgres, sqlite, "{word}");
        assert!(postgres.len() >= at_least, "{}", postgres.len());
    }
}

/// Each table's columns in their order, with whether they may be null and
/// whether they have a default.
async fn columns(engine: Engine, sql: &str) -> BTreeMap<String, Vec<(String, bool, bool)>> {
    let database = engine.open().await;
    let rows: Vec<Value> = database.query(sql, &[]).await.unwrap();
    let mut tables: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in rows {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        let is = |name: &str| row[name].as_i64() == Some(1);
        let column = (text("column"), is("nullable"), is("defaulted"));
        tables.entry(text("table")).or_default().push(column);
    }
    tables
}

#[tokio::test]
async fn columns_stand_in_the_same_order_with_the_same_defaults() {
    let postgres = columns(
        Engine::Postgres,
        "select table_name as table, column_name as column, \
            (is_nullable = 'YES')::int as nullable, (column_default is not null)::int as defaulted \
        from information_schema.columns where table_schema = 'public' \
        order by table_name, ordinal_position",
    )
    .await;
    // The ledger of the migrations is there from the beginning in mock mode.
    let sqlite = columns(
        Engine::Sqlite,
        "select listed.name as \"table\", told.name as \"column\", \
            not told.\"notnull\" as nullable, told.dflt_value is not null as defaulted \
        from pragma_table_list as listed join pragma_table_info(listed.name) as told \
        where listed.schema = 'main' and listed.name not like 'sqlite_%' \
            and listed.name <> 'schema_migrations' order by 1, told.cid",
    )
    .await;
    assert_eq!(postgres, sqlite);
    let named: BTreeMap<_, Vec<_>> = postgres
        .iter()
        .map(|(table, columns)| {
            (
                table.as_str(),
                columns.iter().map(|c| c.0.as_str()).collect(),
            )
        })
        .collect();
    let required = REQUIRED_COLUMNS.map(|(table, columns)| (table, columns.to_vec()));
    assert_eq!(named, BTreeMap::from(required));
}

#[tokio::test]
async fn every_reference_has_an_index_on_both_engines() {
    let without = cluster().sql(
        "select conname from pg_constraint as reference where contype = 'f' and not exists ( \
            select from pg_index \
            where indrelid = reference.conrelid and indkey[0] = reference.conkey[1] \
              and indpred is null)",
    );
    assert_eq!(without, "");
    let all = cluster().sql("select count(*) from pg_constraint where contype = 'f'");
    let database = Engine::Sqlite.open().await;
    let sql = "select listed.name || '.' || reference.\"from\" as name, exists ( \
            select 1 from pragma_index_list(listed.name) as named \
            join pragma_index_info(named.name) as part \
            where part.seqno = 0 and part.name = reference.\"from\" and not named.partial \
        ) as indexed \
        from pragma_table_list as listed join pragma_foreign_key_list(listed.name) as reference \
        where reference.on_delete = 'CASCADE'";
    let rows: Vec<Value> = database.query(sql, &[]).await.unwrap();
    assert_eq!(rows.len().to_string(), all, "each reference cascades");
    for row in rows {
        assert_eq!(row["indexed"], 1, "{row}");
    }
}

#[tokio::test]
async fn reads_find_their_indexes() {
    let indexes = cluster().sql("select indexdef from pg_indexes where schemaname = 'public'");
    for expected in [
        "ON public.commands USING btree (agent_id, status, priority DESC, created_at)",
        "ON public.terminal_outputs USING btree (command_id, \"timestamp\")",
        "ON public.audit_logs USING btree (created_at DESC)",
        "ON public.audit_logs USING btree (resource_type, created_at DESC)",
    ] {
        assert!(indexes.contains(expected), "{expected}\n{indexes}");
    }
    let database = Engine::Sqlite.open().await;
    for (sql, index) in [
        (
            "select 1 from commands where agent_id = 'a' and status = 'pending' \
                order by priority desc, created_at",
            "commands_agent_id_status_priority_created_at_idx",
        ),
        (
            "select 1 from terminal_outputs where command_id = 'c' order by \"timestamp\"",
            "terminal_outputs_command_id_timestamp_idx",
        ),
        (
            "select action from audit_logs order by created_at desc limit 10",
            "audit_logs_created_at_idx",
        ),
        (
            "select action from audit_logs where resource_type = 'r' order by created_at desc",
            "audit_logs_resource_type_created_at_idx",
        ),
    ] {
        let plan = format!("explain query plan {sql}");
        let rows: Vec<Value> = database.query(&plan, &[]).await.unwrap();
        let told = Value::from(rows).to_string();
        assert!(
            told.contains(index) && !told.contains("TEMP B-TREE"),
            "{told}"
        );
    }
}

#[test]
fn files_have_the_same_names_and_are_only_ever_new() {
    let engines = ["postgres", "sqlite"].map(|engine| {
        let folder = format!("{}/migrations/{engine}", env!("CARGO_MANIFEST_DIR"));
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    });
    let [mut postgres, sqlite] = engines;
    assert_eq!(postgres.pop().as_deref(), Some("0010_supabase_access.sql"));
    assert_eq!(postgres, sqlite);
    for file in migrations("postgres")
        .into_iter()
        .chain(migrations("sqlite"))
    {
        let file = file.to_ascii_lowercase();
        for word in ["drop ", "if not exists", "or replace", "commit", "public."] {
            let is_code = |line: &str| !line.trim_start().starts_with("--") && line.contains(word);
            assert!(!file.lines().any(is_code), "{word}");
        }
    }
}
