//! How a database stands with our migrations: what was applied, what is to be
//! applied, and what speaks against it.

use crate::domain::{
    AppliedMigration, ErrorKind, LEDGER_TABLE, LedgerStanding, LedgerTool, Migration,
    MigrationName, MigrationRefusal, MigrationSummary, OLDER_NAME, REQUIRED_TABLES, pending,
};

/// The file that makes no table: it lets Supabase's roles reach them.
const ACCESS_FILE: &str = "supabase_access";

/// What was found of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundLedger {
    /// There is no table of its name in its place.
    Absent,
    /// Another tool's.
    Foreign {
        /// Schema and name.
        table: String,
        /// Whose it is.
        tool: LedgerTool,
    },
    /// Ours, with its rows.
    Ours(Vec<AppliedMigration>),
}

/// What was found in a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundSchema {
    /// The schema in which tables without a schema's name are made; `None`
    /// when no schema of the search path exists.
    pub schema: Option<String>,
    /// The session's search path.
    pub search_path: String,
    /// The schema that is configured for the ledger.
    pub ledger_schema: Option<String>,
    /// The ledger.
    pub ledger: FoundLedger,
    /// The required tables that a client sees; one under its older name by that.
    pub tables: Vec<String>,
    /// Policies of a required table are there that only our last step makes.
    pub has_policies: bool,
    /// The required tables that are not there; none where some may be hidden.
    pub missing: Vec<String>,
}

/// Why nothing can be written at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unwritable {
    /// Our own configuration says so (`read_only`).
    Configured,
    /// The server is a standby or recovers.
    InRecovery,
    /// The server's sessions are read-only (`default_transaction_read_only`).
    ReadOnly,
}

/// A right that the role lacks for what is pending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingRight {
    /// Who may not do what, where.
    pub words: String,
    /// The next step for the person who reads it.
    pub hint: &'static str,
}

/// How a database stands with our migrations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationState {
    /// The schema in which the tables are or will be; empty in mock mode, where
    /// there are none, and where no schema of the search path exists.
    pub schema: String,
    /// Where the ledger is or will be: schema and table.
    pub ledger: String,
    /// Whose the table in that place is.
    pub whose: LedgerStanding,
    /// The rows of our ledger, lowest version first.
    pub applied: Vec<AppliedMigration>,
    /// Our files that are not in the ledger, lowest version first.
    pub pending: Vec<MigrationName>,
    /// Why nothing would be applied, if so.
    pub refusal: Option<MigrationRefusal>,
    /// Why nothing could be written, if so.
    pub unwritable: Option<Unwritable>,
    /// The right that the role lacks to apply what is pending, if it does.
    pub missing_right: Option<MissingRight>,
}

impl MigrationState {
    /// Judges what was found against the files of this program.
    #[must_use]
    pub fn of(catalogue: &[Migration], found: FoundSchema) -> Self {
        let refusal = refusal(catalogue, &found);
        let schema = found.schema.unwrap_or_default();
        let place = found.ledger_schema.as_deref().unwrap_or(&schema);
        let ledger = match place {
            "" => LEDGER_TABLE.to_owned(),
            place => format!("{place}.{LEDGER_TABLE}"),
        };
        let (whose, mut applied) = match found.ledger {
            FoundLedger::Ours(rows) => (LedgerStanding::Ours, rows),
            FoundLedger::Absent => (LedgerStanding::Absent, Vec::new()),
            FoundLedger::Foreign { .. } => (LedgerStanding::Foreign, Vec::new()),
        };
        applied.sort_by_key(|row| row.id.version);
        let is_recorded =
            |file: &&Migration| applied.iter().any(|row| row.id.version == file.id.version);
        let pending = catalogue.iter().filter(|file| !is_recorded(file));
        Self {
            pending: pending.map(|file| file.id.clone()).collect(),
            schema,
            ledger,
            whose,
            applied,
            refusal,
            unwritable: None,
            missing_right: None,
        }
    }

    /// The files that would be applied now, in order: all that are pending, up to
    /// the one that is refused.
    #[must_use]
    pub fn appliable(&self) -> &[MigrationName] {
        let refused = match &self.refusal {
            None => return &self.pending,
            Some(
                MigrationRefusal::TableExists(name)
                | MigrationRefusal::OlderName(name)
                | MigrationRefusal::PoliciesExist(name),
            ) => name,
            Some(
                MigrationRefusal::Ledger(_)
                | MigrationRefusal::TablesMissing { .. }
                | MigrationRefusal::ForeignLedger { .. }
                | MigrationRefusal::TablesWithoutLedger { .. }
                | MigrationRefusal::NoSchema { .. },
            ) => return &[],
        };
        let mut pending = self.pending.iter();
        let end = pending.position(|name| name == refused).unwrap_or(0);
        &self.pending[..end]
    }

    /// Whether every file is applied and nothing is wrong with the ledger.
    #[must_use]
    pub fn is_up_to_date(&self) -> bool {
        self.pending.is_empty() && self.refusal.is_none()
    }

    /// What a health check tells of it.
    #[must_use]
    pub fn summary(&self) -> MigrationSummary {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        MigrationSummary {
            ledger: self.whose,
            applied: Some(count(self.applied.len())),
            pending: self.refusal.is_none().then(|| count(self.pending.len())),
            problem: self.refusal.as_ref().map(ToString::to_string),
        }
    }
}

fn refusal(catalogue: &[Migration], found: &FoundSchema) -> Option<MigrationRefusal> {
    let rows: &[AppliedMigration] = match &found.ledger {
        FoundLedger::Foreign { table, tool } => {
            return Some(MigrationRefusal::ForeignLedger {
                table: table.clone(),
                tool: *tool,
            });
        }
        FoundLedger::Ours(rows) => rows,
        FoundLedger::Absent if !found.tables.is_empty() => {
            return Some(MigrationRefusal::TablesWithoutLedger {
                tables: found.tables.clone(),
            });
        }
        FoundLedger::Absent => &[],
    };
    let pending = match pending(catalogue, rows) {
        Ok(pending) => pending,
        Err(fault) => return Some(MigrationRefusal::Ledger(fault)),
    };
    if let Some(refusal) = tables_missing(rows, &found.missing) {
        return Some(refusal);
    }
    let makes_what_is_there = |file: &&MigrationName| {
        REQUIRED_TABLES.contains(&file.name.as_str()) && found.tables.contains(&file.name)
    };
    if let Some(file) = pending.iter().find(makes_what_is_there) {
        return Some(MigrationRefusal::TableExists(file.clone()));
    }
    let (older, table) = OLDER_NAME;
    let mut renamed = pending.iter().filter(|file| file.name == table);
    if let Some(file) = renamed.find(|_| found.tables.iter().any(|table| table == older)) {
        return Some(MigrationRefusal::OlderName(file.clone()));
    }
    let mut access = pending.iter().filter(|file| file.name == ACCESS_FILE);
    if let Some(file) = access.find(|_| found.has_policies) {
        return Some(MigrationRefusal::PoliciesExist(file.clone()));
    }
    if found.schema.is_none() && !pending.is_empty() {
        return Some(MigrationRefusal::NoSchema {
            search_path: found.search_path.clone(),
        });
    }
    None
}

/// A row of the ledger whose table is gone: nothing would ever make it again.
fn tables_missing(rows: &[AppliedMigration], missing: &[String]) -> Option<MigrationRefusal> {
    let mut gone: Vec<_> = rows
        .iter()
        .map(|row| &row.id)
        .filter(|id| missing.contains(&id.name))
        .collect();
    gone.sort();
    let (first, others) = gone.split_first()?;
    Some(MigrationRefusal::TablesMissing {
        first: (*first).clone(),
        others: others.len(),
    })
}

impl Unwritable {
    /// The words used on screen and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Configured => "read_only is set",
            Self::InRecovery => "the server is a standby or in recovery",
            Self::ReadOnly => "the server's sessions are read-only",
        }
    }

    /// The next step for the person who reads it.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Configured => ErrorKind::ReadOnlyConfigured.hint(),
            Self::InRecovery => "connect to the primary",
            Self::ReadOnly => {
                "end default_transaction_read_only, of the server, the database or the role"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn catalogue() -> Vec<Migration> {
        let files = (1..).zip(["agents", "commands", "access"]);
        files
            .map(|(version, name)| Migration {
                id: MigrationName::new(version, name),
                checksum: vec![7],
            })
            .collect()
    }

    fn rows(count: usize) -> FoundLedger {
        let rows = catalogue()
            .into_iter()
            .take(count)
            .map(|file| AppliedMigration {
                id: file.id,
                applied_at: Some(DateTime::UNIX_EPOCH),
                checksum: file.checksum,
                execution_ms: 1,
            });
        FoundLedger::Ours(rows.collect())
    }

    /// What is pending, and why it is refused, given a ledger and tables.
    #[track_caller]
    fn check(ledger: FoundLedger, tables: &[&str], pending: &[i64], refusal: Option<&str>) {
        let found = FoundSchema {
            schema: Some("public".into()),
            search_path: "public".into(),
            ledger_schema: None,
            ledger,
            tables: tables.iter().map(|table| (*table).to_owned()).collect(),
            has_policies: false,
            missing: Vec::new(),
        };
        let state = MigrationState::of(&catalogue(), found);
        assert_eq!(state.ledger, "public.schema_migrations");
        let versions: Vec<_> = state.pending.iter().map(|name| name.version).collect();
        assert_eq!(versions, pending);
        let words = state.refusal.as_ref().map(ToString::to_string);
        assert_eq!(words.as_deref(), refusal);
        assert_eq!(
            state.is_up_to_date(),
            pending.is_empty() && refusal.is_none()
        );
        let summary = state.summary();
        assert_eq!(summary.pending.is_none(), refusal.is_some());
        assert_eq!(summary.problem.as_deref(), refusal);
    }

    #[test]
    fn files_are_pending_until_they_are_recorded() {
        check(FoundLedger::Absent, &[], &[1, 2, 3], None);
        check(rows(0), &[], &[1, 2, 3], None);
        check(rows(2), &["agents", "commands"], &[3], None);
        check(rows(3), &["agents", "commands"], &[], None);
    }

    #[test]
    fn tables_of_unknown_origin_are_refused() {
        check(
            FoundLedger::Absent,
            &["commands"],
            &[1, 2, 3],
            Some("there are tables and no ledger of ours: commands"),
        );
        check(
            rows(1),
            &["agents", "commands"],
            &[2, 3],
            Some("0002_commands is not in the ledger, but its table commands is there"),
        );
    }

    #[test]
    fn a_table_that_is_gone_behind_its_row_is_named() {
        let refusal = |recorded, missing: &[&str]| {
            let found = FoundSchema {
                schema: Some("public".into()),
                search_path: "public".into(),
                ledger_schema: None,
                ledger: rows(recorded),
                tables: Vec::new(),
                missing: missing.iter().map(|table| (*table).to_owned()).collect(),
                has_policies: false,
            };
            let state = MigrationState::of(&catalogue(), found);
            assert!(state.appliable().is_empty() || state.refusal.is_none());
            state
                .refusal
                .map(|refusal| (refusal.to_string(), refusal.hint()))
        };
        assert_eq!(refusal(3, &[]), None);
        // Its file is pending: it makes it.
        assert_eq!(refusal(1, &["commands"]), None);
        let (words, next) = refusal(3, &["commands"]).unwrap();
        assert_eq!(
            words,
            "0002_commands is in the ledger, but its table commands is missing"
        );
        assert!(next.contains("'dbvitals migrate print 0002'"), "{next}");
        let (words, next) = refusal(2, &["commands", "agents"]).unwrap();
        assert_eq!(
            words,
            "0001_agents is in the ledger, but its table agents is missing, and 1 table more"
        );
        assert!(next.contains("search_path"), "{next}");
    }

    #[test]
    fn no_table_is_made_beside_its_older_self() {
        let name = MigrationName::new(1, "command_queues");
        let catalogue = [Migration {
            id: name.clone(),
            checksum: vec![7],
        }];
        let found = |tables: &[&str]| FoundSchema {
            schema: Some("public".into()),
            search_path: "public".into(),
            ledger_schema: None,
            ledger: FoundLedger::Ours(Vec::new()),
            tables: tables.iter().map(|table| (*table).to_owned()).collect(),
            has_policies: false,
            missing: Vec::new(),
        };
        let refusal = |tables| MigrationState::of(&catalogue, found(tables)).refusal;
        assert_eq!(
            refusal(&["command_queue"]),
            Some(MigrationRefusal::OlderName(name))
        );
        assert_eq!(refusal(&[]), None);
    }

    #[test]
    fn policies_that_are_there_are_not_made_again() {
        let name = MigrationName::new(2, ACCESS_FILE);
        let catalogue = [MigrationName::new(1, "agents"), name.clone()].map(|id| Migration {
            id,
            checksum: vec![7],
        });
        let state = |has_policies| {
            let found = FoundSchema {
                schema: Some("public".into()),
                search_path: "public".into(),
                ledger_schema: None,
                ledger: rows(1),
                tables: vec!["agents".into()],
                has_policies,
                missing: Vec::new(),
            };
            MigrationState::of(&catalogue, found)
        };
        let refused = state(true);
        assert_eq!(
            refused.refusal,
            Some(MigrationRefusal::PoliciesExist(name.clone()))
        );
        assert!(refused.appliable().is_empty());
        assert_eq!(state(false).appliable(), [name]);
    }

    #[test]
    fn what_stands_before_a_refused_file_can_be_applied() {
        let appliable = |ledger, tables: &[&str]| {
            let found = FoundSchema {
                schema: Some("public".into()),
                search_path: "public".into(),
                ledger_schema: None,
                ledger,
                tables: tables.iter().map(|table| (*table).to_owned()).collect(),
                has_policies: false,
                missing: Vec::new(),
            };
            let state = MigrationState::of(&catalogue(), found);
            let versions = state.appliable().iter().map(|name| name.version);
            versions.collect::<Vec<_>>()
        };
        assert_eq!(appliable(rows(0), &["commands"]), [1]);
        assert!(appliable(rows(0), &["agents"]).is_empty());
        assert_eq!(appliable(rows(1), &["agents"]), [2, 3]);
        assert!(appliable(FoundLedger::Absent, &["commands"]).is_empty());
        assert_eq!(appliable(FoundLedger::Absent, &[]), [1, 2, 3]);
    }

    #[test]
    fn another_tools_ledger_is_refused_whatever_else_is_there() {
        let foreign = FoundLedger::Foreign {
            table: "public.schema_migrations".into(),
            tool: LedgerTool::Ecto,
        };
        let words = "public.schema_migrations is the ledger of Ecto";
        check(foreign.clone(), &[], &[1, 2, 3], Some(words));
        check(foreign, &["agents"], &[1, 2, 3], Some(words));
    }

    #[test]
    fn without_a_schema_nothing_can_be_made() {
        let found = FoundSchema {
            schema: None,
            search_path: "nowhere".into(),
            ledger_schema: Some("ours".into()),
            ledger: rows(3),
            tables: Vec::new(),
            has_policies: false,
            missing: Vec::new(),
        };
        let state = MigrationState::of(&catalogue(), found.clone());
        assert_eq!(
            (state.ledger.as_str(), state.refusal),
            ("ours.schema_migrations", None)
        );
        let found = FoundSchema {
            ledger: FoundLedger::Absent,
            ..found
        };
        let refusal = MigrationState::of(&catalogue(), found).refusal.unwrap();
        assert_eq!(
            refusal.to_string(),
            "no schema of the search_path exists: nowhere"
        );
    }
}
