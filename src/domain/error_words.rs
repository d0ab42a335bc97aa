//! The words for each kind of error: its fixed message and the next step.
//! Nothing else in the program words an error.

use crate::domain::{DbError, ErrorKind};

impl ErrorKind {
    /// The fixed message. `{details}`, `{timeout}` and `{reason}` stand for
    /// what [`DbError::message`](crate::domain::DbError::message) fills in.
    #[must_use]
    pub const fn template(self) -> &'static str {
        match self {
            Self::ConnectionRefused => {
                "Cannot connect to database. Please check if PostgreSQL is running."
            }
            Self::HostNotFound => "Database host not found. Please check your connection settings.",
            Self::ConnectionLost => "Database connection lost. Attempting to reconnect...",
            Self::AuthFailed => "Database authentication failed. Please check your credentials.",
            Self::SchemaMissing => "Database schema not initialized. Please run migrations.",
            Self::ConstraintViolation => "Operation violates database constraints: {details}",
            Self::Timeout { .. } => "Database operation timed out after {timeout}ms",
            Self::TransactionRolledBack => "Transaction failed and was rolled back: {reason}",
            Self::HostUnreachable => "Database host cannot be reached. Please check the network.",
            Self::ConnectionForbidden => {
                "This machine does not allow the connection. Please check firewall and socket permissions."
            }
            Self::LoginRefused => {
                "Database server refuses this client or role. Please check pg_hba.conf and the role."
            }
            Self::LoginFailed => "Database login failed: {details}",
            Self::DatabaseMissing => "Database does not exist. Please check the database name.",
            Self::DatabaseClosed => {
                "Database takes no connections. Please check ALLOW_CONNECTIONS."
            }
            Self::TooManyConnections => {
                "Database has no free connection slots. Please close connections or raise the limit."
            }
            Self::ServerNotReady => {
                "Database server is starting up, shutting down or recovering. Please wait."
            }
            Self::ReadOnly => "Database is read-only. Nothing can be written.",
            Self::TlsRefused => "Database server does not offer TLS. Please check sslmode.",
            Self::TlsCertificate => {
                "Database server's certificate is not accepted. Please check sslmode and sslrootcert."
            }
            Self::PermissionDenied => "Database role lacks a permission. Please check its grants.",
            Self::DiskFull => "Database server's disk is full. Please free space.",
            Self::OutOfResources => "Database server is out of resources. Please check its memory.",
            Self::SchemaMismatch => {
                "Database schema differs from what was expected. Please check its version."
            }
            Self::InvalidData => "Value does not fit its column: {details}",
            Self::StatementInvalid => "Database does not understand the statement: {details}",
            Self::StatementCancelled => {
                "Database cancelled the statement. Please check its timeouts."
            }
            Self::RowNotFound => "Database row not found. Nothing was changed.",
            Self::MigrationRefused => "Migrations cannot be applied to this database: {details}",
            Self::MigrationLocked => "Another session holds a lock that migrations need: {details}",
            Self::ProtocolViolation => {
                "What answers there is not the expected database. Please check host and port."
            }
            Self::KeyRefused => "Gateway refused the key. Please check your Supabase key.",
            Self::TokenExpired => {
                "Database token has expired or is not accepted. Please renew your Supabase key."
            }
            Self::ProjectPaused => "Supabase project is paused or restricted. Please resume it.",
            Self::RateLimited => "Too many requests. Please wait.",
            Self::NotJson => {
                "Something in between answers instead of the database. Please check proxies."
            }
            Self::Unavailable => "Database service is unavailable. Please wait.",
            Self::Unsupported => "This mode cannot do that: {details}",
            Self::NotConnected => "Not connected to a database. Nothing was sent.",
            Self::ReadOnlyConfigured => "Writing is switched off by read_only. Nothing was sent.",
            Self::Cancelled => "Attempt was left. Nothing is known about the database.",
            Self::OwnSide => "This program could not ask the database: {details}",
            Self::Unknown => "Database reported an error: {details}",
        }
    }

    /// The next step for the person who reads it.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::ConnectionRefused => {
                "start the server, or check host and port: nothing listens there"
            }
            Self::HostNotFound => "check the spelling of the host, and the name server",
            Self::ConnectionLost => "look into the server's log for why it ended the connection",
            Self::AuthFailed => {
                "check user and password, whether it was changed, and the role's VALID UNTIL"
            }
            Self::SchemaMissing => "run the migrations, or check database and search_path",
            Self::ConstraintViolation => "change the data: the constraint names the rule",
            Self::Timeout { .. } => {
                "the server or the way to it hangs: look at its load, locks and the network"
            }
            Self::TransactionRolledBack => "try the whole transaction again",
            Self::HostUnreachable => "check network, VPN and routes",
            Self::ConnectionForbidden => "check local firewall rules and the socket's permissions",
            Self::LoginRefused => {
                "its words say which: add a line to pg_hba.conf, or let the role log in"
            }
            Self::LoginFailed => {
                "its words say why; where a pooler answers, look at its log and the server behind it"
            }
            Self::DatabaseClosed => "alter database … allow_connections true, as its owner",
            Self::DatabaseMissing => "create the database, or correct its name",
            Self::TooManyConnections => {
                "end idle sessions or raise the limit; a superuser can still look at pg_stat_activity"
            }
            Self::ServerNotReady => "wait; if it lasts, look into the server's log",
            Self::ReadOnly => "connect to the primary, or end default_transaction_read_only",
            Self::TlsRefused => "switch TLS on at the server, or lower sslmode",
            Self::TlsCertificate => {
                "its words say why: check authority (sslrootcert), name and dates"
            }
            Self::PermissionDenied => "grant the right to this role, or use another role",
            Self::DiskFull => "free disk space at the server",
            Self::OutOfResources => "look at the server's memory and limits",
            Self::SchemaMismatch => "bring schema and program to the same version",
            Self::InvalidData => "change the value: it cannot be stored as it is",
            Self::StatementInvalid => "correct the statement",
            Self::StatementCancelled => "check statement_timeout, and who cancels statements",
            Self::RowNotFound => "check the id: the row may have been deleted",
            Self::MigrationRefused => "look at 'dbvitals migrate status'",
            Self::MigrationLocked => "wait for its end, or end that session",
            Self::ProtocolViolation => "check the port: another program answers there",
            Self::KeyRefused => "copy the key again from the project's settings",
            Self::TokenExpired => "make a new key in the project's settings, and check the clocks",
            Self::ProjectPaused => "resume the project in the Supabase dashboard",
            Self::RateLimited => "wait, and ask less often",
            Self::NotJson => "check proxies, captive portals and the URL",
            Self::Unavailable => "wait; see the provider's status page if it lasts",
            Self::Unsupported => "use a mode that can",
            Self::NotConnected => "connect first",
            Self::ReadOnlyConfigured => "set read_only = false to allow writing",
            Self::Cancelled => "try again",
            Self::OwnSide => "look at this machine: files, memory, limits",
            Self::Unknown => "look the code up in the server's manual",
        }
    }
}

impl DbError {
    /// The first line about a failure for whoever asked one thing, once: the
    /// server's own words where it sent some, else the kind's message. The
    /// messages of the kinds are about a connection that is watched; the server
    /// says what is wrong with this statement.
    #[must_use]
    pub fn headline(&self) -> String {
        match (self.kind(), self.code(), self.details()) {
            // The words are ours, whatever code stands beside them.
            (ErrorKind::MigrationLocked | ErrorKind::MigrationRefused, ..) => self.message(),
            (_, Some(_), Some(said)) if !said.is_empty() => said.to_owned(),
            // Nobody tries again.
            (ErrorKind::ConnectionLost, ..) => "Database connection lost.".to_owned(),
            _ => self.message(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Action;

    #[track_caller]
    fn check(kind: ErrorKind, code: Option<&str>, details: Option<&str>, headline: &str) {
        let mut error = DbError::new(Action::Query, kind);
        if let Some(code) = code {
            error = error.with_code(code);
        }
        if let Some(details) = details {
            error = error.with_details(details);
        }
        assert_eq!(error.headline(), headline);
    }

    #[test]
    fn the_server_has_the_first_word_where_it_said_something() {
        let said = Some("relation \"nope\" does not exist");
        check(
            ErrorKind::SchemaMissing,
            Some("42P01"),
            said,
            "relation \"nope\" does not exist",
        );
        check(
            ErrorKind::AuthFailed,
            Some("28P01"),
            None,
            "Database authentication failed. Please check your credentials.",
        );
        check(
            ErrorKind::Timeout { after_ms: 5 },
            None,
            Some("the server was told to cancel the statement, and did"),
            "Database operation timed out after 5ms",
        );
        check(
            ErrorKind::ConnectionLost,
            None,
            Some("connection closed"),
            "Database connection lost.",
        );
        check(
            ErrorKind::MigrationLocked,
            Some("55P03"),
            Some("it has just ended"),
            "Another session holds a lock that migrations need: it has just ended",
        );
    }
}
