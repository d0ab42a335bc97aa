//! Applies what is pending, one transaction a file: the lock, the file, its
//! ledger row, the commit. Nothing is sent ahead: a file is committed only by a
//! run that has seen it succeed.

use std::{
    pin::pin,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio_postgres::types::Type;

use crate::{
    adapter::{
        DbResult, MigrateOptions, MigrationSink,
        local::{
            migrate::{
                blocked::Watch,
                link::Link,
                lock::begin_locked,
                look::{Looked, look},
            },
            run::Canceller,
            schema_state::column,
            table::quoted,
            target::Target,
        },
        migrations::{API_ROLES, File, MigrationDialect, refused},
    },
    domain::{Action, DbError, ErrorKind, MigrationEvent, MigrationName, MigrationReport},
};

/// How long the server may take to end what it was told to cancel.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a run is asked to do.
#[derive(Clone, Copy)]
struct Order<'a> {
    target: &'a Target,
    options: MigrateOptions,
    progress: &'a MigrationSink,
    /// Whether no further file is to be begun.
    is_stopping: &'a AtomicBool,
}

/// Applies what is pending, until `stop`: then the server is told to cancel what
/// it does, and no further file is begun.
pub(in crate::adapter::local) async fn up(
    target: &Target,
    options: MigrateOptions,
    progress: &MigrationSink,
    stop: impl Future<Output = ()> + Send,
) -> DbResult<MigrationReport> {
    if target.section().read_only {
        return Err(DbError::new(Action::Migrate, ErrorKind::ReadOnlyConfigured));
    }
    let mut stop = pin!(stop);
    let is_stopping = AtomicBool::new(false);
    let mut link = tokio::select! {
        biased;
        () = &mut stop => return Err(stopped("nothing was begun")),
        opened = Link::open(target) => opened?,
    };
    let canceller = link.canceller(target);
    let order = Order {
        target,
        options,
        progress,
        is_stopping: &is_stopping,
    };
    let report = {
        let mut work = pin!(order.carry_out(&mut link));
        tokio::select! {
            biased;
            report = &mut work => report,
            () = &mut stop => {
                is_stopping.store(true, Ordering::Relaxed);
                settled(work, &canceller).await
            }
        }
    }?;
    link.close().await;
    Ok(report)
}

/// Has the server cancel what it does and waits for its answer, which may also
/// be that it was quicker.
async fn settled(
    work: impl Future<Output = DbResult<MigrationReport>>,
    canceller: &Canceller<'_>,
) -> DbResult<MigrationReport> {
    let answer = canceller.settle(PATIENCE, work).await;
    answer.unwrap_or_else(|elapsed| {
        let words = "the server was told to cancel and has not answered: what became of the file \
                     that was under way is not known";
        Err(stopped(words).with_source(elapsed))
    })
}

fn stopped(words: &str) -> DbError {
    DbError::new(Action::Migrate, ErrorKind::Cancelled).with_details(words)
}

impl Order<'_> {
    async fn carry_out(self, link: &mut Link) -> DbResult<MigrationReport> {
        let first = first_look(link, self.target, self.options).await;
        link.roll_back().await;
        let first = first?;
        let mut applied = Vec::new();
        let mut open = first.state.pending.clone();
        if !open.is_empty() {
            while let Some(done) = {
                let next = self.apply_next(link, &mut open).await;
                settle(link, next).await?
            } {
                applied.push(done);
            }
        }
        let ours = |name: &MigrationName| applied.iter().any(|(done, _)| done == name);
        Ok(MigrationReport {
            applied_by_others: first
                .state
                .pending
                .into_iter()
                .filter(|name| !ours(name))
                .collect(),
            schema: first.state.schema,
            ledger: first.state.ledger,
            applied,
        })
    }

    /// Applies the first file that is pending; `None` when none is. `open`: what
    /// was pending at first, and of which nobody was told yet that it holds.
    async fn apply_next(
        self,
        link: &mut Link,
        open: &mut Vec<MigrationName>,
    ) -> DbResult<Option<(MigrationName, Duration)>> {
        let Self {
            target,
            options,
            progress,
            is_stopping,
        } = self;
        if is_stopping.load(Ordering::Relaxed) {
            return Err(stopped("no further file was begun"));
        }
        let pid = begin_locked(link, options, progress).await?;
        // Only now, with the lock, is it certain what others have done.
        let looked = look(link, target).await?;
        for name in open.extract_if(.., |name| !looked.state.pending.contains(name)) {
            progress(MigrationEvent::AppliedByOther(name));
        }
        ensure_welcome(&looked)?;
        let Some(next) = looked.state.appliable().first() else {
            link.roll_back().await;
            return Ok(None);
        };
        looked.ensure_writable()?;
        progress(MigrationEvent::Started(next.clone()));
        let watch = Watch {
            target,
            options,
            progress,
            migration: next,
            pid,
            holders: Mutex::default(),
        };
        let took = tokio::select! {
            biased;
            took = apply(link, &looked, file_of(next)) => took,
            never = watch.tell() => match never {},
        };
        let took = took.map_err(|error| in_file(error, &watch))?;
        progress(MigrationEvent::Applied {
            migration: next.clone(),
            took,
        });
        open.retain(|name| name != next);
        Ok(Some((next.clone(), took)))
    }
}

/// Looks without the lock: what is refused is refused at once, and where
/// nothing is pending nobody is waited for but who keeps the ledger locked.
async fn first_look(link: &mut Link, target: &Target, options: MigrateOptions) -> DbResult<Looked> {
    link.begin_patient("begin", options.lock_deadline).await?;
    let looked = look(link, target).await?;
    ensure_welcome(&looked)?;
    if !looked.state.pending.is_empty() {
        looked.ensure_writable()?;
    }
    Ok(looked)
}

/// Refuses, unless there is something to apply before what is refused.
fn ensure_welcome(looked: &Looked) -> DbResult<()> {
    match &looked.state.refusal {
        Some(refusal) if looked.state.appliable().is_empty() => Err(refused(refusal.clone())),
        _ => Ok(()),
    }
}

/// The file, its row and the commit.
async fn apply(link: &mut Link, looked: &Looked, file: &File) -> DbResult<Duration> {
    pin_schema(link, &looked.state.schema).await?;
    make_ledger(link, looked).await?;
    let began = Instant::now();
    link.execute_long(file.sql).await?;
    let took = began.elapsed();
    record(link, &looked.ledger, file, took).await?;
    link.commit().await?;
    Ok(took)
}

/// Makes the ledger, and its schema where one is configured, unless it is there.
pub(super) async fn make_ledger(link: &mut Link, looked: &Looked) -> DbResult<()> {
    if looked.has_ledger() {
        return Ok(());
    }
    let dialect = MigrationDialect::Postgres;
    if let Some(schema) = &looked.missing_schema {
        link.execute_long(&format!("create schema {}", quoted(schema)))
            .await?;
    }
    link.execute_long(&dialect.create_ledger(&looked.ledger))
        .await?;
    let roles = api_roles(link).await?;
    if let Some(protect) = dialect.protect_ledger(&looked.ledger, &roles) {
        link.execute_long(&protect).await?;
    }
    Ok(())
}

/// Which of Supabase's roles this server has.
async fn api_roles(link: &mut Link) -> DbResult<Vec<String>> {
    let asked = "select rolname::text from pg_catalog.pg_roles where rolname = any($1)";
    let known: Vec<&str> = API_ROLES.to_vec();
    let rows = link.rows(asked, &[(&known, Type::NAME_ARRAY)]).await?;
    rows.iter()
        .map(|row| column(row, 0, Action::Migrate))
        .collect()
}

/// From here on names without a schema are made and found in this one: where
/// the state said that the tables go. What others have made there is found as
/// well, after the server's own: the files name functions with their schema.
pub(super) async fn pin_schema(link: &mut Link, schema: &str) -> DbResult<()> {
    let sql = format!("set local search_path = {}, pg_temp", quoted(schema));
    link.execute(&sql).await
}

/// Writes a file's row; without a time it was adopted.
pub(super) async fn record(
    link: &mut Link,
    ledger: &str,
    file: &File,
    took: Duration,
) -> DbResult<()> {
    let migration = &file.migration;
    let took_ms = match took {
        Duration::ZERO => 0,
        took => i64::try_from(took.as_millis()).unwrap_or(i64::MAX).max(1),
    };
    let kept = link
        .rows_long(
            &MigrationDialect::Postgres.record(ledger),
            &[
                (&migration.id.version, Type::INT8),
                (&migration.id.name, Type::TEXT),
                (&migration.checksum, Type::BYTEA),
                (&took_ms, Type::INT8),
            ],
        )
        .await?;
    if kept.len() == 1 {
        return Ok(());
    }
    Err(DbError::new(Action::Migrate, ErrorKind::MigrationRefused)
        .with_details("the ledger did not keep its row: a trigger or a rule of that table took it")
        .with_hint("look at the triggers and rules of the ledger"))
}

/// After a failure what is open is rolled back.
pub(super) async fn settle<T>(link: &mut Link, result: DbResult<T>) -> DbResult<T> {
    if result.is_err() {
        link.roll_back().await;
    }
    result
}

pub(super) fn file_of(name: &MigrationName) -> &'static File {
    MigrationDialect::Postgres
        .files()
        .iter()
        .find(|file| file.migration.id == *name)
        .expect("what is pending is a file of ours")
}

/// The file's name goes before what the server said.
fn in_file(error: DbError, watch: &Watch<'_>) -> DbError {
    let name = watch.migration;
    let said = error.details().unwrap_or("no details given");
    let words = match (error.code(), watch.words()) {
        (Some("55P03"), who) => {
            let waited = watch.options.lock_deadline;
            let who = who.map_or_else(String::new, |who| format!(": {who}"));
            format!(
                "{name} was rolled back: another session held a lock for {waited:?}{who} ({said})"
            )
        }
        (Some(_), _) => format!("{name} was rolled back: {said}"),
        (None, _) if error.kind() == ErrorKind::MigrationRefused => {
            format!("{name} was rolled back: {said}")
        }
        // Nobody knows what became of a commit that was not answered.
        (None, _) => format!("{name} was left: {said}"),
    };
    let hint = match error.kind() {
        ErrorKind::StatementCancelled => "'dbvitals diagnose' shows who blocks; then try again",
        ErrorKind::Timeout { .. } | ErrorKind::ConnectionLost => {
            "look at 'dbvitals migrate status': it tells whether the file holds"
        }
        _ => error.hint(),
    };
    error.with_details(&words).with_hint(hint)
}
