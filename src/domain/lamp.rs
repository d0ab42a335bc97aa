//! The five lamps of the connection pane: how far up a new client would get.

use crate::domain::{
    DbError, HealthDetails, HealthPolicy, Layer, MIGRATIONS_UNREAD, REQUIRED_TABLES,
};

/// One lamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lamp {
    /// Its colour, in effect.
    pub state: LampState,
    /// What it says beside its name; may be empty.
    pub words: String,
}

/// What a lamp shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LampState {
    /// Nothing is known (any more).
    Unknown,
    /// As it should be.
    Good,
    /// It works, and not as it should.
    Warning,
    /// It does not work.
    Bad,
    /// Not watched, by configuration or mode.
    Off,
}

/// The five lamps, lowest layer first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lamps {
    /// The address answers.
    pub reachable: Lamp,
    /// A new client can log in.
    pub login: Lamp,
    /// The database is there and can be used.
    pub database: Lamp,
    /// The required tables exist.
    pub schema: Lamp,
    /// A new session can write.
    pub writable: Lamp,
}

// === impl Lamp ===

impl Lamp {
    fn new(state: LampState, words: impl Into<String>) -> Self {
        Self {
            state,
            words: words.into(),
        }
    }

    fn unknown() -> Self {
        Self::new(LampState::Unknown, "unknown")
    }

    fn good() -> Self {
        Self::new(LampState::Good, "yes")
    }
}

// === impl Lamps ===

impl Lamps {
    /// Before the first check, and while nothing is connected.
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            reachable: Lamp::unknown(),
            login: Lamp::unknown(),
            database: Lamp::unknown(),
            schema: Lamp::unknown(),
            writable: Lamp::unknown(),
        }
    }

    /// After a check that succeeded.
    #[must_use]
    pub fn after_success(details: &HealthDetails, policy: &HealthPolicy) -> Self {
        Self {
            reachable: Lamp::good(),
            login: Lamp::good(),
            database: database(details),
            schema: schema(details, policy),
            writable: writable(details, policy),
        }
    }

    /// After an attempt that failed: all below the layer of the failure is
    /// good, that layer is bad, and nothing is known of what lies above.
    #[must_use]
    pub fn after_failure(error: &DbError) -> Self {
        let mut lamps = Self::unknown();
        let bad = || Lamp::new(LampState::Bad, error.kind().name());
        match error.layer() {
            Layer::OwnSide => {}
            Layer::HostName | Layer::Tcp => lamps.reachable = bad(),
            Layer::Tls | Layer::Login => {
                lamps.reachable = Lamp::good();
                lamps.login = bad();
            }
            // Whoever answered may not have looked at the key.
            Layer::Rest => {
                lamps.reachable = Lamp::good();
                lamps.database = bad();
            }
            Layer::Database | Layer::Permission | Layer::Statement => {
                lamps.reachable = Lamp::good();
                lamps.login = Lamp::good();
                lamps.database = bad();
            }
            Layer::Schema => {
                lamps.reachable = Lamp::good();
                lamps.login = Lamp::good();
                lamps.database = Lamp::good();
                lamps.schema = bad();
            }
        }
        lamps
    }

    /// The lamps with their names, lowest layer first.
    #[must_use]
    pub fn named(&self) -> [(&'static str, &Lamp); 5] {
        [
            ("reachable", &self.reachable),
            ("new login", &self.login),
            ("database", &self.database),
            ("schema", &self.schema),
            ("writable", &self.writable),
        ]
    }
}

/// A success is an answer of the database, except over REST, where the service
/// before it knows by itself which tables there are.
fn database(details: &HealthDetails) -> Lamp {
    match &details.rest {
        Some(rest) if !rest.asked_database() => Lamp::new(LampState::Unknown, "not asked"),
        Some(_) | None => Lamp::good(),
    }
}

fn schema(details: &HealthDetails, policy: &HealthPolicy) -> Lamp {
    if !policy.requires_schema {
        return Lamp::new(LampState::Off, "not watched");
    }
    let Some(missing) = &details.missing_tables else {
        if details.unread.is_empty() {
            return Lamp::new(LampState::Off, "not watched");
        }
        return Lamp::new(LampState::Unknown, "could not be read");
    };
    let required = REQUIRED_TABLES.len();
    match required.saturating_sub(missing.len()) {
        0 => Lamp::new(LampState::Warning, format!("not initialised 0/{required}")),
        present if present < required => Lamp::new(
            LampState::Warning,
            format!("incomplete {present}/{required}"),
        ),
        present => migrations(details, format!("{present}/{required}")),
    }
}

/// The tables are there; how the migrations stand is said beside it. Who made
/// the tables without a ledger of ours has nothing to mend.
fn migrations(details: &HealthDetails, tables: String) -> Lamp {
    let Some(summary) = &details.migrations else {
        let is_hidden = |what: &String| what.starts_with(MIGRATIONS_UNREAD);
        if details.unread.iter().any(is_hidden) {
            return Lamp::new(LampState::Good, format!("{tables}, migrations unread"));
        }
        return Lamp::new(LampState::Good, tables);
    };
    if let Some(fault) = summary.fault() {
        return Lamp::new(LampState::Warning, fault);
    }
    let state = match summary.waiting() {
        Some(_) => LampState::Warning,
        None => LampState::Good,
    };
    Lamp::new(state, format!("{tables}, {summary}"))
}

fn writable(details: &HealthDetails, policy: &HealthPolicy) -> Lamp {
    if !policy.expects_writes {
        return Lamp::new(LampState::Off, "not wanted (read_only)");
    }
    match (details.in_recovery, details.read_only) {
        (Some(true), _) => Lamp::new(LampState::Warning, "no: standby or recovery"),
        (_, Some(true)) => Lamp::new(LampState::Warning, "no: read-only"),
        (_, Some(false)) => Lamp::good(),
        (_, None) => Lamp::unknown(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Action, ErrorKind, LedgerStanding, MigrationSummary};

    #[track_caller]
    fn check(kind: ErrorKind, expected: &str) {
        check_error(&DbError::new(Action::Connect, kind), expected);
    }

    #[track_caller]
    fn check_error(error: &DbError, expected: &str) {
        let lamps = Lamps::after_failure(error);
        let letters: String = lamps
            .named()
            .map(|(_, lamp)| match lamp.state {
                LampState::Good => 'g',
                LampState::Bad => 'b',
                LampState::Unknown => '?',
                LampState::Warning | LampState::Off => 'x',
            })
            .iter()
            .collect();
        assert_eq!(letters, expected);
    }

    /// The schema lamp of a database in which nine tables are, or some are missing.
    #[track_caller]
    fn check_schema(change: impl FnOnce(&mut HealthDetails), state: LampState, words: &str) {
        let policy = HealthPolicy {
            slow_threshold: std::time::Duration::from_secs(1),
            expects_writes: true,
            requires_schema: true,
        };
        let mut details = HealthDetails {
            missing_tables: Some(vec![]),
            ..HealthDetails::default()
        };
        change(&mut details);
        let lamp = Lamps::after_success(&details, &policy).schema;
        assert_eq!((lamp.state, lamp.words.as_str()), (state, words));
    }

    #[test]
    fn the_schema_lamp_tells_tables_and_migrations() {
        let summary = |ledger, applied, pending, problem: Option<&str>| {
            Some(MigrationSummary {
                ledger,
                applied: Some(applied),
                pending,
                problem: problem.map(str::to_owned),
            })
        };
        check_schema(|_| {}, LampState::Good, "9/9");
        check_schema(
            |d| d.migrations = summary(LedgerStanding::Ours, 10, Some(0), None),
            LampState::Good,
            "9/9, 10 migrations",
        );
        check_schema(
            |d| d.migrations = summary(LedgerStanding::Ours, 8, Some(2), None),
            LampState::Warning,
            "9/9, 2 migrations pending",
        );
        check_schema(
            |d| d.migrations = summary(LedgerStanding::Ours, 8, None, Some("0003_x is a gap")),
            LampState::Warning,
            "0003_x is a gap",
        );
        check_schema(
            |d| d.migrations = summary(LedgerStanding::Absent, 0, None, Some("no ledger")),
            LampState::Good,
            "9/9, no ledger",
        );
        check_schema(
            |d| d.migrations = summary(LedgerStanding::Foreign, 0, None, Some("of Rails")),
            LampState::Good,
            "9/9, no ledger of ours",
        );
        check_schema(
            |d| d.migrations = Some(MigrationSummary::locked("it is locked by pid 7".into())),
            LampState::Warning,
            "it is locked by pid 7",
        );
        check_schema(
            |d| d.unread = vec!["migrations: no SELECT on public.schema_migrations".into()],
            LampState::Good,
            "9/9, migrations unread",
        );
        check_schema(
            |d| {
                d.missing_tables = Some(vec!["agents".into()]);
                d.migrations = summary(LedgerStanding::Ours, 8, Some(2), None);
            },
            LampState::Warning,
            "incomplete 8/9",
        );
    }

    #[test]
    fn a_failure_lights_exactly_its_own_layer() {
        check(ErrorKind::HostNotFound, "b????");
        check(ErrorKind::ConnectionRefused, "b????");
        check(ErrorKind::AuthFailed, "gb???");
        check(ErrorKind::TooManyConnections, "gb???");
        check(ErrorKind::DatabaseMissing, "ggb??");
        check(ErrorKind::SchemaMissing, "gggb?");
        check(ErrorKind::Cancelled, "?????");
    }

    #[test]
    fn a_gateway_that_refers_to_nobody_says_nothing_of_the_key() {
        let error = DbError::new(Action::Connect, ErrorKind::Unavailable);
        check_error(&error.clone().at_layer(Layer::Rest), "g?b??");
        check_error(&error.at_layer(Layer::Database), "ggb??");
    }
}
