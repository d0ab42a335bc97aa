//! An answer of the interface as it came, and what it says: rows, or which
//! error. Knows nothing of how it was got.

use std::time::Duration;

use hyper::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER, SERVER};
use serde_json::Value;

use crate::{
    adapter::{
        DbResult,
        mode_adapter::Record,
        supabase::{outside::Outside, project::Project, refusal},
    },
    domain::{Action, DbError, ErrorKind, Layer},
};

/// No wait that a server asks for is honoured for longer than this.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// An answer, as far as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// The media type, without its parameters.
    pub(super) media: Outside,
    /// What the service calls itself.
    pub(super) server: Option<Outside>,
    /// For how long the server asks to be left alone.
    pub(super) retry_after: Option<Duration>,
    body: Vec<u8>,
    /// There was more of it, which nobody read.
    is_cut: bool,
}

/// A body as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Body {
    bytes: Vec<u8>,
    is_cut: bool,
}

// === impl Body ===

impl Body {
    /// So much of an answer that is no success is read.
    const LARGEST_REFUSAL: usize = 64 << 10;

    /// Takes the next part of an answer's body, of which so much is kept. False:
    /// that is enough, and no more is to be read.
    pub(super) fn take(&mut self, part: &[u8], status: u16, largest: usize) -> bool {
        let largest = if is_success(status) {
            largest
        } else {
            Self::LARGEST_REFUSAL
        };
        let room = largest.saturating_sub(self.bytes.len());
        self.is_cut = part.len() > room;
        self.bytes.extend_from_slice(&part[..part.len().min(room)]);
        !self.is_cut
    }

    pub(super) fn is_cut(&self) -> bool {
        self.is_cut
    }
}

// === impl Answer ===

impl Answer {
    pub(super) fn new(status: u16, headers: &HeaderMap, body: Body) -> Self {
        let text = |name| headers.get(name).map(Outside::header);
        let media = text(CONTENT_TYPE).unwrap_or_default();
        let media = media.raw().split(';').next().unwrap_or_default();
        let wait = text(RETRY_AFTER).filter(|_| may_ask_to_wait(status));
        Self {
            status,
            media: Outside::of(media.as_bytes()),
            server: text(SERVER),
            retry_after: wait.and_then(|text| self::wait(text.raw())),
            body: body.bytes,
            is_cut: body.is_cut,
        }
    }

    pub(super) fn is_success(&self) -> bool {
        is_success(self.status)
    }

    /// What its body says.
    pub(super) fn text(&self) -> Outside {
        Outside::of(&self.body)
    }

    /// The rows that a read found.
    ///
    /// # Errors
    /// What the answer says instead; `NotJson` when somebody else answers.
    pub(super) fn rows(self, action: Action, project: &Project) -> DbResult<Vec<Record>> {
        if !self.is_success() {
            return Err(refusal::read(&self, action, project));
        }
        if self.body.is_empty() {
            return Err(self.not_ours(action, "empty"));
        }
        if !matches!(self.status, 200 | 206) {
            return Err(self.not_ours(action, "of a status that no read has"));
        }
        self.objects(action, project)
    }

    /// The rows that a write gives back. A success without any words gives none.
    ///
    /// # Errors
    /// As of [`rows`](Self::rows).
    pub(super) fn written(self, action: Action, project: &Project) -> DbResult<Vec<Record>> {
        if !self.is_success() {
            return Err(refusal::read(&self, action, project));
        }
        if self.body.is_empty() && matches!(self.status, 201 | 204) {
            return Ok(Vec::new());
        }
        self.objects(action, project)
    }

    fn objects(self, action: Action, project: &Project) -> DbResult<Vec<Record>> {
        if !self.is_json() {
            let words = match self.media.raw() {
                "" => "of no known media type".to_owned(),
                _ => self.media.shown(project),
            };
            return Err(self.not_ours(action, &words));
        }
        if self.is_cut {
            return Err(DbError::new(action, ErrorKind::ProtocolViolation)
                .at_layer(Layer::Rest)
                .with_code(self.code())
                .with_details("the answer to a request of one row takes more than 1 MB")
                .with_hint(
                    "name a table with small rows in health_table, or look at the gateway",
                ));
        }
        // Some put a mark of the byte order before it.
        let bytes = self.body.strip_prefix(b"\xef\xbb\xbf");
        let rows = match serde_json::from_slice(bytes.unwrap_or(&self.body)) {
            Ok(Value::Array(rows)) => rows,
            Ok(_) => return Err(self.not_ours(action, "JSON, but not rows")),
            Err(error) => {
                let words = "no JSON, although it says so";
                return Err(self.not_ours(action, words).with_source(error));
            }
        };
        let objects = rows.into_iter().map(|row| match row {
            Value::Object(row) => Ok(row),
            _ => Err(self.not_ours(action, "JSON, but not rows")),
        });
        objects.collect()
    }

    /// Whether its media type is one of JSON.
    fn is_json(&self) -> bool {
        let media = self.media.raw().to_ascii_lowercase();
        media == "application/json" || media.starts_with("application/") && media.ends_with("+json")
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

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// Whether somebody with this status may be better left alone for a while. Who
/// refuses a key is not: it may be mended any moment.
fn may_ask_to_wait(status: u16) -> bool {
    matches!(status, 429 | 503 | 504 | 520..=525 | 544)
}

/// `Retry-After`: seconds, or the time of a day.
fn wait(text: &str) -> Option<Duration> {
    let text = text.trim();
    let seconds = text.parse::<f64>().ok();
    let wait = if let Some(seconds) = seconds.filter(|seconds| seconds.is_finite()) {
        // Many write a fraction. What is no number of seconds is no wait.
        Duration::try_from_secs_f64(seconds.min(LONGEST_WAIT.as_secs_f64())).ok()?
    } else {
        let at = chrono::DateTime::parse_from_rfc2822(text).map(|at| at.to_utc());
        // As it was written before RFC 1123.
        let at = at.or_else(|_| {
            let at = chrono::NaiveDateTime::parse_from_str(text, "%A, %d-%b-%y %H:%M:%S GMT");
            at.map(|at| at.and_utc())
        });
        let left = at.ok()?.signed_duration_since(chrono::Utc::now());
        left.to_std().ok()?
    };
    (!wait.is_zero()).then_some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{adapter::supabase::project::tests::project, domain::KeyKind};

    fn answer(status: u16, media: &str, body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, media.parse().unwrap());
        Answer::new(status, &headers, read(body))
    }

    /// A body that was read to its end.
    pub(in crate::adapter::supabase) fn read(text: impl AsRef<[u8]>) -> Body {
        let mut body = Body::default();
        assert!(body.take(text.as_ref(), 200, usize::MAX));
        body
    }

    #[track_caller]
    fn check_write(status: u16, media: &str, body: &str, expected: Result<usize, ErrorKind>) {
        let rows = answer(status, media, body).written(Action::Insert, &project(KeyKind::Secret));
        let found = rows.map(|rows| rows.len()).map_err(|error| error.kind());
        assert_eq!(found, expected, "{status} {media} {body}");
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
        let others = Err(ErrorKind::NotJson);
        check(200, json, "[]", Ok(0));
        check(200, json, "\u{feff}[]", Ok(0));
        check(206, json, "[{}, {}]", Ok(2));
        check(200, "Application/vnd.pgrst.array+json", "[{}]", Ok(1));
        for (status, media, body) in [
            (201, json, ""),
            (204, json, ""),
            (200, json, ""),
            (201, json, "[]"),
            (200, json, "{\"ok\":true}"),
            (200, json, "[1, null]"),
            (200, json, "[[]]"),
            (200, json, "[{\"cut\":"),
            (200, "text/html", "<html>log in"),
            (200, "text/html", "[]"),
            (200, "", "[]"),
        ] {
            check(status, media, body, others);
        }
        check_write(201, json, "", Ok(0));
        check_write(204, "", "", Ok(0));
        check_write(201, json, "[{}]", Ok(1));
        check_write(200, json, "", others);
        check_write(200, "text/html", "[]", others);
    }

    #[test]
    fn a_body_is_read_as_far_as_its_status_needs() {
        let mut page = Body::default();
        assert!(page.take(&vec![b'x'; 64 << 10], 502, 1 << 20));
        assert!(!page.take(b"x", 502, 1 << 20));
        let mut rows = Body::default();
        assert!(rows.take(&vec![b' '; 1 << 20], 200, 1 << 20) && !rows.is_cut());
        assert!(!rows.take(b" ", 200, 1 << 20) && rows.is_cut());
        assert_eq!(rows.bytes.len(), 1 << 20);
    }

    #[test]
    fn only_who_is_busy_asks_to_wait() {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, "7".parse().unwrap());
        let wait = |status| Answer::new(status, &headers, Body::default()).retry_after;
        for status in [429, 503, 504, 520, 525, 544] {
            assert_eq!(wait(status), Some(Duration::from_secs(7)), "{status}");
        }
        for status in [200, 302, 401, 402, 403, 404, 500, 540] {
            assert_eq!(wait(status), None, "{status}");
        }
    }

    #[test]
    fn a_wait_is_seconds_or_a_time_and_not_for_ever() {
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("99999999"), Some(LONGEST_WAIT));
        assert_eq!(wait("1.5"), Some(Duration::from_millis(1_500)));
        for none in ["0", "-1", "NaN", "-inf"] {
            assert_eq!(wait(none), None, "{none}");
        }
        assert_eq!(wait("soon"), None);
        assert_eq!(wait("Wed, 21 Oct 2015 07:28:00 GMT"), None);
        let later = chrono::Utc::now() + chrono::TimeDelta::seconds(90);
        let old = later.format("%A, %d-%b-%y %H:%M:%S GMT").to_string();
        for text in [later.to_rfc2822(), old] {
            let wait = wait(&text).unwrap();
            assert!(wait > Duration::from_secs(80) && wait <= Duration::from_secs(90));
        }
    }
}
