//! One description of the server for every session that we open: where, how
//! protected, as whom, with which settings. Knows nothing of statements.

use std::{
    fmt,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio_postgres::config::{SslMode as DriverTls, SslNegotiation};

use crate::{
    config::{Endpoint, LocalSection, SslMode},
    domain::PoolMode,
};

/// The server's deadline is later than ours by this: ours is the one that is
/// told, the server's ends what we left.
const GRACE: Duration = Duration::from_secs(1);

/// The server, as configured.
#[derive(Debug)]
pub(super) struct Target {
    section: LocalSection,
    /// False once a login was refused for our own options, as poolers do.
    takes_options: AtomicBool,
    /// The pooler in between, once one was seen.
    pooler: Mutex<Option<PoolMode>>,
}

/// What a session is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To look at the server, which must not colour what it sees.
    Probe,
    /// To run statements of callers.
    Statements,
    /// To notice the end of the connection, and nothing else.
    Sentinel,
    /// To apply migrations, which set what they need in their transactions.
    Migrations,
}

/// Whether the driver gets a socket with or without TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrapping {
    Plain,
    Encrypted,
}

impl Target {
    pub(super) fn new(section: LocalSection) -> Self {
        Self {
            section,
            takes_options: AtomicBool::new(true),
            pooler: Mutex::default(),
        }
    }

    /// The same server with another deadline for statements, here and there.
    pub(super) fn with_timeout(&self, timeout: Duration) -> Self {
        let mut section = self.section.clone();
        section.timeout = timeout;
        Self {
            section,
            takes_options: AtomicBool::new(self.takes_options.load(Ordering::Acquire)),
            pooler: Mutex::new(self.pooler()),
        }
    }

    /// The pooler that was seen in between.
    pub(super) fn pooler(&self) -> Option<PoolMode> {
        *self.pooler.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was seen of a pooler now counts.
    pub(super) fn note_pooler(&self, seen: Option<PoolMode>) {
        *self.pooler.lock().unwrap_or_else(PoisonError::into_inner) = seen;
    }

    /// A login was refused for our session options, and not without them.
    pub(super) fn refuses_options(&self) -> bool {
        !self.takes_options.load(Ordering::Acquire)
    }

    /// Whether what the login asks for is in force in every session: behind a
    /// pooler it is refused, passed over, or somebody else's.
    pub(super) fn keeps_settings(&self) -> bool {
        !self.refuses_options() && self.pooler().is_none()
    }

    /// What a transaction must set for itself, to be sent behind its beginning;
    /// empty where the session's settings are in force.
    pub(super) fn own_settings(&self) -> String {
        if self.keeps_settings() {
            return String::new();
        }
        let limit = (self.section.timeout + GRACE).as_millis();
        format!(
            "; set local statement_timeout = {limit}; \
             set local idle_in_transaction_session_timeout = {limit}"
        )
    }

    pub(super) fn section(&self) -> &LocalSection {
        &self.section
    }

    /// The TLS mode in force. As in libpq, a Unix socket never has TLS.
    pub(super) fn tls_mode(&self) -> SslMode {
        match self.section.endpoint {
            Endpoint::Unix { .. } => SslMode::Disable,
            Endpoint::Tcp { .. } => self.section.tls.mode,
        }
    }

    /// A login was refused for the options that it gave. True when it is worth
    /// another one without ours. What they ask for each transaction then asks
    /// for itself, see [`Target::own_settings`]; `read_only` never rests on them.
    pub(super) fn give_up_options(&self, purpose: Purpose) -> bool {
        let gives_own = purpose != Purpose::Migrations;
        gives_own && self.takes_options.swap(false, Ordering::AcqRel)
    }

    /// The deadline that a probe's session options give the server, in ms;
    /// `None` where its options were refused.
    pub(super) fn probe_deadline_ms(&self) -> Option<i64> {
        let takes_options = self.takes_options.load(Ordering::Acquire);
        let limit = (self.section.timeout + GRACE).as_millis();
        takes_options.then(|| i64::try_from(limit).unwrap_or(i64::MAX))
    }

    /// The name that the server's certificate must be for.
    pub(super) fn host(&self) -> &str {
        match &self.section.endpoint {
            Endpoint::Tcp { host, .. } => host.trim_start_matches('[').trim_end_matches(']'),
            Endpoint::Unix { .. } => "",
        }
    }

    /// What the driver says at the login.
    pub(super) fn login(&self, purpose: Purpose, wrapping: Wrapping) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        config
            .user(&self.section.user)
            .dbname(&self.section.database)
            .application_name(self.application_name(purpose))
            // Without a password the server still gets to say whether it wants one.
            .password(self.section.password.as_ref().map_or("", |p| p.expose()));
        let options = self.session_options(purpose);
        if !options.is_empty() {
            config.options(options);
        }
        match wrapping {
            Wrapping::Plain => config.ssl_mode(DriverTls::Disable),
            // The handshake is done; the driver must not ask for it again.
            Wrapping::Encrypted => config
                .ssl_mode(DriverTls::Require)
                .ssl_negotiation(SslNegotiation::Direct),
        };
        config
    }

    /// The sentinel has a name of its own, so that whoever looks at the
    /// server's sessions can tell what is only watching.
    fn application_name(&self, purpose: Purpose) -> String {
        let name = &self.section.application_name;
        match purpose {
            Purpose::Sentinel => format!("{name}-sentinel"),
            Purpose::Migrations => format!("{name}-migrate"),
            Purpose::Probe | Purpose::Statements => name.clone(),
        }
    }

    /// libpq's `options`: the configured ones first, so that ours hold.
    ///
    /// The server gets a deadline too, so that no statement outlives us. A
    /// probe leaves out `default_transaction_read_only`: it only reads, and it
    /// must see the server's own setting. The sentinel has no deadline at the
    /// server: its heartbeats are judged here, and none may be cancelled there.
    fn session_options(&self, purpose: Purpose) -> String {
        let mut words = self.section.options.clone().unwrap_or_default();
        if self.refuses_options() {
            return words;
        }
        let limit = match purpose {
            Purpose::Migrations => return words,
            Purpose::Sentinel => 0,
            Purpose::Probe | Purpose::Statements => (self.section.timeout + GRACE).as_millis(),
        };
        let mut set = |setting: fmt::Arguments<'_>| {
            if !words.is_empty() {
                words.push(' ');
            }
            words.push_str(&setting.to_string());
        };
        set(format_args!("-c statement_timeout={limit}"));
        if purpose == Purpose::Statements {
            set(format_args!(
                "-c idle_in_transaction_session_timeout={limit}"
            ));
            if self.section.read_only {
                set(format_args!("-c default_transaction_read_only=on"));
            }
        }
        words
    }
}
