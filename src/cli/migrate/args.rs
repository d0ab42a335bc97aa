//! What may be said to `dbvitals migrate`.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use crate::{
    adapter::{MigrationDialect, migration_sources},
    cli::{
        args::{Address, Task, format},
        config::Format,
    },
    domain::{MigrationName, Secret},
};

/// The longest time that a lock is waited for, in seconds: a day.
const LONGEST: f64 = 86_400.0;

#[derive(Debug, Args)]
pub(in crate::cli) struct MigrateArgs {
    #[command(subcommand)]
    command: Subcommands,
}

#[derive(Debug, Subcommand)]
enum Subcommands {
    /// Tell what was applied, what is pending, and what speaks against it.
    ///
    /// Exits with 0 whatever is told, and with 1 when it cannot be read.
    Status(ReadArgs),
    /// Tell what 'up' would do now.
    ///
    /// Exits with 0 when 'up' would begin or has nothing to do, and with 1 when
    /// it would be refused.
    Plan(ReadArgs),
    /// Apply what is pending, in order, each file in a transaction of its own.
    ///
    /// In a production environment the target's name must be typed, or given as
    /// --target. What is killed or interrupted is rolled back to the end of the
    /// file before.
    Up(WriteArgs),
    /// Compare tables that others made with ours, and record what matches.
    ///
    /// Nothing but the ledger is changed. Every difference is named; while one
    /// keeps a file from being recorded, the exit code is 1.
    Adopt(WriteArgs),
    /// Print the SQL of all files and of the ledger, to be pasted elsewhere.
    ///
    /// Needs no database, and is for one that has none of the tables yet. Files
    /// that are named are printed without the ledger: they make tables anew that
    /// were dropped.
    Print(PrintArgs),
}

#[derive(Debug, Args)]
struct ReadArgs {
    #[command(flatten)]
    address: Address,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct WriteArgs {
    #[command(flatten)]
    address: Address,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Name the target, as 'config show' prints it: it is done there or nowhere.
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// Wait so long for another run, or for any lock that a file needs.
    #[arg(long, value_name = "SECONDS", value_parser = deadline, default_value = "10")]
    lock_timeout: Duration,
}

#[derive(Debug, Args)]
struct PrintArgs {
    /// Print these files only, without the ledger: their numbers or full names.
    #[arg(value_name = "FILE", value_parser = version)]
    files: Vec<i64>,
    /// Whose SQL.
    #[arg(long, value_enum, value_name = "NAME", default_value = "postgres")]
    dialect: DialectName,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DialectName {
    Postgres,
    Sqlite,
}

/// What is asked of `dbvitals migrate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MigrateTask {
    /// How the database stands.
    Status(Format),
    /// What would be done.
    Plan(Format),
    /// Apply what is pending.
    Up(WriteOptions),
    /// Record what others have made.
    Adopt(WriteOptions),
}

/// How a task that writes is carried out and told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteOptions {
    /// Words or JSON.
    pub format: Format,
    /// The target's name, if it is given.
    pub target: Option<String>,
    /// How long a lock is waited for.
    pub lock_timeout: Duration,
}

// === impl MigrateArgs ===

impl MigrateArgs {
    /// The task, and the URL, if one is given.
    pub(in crate::cli) fn into_task(self) -> (Task, Option<Secret>) {
        let (task, url) = match self.command {
            Subcommands::Status(args) => (
                MigrateTask::Status(format(args.json)),
                args.address.into_url(),
            ),
            Subcommands::Plan(args) => (
                MigrateTask::Plan(format(args.json)),
                args.address.into_url(),
            ),
            Subcommands::Up(args) => {
                let (options, url) = args.into_options();
                (MigrateTask::Up(options), url)
            }
            Subcommands::Adopt(args) => {
                let (options, url) = args.into_options();
                (MigrateTask::Adopt(options), url)
            }
            Subcommands::Print(args) => return (args.into_task(), None),
        };
        (Task::Migrate(task), url)
    }
}

impl PrintArgs {
    fn into_task(self) -> Task {
        Task::MigratePrint {
            format: format(self.json),
            versions: self.files,
            dialect: match self.dialect {
                DialectName::Postgres => MigrationDialect::Postgres,
                DialectName::Sqlite => MigrationDialect::Sqlite,
            },
        }
    }
}

impl WriteArgs {
    fn into_options(self) -> (WriteOptions, Option<Secret>) {
        let options = WriteOptions {
            format: format(self.json),
            target: self.target,
            lock_timeout: self.lock_timeout,
        };
        (options, self.address.into_url())
    }
}

impl MigrateTask {
    /// How its result is printed.
    #[must_use]
    pub const fn format(&self) -> Format {
        match self {
            Self::Status(format) | Self::Plan(format) => *format,
            Self::Up(options) | Self::Adopt(options) => options.format,
        }
    }
}

/// The version of a file that is named by its number or in full.
fn version(text: &str) -> Result<i64, String> {
    let sources = migration_sources(MigrationDialect::Postgres);
    let ids = || sources.iter().map(|source| &source.migration.id);
    let is_meant = |id: &&MigrationName| {
        id.to_string() == text || text.parse().is_ok_and(|number: i64| number == id.version)
    };
    let found = ids().find(is_meant).map(|id| id.version);
    found.ok_or_else(|| {
        let (first, last) = (ids().next(), ids().next_back());
        let name = |id: Option<&MigrationName>| id.map_or_else(String::new, ToString::to_string);
        format!(
            "there is no such file; they are {} to {}",
            name(first),
            name(last)
        )
    })
}

/// A number of seconds that is a deadline.
fn deadline(text: &str) -> Result<Duration, &'static str> {
    let refused = "it is not a number of seconds from 0.001 to 86400";
    let seconds: f64 = text.parse().map_err(|_unparsed| refused)?;
    if !(0.001..=LONGEST).contains(&seconds) {
        return Err(refused);
    }
    Duration::try_from_secs_f64(seconds).map_err(|_unfit| refused)
}
