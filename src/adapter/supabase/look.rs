//! Looks at a project as a new client would: opens a connection, asks for one
//! row, then for some of the required tables. Knows nothing of status.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::{
    adapter::{
        DbResult,
        local::{Phase, PhaseClock},
        mode_adapter::Check,
        supabase::{
            answer::Answer,
            book::Book,
            project::{Project, TableName},
            silence,
            visit::Visit,
        },
    },
    domain::{
        Action, DbError, ErrorKind, HealthDetails, KeyKind, REQUIRED_TABLES, RestDetails,
        TableSight,
    },
};

/// The table that is asked for a row, unless another one is configured.
pub(super) const DEFAULT_TABLE: &str = REQUIRED_TABLES[0];

/// One row of a required table: its id is enough.
const ONE_ID: &str = "select=id&limit=1";

/// What is answered where the table has not the column that is asked for: by
/// the database, and by the interface.
const NO_COLUMN: [&str; 2] = ["42703", "PGRST204"];

/// One row of a table whose columns are not known.
const ONE_ROW: &str = "limit=1";

/// After so many tables that were not answered in time a look asks for no more.
const MOST_LATE: u32 = 2;

/// Asks on a connection of its own, all under one deadline.
pub(super) async fn check(project: &Project, book: &Book, action: Action) -> Check {
    let began = Instant::now();
    let clock = PhaseClock::start(action, project.section().timeout);
    let looked = clock.within(look(project, book, &clock)).await;
    let (latency, result, mut details) = match looked {
        Ok((latency, details)) => (latency, Ok(()), details),
        Err(error) => (began.elapsed(), Err(error), HealthDetails::default()),
    };
    details.phases = clock.timings();
    Check {
        latency,
        details,
        result,
    }
}

async fn look(
    project: &Project,
    book: &Book,
    clock: &PhaseClock,
) -> DbResult<(Duration, HealthDetails)> {
    let action = clock.action();
    let mut visit = Visit::open(project, clock).await?;
    let table = table(project);
    clock.begin(Phase::Query);
    let mut latency = Duration::ZERO;
    let asking = ask(&mut visit, project, table, || latency = clock.end());
    let answer = silence::watched(asking, project, clock).await?;
    let service = service(project, &answer);
    let seen = sight(answer, action, project)?;
    book.note(table, seen);
    let mut details = HealthDetails {
        role: project.section().role.clone(),
        tls: Some(visit.tls.clone()),
        ..HealthDetails::default()
    };
    let mut tables = Vec::new();
    if project.section().requires_schema {
        details.unread = look_at_tables(&mut visit, project, book, clock).await;
        details.missing_tables = book.missing();
        tables = book.seen();
    }
    let key = project.section().key_kind;
    details.rest = Some(RestDetails {
        key,
        role_is_from: key.role_is_from().to_owned(),
        service,
        table: table.to_owned(),
        seen,
        tables,
        direct_fault: None,
    });
    Ok((latency, details))
}

/// The table that is asked for a row.
pub(super) fn table(project: &Project) -> &str {
    let configured = project.section().health_table.as_deref();
    configured.unwrap_or(DEFAULT_TABLE)
}

/// Asks for one row of a table, and tells when the first byte has come.
pub(super) async fn ask(
    visit: &mut Visit<'_>,
    project: &Project,
    table: &str,
    first_byte: impl FnOnce(),
) -> DbResult<Answer> {
    let name = TableName::of(table, visit.action())?;
    let query = if REQUIRED_TABLES.contains(&table) {
        ONE_ID
    } else {
        ONE_ROW
    };
    let target = project.target(&name, query);
    visit.get(&target, first_byte).await
}

/// How far the role sees into the table, as the answer tells. That it is
/// missing, may not be read, or is another than ours, is an answer of a project
/// that is well.
pub(super) fn sight(answer: Answer, action: Action, project: &Project) -> DbResult<TableSight> {
    match answer.rows(action, project) {
        Ok(rows) if !rows.is_empty() => Ok(TableSight::Rows),
        Ok(_) => Ok(unseen(project.section().key_kind)),
        Err(error) => match error.kind() {
            ErrorKind::SchemaMissing => Ok(TableSight::Missing),
            ErrorKind::PermissionDenied => Ok(TableSight::Denied),
            _ if error.code().is_some_and(|code| NO_COLUMN.contains(&code)) => {
                Ok(TableSight::OtherColumns)
            }
            _ => Err(error),
        },
    }
}

/// No row was shown.
fn unseen(kind: KeyKind) -> TableSight {
    if kind.sees_every_row() {
        TableSight::Empty
    } else {
        TableSight::EmptyOrHidden
    }
}

/// Looks at the tables that are due, in four fifths of the time that is left: the
/// absence of what they tell is never the check's failure. One that cannot be
/// looked at is noted with its cause, and the others are looked at.
async fn look_at_tables(
    visit: &mut Visit<'_>,
    project: &Project,
    book: &Book,
    clock: &PhaseClock,
) -> Vec<String> {
    let action = clock.action();
    let deadline = Instant::now() + clock.remaining() * 4 / 5;
    let mut asked = vec![table(project)];
    let mut late = 0;
    book.begin_look();
    while late < MOST_LATE
        && let Some(table) = book.due(&asked)
    {
        asked.push(table);
        let asking = ask(visit, project, table, || {});
        // Of the time that is left one table gets half.
        let left = deadline.saturating_duration_since(Instant::now());
        let seen = match timeout(left / 2, asking).await {
            Ok(answered) => answered.and_then(|answer| sight(answer, action, project)),
            Err(_late) => {
                book.note_fault(table, "not in time".to_owned());
                late += 1;
                continue;
            }
        };
        match seen {
            Ok(seen) => book.note(table, seen),
            Err(error) => {
                book.note_fault(table, cause(&error));
                if ends_look(error.kind()) {
                    break;
                }
            }
        }
    }
    book.faults()
}

/// Whether the other tables are not asked for after this: there is no way to
/// them, or the service asks to be left alone.
fn ends_look(kind: ErrorKind) -> bool {
    !kind.was_answered() || kind == ErrorKind::RateLimited
}

fn cause(error: &DbError) -> String {
    let code = error.code().map(|code| format!(" {code}"));
    format!("{}{}", error.kind().name(), code.unwrap_or_default())
}

/// What serves the interface, as far as it can be told.
pub(super) fn service(project: &Project, answer: &Answer) -> Option<String> {
    let endpoint = project.endpoint();
    if endpoint.is_local_stack {
        return Some("local stack".to_owned());
    }
    match (&endpoint.project, &answer.server) {
        (Some(name), _) => Some(format!("project {name}")),
        (None, Some(server)) => Some(server.shown(project)),
        (None, None) => None,
    }
}
