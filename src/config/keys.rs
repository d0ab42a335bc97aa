//! The one table of keys: name, meaning, type with range, environment names.
//! Knows nothing of sources; they all read this table.

use std::ops::RangeInclusive;

use crate::{
    config::{ThemeName, origin::Sourced, own_script::OwnScript, values::Values},
    domain::{DatabaseConfig, Mode, Scenario, Secret},
};

/// One key.
pub(crate) struct KeySpec {
    /// The name, with its table: `pool_size`, `tui.theme`.
    pub(crate) name: &'static str,
    /// What it means, in one sentence.
    pub(crate) doc: &'static str,
    /// Environment variables beside `DBVITALS_KEY`, which wins over them.
    pub(crate) aliases: &'static [&'static str],
    /// Type and range.
    pub(crate) kind: Kind,
    /// Where in the file it may stand.
    pub(crate) scope: Scope,
}

/// The type of a key's value, with the place where the value is kept.
pub(crate) enum Kind {
    /// A whole number.
    Number {
        range: RangeInclusive<u64>,
        /// `ms`, or what is counted.
        unit: &'static str,
        slot: fn(&mut Values) -> &mut Sourced<u64>,
    },
    /// `true` or `false`.
    Bool(fn(&mut Values) -> &mut Sourced<bool>),
    /// Any text.
    Text(fn(&mut Values) -> &mut Option<Sourced<String>>),
    /// A name that SQL takes without quotes.
    Identifier(fn(&mut Values) -> &mut Option<Sourced<String>>),
    /// An http or https address.
    WebUrl(fn(&mut Values) -> &mut Option<Sourced<String>>),
    /// A text that is shown as stars.
    Secret(fn(&mut Values) -> &mut Option<Sourced<Secret>>),
    /// A PostgreSQL URL, shown without its password.
    DatabaseUrl(fn(&mut Values) -> &mut Option<Sourced<Secret>>),
    /// One of the modes.
    Mode(fn(&mut Values) -> &mut Option<Sourced<Mode>>),
    /// One of the themes.
    Theme(fn(&mut Values) -> &mut Sourced<ThemeName>),
    /// One of the scenarios.
    Scenario(fn(&mut Values) -> &mut Option<Sourced<Scenario>>),
    /// A list of a rehearsal's steps.
    Script(fn(&mut Values) -> &mut Option<Sourced<OwnScript>>),
}

/// Where in the file a key may stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// At the top and in every profile.
    Everywhere,
    /// At the top only.
    TopOnly,
}

/// Every key there is, in the order in which they are shown.
pub(crate) static KEYS: [KeySpec; 24] = [
    KeySpec {
        name: "profile",
        doc: "The profile to use, where neither --profile nor DBVITALS_PROFILE names one.",
        aliases: &[],
        kind: Kind::Text(|values| &mut values.profile),
        scope: Scope::TopOnly,
    },
    KeySpec {
        name: "mode",
        doc: "How the database is reached; chosen by what else is set when absent.",
        aliases: &["DB_MODE"],
        kind: Kind::Mode(|values| &mut values.mode),
        scope: Scope::Everywhere,
    },
    KeySpec {
        name: "supabase_url",
        doc: "Supabase project URL; required in supabase mode.",
        aliases: &["SUPABASE_URL"],
        kind: Kind::WebUrl(|values| &mut values.supabase_url),
        scope: Scope::Everywhere,
    },
    KeySpec {
        name: "supabase_key",
        doc: "Supabase key, publishable, secret or legacy; required in supabase mode.",
        aliases: &["SUPABASE_ANON_KEY"],
        kind: Kind::Secret(|values| &mut values.supabase_key),
        scope: Scope::Everywhere,
    },
    KeySpec {
        name: "database_url",
        doc: "PostgreSQL connection string; required in local mode, unless PGHOST or PGSERVICE is set. In supabase mode it is the way for SQL, transactions and migrations; a profile that names supabase_url takes only its own.",
        aliases: &["DATABASE_URL"],
        kind: Kind::DatabaseUrl(|values| &mut values.database_url),
        scope: Scope::Everywhere,
    },
    KeySpec {
        name: "pool_size",
        doc: "Connections at most.",
        aliases: &["DB_POOL_SIZE"],
        kind: Kind::Number {
            range: DatabaseConfig::POOL_SIZE,
            unit: "connections",
            slot: |values| &mut values.pool_size,
        },
        scope: Scope::Everywhere,
    },
    KeySpec {
        name: "health_check_interval",
        doc: "Time between two health checks.",
        aliases: &["DB_HEALTH_CHECK_INTERVAL"],
        kind: Kind::Number {
            range: DatabaseConfig::HEALTH_CHECK_INTERVAL,
            unit: "ms",
            slot: |values| &mut values.health_check_interval,
        },
        scope: Scope::Everywhere,
    },
    KeySpec {
        name: "max_retries",
        doc: "Quick retries after a failure; then one try each health_check_interval.",
        aliases: &["DB_MAX_RETRIES"],
        kind: Kind::Number {
            range: DatabaseConfig::MAX_RETRIES,
            unit: "retries",
            slot: |values| &mut values.max_retries,
        },
        scope: Scope::Everywhere,
    },
    KeySpec {
        name: "retry_delay",
        doc: "Time before the first quick retry; it doubles with each.",
        aliases: &["DB_RETRY_DELAY"],
        kind: Kind::Number {
            range: DatabaseConfig::RETRY_DELAY,
            unit: "ms",
            slot: |values| &mut values.retry_delay,
        },
        scope: Scope::Everywhere,
    },
    KeySpec {
        name: "health_check_timeout",
        doc: "Time that one health check may take; at most health_check_interval.",
        aliases: &[],
        kind: Kind::Number {
            range: 100..=60_000,
            unit: "ms",
            slot: |values| &mut values.health_check_timeout,
        },
        scope: Scope::Everywhere,
    },
    KeySpec {
        name: "heartbeat_interval",
        doc: "Time between two heartbeats of the connection that only watches; 0 for none. In supabase mode 0 unless it is set.",
        aliases: &[],
        kind: Kind::Number {
            range: 0..=60_000,
            unit: "ms",
            slot: |values| &mut values.heartbeat_interval,
        },
        scope: Scope::Everywhere,
    },
    KeySpec {
        name: "slow_threshold",
        doc: "A round trip above this makes the connection degraded.",
        aliases: &[],
        kind: Kind::Number {
            range: 1..=60_000,
            unit: "ms",
            slot: |values| &mut values.slow_threshold,
        },
        scope: Scope::Everywhere,
    },
    KeySpec {
        name: "read_only",
        doc: "Forbids every write, here and at the server's session.",
        aliases: &[],
        kind: Kind::Bool(|values| &mut values.read_only),
        scope: Scope::Everywhere,
    },
    KeySpec {
        name: "require_schema",
        doc: "Missing required tables make the connection degraded.",
        aliases: &[],
        kind: Kind::Bool(|values| &mut values.require_schema),
        scope: Scope::Everywhere,
    },
    KeySpec {
        name: "auto_migrate",
        doc: "Apply pending migrations when connected; never with read_only, nor in production.",
        aliases: &[],
        kind: Kind::Bool(|values| &mut values.auto_migrate),
        scope: Scope::Everywhere,
    },
    KeySpec {
        name: "ledger_schema",
        doc: "The schema of the ledger of migrations; without it, that of the tables.",
        aliases: &[],
        kind: Kind::Identifier(|values| &mut values.ledger_schema),
        scope: Scope::Everywhere,
    },
    KeySpec {
        name: "health_table",
        doc: "The table of which a health check reads one row in supabase mode; without it, agents.",
        aliases: &[],
        kind: Kind::Identifier(|values| &mut values.health_table),
        scope: Scope::Everywhere,
    },
    KeySpec {
        name: "environment",
        doc: "A free label for the header, such as staging or production.",
        aliases: &[],
        kind: Kind::Text(|values| &mut values.environment),
        scope: Scope::Everywhere,
    },
    KeySpec {
        name: "mock.latency",
        doc: "Time that every answer takes in mock mode.",
        aliases: &[],
        kind: Kind::Number {
            range: 0..=10_000,
            unit: "ms",
            slot: |values| &mut values.mock_latency,
        },
        scope: Scope::Everywhere,
    },
    KeySpec {
        name: "mock.jitter",
        doc: "Time that answers in mock mode take longer at most; most take little of it.",
        aliases: &[],
        kind: Kind::Number {
            range: 0..=10_000,
            unit: "ms",
            slot: |values| &mut values.mock_jitter,
        },
        scope: Scope::Everywhere,
    },
    KeySpec {
        name: "mock.scenario",
        doc: "What is rehearsed in mock mode.",
        aliases: &[],
        kind: Kind::Scenario(|values| &mut values.mock_scenario),
        scope: Scope::Everywhere,
    },
    KeySpec {
        name: "mock.script",
        doc: "What is rehearsed in mock mode, in steps of your own instead of a scenario.",
        aliases: &[],
        kind: Kind::Script(|values| &mut values.mock_script),
        scope: Scope::Everywhere,
    },
    KeySpec {
        name: "tui.theme",
        doc: "Colours for a dark or a light background.",
        aliases: &[],
        kind: Kind::Theme(|values| &mut values.theme),
        scope: Scope::Everywhere,
    },
    KeySpec {
        name: "tui.ascii",
        doc: "Draw with ASCII characters only.",
        aliases: &[],
        kind: Kind::Bool(|values| &mut values.ascii),
        scope: Scope::Everywhere,
    },
];

/// The key of this name.
pub(crate) fn find(name: &str) -> Option<&'static KeySpec> {
    KEYS.iter().find(|spec| spec.name == name)
}

// === impl KeySpec ===

impl KeySpec {
    /// The variable that sets it: `DBVITALS_TUI_THEME` for `tui.theme`.
    pub(crate) fn variable(&self) -> String {
        format!(
            "DBVITALS_{}",
            self.name.replace('.', "_").to_ascii_uppercase()
        )
    }

    /// Whether a value may hold a password or a key.
    pub(crate) fn is_secret(&self) -> bool {
        matches!(self.kind, Kind::Secret(_) | Kind::DatabaseUrl(_))
    }

    /// The unit of its number, where it is one.
    pub(crate) fn unit(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Number { unit, .. } => Some(unit),
            _ => None,
        }
    }

    /// What a value may be, as the end of a sentence that begins with "must be".
    pub(crate) fn allowed(&self) -> String {
        match &self.kind {
            Kind::Number { range, unit, .. } => {
                let unit = if *unit == "ms" { " ms" } else { "" };
                format!("between {} and {}{unit}", range.start(), range.end())
            }
            Kind::Bool(_) => "true or false".to_owned(),
            Kind::Text(_) => {
                "a text that is neither a URL nor a key, nor holds a password".to_owned()
            }
            Kind::Identifier(_) => {
                "of lower-case letters, digits and underscores, at most 63, no digit first"
                    .to_owned()
            }
            Kind::Secret(_) => "a text".to_owned(),
            Kind::WebUrl(_) => "an http:// or https:// URL without user or password".to_owned(),
            Kind::DatabaseUrl(_) => "a postgres:// or postgresql:// URL".to_owned(),
            Kind::Mode(_) => one_of(&Mode::ALL.map(Mode::as_str)),
            Kind::Theme(_) => one_of(&ThemeName::ALL.map(ThemeName::as_str)),
            Kind::Scenario(_) => one_of(&Scenario::ALL.map(Scenario::as_str)),
            Kind::Script(_) => "a list of steps, or a text with commas between them".to_owned(),
        }
    }
}

fn one_of(words: &[&str]) -> String {
    format!("one of {}", words.join(", "))
}

// === impl ThemeName ===

impl ThemeName {
    /// All themes.
    pub const ALL: [Self; 2] = [Self::Dark, Self::Light];

    /// The word used in configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
        }
    }
}
