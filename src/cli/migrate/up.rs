//! `migrate up`: applies what is pending and tells each file as it holds.

use std::{
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use serde_json::{Map, Value, json};
use tokio::sync::mpsc;

use crate::{
    adapter::{Database, DbResult, MigrateOptions, MigrationSink},
    cli::{
        config::Format,
        confirm::{self, Permission},
        exit::{Exit, Outcome},
        json::{millis, write_pretty},
        migrate::{
            WriteOptions,
            told::{failed, name_json, object, print_warnings, target, unconfirmed},
        },
    },
    config::Config,
    domain::{MigrationEvent, MigrationName, MigrationReport, clean},
};

/// Events that may wait to be printed: three for each of more files than there will be.
const EVENTS: usize = 1024;

/// Applies what is pending.
pub(super) async fn up(
    config: &Config,
    database: &Database,
    options: &WriteOptions,
    out: &mut dyn Write,
) -> Outcome {
    let permission = match confirm::permission(config, options.target.as_deref()) {
        Ok(permission) => permission,
        Err(why) => return unconfirmed(config, &why, options.format, out),
    };
    if permission == Permission::Needed {
        // What there is to confirm is known first, and whether anything is.
        let state = match database.migration_state().await {
            Ok(state) => state,
            Err(error) => return failed(object(config), &error, options.format, out),
        };
        if state.unwritable.is_none() && !state.appliable().is_empty() {
            let names: Vec<_> = state.appliable().iter().map(ToString::to_string).collect();
            let what = format!("apply {}", names.join(", "));
            if let Err(why) = confirm::ask(config, &what) {
                return unconfirmed(config, &why, options.format, out);
            }
        }
    }
    let mut run = Run {
        config,
        format: options.format,
        applied: Vec::new(),
        printed: Ok(()),
    };
    if options.format == Format::Table {
        run.printed =
            writeln!(out, "{}", target(config)).and_then(|()| print_warnings(config, out));
    }
    let lock_deadline = options.lock_timeout;
    let report = run
        .follow(database, MigrateOptions { lock_deadline }, out)
        .await;
    run.finish(report, out)
}

/// A run, as it is told.
struct Run<'a> {
    config: &'a Config,
    format: Format,
    applied: Vec<(MigrationName, Duration)>,
    /// A run goes on, whoever reads of it.
    printed: io::Result<()>,
}

impl Run<'_> {
    async fn follow(
        &mut self,
        database: &Database,
        options: MigrateOptions,
        out: &mut dyn Write,
    ) -> DbResult<MigrationReport> {
        let (told, mut heard) = mpsc::channel(EVENTS);
        let progress: MigrationSink = Arc::new(move |event| {
            // The report tells what holds, also where this was not heard.
            told.try_send(event).ok();
        });
        let migrating = database.migrate(options, progress);
        tokio::pin!(migrating);
        loop {
            tokio::select! {
                biased;
                Some(event) = heard.recv() => self.tell(event, out),
                report = &mut migrating => {
                    while let Ok(event) = heard.try_recv() {
                        self.tell(event, out);
                    }
                    return report;
                }
            }
        }
    }

    fn tell(&mut self, event: MigrationEvent, out: &mut dyn Write) {
        let line = match event {
            MigrationEvent::Waiting { .. } => {
                // Also beside JSON: somebody may be waiting in front of it.
                writeln!(io::stderr(), "waiting: {event}").ok();
                return;
            }
            // Told when it holds.
            MigrationEvent::Started(_) => return,
            MigrationEvent::Applied { migration, took } => {
                let line = format!("  {migration} applied in {:.1} ms", millis(took));
                self.applied.push((migration, took));
                line
            }
        };
        if self.format == Format::Table && self.printed.is_ok() {
            self.printed = writeln!(out, "{line}").and_then(|()| out.flush());
        }
    }

    fn finish(mut self, report: DbResult<MigrationReport>, out: &mut dyn Write) -> Outcome {
        let printed = std::mem::replace(&mut self.printed, Ok(()));
        let outcome = match report {
            Ok(report) => {
                let printed = match self.format {
                    Format::Json => self.print_json(&report, out),
                    Format::Table => print_end(&report, out),
                };
                Exit::Done.printed(printed)
            }
            Err(error) => {
                if self.format == Format::Table && !self.applied.is_empty() {
                    let words = format!("  {} applied before it failed", self.applied.len());
                    self.printed = writeln!(out, "{words}");
                }
                failed(self.object(), &error, self.format, out)
            }
        };
        Outcome {
            printed: printed.and(self.printed).and(outcome.printed),
            exit: outcome.exit,
        }
    }

    fn object(&self) -> Map<String, Value> {
        let mut object = object(self.config);
        let applied = self.applied.iter().map(|(name, took)| {
            json!({ "version": name.version, "name": name.name, "ms": millis(*took) })
        });
        object.insert("applied".to_owned(), applied.collect());
        object
    }

    fn print_json(&self, report: &MigrationReport, out: &mut dyn Write) -> io::Result<()> {
        let mut object = self.object();
        let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
        put("success", json!(true));
        put("schema", json!(report.schema));
        put("ledger", json!(report.ledger));
        let others = report.applied_by_others.iter().map(name_json);
        put("appliedByOthers", others.collect());
        put("warnings", json!(self.config.provenance.warnings));
        write_pretty(&Value::Object(object), out)
    }
}

fn print_end(report: &MigrationReport, out: &mut dyn Write) -> io::Result<()> {
    for name in &report.applied_by_others {
        writeln!(out, "  {name} was applied by another run meanwhile")?;
    }
    let ledger = clean(&report.ledger);
    if report.applied.is_empty() {
        return writeln!(out, "nothing to apply: {ledger} is up to date");
    }
    let count = report.applied.len();
    writeln!(out, "{count} applied, recorded in {ledger}")
}
