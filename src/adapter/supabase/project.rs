//! One description of the project for every request: where, with which key,
//! with which headers. Knows nothing of answers.

use hyper::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    adapter::{DbResult, supabase::redaction::Redaction},
    config::{SupabaseEndpoint, SupabaseSection},
    domain::{Action, DbError, ErrorKind},
};

/// The interface below the project's address.
const REST: &str = "/rest/v1/";

/// The header that carries a key of any kind.
const APIKEY: HeaderName = HeaderName::from_static("apikey");

/// No browser's: a secret key is refused to browsers.
const AGENT: &str = concat!("dbvitals/", env!("CARGO_PKG_VERSION"));

/// What stands for itself in a URL; everything else is written as `%` and digits.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The longest name that PostgreSQL keeps, in bytes.
const LONGEST_NAME: usize = 63;

/// Longer ids are none. A URL must stay far below the 16 KB that the way allows.
const LONGEST_ID: usize = 1024;

/// The project, as configured.
#[derive(Debug)]
pub(super) struct Project {
    section: SupabaseSection,
    headers: HeaderMap,
    redaction: Redaction,
}

impl Project {
    pub(super) fn new(section: SupabaseSection) -> Self {
        Self {
            headers: headers(&section),
            redaction: Redaction::of(section.key.expose()),
            section,
        }
    }

    pub(super) fn section(&self) -> &SupabaseSection {
        &self.section
    }

    pub(super) fn endpoint(&self) -> &SupabaseEndpoint {
        &self.section.endpoint
    }

    /// What every request says. The key is marked as sensitive, so that no
    /// library prints it.
    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Whether the project is on this machine.
    pub(super) fn is_near(&self) -> bool {
        self.endpoint().endpoint().is_on_this_machine()
    }

    /// The address of a table with a query, whole.
    pub(super) fn url(&self, table: &TableName<'_>, query: &str) -> String {
        format!("{}{}", self.endpoint().base, path(table, query))
    }

    /// The same from its first slash on.
    pub(super) fn target(&self, table: &TableName<'_>, query: &str) -> String {
        format!("{}{}", self.prefix(), path(table, query))
    }

    /// Another path of the project from its first slash on.
    pub(super) fn neighbour(&self, path: &str) -> String {
        format!("{}{path}", self.prefix())
    }

    /// What the `Host` header says.
    pub(super) fn authority(&self) -> &str {
        let rest = self.after_scheme();
        rest.split('/').next().unwrap_or(rest)
    }

    /// The text with the key taken out, wherever somebody has put it or a piece
    /// of it.
    pub(super) fn without_key(&self, text: &str) -> String {
        self.redaction.redact(text)
    }

    /// The path of a project that does not lie at the root of its host.
    fn prefix(&self) -> &str {
        let rest = self.after_scheme();
        rest.find('/').map_or("", |slash| &rest[slash..])
    }

    fn after_scheme(&self) -> &str {
        let base = self.endpoint().base.as_str();
        base.split_once("://").map_or(base, |(_, rest)| rest)
    }
}

/// The name of a table that can be asked for: what is no name is never sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TableName<'t>(&'t str);

impl<'t> TableName<'t> {
    /// A name from outside.
    ///
    /// # Errors
    /// `SchemaMissing` for what is no single segment of a path.
    pub(super) fn of(name: &'t str, action: Action) -> DbResult<Self> {
        let is_odd = |c: char| c.is_control() || matches!(c, '/' | '\\' | '.' | '%');
        if name.is_empty() || name.len() > LONGEST_NAME || name.contains(is_odd) {
            let words = format!("no table can have this name: \"{name}\"");
            return Err(DbError::new(action, ErrorKind::SchemaMissing).with_details(&words));
        }
        Ok(Self(name))
    }
}

fn path(table: &TableName<'_>, query: &str) -> String {
    let table = utf8_percent_encode(table.0, ENCODED);
    match query {
        "" => format!("{REST}{table}"),
        query => format!("{REST}{table}?{query}"),
    }
}

/// The filter for one id. It is never empty, so that no request changes all rows.
pub(super) fn by_id(id: &str, action: Action) -> DbResult<String> {
    if id.len() > LONGEST_ID || id.contains('\0') {
        return Err(DbError::new(action, ErrorKind::InvalidData)
            .with_details("no id is so long, or holds a zero byte"));
    }
    Ok(format!("id=eq.{}", utf8_percent_encode(id, ENCODED)))
}

fn headers(section: &SupabaseSection) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let secret = |text: &str| {
        let mut value = HeaderValue::from_str(text).ok()?;
        value.set_sensitive(true);
        Some(value)
    };
    let key = section.key.expose();
    // The configuration lets no key through that cannot be sent.
    if let Some(key) = secret(key) {
        headers.insert(APIKEY, key);
    }
    if section.key_kind.is_token()
        && let Some(bearer) = secret(&format!("Bearer {key}"))
    {
        headers.insert(AUTHORIZATION, bearer);
    }
    headers
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::{KeyKind, Secret};

    /// A project with a key of a kind.
    pub(in crate::adapter::supabase) fn project(kind: KeyKind) -> Project {
        keyed(kind, "Zq9key")
    }

    /// The same with this key.
    pub(in crate::adapter::supabase) fn keyed(kind: KeyKind, key: &str) -> Project {
        Project::new(SupabaseSection {
            endpoint: SupabaseEndpoint {
                base: "https://abc.supabase.co".to_owned(),
                host: "abc.supabase.co".to_owned(),
                port: 443,
                is_encrypted: true,
                project: Some("abc".to_owned()),
                is_local_stack: false,
            },
            key: Secret::new(key),
            key_kind: kind,
            role: kind.role().map(ToOwned::to_owned),
            pool_size: 4,
            timeout: Duration::from_secs(5),
            max_retries: 0,
            retry_delay: Duration::from_secs(1),
            read_only: false,
            requires_schema: true,
            health_table: None,
            direct: None,
        })
    }

    #[test]
    fn only_a_token_is_sent_as_a_bearer() {
        for (kind, is_bearer) in [
            (KeyKind::Publishable, false),
            (KeyKind::Secret, false),
            (KeyKind::Unknown, false),
            (KeyKind::LegacyAnon, true),
            (KeyKind::LegacyServiceRole, true),
            (KeyKind::Token, true),
        ] {
            let project = project(kind);
            let headers = project.headers();
            assert_eq!(headers["apikey"], "Zq9key");
            let bearer = headers.get(AUTHORIZATION);
            assert_eq!(bearer.is_some(), is_bearer, "{kind:?}");
            assert!(bearer.is_none_or(|value| value == "Bearer Zq9key"));
            assert!(!headers["user-agent"].to_str().unwrap().contains("Mozilla"));
            assert!(!format!("{project:?}").contains("Zq9"), "{project:?}");
        }
    }

    #[test]
    fn a_name_is_one_segment_and_a_filter_is_never_empty() {
        let project = project(KeyKind::Secret);
        let table = TableName::of("my table", Action::Query).unwrap();
        assert_eq!(
            project.url(&table, "limit=1"),
            "https://abc.supabase.co/rest/v1/my%20table?limit=1"
        );
        assert_eq!(project.target(&table, ""), "/rest/v1/my%20table");
        assert_eq!(project.authority(), "abc.supabase.co");
        for name in ["", "a/b", "..", "%2e", "a\nb", &"a".repeat(64)] {
            let error = TableName::of(name, Action::Delete).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::SchemaMissing);
        }
        let filter = by_id("' or '1' = '1&x=y", Action::Delete).unwrap();
        assert_eq!(filter, "id=eq.%27%20or%20%271%27%20%3D%20%271%26x%3Dy");
        assert_eq!(by_id("", Action::Delete).unwrap(), "id=eq.");
    }
}
