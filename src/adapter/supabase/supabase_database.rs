//! The supabase mode: a project's REST interface, and beside it, where one is
//! configured, its database itself. Knows nothing of status and recording.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future::BoxFuture;
use serde_json::Value;
use tokio::{
    sync::mpsc,
    time::{Instant, timeout},
};

use crate::{
    adapter::{
        DbResult, DiagnosisOptions, MigrateOptions, MigrationSink, Piece, Ran, RunOrder,
        TransactionClient,
        diagnosis::Findings,
        local::LocalDatabase,
        mode_adapter::{Check, OnTaken, Record, Statement, TakeRow},
        supabase::{
            book::Book,
            client::{Client, Request},
            diagnose::{Subject, diagnose},
            direct, look, page,
            project::{Project, TableName},
            pulse::RestPulse,
            rows::{self, New},
        },
    },
    config::SupabaseSection,
    domain::{
        Action, Adoption, DbError, ErrorKind, HealthDetails, MigrationReport, MigrationState,
        RestDetails, TableSight,
    },
};

/// What is said where only a connection to the database itself would do.
const ONLY_DIRECT: &str = "not supported in supabase mode without database_url";

/// And what to do about it.
const SET_DIRECT: &str = "set database_url to the project's database too; for migrations, paste \
                          what 'dbvitals migrate print' prints into the SQL editor";

/// A Supabase project.
#[derive(Debug)]
pub(in crate::adapter) struct SupabaseDatabase {
    project: Arc<Project>,
    client: Client,
    book: Book,
    direct: Option<LocalDatabase>,
    /// The newest login to the database itself failed.
    is_direct_broken: AtomicBool,
}

impl SupabaseDatabase {
    pub(in crate::adapter) fn new(section: SupabaseSection) -> Self {
        let direct = section.direct.as_deref().cloned();
        let project = Arc::new(Project::new(section));
        Self {
            client: Client::new(Arc::clone(&project)),
            project,
            book: Book::default(),
            direct: direct.map(LocalDatabase::new),
            is_direct_broken: AtomicBool::new(false),
        }
    }

    /// Looks at the project on a connection of its own, and at the database itself
    /// meanwhile. The first look that succeeds as an attempt to connect opens the
    /// way for statements.
    pub(in crate::adapter) async fn check(&self, action: Action) -> Check {
        let limit = self.project.section().timeout;
        let began = Instant::now();
        let left = || limit.saturating_sub(began.elapsed());
        // Boxed: two looks at once make every future that may look large.
        let mut asking = Box::pin(self.look_at_direct(action));
        let mut asked = None;
        let mut check = {
            let mut looking = Box::pin(look::check(&self.project, &self.book, action));
            loop {
                tokio::select! {
                    biased;
                    check = &mut looking => break check,
                    found = &mut asking, if asked.is_none() => asked = Some(found),
                }
            }
        };
        // A project that fails is told at once.
        if check.details.rest.is_none() {
            return check;
        }
        let asked = match asked {
            Some(asked) => asked,
            None => timeout(left(), asking)
                .await
                .unwrap_or_else(|_late| Err(direct::late(limit))),
        };
        self.is_direct_broken
            .store(asked.is_err(), Ordering::Relaxed);
        if let Some(direct) = &self.direct {
            // Whether it works is then told by each statement.
            direct.open();
        }
        match asked {
            Ok(found) => direct::add(&mut check.details, found),
            Err(error) => {
                let rest = check.details.rest.as_mut();
                if let Some(rest) = rest {
                    rest.direct_fault = Some(direct::fault(&error));
                }
                return check;
            }
        }
        let revealed = match timeout(left(), self.reveal(check.details.rest.as_mut())).await {
            Ok(revealed) => revealed.map_err(|error| error.kind().name()),
            Err(_late) => Err("not in time"),
        };
        if let Err(why) = revealed {
            check.details.unread.push(format!("database_url: {why}"));
        }
        check
    }

    /// Logs in to the database itself with an attempt to connect, and with every
    /// look for as long as that does not work; else asks on a session that stays.
    async fn look_at_direct(&self, action: Action) -> DbResult<HealthDetails> {
        let Some(direct) = &self.direct else {
            return Ok(HealthDetails::default());
        };
        if action != Action::Connect && !self.is_direct_broken.load(Ordering::Relaxed) {
            return direct.glance(action).await;
        }
        let check = direct.check(Action::Connect).await;
        check.result.map(|()| check.details)
    }

    /// Where no row was shown, the database itself can tell whether there are any.
    async fn reveal(&self, rest: Option<&mut RestDetails>) -> DbResult<()> {
        if let (Some(direct), Some(rest)) = (&self.direct, rest)
            && rest.seen == TableSight::EmptyOrHidden
        {
            rest.seen = direct::reveal(direct, &rest.table).await?;
        }
        Ok(())
    }

    /// Examines the way to the project and the project itself.
    pub(in crate::adapter) async fn diagnose(
        &self,
        options: DiagnosisOptions,
        findings: &Findings,
    ) -> DbResult<()> {
        let subject = Subject {
            project: &self.project,
            direct: self.direct.as_ref(),
        };
        diagnose(subject, options, findings).await
    }

    /// Runs one statement on a session of the database itself.
    pub(in crate::adapter) async fn run(
        &self,
        order: RunOrder<'_>,
        pieces: &mpsc::Sender<Piece>,
        stop: impl Future<Output = ()> + Send,
    ) -> DbResult<Ran> {
        self.direct(Action::Query)?.run(order, pieces, stop).await
    }

    /// A guard sends requests only: the first one shows that they are answered.
    pub(in crate::adapter) async fn pulse(&self) -> DbResult<RestPulse<'_>> {
        self.beat().await?;
        Ok(RestPulse { database: self })
    }

    /// One small request over the client that is kept.
    pub(super) async fn beat(&self) -> DbResult<()> {
        let action = Action::HealthCheck;
        let name = TableName::of(look::table(&self.project), action)?;
        let request = Request::look(self.project.url(&name, "limit=1"));
        let answer = self.client.send(request, action).await?;
        look::sight(answer, action, &self.project).map(drop)
    }

    /// There is no login that could be asked for.
    #[expect(clippy::unused_async, reason = "the same face as the other modes")]
    pub(in crate::adapter) async fn knock(&self, _limit: Duration) -> DbResult<()> {
        Err(DbError::new(Action::Connect, ErrorKind::Unsupported)
            .with_details("nobody knocks at a project"))
    }

    /// How the database stands with our migrations.
    pub(in crate::adapter) async fn migration_state(&self) -> DbResult<MigrationState> {
        self.direct(Action::Migrate)?.migration_state().await
    }

    /// Applies what is pending.
    pub(in crate::adapter) async fn migrate(
        &self,
        options: MigrateOptions,
        progress: &MigrationSink,
        stop: impl Future<Output = ()> + Send,
    ) -> DbResult<MigrationReport> {
        let report = self
            .direct(Action::Migrate)?
            .migrate(options, progress, stop)
            .await;
        self.book.doubt();
        report
    }

    /// Records what others have made as our files would.
    pub(in crate::adapter) async fn adopt(&self, options: MigrateOptions) -> DbResult<Adoption> {
        self.direct(Action::Migrate)?.adopt(options).await
    }

    /// The table that a check asks for a row.
    pub(in crate::adapter) fn asks_for(&self) -> &str {
        look::table(&self.project)
    }

    /// Whether the project is on this machine.
    pub(in crate::adapter) fn is_near(&self) -> bool {
        self.project.is_near()
    }

    pub(in crate::adapter) async fn close(&self) {
        self.client.close();
        if let Some(direct) = &self.direct {
            direct.close().await;
        }
    }

    pub(in crate::adapter) async fn query(
        &self,
        statement: Statement<'_>,
        take: &mut TakeRow<'_>,
    ) -> DbResult<u64> {
        self.direct(statement.action)?.query(statement, take).await
    }

    /// Hands on all rows of a table, page by page.
    pub(in crate::adapter) async fn read(
        &self,
        table: &str,
        take: &mut TakeRow<'_>,
    ) -> DbResult<u64> {
        page::read(&self.client, &self.project, table, take).await
    }

    pub(in crate::adapter) async fn insert(
        &self,
        table: &str,
        data: &Record,
        on_taken: OnTaken,
    ) -> DbResult<Value> {
        rows::insert(
            &self.client,
            &self.project,
            New {
                table,
                data,
                on_taken,
            },
        )
        .await
    }

    pub(in crate::adapter) async fn update(
        &self,
        table: &str,
        id: &str,
        data: &Record,
    ) -> DbResult<Value> {
        rows::update(&self.client, &self.project, table, id, data).await
    }

    pub(in crate::adapter) async fn delete(&self, table: &str, id: &str) -> DbResult<u64> {
        rows::delete(&self.client, &self.project, table, id).await
    }

    pub(in crate::adapter) async fn transaction<T, F>(&self, work: F) -> DbResult<T>
    where
        T: Send,
        F: for<'c> FnOnce(&'c mut dyn TransactionClient) -> BoxFuture<'c, DbResult<T>> + Send,
    {
        self.direct(Action::Transaction)?.transaction(work).await
    }

    /// The database itself, where it is configured.
    fn direct(&self, action: Action) -> DbResult<&LocalDatabase> {
        self.direct.as_ref().ok_or_else(|| {
            DbError::new(action, ErrorKind::Unsupported)
                .with_details(ONLY_DIRECT)
                .with_hint(SET_DIRECT)
        })
    }
}
