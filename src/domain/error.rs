//! DbError: what we tried, what kind of failure it was, and why.

use std::{error::Error, fmt, num::NonZeroU32, sync::Arc, time::Duration};

use crate::domain::{ErrorKind, Layer, excerpt};

/// The error below an error, shared because errors travel to many readers.
pub type Source = Arc<dyn Error + Send + Sync + 'static>;

/// Causes that are told of one error at most.
const LONGEST_CHAIN: usize = 16;

/// A failed call on a database.
///
/// It travels as `Arc<DbError>` and is never flattened to text on its way.
/// `Display` says this layer only; the cause speaks through `source()`.
#[derive(Debug, Clone)]
pub struct DbError {
    action: Action,
    kind: ErrorKind,
    layer: Layer,
    code: Option<Box<str>>,
    details: Option<Box<str>>,
    position: Option<u32>,
    hint: Option<&'static str>,
    /// In seconds.
    retry_after: Option<NonZeroU32>,
    source: Option<Source>,
}

/// What was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Opening the connection.
    Connect,
    /// Ending the connection.
    Disconnect,
    /// A health check.
    HealthCheck,
    /// A statement that reads, or any SQL.
    Query,
    /// Adding a row.
    Insert,
    /// Changing a row.
    Update,
    /// Removing a row.
    Delete,
    /// Several statements that hold together.
    Transaction,
    /// Reading the ledger of migrations, applying files or adopting tables.
    Migrate,
}

// === impl Action ===

impl Action {
    /// The words used on screen and in logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Disconnect => "disconnect",
            Self::HealthCheck => "health check",
            Self::Query => "query",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Transaction => "transaction",
            Self::Migrate => "migrate",
        }
    }
}

// === impl DbError ===

impl DbError {
    /// An error of a kind, without code, details and cause.
    #[must_use]
    pub fn new(action: Action, kind: ErrorKind) -> Self {
        Self {
            action,
            kind,
            layer: kind.layer(),
            code: None,
            details: None,
            position: None,
            hint: None,
            retry_after: None,
            source: None,
        }
    }

    /// Adds the server's own code: an SQLSTATE, HTTP status or PostgREST code.
    /// Outside text as well: it is cleaned and cut like all of it.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(excerpt(&code.into()).into());
        self
    }

    /// Adds the server's own words. Control characters are made visible, and
    /// of a long text only the beginning is kept.
    #[must_use]
    pub fn with_details(mut self, details: &str) -> Self {
        self.details = Some(excerpt(details).into());
        self
    }

    /// Adds where in the statement it arose, in characters from 1.
    #[must_use]
    pub fn with_position(mut self, position: u32) -> Self {
        self.position = Some(position);
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// Says at which layer it arose, where that is known better than by kind.
    #[must_use]
    pub fn at_layer(mut self, layer: Layer) -> Self {
        self.layer = layer;
        self
    }

    /// Says its kind, where more is known than its code says. Its layer stays.
    #[must_use]
    pub fn of_kind(mut self, kind: ErrorKind) -> Self {
        self.kind = kind;
        self
    }

    /// Says the next step, where that is known better than by kind.
    #[must_use]
    pub fn with_hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// Says for how long the server asked to be left alone, in whole seconds.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX);
        self.retry_after = NonZeroU32::new(seconds);
        self
    }

    /// Says what was tried, where the caller knows better.
    #[must_use]
    pub fn during(mut self, action: Action) -> Self {
        self.action = action;
        self
    }

    /// What was tried.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }

    /// The kind, for branching.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The layer at which it arose.
    #[must_use]
    pub fn layer(&self) -> Layer {
        self.layer
    }

    /// The server's own code.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The server's own words, cleaned.
    #[must_use]
    pub fn details(&self) -> Option<&str> {
        self.details.as_deref()
    }

    /// For how long the server asked to be left alone, if it did.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds = self.retry_after?;
        Some(Duration::from_secs(seconds.get().into()))
    }

    /// Where in the statement it arose, in characters from 1, if the server told.
    #[must_use]
    pub fn position(&self) -> Option<u32> {
        self.position
    }

    /// The kind's fixed message with its blanks filled in.
    #[must_use]
    pub fn message(&self) -> String {
        let template = self.kind.template();
        let words = self
            .details
            .as_deref()
            .or(self.code.as_deref())
            .unwrap_or("no details given");
        let timeout = match self.kind {
            ErrorKind::Timeout { after_ms } => after_ms.to_string(),
            _ => String::new(),
        };
        // The outside words come last, so that braces in them mean nothing.
        template
            .replace("{timeout}", &timeout)
            .replace("{reason}", words)
            .replacen(
                "{details}",
                words,
                usize::from(template.contains("{details}")),
            )
    }

    /// The next step for the person who reads it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        self.hint.unwrap_or(self.kind.hint())
    }

    /// Whether the same attempt may succeed later by itself.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.kind.is_transient()
    }

    /// True for errors that a reader would call the same one again.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.action == other.action
            && self.kind == other.kind
            && self.code == other.code
            && self.details == other.details
    }

    /// The whole chain of causes below this error, top first, cleaned; a
    /// chain that is longer than any real one is cut.
    pub fn causes(&self) -> impl Iterator<Item = String> + '_ {
        let mut next = self.source();
        std::iter::from_fn(move || {
            let cause = next?;
            next = cause.source();
            Some(excerpt(cause))
        })
        .take(LONGEST_CHAIN)
    }
}

impl fmt::Display for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed: {}", self.action.as_str(), self.kind.name())?;
        if let Some(code) = &self.code {
            write!(f, " ({code})")?;
        }
        Ok(())
    }
}

impl Error for DbError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_ref()
            .map(|source| source.as_ref() as &(dyn Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: ErrorKind, details: Option<&str>, message: &str) {
        let mut error = DbError::new(Action::Query, kind);
        if let Some(details) = details {
            error = error.with_details(details);
        }
        assert_eq!(error.message(), message);
    }

    #[test]
    fn the_data_models_messages_are_verbatim() {
        check(
            ErrorKind::ConnectionRefused,
            None,
            "Cannot connect to database. Please check if PostgreSQL is running.",
        );
        check(
            ErrorKind::HostNotFound,
            None,
            "Database host not found. Please check your connection settings.",
        );
        check(
            ErrorKind::ConnectionLost,
            None,
            "Database connection lost. Attempting to reconnect...",
        );
        check(
            ErrorKind::AuthFailed,
            None,
            "Database authentication failed. Please check your credentials.",
        );
        check(
            ErrorKind::SchemaMissing,
            None,
            "Database schema not initialized. Please run migrations.",
        );
        check(
            ErrorKind::ConstraintViolation,
            Some("duplicate key"),
            "Operation violates database constraints: duplicate key",
        );
        check(
            ErrorKind::Timeout { after_ms: 5000 },
            None,
            "Database operation timed out after 5000ms",
        );
        check(
            ErrorKind::TransactionRolledBack,
            Some("deadlock {details}"),
            "Transaction failed and was rolled back: deadlock {details}",
        );
    }

    #[test]
    fn server_words_are_cleaned() {
        let error = DbError::new(Action::Query, ErrorKind::Unknown).with_details("a\u{1b}[2Jb");
        assert!(!error.message().contains('\u{1b}'), "{}", error.message());
    }

    #[test]
    fn nothing_from_outside_is_shown_as_it_came() {
        let hostile = format!(
            "\u{1b}]0;x\u{7}\u{9b}31m\u{202e}\u{61c}{}",
            "é".repeat(100_000)
        );
        let error = DbError::new(Action::Query, ErrorKind::Unknown)
            .with_code(hostile.as_str())
            .with_details(&hostile)
            .with_source(std::io::Error::other(hostile.clone()));
        let causes: Vec<_> = error.causes().collect();
        let shown = [error.code().unwrap(), error.details().unwrap(), &causes[0]];
        for text in shown {
            assert!(text.len() < 4_000, "{} bytes", text.len());
            assert!(text.ends_with(" more bytes)"), "{text}");
            assert!(!text.contains(|c: char| c.is_control() || "\u{202e}\u{61c}".contains(c)));
        }
    }
}
