//! The command line: what may be said, and how its help reads.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand};

use crate::{
    adapter::{MigrationDialect, WriteTest},
    cli::{
        config::Format,
        line_json::Samples,
        migrate::{MigrateArgs, MigrateTask},
        sql::{SqlArgs, SqlOptions},
    },
    config::Flags,
    domain::Secret,
};

/// Shows the vital signs of a database connection, and never stays quiet when it fails.
#[derive(Debug, Parser)]
#[command(
    name = "dbvitals",
    version,
    about,
    after_help = AFTER_HELP,
    subcommand_negates_reqs = true
)]
pub struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    address: Address,
    #[command(subcommand)]
    command: Option<Subcommands>,
}

/// What `--help` says after the options.
const AFTER_HELP: &str = "\
Without a command the dashboard opens; keys are shown there with '?'.

Where the database is comes from, strongest first: the command line, the
environment (DATABASE_URL, PGHOST and libpq's other variables, DB_MODE,
DBVITALS_<KEY>), a configuration file (--config, $DBVITALS_CONFIG,
./config.toml, $XDG_CONFIG_HOME/dbvitals/config.toml), the defaults. Nothing
configured: the dashboard opens in mock mode, in which nothing is persisted.

Passwords are never taken from the command line, where every user of the
machine can read them: use DATABASE_URL, PGPASSWORD, ~/.pgpass or the file.

Exit codes: 0 done (check, diagnose, wait: healthy or degraded), 1 failed (the
same: reachable but refusing or not usable), 2 no answer (the same), 3
configuration or usage.";

/// What `sql --help` says after the options.
const SQL_HELP: &str = "\
The result goes to standard output; how many rows it has, how long it took and
what went wrong go to standard error, or into the JSON object; so does what the
server remarks (NOTICE, WARNING). In a table NULL is a null and nothing an empty
text; in CSV nothing is a null and \"\" an empty text. A statement that begins with
'-' stands behind '--'.

With read_only, and in a production environment until the target is named, the
statement runs in a read-only transaction: the server refuses what writes.
Ctrl-C cancels the statement at the server.

Exit codes: 0 done, 1 failed, 3 not attempted.";

#[derive(Debug, Subcommand)]
enum Subcommands {
    /// Run one health check and tell the result by words and exit code.
    Check(CheckArgs),
    /// Examine the way to the database layer by layer, and say what is broken.
    Diagnose(DiagnoseArgs),
    /// Wait until the database is healthy or degraded.
    Wait(WaitArgs),
    /// Print what happens to the connection, a line each, until interrupted.
    Watch(WatchArgs),
    /// Run one statement and print its result.
    #[command(after_help = SQL_HELP)]
    Sql(SqlArgs),
    /// Apply our migrations, or tell how the database stands with them.
    Migrate(MigrateArgs),
    /// Show or check the configuration.
    Config(ConfigArgs),
}

#[derive(Debug, Args)]
struct CheckArgs {
    #[command(flatten)]
    address: Address,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Exit with 1 also when the database is degraded.
    #[arg(long)]
    strict: bool,
}

#[derive(Debug, Args)]
struct DiagnoseArgs {
    #[command(flatten)]
    address: Address,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Exit with 1 also when the database is degraded.
    #[arg(long)]
    strict: bool,
    /// Also try to write: one transaction that is rolled back.
    #[arg(long)]
    write_test: bool,
}

#[derive(Debug, Args)]
struct WaitArgs {
    #[command(flatten)]
    address: Address,
    /// Give up after so many seconds; without it, never.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Print each change as one line of JSON on standard output.
    #[arg(long)]
    json: bool,
    /// Wait for healthy: degraded is not enough.
    #[arg(long)]
    strict: bool,
}

#[derive(Debug, Args)]
struct WatchArgs {
    #[command(flatten)]
    address: Address,
    /// Print each event as one line of JSON.
    #[arg(long)]
    json: bool,
    /// Print latency samples, too.
    #[arg(long)]
    samples: bool,
}

#[derive(Debug, Args)]
struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigSubcommands,
}

#[derive(Debug, Subcommand)]
enum ConfigSubcommands {
    /// Print the values in force and where each comes from.
    Show(ConfigShowArgs),
    /// Say whether the configuration is valid; if not, everything that is wrong.
    Check(ConfigShowArgs),
}

#[derive(Debug, Args)]
struct ConfigShowArgs {
    #[command(flatten)]
    address: Address,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Address {
    /// Where the database is, without a password: `postgres://user@host:5432/database`.
    #[arg(value_name = "URL", value_parser = url)]
    url: Option<Secret>,
}

#[derive(Debug, Args)]
struct Options {
    /// supabase, local or mock.
    #[arg(long, global = true, value_name = "MODE")]
    mode: Option<String>,
    /// Rehearse in mock mode: calm, flaky, outage, slow, hang, auth or migrations.
    #[arg(long, global = true, value_name = "NAME")]
    scenario: Option<String>,
    /// The configuration file to read.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The profile of the configuration file to use.
    #[arg(long, global = true, value_name = "NAME")]
    profile: Option<String>,
    /// Forbid every write.
    #[arg(long, global = true)]
    read_only: bool,
    /// Draw with ASCII characters only.
    #[arg(long, global = true)]
    ascii: bool,
    /// Set any key of the configuration that is no secret; may be repeated.
    #[arg(long, global = true, value_name = "KEY=VALUE", value_parser = secret)]
    set: Vec<Secret>,
}

/// What the user asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// The dashboard.
    Screen,
    /// One health check.
    Check {
        /// How it is printed.
        format: Format,
        /// What counts as passed.
        bar: Bar,
    },
    /// A diagnosis.
    Diagnose {
        /// How it is printed.
        format: Format,
        /// What counts as passed.
        bar: Bar,
        /// Whether writing is tried.
        write_test: WriteTest,
    },
    /// Waiting until the database is usable.
    Wait {
        /// How it is told.
        format: Format,
        /// What is waited for.
        bar: Bar,
        /// How long at most.
        timeout: Option<Duration>,
    },
    /// Watching without a screen.
    Watch {
        /// How it is told.
        format: Format,
        /// Whether latency samples are told.
        samples: Samples,
    },
    /// One statement.
    Sql(SqlOptions),
    /// Something about migrations.
    Migrate(MigrateTask),
    /// The SQL of the migrations.
    MigratePrint {
        /// How it is printed.
        format: Format,
        /// Whose it is.
        dialect: MigrationDialect,
        /// The files' versions; all files and the ledger where none is named.
        versions: Vec<i64>,
    },
    /// The values in force.
    ConfigShow(Format),
    /// The validity of the configuration.
    ConfigCheck(Format),
}

/// What a check must reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bar {
    /// Healthy or degraded.
    Usable,
    /// Healthy.
    Healthy,
}

/// Wraps a text; cannot fail, but clap wants a function that could.
#[expect(clippy::unnecessary_wraps, reason = "the shape of a clap value parser")]
fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::new(text))
}

/// A number of seconds, with a fraction or without.
fn seconds(text: &str) -> Result<Duration, &'static str> {
    let refused = "it is not a number of seconds";
    let seconds: f64 = text.parse().map_err(|_unparsed| refused)?;
    Duration::try_from_secs_f64(seconds).map_err(|_unfit| refused)
}

/// Wraps a URL. A plain word is more likely a command that was mistyped, and
/// saying so shows nothing that could be a password.
fn url(text: &str) -> Result<Secret, &'static str> {
    let is_word = |c: char| c.is_ascii_lowercase() || c == '-';
    if !text.is_empty() && text.len() < 20 && text.chars().all(is_word) {
        return Err("it is neither a command nor a postgres:// URL");
    }
    Ok(Secret::new(text))
}

// === impl Cli ===

impl Cli {
    /// The task, and the part of the command line that configures.
    #[must_use]
    pub fn into_task(self) -> (Task, Flags) {
        let (task, address) = match self.command {
            None => (Task::Screen, None),
            Some(Subcommands::Check(args)) => {
                let (format, bar) = (format(args.json), bar(args.strict));
                (Task::Check { format, bar }, args.address.url)
            }
            Some(Subcommands::Diagnose(args)) => {
                let task = Task::Diagnose {
                    format: format(args.json),
                    bar: bar(args.strict),
                    write_test: if args.write_test {
                        WriteTest::Try
                    } else {
                        WriteTest::Judge
                    },
                };
                (task, args.address.url)
            }
            Some(Subcommands::Wait(args)) => {
                let task = Task::Wait {
                    format: format(args.json),
                    bar: bar(args.strict),
                    timeout: args.timeout,
                };
                (task, args.address.url)
            }
            Some(Subcommands::Watch(args)) => {
                let task = Task::Watch {
                    format: format(args.json),
                    samples: if args.samples {
                        Samples::Told
                    } else {
                        Samples::LeftOut
                    },
                };
                (task, args.address.url)
            }
            Some(Subcommands::Sql(args)) => {
                let (options, url) = args.into_options();
                (Task::Sql(options), url)
            }
            Some(Subcommands::Migrate(args)) => args.into_task(),
            Some(Subcommands::Config(ConfigArgs { command })) => match command {
                ConfigSubcommands::Show(args) => {
                    (Task::ConfigShow(format(args.json)), args.address.url)
                }
                ConfigSubcommands::Check(args) => {
                    (Task::ConfigCheck(format(args.json)), args.address.url)
                }
            },
        };
        let flags = Flags {
            mode: self.options.mode,
            scenario: self.options.scenario,
            config: self.options.config,
            profile: self.options.profile,
            read_only: self.options.read_only,
            ascii: self.options.ascii,
            set: self.options.set,
            url: address.or(self.address.url),
        };
        (task, flags)
    }
}

impl Address {
    pub(super) fn into_url(self) -> Option<Secret> {
        self.url
    }
}

fn bar(strict: bool) -> Bar {
    if strict { Bar::Healthy } else { Bar::Usable }
}

pub(super) fn format(json: bool) -> Format {
    if json { Format::Json } else { Format::Table }
}
