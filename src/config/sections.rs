//! The resolved configuration, cut into one section for each reader, so that
//! no layer sees more of it than it needs.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use crate::domain::{
    AutoMigrate, DatabaseConfig, HealthPolicy, KeyKind, Rehearsal, RoundTrip, Secret, Target,
    is_production,
};

/// The configuration in force: checked, complete, with nothing left to decide.
#[derive(Debug, Clone)]
pub struct Config {
    /// The data model's eight fields.
    pub database: DatabaseConfig,
    /// What is watched, in words that may be shown.
    pub target: Target,
    /// The database that SQL and migrations go to in supabase mode, where
    /// `database_url` names one.
    pub direct: Option<Target>,
    /// For the adapter.
    pub adapter: AdapterSection,
    /// For the backend.
    pub watch: WatchSection,
    /// For the screen.
    pub tui: TuiSection,
    /// Where all this came from.
    pub provenance: Provenance,
}

impl Config {
    /// What SQL and migrations are carried out on: its name is asked for before
    /// a write.
    #[must_use]
    pub fn written(&self) -> &Target {
        self.direct.as_ref().unwrap_or(&self.target)
    }
}

/// What the screen and the reports say about the configuration itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// Why this mode, as a sentence: "Mode chosen because …".
    pub mode_reason: String,
    /// True when nothing was configured and the mode fell back to mock.
    pub is_fallback: bool,
    /// What must stay on the screen, e.g. that nothing is persisted.
    pub warnings: Vec<String>,
    /// The profile in use.
    pub profile: Option<String>,
    /// The free label of the environment.
    pub environment: Option<String>,
    /// The configuration file in use.
    pub file: Option<PathBuf>,
}

impl Provenance {
    /// Whether the environment is labelled as production, where every write
    /// asks for the target's name first.
    #[must_use]
    pub fn is_production(&self) -> bool {
        self.environment.as_deref().is_some_and(is_production)
    }
}

/// What an adapter is made from, for each mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdapterSection {
    /// A Supabase project.
    Supabase(Box<SupabaseSection>),
    /// A PostgreSQL server.
    Local(Box<LocalSection>),
    /// The embedded database.
    Mock(MockSection),
}

impl AdapterSection {
    /// What is rehearsed, where anything is.
    #[must_use]
    pub const fn rehearsal(&self) -> Option<&Rehearsal> {
        match self {
            Self::Supabase(_) | Self::Local(_) => None,
            Self::Mock(section) => section.rehearsal.as_ref(),
        }
    }
}

/// How to reach and use a PostgreSQL server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalSection {
    /// Where it listens.
    pub endpoint: Endpoint,
    /// The role to log in as.
    pub user: String,
    /// Its password, if one is known.
    pub password: Option<Secret>,
    /// The database.
    pub database: String,
    /// TLS.
    pub tls: TlsSection,
    /// Command-line options for the server session (libpq's `options`).
    pub options: Option<String>,
    /// The name that `pg_stat_activity` shows for us.
    pub application_name: String,
    /// Connections at most, 1 to 100.
    pub pool_size: u32,
    /// Deadline of a connection attempt, of a health check and of a statement.
    pub timeout: Duration,
    /// Quick retries of the library's `connect`, 0 to 10.
    pub max_retries: u32,
    /// Delay before the first retry.
    pub retry_delay: Duration,
    /// Forbids every write, here and at the server's session.
    pub read_only: bool,
    /// Look whether the nine required tables exist, and how the migrations stand.
    pub requires_schema: bool,
    /// The schema of the ledger of migrations; without it, that of the tables.
    pub ledger_schema: Option<String>,
}

/// Where a PostgreSQL server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A TCP port.
    Tcp {
        /// Host name, or an address as text.
        host: String,
        /// The address to use instead of asking for the name (libpq's `hostaddr`).
        hostaddr: Option<IpAddr>,
        /// Port.
        port: u16,
    },
    /// A Unix socket, `.s.PGSQL.PORT` in this folder.
    Unix {
        /// The folder.
        folder: PathBuf,
        /// The port in the file's name.
        port: u16,
    },
}

impl Endpoint {
    /// True for a socket, and for a TCP address that never leaves this machine.
    /// A name other than `localhost` is not looked up and counts as elsewhere.
    #[must_use]
    pub fn is_on_this_machine(&self) -> bool {
        match self {
            Self::Unix { .. } => true,
            Self::Tcp {
                hostaddr: Some(address),
                ..
            } => address.is_loopback(),
            Self::Tcp { host, .. } => {
                let host = host.trim_start_matches('[').trim_end_matches(']');
                host.eq_ignore_ascii_case("localhost")
                    || host
                        .parse()
                        .is_ok_and(|address: IpAddr| address.is_loopback())
            }
        }
    }
}

/// TLS as libpq means it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSection {
    /// Whether TLS is used, and what is checked.
    pub mode: SslMode,
    /// The authorities that are believed.
    pub roots: RootCertificates,
    /// Our certificate and its key, both PEM files.
    pub client: Option<ClientCertificate>,
}

/// libpq's `sslmode`. `allow` is taken as `prefer`: TLS is tried first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslMode {
    /// Plain text only.
    Disable,
    /// TLS where the server offers it.
    Prefer,
    /// TLS, with any certificate; checked against `sslrootcert` where that is set.
    Require,
    /// TLS with a certificate of a believed authority.
    VerifyCa,
    /// The same, and the certificate is for this host.
    VerifyFull,
}

/// libpq's `sslrootcert`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RootCertificates {
    /// None was named: the system's are used where a mode checks.
    Unset,
    /// The system's (`sslrootcert=system`).
    System,
    /// A PEM file.
    File(PathBuf),
}

/// libpq's `sslcert` and `sslkey`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// PEM file of the certificate chain.
    pub certificate: PathBuf,
    /// PEM file of the private key.
    pub key: PathBuf,
}

/// How to reach and use a Supabase project over its REST interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupabaseSection {
    /// Where it is.
    pub endpoint: SupabaseEndpoint,
    /// The key.
    pub key: Secret,
    /// What kind of key that is.
    pub key_kind: KeyKind,
    /// The key's role, where it is known; unverified.
    pub role: Option<String>,
    /// Requests at once, 1 to 100.
    pub pool_size: u32,
    /// Deadline of a connection attempt, of a health check and of a request.
    pub timeout: Duration,
    /// Quick retries of the library's `connect`, 0 to 10.
    pub max_retries: u32,
    /// Delay before the first retry.
    pub retry_delay: Duration,
    /// Forbids every write.
    pub read_only: bool,
    /// Look whether the nine required tables exist.
    pub requires_schema: bool,
    /// The table of which a health check reads one row.
    pub health_table: Option<String>,
    /// The way to the project's database itself, where one is configured.
    pub direct: Option<Box<LocalSection>>,
}

/// Where a Supabase project is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupabaseEndpoint {
    /// Its address without a slash at the end, e.g. `https://x.supabase.co`.
    pub base: String,
    /// Host name, or an address as text, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Whether the way there is TLS.
    pub is_encrypted: bool,
    /// The project's name, where it is a hosted one.
    pub project: Option<String>,
    /// A stack that the Supabase CLI started on this machine.
    pub is_local_stack: bool,
}

impl SupabaseEndpoint {
    /// The same for the socket.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        Endpoint::Tcp {
            host: self.host.clone(),
            hostaddr: None,
            port: self.port,
        }
    }
}

/// The embedded database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MockSection {
    /// Deadline of a connection attempt, of a health check and of a statement.
    pub timeout: Duration,
    /// Quick retries of the library's `connect`, 0 to 10.
    pub max_retries: u32,
    /// Delay before the first retry.
    pub retry_delay: Duration,
    /// Forbids every write.
    pub read_only: bool,
    /// What an answer takes.
    pub trip: RoundTrip,
    /// What is rehearsed; `None`: nothing ever goes wrong.
    pub rehearsal: Option<Rehearsal>,
    /// Look whether the nine required tables exist.
    pub requires_schema: bool,
}

impl Default for MockSection {
    /// Answers at once, takes writes, rehearses nothing.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(5),
            max_retries: 0,
            retry_delay: Duration::from_secs(1),
            read_only: false,
            trip: RoundTrip::default(),
            rehearsal: None,
            requires_schema: true,
        }
    }
}

/// When to look, how long to wait, when to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchSection {
    /// Time between two health checks.
    pub health_check_interval: Duration,
    /// Time that one health check may take.
    pub health_check_timeout: Duration,
    /// Time between two heartbeats; `None` when only the socket is watched.
    pub heartbeat_interval: Option<Duration>,
    /// Quick retries, 0 to 10.
    pub max_retries: u32,
    /// Delay before the first retry.
    pub retry_delay: Duration,
    /// What is expected of the database.
    pub policy: HealthPolicy,
    /// Our own configuration forbids writing.
    pub read_only: bool,
    /// Whether pending migrations are applied when connected.
    pub auto_migrate: AutoMigrate,
}

/// How the screen looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TuiSection {
    /// Colours for a dark or a light background.
    pub theme: ThemeName,
    /// Draw with ASCII characters only.
    pub ascii: bool,
    /// Use no colour at all (`NO_COLOR`, or a terminal without colours).
    pub no_color: bool,
}

/// The theme's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThemeName {
    /// For a dark background.
    Dark,
    /// For a light background.
    Light,
}
