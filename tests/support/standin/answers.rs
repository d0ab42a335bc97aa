//! The answers that the REST interface of a hosted project can give, how each
//! is brought about, and what it means. It must not know who reads them.

use std::io;

use serde_json::json;

use super::{Answer, Fault, Key, Request, Standin};

/// The tables that [`Asked`] names.
const TABLES: &str = include_str!("answers.sql");

/// One answer.
#[derive(Debug)]
pub(crate) struct Row {
    /// What happens, in a few words.
    pub(crate) name: &'static str,
    pub(crate) made: Made,
    pub(crate) asked: Asked,
    /// The keys with which it comes so.
    pub(crate) keys: &'static [Key],
    pub(crate) status: u16,
    /// The `code` in its body, or nothing.
    pub(crate) code: &'static str,
    pub(crate) meaning: Meaning,
}

/// What is done before the request.
#[derive(Debug)]
pub(crate) enum Made {
    /// Nothing: the answer is the true one.
    Truth,
    /// The request is sent with a key that is none.
    WrongKey,
    /// The edge answers.
    Fault(Fault),
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asked {
    /// A column of one row.
    Read(&'static str, &'static str),
    /// A new row, in JSON.
    Insert(&'static str, &'static str),
}

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    KeyRefused,
    TokenBad,
    TokenExpired,
    NotAllowed,
    TableMissing,
    FunctionMissing,
    ColumnMissing,
    /// A constraint, or a value that does not fit.
    DataRefused,
    NotOneRow,
    StatementTimeout,
    Unavailable,
    RateLimited,
    Paused,
    /// Something that is no project answers.
    InBetween,
}

/// Whether the same request may be sent again soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    Never,
    /// Reads, and once only.
    ReadsOnce,
    /// Reads, and writes that may be done twice.
    WhenHarmless,
}

impl Meaning {
    /// What follows for a retry.
    pub(crate) fn retry(self) -> Retry {
        match self {
            Self::StatementTimeout => Retry::ReadsOnce,
            Self::Unavailable | Self::RateLimited => Retry::WhenHarmless,
            Self::KeyRefused
            | Self::TokenBad
            | Self::TokenExpired
            | Self::NotAllowed
            | Self::TableMissing
            | Self::FunctionMissing
            | Self::ColumnMissing
            | Self::DataRefused
            | Self::NotOneRow
            | Self::Paused
            | Self::InBetween => Retry::Never,
        }
    }
}

/// A key that no project has.
pub(crate) const WRONG_KEY: &str = "sb_secret_of-somebody-else-entirely";

/// The seconds in `Retry-After` where a row has that header.
pub(crate) const RETRY_AFTER: u64 = 17;

const ANONYMOUS: &[Key] = &[Key::Publishable, Key::LegacyAnon];
const SERVICE: &[Key] = &[Key::Secret, Key::LegacyServiceRole];
const READ: Asked = Asked::Read("answers", "word");
const HTML: &str = "<!DOCTYPE html><title>Something else</title>";

/// All answers. The tables must be there: [`Standin::make_answer_tables`].
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = vec![
        truth("a key that is none", READ, 401, "", Meaning::KeyRefused).made(Made::WrongKey),
        edge("key refused, 401 in JSON", 401, Meaning::KeyRefused)
            .says("application/json", r#"{"message":"Invalid API key"}"#),
        edge("key refused, 403 in JSON", 403, Meaning::KeyRefused)
            .says("application/json", r#"{"message":"Forbidden"}"#),
        edge("key refused, 401 in HTML", 401, Meaning::KeyRefused).says("text/html", HTML),
        edge("project restricted", 402, Meaning::Paused)
            .says("application/json", r#"{"message":"exceeded quota"}"#),
        edge("project paused", 540, Meaning::Paused).says("text/html", HTML),
        edge("too many requests", 429, Meaning::RateLimited)
            .says("application/json", r#"{"message":"slow down"}"#)
            .later(),
        edge("database waited for in vain", 544, Meaning::Unavailable).says("text/plain", "wait"),
        edge("gateway unavailable", 503, Meaning::Unavailable)
            .says("text/html", HTML)
            .later(),
        edge("a portal's page", 200, Meaning::InBetween).says("text/html", HTML),
        edge("an answer that is cut off", 200, Meaning::InBetween)
            .says("application/json", r#"[{"word":"#),
        edge("an empty answer", 200, Meaning::InBetween).says("application/json", ""),
    ];
    for (status, name) in [
        (520, "edge: unknown error"),
        (521, "edge: origin is down"),
        (522, "edge: no connection"),
        (523, "edge: unreachable"),
        (524, "edge: no answer"),
        (525, "edge: no TLS"),
    ] {
        rows.push(edge(name, status, Meaning::Unavailable).says("text/html", HTML));
    }
    rows.extend(of_postgrest());
    rows.extend(of_the_database());
    rows
}

/// What PostgREST says of itself, of tokens and of its picture of the schema.
fn of_postgrest() -> Vec<Row> {
    let mut rows = vec![
        truth(
            "table missing",
            Asked::Read("answers_nowhere", "id"),
            404,
            "PGRST205",
            Meaning::TableMissing,
        ),
        truth(
            "column to write missing",
            Asked::Insert("answers", r#"{"id":2,"wort":"zwei"}"#),
            400,
            "PGRST204",
            Meaning::ColumnMissing,
        ),
        truth(
            "column to read missing",
            Asked::Read("answers", "wort"),
            400,
            "42703",
            Meaning::ColumnMissing,
        ),
    ];
    for (name, status, code, meaning) in [
        ("token bad", 401, "PGRST301", Meaning::TokenBad),
        ("token missing", 401, "PGRST302", Meaning::TokenBad),
        ("token expired", 401, "PGRST303", Meaning::TokenExpired),
        (
            "function missing",
            404,
            "PGRST202",
            Meaning::FunctionMissing,
        ),
        ("not one row", 406, "PGRST116", Meaning::NotOneRow),
        ("no connection", 503, "PGRST000", Meaning::Unavailable),
        ("connection lost", 503, "PGRST001", Meaning::Unavailable),
        ("schema not read yet", 503, "PGRST002", Meaning::Unavailable),
        ("pool exhausted", 504, "PGRST003", Meaning::Unavailable),
    ] {
        rows.push(edge(name, status, meaning).by_postgrest(code));
    }
    rows
}

/// What the database refuses, as PostgREST passes it on.
fn of_the_database() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, row, status, code) in [
        ("unique", r#"{"id":1,"word":"again"}"#, 409, "23505"),
        (
            "foreign key",
            r#"{"id":2,"word":"two","parent":9}"#,
            409,
            "23503",
        ),
        ("not null", r#"{"id":2,"word":null}"#, 400, "23502"),
        ("check", r#"{"id":2,"word":"forbidden"}"#, 400, "23514"),
        ("no number", r#"{"id":"two","word":"two"}"#, 400, "22P02"),
        (
            "too long",
            r#"{"id":2,"word":"two","brief":"long"}"#,
            400,
            "22001",
        ),
    ] {
        let asked = Asked::Insert("answers", row);
        rows.push(truth(name, asked, status, code, Meaning::DataRefused));
    }
    for (name, row, status, code, meaning) in [
        (
            "table missing inside",
            r#"{"code":"42P01"}"#,
            404,
            "42P01",
            Meaning::TableMissing,
        ),
        (
            "function missing inside",
            r#"{"code":"42883"}"#,
            404,
            "42883",
            Meaning::FunctionMissing,
        ),
        (
            "server ends",
            r#"{"code":"57P01"}"#,
            503,
            "57P01",
            Meaning::Unavailable,
        ),
        (
            "no slots",
            r#"{"code":"53300"}"#,
            503,
            "53300",
            Meaning::Unavailable,
        ),
        (
            "no memory",
            r#"{"code":"53200"}"#,
            503,
            "53200",
            Meaning::Unavailable,
        ),
        (
            "disk full",
            r#"{"code":"53100"}"#,
            503,
            "53100",
            Meaning::Unavailable,
        ),
    ] {
        let asked = Asked::Insert("answers_raised", row);
        rows.push(truth(name, asked, status, code, meaning));
    }
    let late = Asked::Read("answers_cancelled", "id");
    let timeout = Meaning::StatementTimeout;
    rows.push(truth("statement timeout", late, 500, "57014", timeout));
    for (name, asked) in [
        ("no right", Asked::Read("answers_closed", "id")),
        (
            "refused by policy",
            Asked::Insert("answers_secured", r#"{"id":2}"#),
        ),
    ] {
        let row = truth(name, asked, 401, "42501", Meaning::NotAllowed);
        rows.push(row.with(ANONYMOUS));
    }
    // Row-level security does not bind the service.
    let closed = Asked::Read("answers_closed", "id");
    let row = truth("no right", closed, 403, "42501", Meaning::NotAllowed);
    rows.push(row.with(SERVICE));
    rows
}

fn truth(
    name: &'static str,
    asked: Asked,
    status: u16,
    code: &'static str,
    meaning: Meaning,
) -> Row {
    Row {
        name,
        made: Made::Truth,
        asked,
        keys: &Key::ALL,
        status,
        code,
        meaning,
    }
}

fn edge(name: &'static str, status: u16, meaning: Meaning) -> Row {
    truth(name, READ, status, "", meaning).made(Made::Fault(Fault::status(status)))
}

impl Row {
    /// Whether the answer names a time to wait ([`RETRY_AFTER`]).
    pub(crate) fn names_time(&self) -> bool {
        matches!(&self.made, Made::Fault(fault) if fault.text().contains("retry-after"))
    }

    fn made(mut self, made: Made) -> Self {
        self.made = made;
        self
    }

    fn with(mut self, keys: &'static [Key]) -> Self {
        self.keys = keys;
        self
    }

    fn says(self, content_type: &str, text: &str) -> Self {
        self.changed(|fault| fault.body(content_type, text))
    }

    fn later(self) -> Self {
        self.changed(|fault| fault.header("retry-after", &RETRY_AFTER.to_string()))
    }

    fn by_postgrest(mut self, code: &'static str) -> Self {
        self.code = code;
        let body = json!({ "code": code, "message": "m", "details": null, "hint": null });
        self.changed(|fault| fault.json(&body))
    }

    fn changed(mut self, change: impl FnOnce(Fault) -> Fault) -> Self {
        self.made = match self.made {
            Made::Fault(fault) => Made::Fault(change(fault)),
            other @ (Made::Truth | Made::WrongKey) => other,
        };
        self
    }
}

impl Standin {
    /// Makes the tables that the rows ask.
    pub(crate) fn make_answer_tables(&self) {
        self.cluster().sql(TABLES);
        self.reload();
    }

    /// Brings a row about for the requests that follow, and gives the key to
    /// use; [`Standin::clear_faults`] ends it.
    pub(crate) fn bring_about(&self, row: &Row, key: Key) -> String {
        match &row.made {
            Made::Truth => {}
            Made::WrongKey => return WRONG_KEY.to_owned(),
            Made::Fault(fault) => self.fault(fault),
        }
        self.key(key).to_owned()
    }

    /// Asks as a client that is none of ours.
    pub(crate) fn ask(&self, asked: Asked, key: &str) -> io::Result<Answer> {
        let bearer = format!("Bearer {key}");
        let mut headers = vec![("apikey", key), ("content-type", "application/json")];
        if key.starts_with("eyJ") {
            headers.push(("authorization", &bearer));
        }
        let (method, target, body) = match asked {
            Asked::Read(table, column) => (
                "GET",
                format!("/rest/v1/{table}?select={column}&limit=1"),
                "",
            ),
            Asked::Insert(table, row) => ("POST", format!("/rest/v1/{table}"), row),
        };
        self.send(&Request {
            method,
            target: &target,
            headers: &headers,
            body,
        })
    }
}
