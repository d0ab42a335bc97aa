//! The words of each kind as a user must read them, written down once more:
//! a change of the program's words is a change here, too.

/// Message, next step, and whether trying again may help. `{}` in a message
/// stands for what the row fills in.
pub(crate) struct Words {
    pub(crate) message: &'static str,
    pub(crate) hint: &'static str,
    pub(crate) transient: bool,
}

/// The words of a kind.
pub(crate) fn of(kind: &str) -> Words {
    let found = TABLE.iter().find(|row| row.0 == kind);
    let (_, message, hint, transient) =
        found.unwrap_or_else(|| panic!("the kind {kind} has no words here"));
    Words {
        message,
        hint,
        transient: *transient,
    }
}

#[rustfmt::skip]
const TABLE: &[(&str, &str, &str, bool)] = &[
    ("ConnectionRefused", "Cannot connect to database. Please check if PostgreSQL is running.",
     "start the server, or check host and port: nothing listens there", true),
    ("HostNotFound", "Database host not found. Please check your connection settings.",
     "check the spelling of the host, and the name server", true),
    ("ConnectionLost", "Database connection lost. Attempting to reconnect...",
     "look into the server's log for why it ended the connection", true),
    ("AuthFailed", "Database authentication failed. Please check your credentials.",
     "check user and password, whether it was changed, and the role's VALID UNTIL", false),
    ("SchemaMissing", "Database schema not initialized. Please run migrations.",
     "run the migrations, or check database and search_path", false),
    ("ConstraintViolation", "Operation violates database constraints: {}",
     "change the data: the constraint names the rule", false),
    ("Timeout", "Database operation timed out after {}ms",
     "the server or the way to it hangs: look at its load, locks and the network", true),
    ("TransactionRolledBack", "Transaction failed and was rolled back: {}",
     "try the whole transaction again", true),
    ("HostUnreachable", "Database host cannot be reached. Please check the network.",
     "check network, VPN and routes", true),
    ("LoginRefused", "Database server refuses this client or role. Please check pg_hba.conf and the role.",
     "its words say which: add a line to pg_hba.conf, or let the role log in", false),
    ("DatabaseMissing", "Database does not exist. Please check the database name.",
     "create the database, or correct its name", false),
    ("DatabaseClosed", "Database takes no connections. Please check ALLOW_CONNECTIONS.",
     "alter database … allow_connections true, as its owner", false),
    ("TooManyConnections", "Database has no free connection slots. Please close connections or raise the limit.",
     "end idle sessions or raise the limit; a superuser can still look at pg_stat_activity", true),
    ("ServerNotReady", "Database server is starting up, shutting down or recovering. Please wait.",
     "wait; if it lasts, look into the server's log", true),
    ("ReadOnly", "Database is read-only. Nothing can be written.",
     "connect to the primary, or end default_transaction_read_only", false),
    ("TlsRefused", "Database server does not offer TLS. Please check sslmode.",
     "switch TLS on at the server, or lower sslmode", false),
    ("TlsCertificate", "Database server's certificate is not accepted. Please check sslmode and sslrootcert.",
     "its words say why: check authority (sslrootcert), name and dates", false),
    ("PermissionDenied", "Database role lacks a permission. Please check its grants.",
     "grant the right to this role, or use another role", false),
    ("DiskFull", "Database server's disk is full. Please free space.",
     "free disk space at the server", false),
    ("SchemaMismatch", "Database schema differs from what was expected. Please check its version.",
     "bring schema and program to the same version", false),
    ("StatementCancelled", "Database cancelled the statement. Please check its timeouts.",
     "check statement_timeout, and who cancels statements", true),
    ("LoginFailed", "Database login failed: {}",
     "its words say why; where a pooler answers, look at its log and the server behind it", true),
    ("ProtocolViolation", "What answers there is not the expected database. Please check host and port.",
     "check the port: another program answers there", false),
    ("KeyRefused", "Gateway refused the key. Please check your Supabase key.",
     "copy the key again from the project's settings", false),
    ("TokenExpired", "Database token has expired or is not accepted. Please renew your Supabase key.",
     "make a new key in the project's settings, and check the clocks", false),
    ("ProjectPaused", "Supabase project is paused or restricted. Please resume it.",
     "resume the project in the Supabase dashboard", false),
    ("RateLimited", "Too many requests. Please wait.",
     "wait, and ask less often", true),
    ("NotJson", "Something in between answers instead of the database. Please check proxies.",
     "check proxies, captive portals and the URL", true),
    ("Unavailable", "Database service is unavailable. Please wait.",
     "wait; see the provider's status page if it lasts", true),
];
