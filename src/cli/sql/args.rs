//! What may be said to `dbvitals sql`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::domain::Secret;

/// Rows of a table where nothing else is asked for.
const TABLE_LIMIT: u64 = 1_000;

/// The longest deadline: a week, which a server's setting holds in ms.
const LONGEST: Duration = Duration::from_hours(7 * 24);

/// What is said of two arguments that are not a URL and a statement.
const SWAPPED: &str = "the URL comes before the statement: dbvitals sql URL STATEMENT";
const UNQUOTED: &str = "the statement is one argument: put it in quotes";

#[derive(Debug, Args)]
pub(in crate::cli) struct SqlArgs {
    /// Where the database is, without a password; may be left out.
    #[arg(value_name = "URL", value_parser = secret)]
    first: Option<Secret>,
    /// One statement. With `-`, or without it and with a pipe, it is read from
    /// standard input.
    #[arg(value_name = "STATEMENT", value_parser = secret)]
    second: Option<Secret>,
    /// How the result is printed; a table by default.
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<ResultFormat>,
    /// Print one JSON object, as with `--format json`.
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Print at most so many rows, 0 for all; by default 1000 as a table, and
    /// all as JSON and CSV. That there were more is said.
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Let the server work so many seconds; `health_check_timeout` by default.
    #[arg(long, value_name = "SECONDS", value_parser = deadline)]
    timeout: Option<Duration>,
    /// Name the target, as `config show` prints it: the statement runs there or
    /// nowhere. In a production environment nothing is written without it,
    /// unless it is typed when asked for.
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
}

/// What is asked of `dbvitals sql`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlOptions {
    /// The statement; `None` when it is read from standard input.
    pub(super) statement: Option<Secret>,
    /// How the result is printed.
    pub(super) format: ResultFormat,
    /// Rows at most; `None` for all.
    pub(super) limit: Option<u64>,
    /// The statement's deadline, where it is not the configured one.
    pub(super) timeout: Option<Duration>,
    /// The target's name, if it is given.
    pub(super) target: Option<String>,
    /// What of the command line cannot be meant, in words.
    pub(super) mistake: Option<&'static str>,
}

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ResultFormat {
    /// Aligned columns, for people.
    Table,
    /// One JSON object.
    Json,
    /// Comma-separated values (RFC 4180), with a header line.
    Csv,
}

// === impl SqlArgs ===

impl SqlArgs {
    /// What is asked for, and the URL, if one is given. A statement never
    /// begins as a URL does.
    pub(in crate::cli) fn into_options(self) -> (SqlOptions, Option<Secret>) {
        let (url, statement, mistake) = match (self.first, self.second) {
            (Some(first), None) if !is_url(&first) => (None, Some(first), None),
            (Some(first), Some(second)) if !may_be_url(&first) => {
                let mistake = if is_url(&second) { SWAPPED } else { UNQUOTED };
                (None, None, Some(mistake))
            }
            (first, second) => (first, second, None),
        };
        let format = match (self.format, self.json) {
            (Some(format), _) => format,
            (None, true) => ResultFormat::Json,
            (None, false) => ResultFormat::Table,
        };
        let limit = match (self.limit, format) {
            (Some(0), _) | (None, ResultFormat::Json | ResultFormat::Csv) => None,
            (Some(limit), _) => Some(limit),
            (None, ResultFormat::Table) => Some(TABLE_LIMIT),
        };
        let options = SqlOptions {
            statement: statement.filter(|it| it.expose() != "-"),
            format,
            limit,
            timeout: self.timeout,
            target: self.target,
            mistake,
        };
        (options, url)
    }
}

impl SqlOptions {
    /// How the result is printed.
    #[must_use]
    pub fn format(&self) -> ResultFormat {
        self.format
    }
}

/// Of two arguments the first is a URL, also one that will be refused.
fn may_be_url(text: &Secret) -> bool {
    let text = text.expose();
    text.contains("://") && !text.contains(char::is_whitespace)
}

fn is_url(text: &Secret) -> bool {
    let text = text.expose();
    text.starts_with("postgres://") || text.starts_with("postgresql://")
}

/// Wraps a text; cannot fail, but clap wants a function that could.
#[expect(clippy::unnecessary_wraps, reason = "the shape of a clap value parser")]
fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::new(text))
}

/// A number of seconds that is a deadline: some time, and not for ever.
fn deadline(text: &str) -> Result<Duration, &'static str> {
    let refused = "it is not a number of seconds from 0.001 to 604800";
    let seconds: f64 = text.parse().map_err(|_unparsed| refused)?;
    let deadline = Duration::try_from_secs_f64(seconds).map_err(|_unfit| refused)?;
    if deadline < Duration::from_millis(1) || deadline > LONGEST {
        return Err(refused);
    }
    Ok(deadline)
}
