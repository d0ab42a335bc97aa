//! `migrate up`: applies what is pending and tells each file as it holds.

use std::{
    collections::BTreeSet,
    future::pending,
    io::{self, Write},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use serde_json::{Map, Value, json};
use tokio::sync::{mpsc, oneshot};

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
        signals::Signals,
    },
    config::Config,
    domain::{Action, DbError, ErrorKind, MigrationEvent, MigrationName, MigrationReport, clean},
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
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => return Exit::NotAttempted.printed(Err(error)),
    };
    let mut run = Run {
        config,
        format: options.format,
        applied: Vec::new(),
        running: None,
        waited_for: BTreeSet::new(),
        by_others: Vec::new(),
        is_stopped: false,
        printed: Ok(()),
    };
    if options.format == Format::Table {
        run.printed =
            writeln!(out, "{}", target(config)).and_then(|()| print_warnings(config, out));
    }
    let lock_deadline = options.lock_timeout;
    let order = MigrateOptions { lock_deadline };
    let report = run.follow(database, order, &mut signals, out).await;
    run.finish(report, out)
}

/// A run, as it is told.
struct Run<'a> {
    config: &'a Config,
    format: Format,
    applied: Vec<(MigrationName, Duration)>,
    /// The file that has begun and does not hold yet.
    running: Option<MigrationName>,
    /// The server's processes that were told to hold the lock.
    waited_for: BTreeSet<Option<i32>>,
    /// The files that were told to be applied by others.
    by_others: Vec<MigrationName>,
    /// A signal told us to stop.
    is_stopped: bool,
    /// A run goes on, whoever reads of it.
    printed: io::Result<()>,
}

impl Run<'_> {
    /// The first signal stops the run at the server, a second one leaves it.
    async fn follow(
        &mut self,
        database: &Database,
        options: MigrateOptions,
        signals: &mut Signals,
        out: &mut dyn Write,
    ) -> DbResult<MigrationReport> {
        let (told, mut heard) = mpsc::channel(EVENTS);
        let progress: MigrationSink = Arc::new(move |event| {
            // The report tells what holds, also where this was not heard.
            told.try_send(event).ok();
        });
        let (stop, stopped) = oneshot::channel();
        let stopped = async {
            if stopped.await.is_err() {
                pending::<()>().await;
            }
        };
        let mut stop = Some(stop);
        let mut migrating = pin!(database.migrate_until(options, progress, stopped));
        let report = loop {
            tokio::select! {
                biased;
                () = signals.next() => {
                    self.is_stopped = true;
                    match stop.take() {
                        // The run may have ended meanwhile.
                        Some(stop) => drop(stop.send(())),
                        None => break Err(DbError::new(Action::Migrate, ErrorKind::Cancelled)
                            .with_details("it was left")),
                    }
                }
                Some(event) = heard.recv() => self.tell(event, out),
                report = &mut migrating => break report,
            }
        };
        while let Ok(event) = heard.try_recv() {
            self.tell(event, out);
        }
        report
    }

    fn tell(&mut self, event: MigrationEvent, out: &mut dyn Write) {
        let line = match event {
            MigrationEvent::Waiting { ref holder } => {
                let pid = holder.as_ref().map(|holder| holder.pid);
                // Once for each that is waited for, however many files it applies.
                if self.waited_for.insert(pid) {
                    // Also beside JSON: somebody may be waiting in front of it.
                    writeln!(io::stderr(), "waiting: {event}").ok();
                }
                return;
            }
            MigrationEvent::Blocked { ref holders, .. } => {
                if !holders.is_empty() {
                    writeln!(io::stderr(), "waiting: {event}").ok();
                }
                return;
            }
            MigrationEvent::AppliedByOther(ref name) => {
                self.by_others.push(name.clone());
                format!("  {event}")
            }
            // Told when it holds.
            MigrationEvent::Started(name) => {
                self.running = Some(name);
                return;
            }
            MigrationEvent::Applied { migration, took } => {
                let line = format!("  {migration} applied in {:.1} ms", millis(took));
                self.running = None;
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
                    Format::Table => self.print_end(&report, out),
                };
                Exit::Done.printed(printed)
            }
            Err(error) if self.is_stopped && was_left(&error) => self.print_stopped(&error, out),
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

    /// The end of a run that a signal has stopped.
    fn print_stopped(&self, error: &DbError, out: &mut dyn Write) -> Outcome {
        let is_rolled_back = error.kind() == ErrorKind::StatementCancelled;
        let rolled_back = self.running.as_ref().filter(|_| is_rolled_back);
        let what = match (&self.running, rolled_back) {
            (None, _) => "no file was under way".to_owned(),
            (Some(_), Some(name)) => format!("{name} was rolled back"),
            (Some(name), None) => format!("it is not known what became of {name}"),
        };
        let holds = match self.applied.as_slice() {
            [] => "nothing was applied before".to_owned(),
            applied => {
                let names: Vec<_> = applied.iter().map(|(name, _)| name.to_string()).collect();
                format!("what was applied before holds: {}", names.join(", "))
            }
        };
        let message = format!("stopped by a signal: {what}; {holds}");
        let hint = if self.running.is_some() && !is_rolled_back {
            "look at 'dbvitals migrate status': it tells whether the file holds"
        } else {
            "'dbvitals migrate up' goes on from there"
        };
        if self.format == Format::Table {
            writeln!(io::stderr(), "dbvitals: {message}\n  next: {hint}").ok();
            return Exit::Failed.silent();
        }
        let mut object = self.object();
        object.insert("success".to_owned(), json!(false));
        object.insert("rolledBack".to_owned(), json!(rolled_back.map(name_json)));
        let error = json!({
            "kind": "Stopped",
            "code": error.code(),
            "message": message,
            "hint": hint,
            "transient": false,
        });
        object.insert("error".to_owned(), error);
        Exit::Failed.printed(write_pretty(&Value::Object(object), out))
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

    fn print_end(&self, report: &MigrationReport, out: &mut dyn Write) -> io::Result<()> {
        let others = report.applied_by_others.iter();
        for name in others.filter(|name| !self.by_others.contains(name)) {
            let event = MigrationEvent::AppliedByOther(name.clone());
            writeln!(out, "  {event}")?;
        }
        let ledger = clean(&report.ledger);
        if report.applied.is_empty() {
            return writeln!(out, "nothing to apply: {ledger} is up to date");
        }
        let count = report.applied.len();
        writeln!(out, "{count} applied, recorded in {ledger}")
    }
}

/// Whether a run ended because it was told to.
fn was_left(error: &DbError) -> bool {
    [ErrorKind::Cancelled, ErrorKind::StatementCancelled].contains(&error.kind())
}
