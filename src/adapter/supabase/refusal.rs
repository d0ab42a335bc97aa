//! What an answer that is no success means, decided from its code and status
//! alone. Its words are shown and never read.
//!
//! | answer | kind | layer |
//! |---|---|---|
//! | 402, 540 | `ProjectPaused` | login |
//! | 429 | `RateLimited` | login |
//! | 544 | `Unavailable` | database |
//! | 3xx, 407, whatever the body says | `NotJson` | tcp |
//! | PGRST301, PGRST302 | `AuthFailed` | login |
//! | PGRST303 | `TokenExpired` | login |
//! | PGRST000 to PGRST003, and what the database says of its own end | `Unavailable` | database |
//! | PGRST205, PGRST106 | `SchemaMissing` | schema |
//! | PGRST200 to PGRST204 | `SchemaMismatch` | schema |
//! | PGRST116 | `RowNotFound` | statement |
//! | another of PGRST1 | `StatementInvalid` | statement |
//! | an SQLSTATE | as everywhere | as everywhere |
//! | 401, 403 without such a code | `KeyRefused` | login |
//! | 52x, 530: the edge does not reach the project | `Unavailable` | login |
//! | other 5xx | `Unavailable` | rest |
//! | other 4xx | `ProtocolViolation` | login |
//!
//! A code counts only with a status that it can have ([`carries`]): else anybody
//! in between could pass for a database.

use std::{error::Error, fmt};

use serde_json::{Map, Value};

use crate::{
    adapter::{
        classify::kind_of_sqlstate,
        supabase::{answer::Answer, outside::Outside, project::Project},
    },
    domain::{Action, DbError, ErrorKind, Layer},
};

/// A longer text of a body that is not JSON is left out.
const LONGEST_TEXT: usize = 200;

/// Codes of the interface itself begin so.
const OWN: &str = "PGRST";

/// Where a project is resumed.
const DASHBOARD: &str = "https://supabase.com/dashboard";

/// Where the words of an error stand: of several the first that has some. The
/// interface has the first, gateways have any of them.
const MESSAGES: [&str; 4] = ["message", "msg", "error_description", "error"];

/// The words of an error, as the interface and gateways give them.
#[derive(Debug)]
struct Words(Map<String, Value>);

/// What a kind is known by, and what is better known than by kind.
struct Meaning {
    kind: ErrorKind,
    layer: Layer,
    hint: Option<&'static str>,
}

/// Reads an answer that is no success.
pub(super) fn read(answer: &Answer, action: Action, project: &Project) -> DbError {
    let words = Words::of(&answer.text());
    let code = words.as_ref().and_then(Words::code);
    let code = code.filter(|code| carries(answer.status, code));
    let by_status = by_own_status(answer.status);
    let meaning = match (by_status, code.as_deref()) {
        (Some(meaning), _) => meaning,
        (None, Some(code)) => by_code(code),
        (None, None) => by_status_alone(answer.status),
    };
    let said = said(answer, words.as_ref(), meaning.kind, project);
    let code = code.unwrap_or_else(|| answer.code());
    let source = RestWords {
        status: answer.status,
        said: said.clone(),
    };
    let mut error = DbError::new(action, meaning.kind)
        .at_layer(meaning.layer)
        .with_code(code)
        .with_details(&said)
        .with_source(source);
    if let Some(hint) = meaning.hint {
        error = error.with_hint(hint);
    }
    match answer.retry_after {
        Some(wait) => error.with_retry_after(wait),
        None => error,
    }
}

/// A status that only the way to the interface gives, whatever the body says.
fn by_own_status(status: u16) -> Option<Meaning> {
    let hint = match status {
        402 => Some("see usage and billing in the Supabase dashboard: the project is restricted"),
        _ => None,
    };
    Some(match status {
        402 | 540 => Meaning {
            hint,
            ..at(ErrorKind::ProjectPaused, Layer::Login)
        },
        429 => at(ErrorKind::RateLimited, Layer::Login),
        300..=399 => Meaning {
            hint: Some("somebody in between leads elsewhere: check captive portals and the URL"),
            ..at(ErrorKind::NotJson, Layer::Tcp)
        },
        407 => Meaning {
            hint: Some("the proxy in between wants a login: check HTTPS_PROXY and NO_PROXY"),
            ..at(ErrorKind::NotJson, Layer::Tcp)
        },
        544 => behind("the gateway waits for the database in vain: look at the project's health"),
        _ => return None,
    })
}

/// Whether an answer with this status can have this code, as PostgREST gives
/// them (its documentation, "Errors"). It also gives 300 to PGRST201 and
/// PGRST203, which no request of ours can bring about.
fn carries(status: u16, code: &str) -> bool {
    let is_refused = matches!(status, 401 | 403);
    match (status, code) {
        (_, "42P01" | "PGRST205") => status == 404,
        (_, "42501" | "PGRST301" | "PGRST302" | "PGRST303") => is_refused,
        (400..=499, code) => !code.starts_with("PGRST0"),
        (500..=599, "PGRST000" | "PGRST001" | "PGRST002" | "PGRST003" | "PGRST300") => true,
        (500..=599, code) => !code.starts_with(OWN) && is_own_trouble(code),
        _ => false,
    }
}

/// SQLSTATEs that PostgREST takes for the server's trouble, not the client's.
fn is_own_trouble(code: &str) -> bool {
    const CLASSES: [&str; 18] = [
        "08", "09", "21", "25", "2D", "38", "39", "3B", "40", "53", "54", "55", "57", "58", "F0",
        "HV", "P0", "XX",
    ];
    // A policy that asks its own table, and what functions choose for themselves.
    code == "42P17" || code.starts_with("PT") || CLASSES.iter().any(|class| code.starts_with(class))
}

fn by_code(code: &str) -> Meaning {
    match code {
        "PGRST301" | "PGRST302" => Meaning {
            hint: Some("copy the key again from the project's settings: it is no valid token"),
            ..at(ErrorKind::AuthFailed, Layer::Login)
        },
        "PGRST303" => at(ErrorKind::TokenExpired, Layer::Login),
        "PGRST300" => at(ErrorKind::LoginFailed, Layer::Login),
        "PGRST000" | "PGRST001" => {
            behind("the REST service does not reach the database: look at the database's state")
        }
        "PGRST002" => behind(
            "the REST service could not read the schema: look at the database's state and load",
        ),
        "PGRST003" => behind(
            "all connections of the REST service are used: look for long statements and the load",
        ),
        "PGRST205" => plain(ErrorKind::SchemaMissing),
        "PGRST106" => Meaning {
            hint: Some("let the project's API settings expose the schema"),
            ..plain(ErrorKind::SchemaMissing)
        },
        "PGRST200" | "PGRST201" | "PGRST202" | "PGRST203" | "PGRST204" => {
            plain(ErrorKind::SchemaMismatch)
        }
        "PGRST116" => plain(ErrorKind::RowNotFound),
        code if code.starts_with("PGRST1") => plain(ErrorKind::StatementInvalid),
        code if code.starts_with(OWN) => plain(ErrorKind::Unknown),
        code => by_sqlstate(code),
    }
}

/// The database's own code, passed on. What it says of a session that ends is
/// said of the service's session, not of ours.
fn by_sqlstate(code: &str) -> Meaning {
    match kind_of_sqlstate(code) {
        ErrorKind::ConnectionLost | ErrorKind::ProtocolViolation => {
            behind("the database ended the REST service's session: look into the server's log")
        }
        kind @ (ErrorKind::ServerNotReady | ErrorKind::TooManyConnections) => {
            at(kind, Layer::Database)
        }
        ErrorKind::AuthFailed | ErrorKind::LoginRefused => Meaning {
            hint: Some("the database refuses the REST service: look at its roles and log"),
            ..at(ErrorKind::LoginFailed, Layer::Database)
        },
        kind => plain(kind),
    }
}

fn by_status_alone(status: u16) -> Meaning {
    match status {
        401 | 403 => at(ErrorKind::KeyRefused, Layer::Login),
        413 => plain(ErrorKind::InvalidData),
        520..=530 => Meaning {
            hint: Some("the edge does not reach the project: see its state in the dashboard"),
            ..at(ErrorKind::Unavailable, Layer::Login)
        },
        500..=599 => at(ErrorKind::Unavailable, Layer::Rest),
        400..=499 => Meaning {
            hint: Some("check supabase_url: what answers there is no Supabase REST interface"),
            ..at(ErrorKind::ProtocolViolation, Layer::Login)
        },
        _ => plain(ErrorKind::Unknown),
    }
}

fn plain(kind: ErrorKind) -> Meaning {
    at(kind, kind.layer())
}

fn at(kind: ErrorKind, layer: Layer) -> Meaning {
    Meaning {
        kind,
        layer,
        hint: None,
    }
}

/// The interface answers and the database behind it does not.
fn behind(hint: &'static str) -> Meaning {
    Meaning {
        hint: Some(hint),
        ..at(ErrorKind::Unavailable, Layer::Database)
    }
}

/// The outside words, without the key, and what belongs beside them.
fn said(answer: &Answer, words: Option<&Words>, kind: ErrorKind, project: &Project) -> String {
    let mut said = match words.and_then(|words| words.said(project)) {
        Some(said) => said,
        None => bare(answer, project),
    };
    if kind == ErrorKind::ProjectPaused {
        said.push_str("; resume it at ");
        said.push_str(DASHBOARD);
        if let Some(name) = &project.endpoint().project {
            said.extend(["/project/", name]);
        }
    }
    if let Some(wait) = answer.retry_after {
        let seconds = wait.as_secs().max(1).to_string();
        said.extend(["; asks to wait for ", &seconds, " s"]);
    }
    said
}

/// What is said of a body without words that can be read.
fn bare(answer: &Answer, project: &Project) -> String {
    let text = answer.text();
    let media = answer.media.raw();
    let is_page = media.to_ascii_lowercase().contains("html") || text.raw().starts_with('<');
    let length = text.raw().len();
    match media {
        _ if !is_page && (1..=LONGEST_TEXT).contains(&length) => text.shown(project),
        "" => format!("HTTP {} without words", answer.status),
        _ => format!("HTTP {}, {}", answer.status, answer.media.shown(project)),
    }
}

impl Words {
    /// The fields of a body that is an object. Of two that have one name the
    /// last counts.
    fn of(text: &Outside) -> Option<Self> {
        let text = text.raw().trim_start_matches('\u{feff}');
        match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => Some(Self(fields)),
            Ok(_) | Err(_) => None,
        }
    }

    /// The code, where it is one of the database's or of the interface's.
    fn code(&self) -> Option<String> {
        let code = self.0.get("code")?.as_str()?;
        let is_upper = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
        let is_sqlstate = code.len() == 5 && code.bytes().all(is_upper);
        let is_own = code
            .strip_prefix(OWN)
            .is_some_and(|rest| (1..=4).contains(&rest.len()) && rest.bytes().all(is_upper));
        (is_sqlstate || is_own).then(|| code.to_owned())
    }

    fn said(&self, project: &Project) -> Option<String> {
        let text = |name: &str| match self.0.get(name)?.as_str()? {
            "" => None,
            text => Some(Outside::of(text.as_bytes()).shown(project)),
        };
        let mut said = MESSAGES.into_iter().find_map(text)?;
        if let Some(details) = text("details") {
            said.extend([" (", &details, ")"]);
        }
        if let Some(hint) = text("hint") {
            said.extend([" (hint: ", &hint, ")"]);
        }
        Some(said)
    }
}

/// What an answer said, as the cause of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
struct RestWords {
    status: u16,
    said: String,
}

impl fmt::Display for RestWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {}: {}", self.status, self.said)
    }
}

impl Error for RestWords {}

#[cfg(test)]
#[path = "refusal_tests.rs"]
mod tests;
