//! An answer of the interface as it came, and what it says: rows, or which
//! error. Knows nothing of how it was got.

use std::time::Duration;

use hyper::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER, SERVER};
use serde_json::Value;

use crate::{
    adapter::{
        DbResult,
        supabase::{project::Project, refusal},
    },
    domain::{Action, DbError, ErrorKind, excerpt},
};

/// No wait that a server asks for is honoured for longer than this.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// An answer, read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// The media type, in lower case and without its parameters.
    pub(super) media: String,
    /// What the service calls itself.
    pub(super) server: Option<String>,
    /// For how long the server asks to be left alone.
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn new(status: u16, headers: &HeaderMap, body: Vec<u8>) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let media = text(CONTENT_TYPE).unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default();
        Self {
            status,
            media: media.trim().to_ascii_lowercase(),
            server: text(SERVER).map(excerpt),
            retry_after: text(RETRY_AFTER).and_then(wait),
            body,
        }
    }

    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The rows of a success. A success without any words has none.
    ///
    /// # Errors
    /// What the answer says instead; `NotJson` when somebody else answers.
    pub(super) fn rows(self, action: Action, project: &Project) -> DbResult<Vec<Value>> {
        if !self.is_success() {
            return Err(refusal::read(&self, action, project));
        }
        let not_ours = |what: &str| self.not_ours(action, &project.without_key(what));
        if self.body.is_empty() && matches!(self.status, 201 | 204) {
            return Ok(Vec::new());
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Array(rows)) => Ok(rows),
            Ok(_) => Err(not_ours("JSON, but not rows")),
            Err(error) => {
                let words = match self.media.as_str() {
                    "" => "of no known media type".to_owned(),
                    media => excerpt(media),
                };
                Err(not_ours(&words).with_source(error))
            }
        }
    }

    fn not_ours(&self, action: Action, what: &str) -> DbError {
        let words = format!("the answer is {what}");
        DbError::new(action, ErrorKind::NotJson)
            .with_code(self.code())
            .with_details(&words)
    }

    /// The status as a code, where there is no other.
    pub(super) fn code(&self) -> String {
        format!("HTTP {}", self.status)
    }
}

/// `Retry-After`: seconds, or the time of a day.
fn wait(text: &str) -> Option<Duration> {
    let text = text.trim();
    let wait = if let Ok(seconds) = text.parse() {
        Duration::from_secs(seconds)
    } else {
        let at = chrono::DateTime::parse_from_rfc2822(text).ok()?;
        let left = at.signed_duration_since(chrono::Utc::now());
        left.to_std().ok()?
    };
    (!wait.is_zero()).then_some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{adapter::supabase::project::tests::project, domain::KeyKind};

    fn answer(status: u16, media: &str, body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, media.parse().unwrap());
        Answer::new(status, &headers, body.as_bytes().to_vec())
    }

    #[track_caller]
    fn check(status: u16, media: &str, body: &str, expected: Result<usize, ErrorKind>) {
        let rows = answer(status, media, body).rows(Action::Query, &project(KeyKind::Secret));
        let found = rows.map(|rows| rows.len()).map_err(|error| error.kind());
        assert_eq!(found, expected, "{status} {media} {body}");
    }

    #[test]
    fn a_success_is_rows_or_of_somebody_else() {
        let json = "application/json; charset=utf-8";
        check(200, json, "[]", Ok(0));
        check(206, json, "[{}, {}]", Ok(2));
        check(201, json, "", Ok(0));
        check(204, json, "", Ok(0));
        check(200, json, "", Err(ErrorKind::NotJson));
        check(200, json, "{\"ok\":true}", Err(ErrorKind::NotJson));
        check(200, "text/html", "<html>log in", Err(ErrorKind::NotJson));
        check(200, json, "[{\"cut\":", Err(ErrorKind::NotJson));
    }

    #[test]
    fn a_wait_is_seconds_or_a_time_and_not_for_ever() {
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("99999999"), Some(LONGEST_WAIT));
        assert_eq!(wait("0"), None);
        assert_eq!(wait("soon"), None);
        assert_eq!(wait("Wed, 21 Oct 2015 07:28:00 GMT"), None);
        let later = chrono::Utc::now() + chrono::TimeDelta::seconds(90);
        let wait = wait(&later.to_rfc2822()).unwrap();
        assert!(wait > Duration::from_secs(80) && wait <= Duration::from_secs(90));
    }
}
