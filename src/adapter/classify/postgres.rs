//! From an error of the PostgreSQL driver to a [`DbError`]: by SQLSTATE where
//! the server spoke, by io error kind where it did not. Knows no statement.

use std::{error::Error as _, fmt, io};

use tokio_postgres::error::{ErrorPosition, Severity};

use crate::{
    adapter::classify::{io::kind_of_io, kind_of_sqlstate},
    domain::{Action, DbError, ErrorKind, Layer, excerpt},
};

/// A server's DETAIL or HINT longer than this is left to the server's log.
const LONGEST_REMARK: usize = 200;

/// What poolers say of all that happens to a session.
pub(in crate::adapter) const SAID_BY_POOLER: &str = "08P01";

/// What to do where a pooler has ended a session.
const LOOK_AT_POOLER: &str =
    "a pooler ended the session: its words say why; look at its log and the server behind it";

/// Where in a session's life an error came up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::adapter) enum Stage {
    /// Before the server was ready for queries.
    Login,
    /// During a statement.
    Statement,
}

/// Classifies a driver's error and keeps it, or what the server said in it, as
/// the cause.
pub(in crate::adapter) fn from_postgres(
    error: tokio_postgres::Error,
    action: Action,
    stage: Stage,
) -> DbError {
    let classified = match error.as_db_error() {
        Some(server) => from_server(server, action, stage),
        None => DbError::new(action, kind_without_code(&error))
            .with_details(&last_cause(&error))
            .with_source(error),
    };
    // A session that breaks before it stands broke at the login, not at the wire.
    match (stage, classified.layer()) {
        (Stage::Login, Layer::Tcp) => classified.at_layer(Layer::Login),
        (Stage::Login, _) if classified.kind() == ErrorKind::OutOfResources => {
            classified.at_layer(Layer::Login)
        }
        (Stage::Statement, _) if classified.kind() == ErrorKind::ProtocolViolation => {
            classified.at_layer(Layer::Statement)
        }
        _ => classified,
    }
}

/// Classifies what the server itself said, as an error or as a notice.
pub(in crate::adapter) fn from_server(
    server: &tokio_postgres::error::DbError,
    action: Action,
    stage: Stage,
) -> DbError {
    let code = server.code().code();
    let kind = match (kind_of_sqlstate(code), stage) {
        // The last word of a pooler whose server has gone.
        (ErrorKind::ProtocolViolation, Stage::Statement) if is_fatal(server) => {
            ErrorKind::ConnectionLost
        }
        // Within a session it is the number of parameters that did not fit.
        (ErrorKind::ProtocolViolation, Stage::Statement) => ErrorKind::StatementInvalid,
        // Nothing but the database itself can be in the wrong state at the login.
        (_, Stage::Login) if code == "55000" => ErrorKind::DatabaseClosed,
        (kind, Stage::Login) => at_login(kind, code),
        (kind, Stage::Statement) => kind,
    };
    let said = ServerWords::of(server);
    let mut words = said.message.clone();
    let short = |text: &&str| text.len() <= LONGEST_REMARK;
    if let Some(detail) = server.detail().filter(short) {
        words = format!("{words} ({detail})");
    }
    if let Some(hint) = server.hint().filter(short) {
        words = format!("{words} (hint: {hint})");
    }
    let mut error = DbError::new(action, kind)
        .with_code(code)
        .with_details(&words)
        .with_source(said);
    if kind == ErrorKind::ConnectionLost && code == SAID_BY_POOLER {
        // It is there itself, and so is the way to it.
        error = error.at_layer(Layer::Login).with_hint(LOOK_AT_POOLER);
    }
    match server.position() {
        Some(ErrorPosition::Original(position)) => error.with_position(*position),
        // A place in a statement that a function of the server made.
        Some(ErrorPosition::Internal { .. }) | None => error,
    }
}

/// A server that says that it ends a session which does not stand yet is there,
/// and takes nobody in. One that says it with a code of its own troubles speaks
/// the protocol, and so does a pooler in front of it.
pub(in crate::adapter) fn at_login(kind: ErrorKind, code: &str) -> ErrorKind {
    match kind {
        ErrorKind::ConnectionLost => ErrorKind::ServerNotReady,
        ErrorKind::ProtocolViolation => ErrorKind::LoginFailed,
        ErrorKind::Unknown if code.starts_with("58") || code.starts_with("XX") => {
            ErrorKind::LoginFailed
        }
        kind => kind,
    }
}

/// Whether the server says that the session ends. Poolers never translate it.
fn is_fatal(server: &tokio_postgres::error::DbError) -> bool {
    match server.parsed_severity() {
        Some(severity) => matches!(severity, Severity::Fatal | Severity::Panic),
        None => server.severity() == "FATAL",
    }
}

/// What a server said, as the cause of an error: the driver's own copy may be
/// of any size and is let go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::adapter) struct ServerWords {
    severity: String,
    code: String,
    message: String,
    detail: Option<String>,
    hint: Option<String>,
    routine: Option<String>,
}

impl ServerWords {
    fn of(server: &tokio_postgres::error::DbError) -> Self {
        Self {
            severity: excerpt(server.severity()),
            code: excerpt(server.code().code()),
            message: excerpt(server.message()),
            detail: server.detail().map(excerpt),
            hint: server.hint().map(excerpt),
            routine: server.routine().map(excerpt),
        }
    }

    /// The function of the server that refused: the same in every language.
    pub(in crate::adapter) fn routine(&self) -> Option<&str> {
        self.routine.as_deref()
    }
}

impl fmt::Display for ServerWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.severity, self.code, self.message)?;
        if let Some(detail) = &self.detail {
            write!(f, "; detail: {detail}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "; hint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ServerWords {}

fn kind_without_code(error: &tokio_postgres::Error) -> ErrorKind {
    if error.is_closed() {
        return ErrorKind::ConnectionLost;
    }
    error
        .source()
        .and_then(|cause| cause.downcast_ref::<io::Error>())
        .map_or(ErrorKind::ProtocolViolation, kind_of_io)
}

/// The innermost cause: the driver's own words only name the step.
fn last_cause(error: &tokio_postgres::Error) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        words = cause.to_string();
        next = cause.source();
    }
    words
}
