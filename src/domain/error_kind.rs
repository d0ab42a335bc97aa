//! What can go wrong with a database, as a closed list: for each kind its
//! fixed message, the next step, the layer and whether trying again helps.
//!
//! The first eight messages are the data model's ("Error Handling"), word for
//! word. Kinds are decided from codes alone (SQLSTATE, HTTP status, PostgREST
//! code, io error kind), never from text: servers speak many languages.

use serde::Serialize;

/// The kind of a database error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum ErrorKind {
    /// Nothing listens at the address (`ECONNREFUSED`, or no socket file).
    ConnectionRefused,
    /// The host name has no address.
    HostNotFound,
    /// An open connection ended (`ECONNRESET`, end of stream, SQLSTATE class 08, 57P01 to 57P05).
    ConnectionLost,
    /// Wrong password (28P01) or token (PGRST301, PGRST302).
    AuthFailed,
    /// An operation met a missing table (42P01, 3F000, PGRST205).
    SchemaMissing,
    /// The data breaks a constraint (class 23).
    ConstraintViolation,
    /// No answer in time. Ours, not the server's own statement timeout.
    Timeout {
        /// The time that was allowed, in ms.
        after_ms: u64,
    },
    /// The server rolled a transaction back (class 40), or its callback failed.
    TransactionRolledBack,

    /// No route to the host or network.
    HostUnreachable,
    /// The operating system forbids the connection (firewall, socket permission).
    ConnectionForbidden,
    /// The server refuses this client or role (28000: `pg_hba.conf`, no such role, may not log in).
    LoginRefused,
    /// The login failed for a reason that its code does not tell (08P01, class 58 or XX at the
    /// login): what poolers say of most of their own troubles and of those behind them.
    LoginFailed,
    /// The database does not exist (3D000).
    DatabaseMissing,
    /// The database exists and takes no connections (55000 at the login: `ALLOW_CONNECTIONS false`).
    DatabaseClosed,
    /// All connection slots are used (53300), of the server, role or database.
    TooManyConnections,
    /// The server starts up, shuts down or recovers (57P03).
    ServerNotReady,
    /// The transaction or server is read-only (25006).
    ReadOnly,
    /// The server does not offer TLS and the configuration demands it.
    TlsRefused,
    /// The server's certificate is not accepted, or the TLS handshake failed.
    TlsCertificate,
    /// The role lacks a right (42501).
    PermissionDenied,
    /// The server's disk is full (53100).
    DiskFull,
    /// The server lacks memory or another resource (other class 53).
    OutOfResources,
    /// A column, function or type is missing (42703, 42883, 42704, PGRST202, PGRST204): another version of the schema.
    SchemaMismatch,
    /// The value does not fit its column (class 22).
    InvalidData,
    /// The statement is wrong (other class 42).
    StatementInvalid,
    /// The server cancelled the statement (57014): its own timeout, or somebody's request.
    StatementCancelled,
    /// The row that should be changed does not exist.
    RowNotFound,
    /// Migrations do not go with the database as it is: its ledger or its tables speak against it.
    MigrationRefused,
    /// Another run holds the lock of the migrations.
    MigrationLocked,
    /// What answers at the address does not speak the protocol.
    ProtocolViolation,
    /// The gateway refused the key (401 or 403 without a code of the database's).
    KeyRefused,
    /// The token has expired, or its claims are not accepted (PGRST303).
    TokenExpired,
    /// The project is paused or restricted.
    ProjectPaused,
    /// Too many requests (429).
    RateLimited,
    /// An answer that is not JSON: something in between answers.
    NotJson,
    /// The service is there and cannot serve (5xx).
    Unavailable,
    /// This mode cannot do it.
    Unsupported,
    /// No connection is open: nothing was sent.
    NotConnected,
    /// Writing is switched off by our own configuration.
    ReadOnlyConfigured,
    /// We left the attempt. Never counted as a failure of the database.
    Cancelled,
    /// Our own side failed: the program or its machine, not the database.
    OwnSide,
    /// A code that this program does not know; it is shown as it came.
    Unknown,
}

/// The layer at which an error arose, from the wire up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Layer {
    /// This program or its machine.
    OwnSide,
    /// Host name resolution.
    HostName,
    /// TCP or Unix socket.
    Tcp,
    /// TLS.
    Tls,
    /// Login; over REST the gateway, which looks at the key.
    Login,
    /// The REST service before the database.
    Rest,
    /// The database within the server.
    Database,
    /// Rights within the database.
    Permission,
    /// Tables, columns, functions.
    Schema,
    /// One statement.
    Statement,
}

// === impl Layer ===

impl Layer {
    /// The words used in JSON and on the screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OwnSide => "own side",
            Self::HostName => "host name",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Login => "login",
            Self::Rest => "rest",
            Self::Database => "database",
            Self::Permission => "permission",
            Self::Schema => "schema",
            Self::Statement => "statement",
        }
    }
}

// === impl ErrorKind ===

impl ErrorKind {
    /// The kind's name, as in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ConnectionRefused => "ConnectionRefused",
            Self::HostNotFound => "HostNotFound",
            Self::ConnectionLost => "ConnectionLost",
            Self::AuthFailed => "AuthFailed",
            Self::SchemaMissing => "SchemaMissing",
            Self::ConstraintViolation => "ConstraintViolation",
            Self::Timeout { .. } => "Timeout",
            Self::TransactionRolledBack => "TransactionRolledBack",
            Self::HostUnreachable => "HostUnreachable",
            Self::ConnectionForbidden => "ConnectionForbidden",
            Self::LoginRefused => "LoginRefused",
            Self::LoginFailed => "LoginFailed",
            Self::DatabaseMissing => "DatabaseMissing",
            Self::DatabaseClosed => "DatabaseClosed",
            Self::TooManyConnections => "TooManyConnections",
            Self::ServerNotReady => "ServerNotReady",
            Self::ReadOnly => "ReadOnly",
            Self::TlsRefused => "TlsRefused",
            Self::TlsCertificate => "TlsCertificate",
            Self::PermissionDenied => "PermissionDenied",
            Self::DiskFull => "DiskFull",
            Self::OutOfResources => "OutOfResources",
            Self::SchemaMismatch => "SchemaMismatch",
            Self::InvalidData => "InvalidData",
            Self::StatementInvalid => "StatementInvalid",
            Self::StatementCancelled => "StatementCancelled",
            Self::RowNotFound => "RowNotFound",
            Self::MigrationRefused => "MigrationRefused",
            Self::MigrationLocked => "MigrationLocked",
            Self::ProtocolViolation => "ProtocolViolation",
            Self::KeyRefused => "KeyRefused",
            Self::TokenExpired => "TokenExpired",
            Self::ProjectPaused => "ProjectPaused",
            Self::RateLimited => "RateLimited",
            Self::NotJson => "NotJson",
            Self::Unavailable => "Unavailable",
            Self::Unsupported => "Unsupported",
            Self::NotConnected => "NotConnected",
            Self::ReadOnlyConfigured => "ReadOnlyConfigured",
            Self::Cancelled => "Cancelled",
            Self::OwnSide => "OwnSide",
            Self::Unknown => "Unknown",
        }
    }

    /// The layer at which this kind arises when nothing more is known.
    #[must_use]
    pub const fn layer(self) -> Layer {
        match self {
            Self::HostNotFound => Layer::HostName,
            Self::ConnectionRefused
            | Self::ConnectionLost
            | Self::HostUnreachable
            | Self::ConnectionForbidden
            | Self::ProtocolViolation
            | Self::ProjectPaused
            | Self::RateLimited
            | Self::NotJson
            | Self::Unavailable
            | Self::Timeout { .. } => Layer::Tcp,
            Self::TlsRefused | Self::TlsCertificate => Layer::Tls,
            Self::AuthFailed
            | Self::LoginRefused
            | Self::LoginFailed
            | Self::TooManyConnections
            | Self::ServerNotReady
            | Self::KeyRefused
            | Self::TokenExpired => Layer::Login,
            Self::DatabaseMissing
            | Self::DatabaseClosed
            | Self::ReadOnly
            | Self::DiskFull
            | Self::OutOfResources => Layer::Database,
            Self::PermissionDenied => Layer::Permission,
            Self::SchemaMissing
            | Self::SchemaMismatch
            | Self::MigrationRefused
            | Self::MigrationLocked => Layer::Schema,
            Self::ConstraintViolation
            | Self::TransactionRolledBack
            | Self::InvalidData
            | Self::StatementInvalid
            | Self::StatementCancelled
            | Self::RowNotFound
            | Self::Unknown => Layer::Statement,
            Self::Unsupported
            | Self::NotConnected
            | Self::ReadOnlyConfigured
            | Self::Cancelled
            | Self::OwnSide => Layer::OwnSide,
        }
    }

    /// True when the same attempt may succeed later without anybody changing
    /// configuration, schema or data.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        match self {
            Self::ConnectionRefused
            | Self::HostNotFound
            | Self::ConnectionLost
            | Self::Timeout { .. }
            | Self::TransactionRolledBack
            | Self::HostUnreachable
            | Self::LoginFailed
            | Self::TooManyConnections
            | Self::ServerNotReady
            | Self::OutOfResources
            | Self::StatementCancelled
            | Self::MigrationLocked
            | Self::RateLimited
            | Self::NotJson
            | Self::Unavailable
            | Self::NotConnected
            | Self::Cancelled
            | Self::OwnSide => true,
            Self::AuthFailed
            | Self::SchemaMissing
            | Self::ConstraintViolation
            | Self::ConnectionForbidden
            | Self::LoginRefused
            | Self::DatabaseMissing
            | Self::DatabaseClosed
            | Self::ReadOnly
            | Self::TlsRefused
            | Self::TlsCertificate
            | Self::PermissionDenied
            | Self::DiskFull
            | Self::SchemaMismatch
            | Self::InvalidData
            | Self::StatementInvalid
            | Self::RowNotFound
            | Self::MigrationRefused
            | Self::ProtocolViolation
            | Self::KeyRefused
            | Self::TokenExpired
            | Self::ProjectPaused
            | Self::Unsupported
            | Self::ReadOnlyConfigured
            | Self::Unknown => false,
        }
    }

    /// True when the same request may be sent again soon: it may pass by itself,
    /// and not only once a person has done with whoever answers in between.
    #[must_use]
    pub const fn is_worth_a_retry(self) -> bool {
        self.is_transient() && !matches!(self, Self::NotJson)
    }

    /// True when something answered, so the database's machine is there: what
    /// makes the difference between exit code 1 and 2 of a check.
    #[must_use]
    pub const fn was_answered(self) -> bool {
        !matches!(
            self,
            Self::ConnectionRefused
                | Self::HostNotFound
                | Self::HostUnreachable
                | Self::ConnectionForbidden
                | Self::ConnectionLost
                | Self::Timeout { .. }
                | Self::Cancelled
                | Self::OwnSide
                | Self::NotConnected
        )
    }
}
