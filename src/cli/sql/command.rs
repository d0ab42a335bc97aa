//! `dbvitals sql`: reads a statement, runs it where it may run, and says how it
//! ended.

use std::{
    io::{self, Write},
    sync::Arc,
};

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    adapter::{Database, RunAccess, RunOrder},
    cli::{
        exit::{Exit, Outcome},
        sql::{
            ResultFormat, SqlOptions,
            asking::{Asker, Attempt, Sinks},
            confirm::{self, Permission},
            failure::failure,
            json::safe,
            notices::{Notices, Telling},
            output::{Output, Printing},
            source,
            summary::{Asked, Ended, Policy, Shown, success},
            writer::Writer,
        },
    },
    config::Config,
    domain::{ConnectionId, ErrorKind, Target, clean},
};

pub use crate::cli::sql::table::Screen;

/// The service that statements are recorded under.
const SERVICE: &str = "sql";

/// Runs one statement and prints its result; `screen` is the terminal that shows
/// it, where there is one.
///
/// In a production environment a statement first runs in a read-only
/// transaction, unless its target was named: the server says whether it writes.
pub async fn sql(config: &Config, options: &SqlOptions, screen: Option<Screen>) -> Outcome {
    let format = options.format;
    let statement = match source::statement(options) {
        Ok(statement) => statement,
        Err(words) => return Refusal::usage(words).tell(format, Some(config.written())),
    };
    let permission = match confirm::permission(config, options.target.as_deref()) {
        Ok(permission) => permission,
        Err(words) => return Refusal::usage(words).tell(format, Some(config.written())),
    };
    let id = ConnectionId(Uuid::now_v7());
    // One statement is told as a whole; its operation goes nowhere else.
    let database = Database::new(&config.adapter, id, Arc::new(|_| {})).for_service(SERVICE);
    let asker = match Asker::new(database) {
        Ok(asker) => asker,
        Err(error) => return Exit::NotAttempted.printed(Err(error)),
    };
    let work = Work {
        config,
        options,
        screen,
        sql: statement.expose(),
    };
    work.carry_out(asker, permission).await
}

/// A statement and all that decides how it is run and shown.
#[derive(Clone, Copy)]
struct Work<'a> {
    config: &'a Config,
    options: &'a SqlOptions,
    screen: Option<Screen>,
    sql: &'a str,
}

impl Work<'_> {
    async fn carry_out(self, mut asker: Asker, permission: Permission) -> Outcome {
        if permission == Permission::Given {
            let attempt = self.attempt(&mut asker, RunAccess::Full).await;
            return self.finish(asker, attempt, RunAccess::Full).await;
        }
        let attempt = self.attempt(&mut asker, RunAccess::ReadOnly).await;
        let writes = matches!(&attempt.result, Err(error) if error.kind() == ErrorKind::ReadOnly);
        if !writes || self.policy() == Policy::ReadOnly {
            return self.finish(asker, attempt, RunAccess::ReadOnly).await;
        }
        let target = self.config.written().to_string();
        if attempt.output.is_begun() || !confirm::can_ask() {
            let refusal = Refusal {
                exit: Exit::NotAttempted,
                kind: "NotConfirmed",
                message: "the statement writes, and the environment is production: \
                          nothing was written"
                    .to_owned(),
                hint: format!("--target {target} runs it there"),
            };
            return refusal.tell_through(asker, self).await;
        }
        let is_confirmed = asker.unless_stopped(confirm::ask(self.config)).await;
        if is_confirmed != Some(true) {
            let refusal = Refusal {
                exit: Exit::NotAttempted,
                kind: "NotConfirmed",
                message: "the target's name was not typed: nothing was written".to_owned(),
                hint: format!("type {target} when asked for, or give --target {target}"),
            };
            return refusal.tell_through(asker, self).await;
        }
        let attempt = self.attempt(&mut asker, RunAccess::Full).await;
        self.finish(asker, attempt, RunAccess::Full).await
    }

    async fn attempt(self, asker: &mut Asker, access: RunAccess) -> Attempt {
        let writer = Writer::new(self.options.format, self.screen, self.config.written());
        let order = RunOrder {
            sql: self.sql,
            access,
            form: writer.cells(),
            limit: self.options.limit,
            timeout: self.options.timeout,
            notices: None,
        };
        let printing = match access {
            RunAccess::ReadOnly => Printing::HeldBack,
            RunAccess::Full => Printing::AtOnce,
        };
        let telling = match (printing, self.options.format) {
            (Printing::AtOnce, ResultFormat::Table | ResultFormat::Csv) => Telling::AtOnce,
            (Printing::AtOnce, ResultFormat::Json) | (Printing::HeldBack, _) => Telling::AtTheEnd,
        };
        let sinks = Sinks {
            writer,
            printing,
            notices: Notices::new(telling),
        };
        asker.attempt(order, sinks).await
    }

    async fn finish(self, asker: Asker, attempt: Attempt, access: RunAccess) -> Outcome {
        let Attempt {
            result,
            mut writer,
            mut output,
            notices,
            asked,
        } = attempt;
        let ended = Ended {
            result: &result,
            sql: self.sql,
            access,
            policy: self.policy(),
            asked,
            notices: &notices,
        };
        writer.end(&ended, &mut output.text);
        let shown = Shown {
            rows: writer.rows(),
            has_columns: writer.has_columns(),
            reader: asker.reader(),
        };
        let printed = asker.finish(output, asked).await;
        let exit = match (&result, &printed) {
            (Ok(_), Ok(())) => Exit::Done,
            // The result is what was asked for, and it is not there.
            (Ok(_), Err(_)) | (Err(_), _) => Exit::Failed,
        };
        if self.options.format != ResultFormat::Json {
            let end = match &result {
                Ok(ran) => success(ran, shown, &ended, writer.cut_mark()),
                Err(error) => failure(error, &ended),
            };
            tell(&format!("{}{end}", notices.rest()));
        }
        exit.printed(printed)
    }

    fn policy(self) -> Policy {
        if self.config.watch.read_only {
            Policy::ReadOnly
        } else {
            Policy::MayWrite
        }
    }
}

/// Why nothing was run, or nothing that writes.
struct Refusal {
    exit: Exit,
    kind: &'static str,
    message: String,
    hint: String,
}

impl Refusal {
    fn usage(message: String) -> Self {
        Self {
            exit: Exit::NotAttempted,
            kind: "InvalidUsage",
            message,
            hint: "see 'dbvitals sql --help'".to_owned(),
        }
    }

    /// The target is known where there is a configuration.
    fn tell(self, format: ResultFormat, target: Option<&Target>) -> Outcome {
        if format != ResultFormat::Json {
            return self.in_words();
        }
        let printed = write!(io::stdout(), "{}", self.object(target));
        self.exit.printed(printed)
    }

    /// The same where the printer has standard output.
    async fn tell_through(self, asker: Asker, work: Work<'_>) -> Outcome {
        if work.options.format != ResultFormat::Json {
            return self.in_words();
        }
        let mut output = Output::new(Printing::AtOnce);
        output.text = self.object(Some(work.config.written()));
        self.exit
            .printed(asker.finish(output, Asked::Nothing).await)
    }

    fn in_words(self) -> Outcome {
        let (message, hint) = (clean(&self.message), clean(&self.hint));
        tell(&format!("dbvitals: {message}\n  next: {hint}"));
        self.exit.silent()
    }

    /// On one line: whoever reads results line by line reads this, too.
    fn object(&self, target: Option<&Target>) -> String {
        let mut object = Map::new();
        if let Some(target) = target {
            object.insert("mode".to_owned(), json!(target.mode));
            object.insert("target".to_owned(), json!(target.to_string()));
        }
        object.insert("success".to_owned(), json!(false));
        let error = json!({
            "kind": self.kind,
            "code": null,
            "message": self.message,
            "hint": self.hint,
            "transient": false,
        });
        object.insert("error".to_owned(), error);
        format!("{}\n", safe(&Value::Object(object).to_string()))
    }
}

/// The end of a command line that is understood and cannot be meant, if it is
/// one: known without a configuration.
#[must_use]
pub fn sql_misused(options: &SqlOptions) -> Option<Outcome> {
    let mistake = options.mistake?;
    Some(Refusal::usage(mistake.to_owned()).tell(options.format, None))
}

/// Lines for people, on standard error. There is nobody to tell that telling failed.
fn tell(lines: &str) {
    writeln!(io::stderr(), "{}", lines.trim_end()).ok();
}
