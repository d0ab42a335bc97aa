//! One limit of one table: rows that keep it, rows that break it, and what it
//! is called.

use dbvitals::{
    adapter::{Database, DatabaseAdapter},
    domain::ErrorKind,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::engines::Engine;

/// A limit. Rows are told by the columns in which they differ from a plain one.
#[derive(Debug, Clone)]
pub(crate) struct Limit {
    table: &'static str,
    /// Told as the parts that all rows have in common.
    common: Value,
    name: &'static str,
    rule: Rule,
    keeps: Vec<Value>,
    breaks: Vec<Value>,
    is_tried_twice: bool,
}

/// What a limit demands, by which an engine gives its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    Check,
    Unique,
    /// Unique, by the primary key.
    Identity,
    Reference,
    Present,
    /// One word of a closed set. PostgreSQL has a type for it.
    Known {
        postgres_type: &'static str,
    },
}

impl Limit {
    /// A value within bounds, by the constraint's name.
    pub(crate) fn check(table: &'static str, name: &'static str) -> Self {
        Self::new(table, name, Rule::Check)
    }

    /// No two rows alike, by the constraint's name.
    pub(crate) fn unique(table: &'static str, name: &'static str) -> Self {
        Self::new(table, name, Rule::Unique)
    }

    /// Such a row is taken once, and the same row again is not.
    pub(crate) fn once(table: &'static str, name: &'static str) -> Self {
        let mut limit = Self::new(table, name, Rule::Unique);
        limit.is_tried_twice = true;
        limit
    }

    /// The same by the primary key, with this id.
    pub(crate) fn one_id(table: &'static str, name: &'static str) -> Self {
        let mut limit = Self::once(table, name).with(json!({"id": Uuid::now_v7()}));
        limit.rule = Rule::Identity;
        limit
    }

    /// A row that exists, by the constraint's name.
    pub(crate) fn reference(table: &'static str, name: &'static str) -> Self {
        Self::new(table, name, Rule::Reference)
    }

    /// A value at all, by the column's name.
    pub(crate) fn present(table: &'static str, column: &'static str) -> Self {
        Self::new(table, column, Rule::Present).breaks([json!({ column: null })])
    }

    /// One of these words, by the column's name and its type in PostgreSQL.
    pub(crate) fn known(
        table: &'static str,
        column: &'static str,
        postgres_type: &'static str,
        words: &[&str],
    ) -> Self {
        let limit = Self::new(table, column, Rule::Known { postgres_type })
            .keeps(words.iter().map(|word| json!({ column: word })));
        let first = words[0];
        let strange = ["", "other", &first.to_uppercase(), &format!("{first} ")];
        limit.breaks(strange.map(|word| json!({ column: word })))
    }

    fn new(table: &'static str, name: &'static str, rule: Rule) -> Self {
        Self {
            table,
            common: json!({}),
            name,
            rule,
            keeps: vec![],
            breaks: vec![],
            is_tried_twice: false,
        }
    }

    /// What all its rows have in common.
    pub(crate) fn with(mut self, common: Value) -> Self {
        self.common = common;
        self
    }

    /// Rows that keep it, those at its bounds among them.
    pub(crate) fn keeps(mut self, rows: impl IntoIterator<Item = Value>) -> Self {
        self.keeps.extend(rows);
        self
    }

    /// Rows that break it, those just beyond its bounds among them.
    pub(crate) fn breaks(mut self, rows: impl IntoIterator<Item = Value>) -> Self {
        self.breaks.extend(rows);
        self
    }

    /// Tries all rows on an engine.
    pub(crate) async fn holds(self, engine: Engine) {
        let database = engine.open().await;
        let shows = self.is_tried_twice || !self.breaks.is_empty();
        assert!(shows, "a limit that no row breaks is not shown");
        if self.is_tried_twice {
            let row = self.row(&database, &json!({})).await;
            let first: Value = database.insert(self.table, &row).await.unwrap();
            assert!(first["id"].is_string());
            self.refuses(&database, engine, &row).await;
        }
        for row in &self.keeps {
            let row = self.row(&database, row).await;
            let kept: Result<Value, _> = database.insert(self.table, &row).await;
            let kept = kept.unwrap_or_else(|error| panic!("{}: {error:?}", brief(&row)));
            assert!(kept["id"].is_string());
        }
        for row in &self.breaks {
            let row = self.row(&database, row).await;
            self.refuses(&database, engine, &row).await;
        }
    }

    async fn row(&self, database: &Database, different: &Value) -> Value {
        let mut row = plain(database, self.table).await;
        for part in [&self.common, different] {
            for (column, value) in part.as_object().expect("columns") {
                row[column] = value.clone();
            }
        }
        row
    }

    async fn refuses(&self, database: &Database, engine: Engine, row: &Value) {
        let refused = database.insert::<Value, _>(self.table, row).await;
        let Err(error) = refused else {
            panic!("taken: {}", brief(row));
        };
        let (kind, code) = match (engine, self.rule) {
            (Engine::Postgres, Rule::Check) => (ErrorKind::ConstraintViolation, "23514"),
            (Engine::Postgres, Rule::Unique | Rule::Identity) => {
                (ErrorKind::ConstraintViolation, "23505")
            }
            (Engine::Postgres, Rule::Reference) => (ErrorKind::ConstraintViolation, "23503"),
            (Engine::Postgres, Rule::Present) => (ErrorKind::ConstraintViolation, "23502"),
            // The value is none of the type; the type is named, not a constraint.
            (Engine::Postgres, Rule::Known { .. }) => (ErrorKind::InvalidData, "22P02"),
            (Engine::Sqlite, Rule::Check | Rule::Known { .. }) => {
                (ErrorKind::ConstraintViolation, "275")
            }
            (Engine::Sqlite, Rule::Unique) => (ErrorKind::ConstraintViolation, "2067"),
            (Engine::Sqlite, Rule::Identity) => (ErrorKind::ConstraintViolation, "1555"),
            (Engine::Sqlite, Rule::Reference) => (ErrorKind::ConstraintViolation, "787"),
            (Engine::Sqlite, Rule::Present) => (ErrorKind::ConstraintViolation, "1299"),
        };
        let told = (error.kind(), error.code());
        assert_eq!(told, (kind, Some(code)), "{error:?}");
        let name = match (engine, self.rule) {
            (Engine::Postgres, Rule::Known { postgres_type }) => postgres_type.to_owned(),
            (Engine::Sqlite, Rule::Known { .. }) => format!("{}_{}_known", self.table, self.name),
            _ => self.name.to_owned(),
        };
        let message = error.message();
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let is_said = message.split(|c| !is_part(c)).any(|word| word == name);
        assert!(is_said, "`{name}` is not in: {message}");
    }
}

/// A row that every table takes, beside rows of its own that it refers to.
async fn plain(database: &Database, table: &str) -> Value {
    match table {
        "agents" => json!({"name": unlike_others(), "type": "claude"}),
        "command_presets" => json!({"name": unlike_others(), "command": "ls"}),
        "audit_logs" => json!({"action": "a", "resource_type": "r"}),
        "execution_constraints" => json!({"agent_id": add_agent(database).await}),
        "commands" => json!({"agent_id": add_agent(database).await, "command": "ls"}),
        "trace_entries" => json!({"agent_id": add_agent(database).await, "type": "thought"}),
        _ => {
            let agent = add_agent(database).await;
            let command = json!({"agent_id": agent, "command": "ls"});
            let command: Value = database.insert("commands", &command).await.unwrap();
            let mut row = json!({"agent_id": agent, "command_id": command["id"]});
            let more = match table {
                "terminal_outputs" => json!({"type": "stdout", "output": "o", "sequence": 0}),
                "investigation_reports" => json!({"title": "t", "summary": "s"}),
                "command_queues" => json!({"position": 0}),
                _ => panic!("no such table: {table}"),
            };
            for (column, value) in more.as_object().unwrap() {
                row[column] = value.clone();
            }
            row
        }
    }
}

/// Adds an agent and gives its id.
async fn add_agent(database: &Database) -> Value {
    let row = json!({"name": unlike_others(), "type": "claude"});
    let added: Value = database.insert("agents", &row).await.expect("a new agent");
    added["id"].clone()
}

fn unlike_others() -> String {
    Uuid::now_v7().to_string()
}

/// Not all of 100,000 characters.
fn brief(row: &Value) -> String {
    row.to_string().chars().take(300).collect()
}
