//! Whether the role may write: judged from its rights, and tried, where that is
//! wished, by a write that leaves nothing. Knows nothing of reading.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::{
    adapter::{
        DbResult, DiagnosisOptions, WriteTest,
        local::{Limits, timeout_error},
        supabase::{
            diagnose::Subject,
            direct,
            project::{Project, TableName},
            visit::Visit,
        },
    },
    domain::{
        Action, Exam, Finding, FindingStatus, REQUIRED_TABLES, RestDetails, TableSight, cause_words,
    },
};

const ACTION: Action = Action::Insert;

/// An insert of as many rows as the body has: the database judges the right to
/// add rows, and whether it is read-only, before it looks for the first one.
const NO_ROWS: &str = "[]";

/// Judges it from the rights that the database tells, where it can be asked, and
/// tries it where that is wished.
pub(super) async fn judge(
    visit: &mut Visit<'_>,
    subject: Subject<'_>,
    (seen, options): (&RestDetails, DiagnosisOptions),
    limits: Limits,
) -> Finding {
    if !options.policy.expects_writes {
        return Finding::ok(Exam::Write, "switched off by read_only");
    }
    let mut finding = rights(subject, seen, limits).await;
    match options.write_test {
        WriteTest::Judge => {}
        WriteTest::Try => test(&mut finding, visit, (subject.project, seen), limits).await,
    }
    finding
}

async fn rights(subject: Subject<'_>, seen: &RestDetails, limits: Limits) -> Finding {
    let unknown = |why: &str| Finding::skipped(Exam::Write, format!("not known: {why}"));
    if seen.tables.is_empty() {
        return unknown("no tables are required");
    }
    let section = subject.project.section();
    let (Some(role), Some(direct)) = (section.role.as_deref(), subject.direct) else {
        return unknown("--write-test tries it, database_url tells the rights");
    };
    let there = seen
        .tables
        .iter()
        .filter(|table| table.seen.is_present() == Some(true));
    let mut refused = Vec::new();
    for table in there.filter(|table| table.seen != TableSight::Unknown) {
        let asking = direct::may_insert(direct, role, &table.name);
        match timeout_at(limits.last(), asking).await {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => refused.push(table.name.clone()),
            Ok(Err(error)) => return unknown(&cause_words(&error)),
            Err(_) => return unknown("the database did not tell in time"),
        }
    }
    let mut finding = if refused.is_empty() {
        Finding::ok(Exam::Write, format!("{role} has the right to add rows"))
    } else {
        let words = format!(
            "{role} has no right to add rows to {} tables",
            refused.len()
        );
        // A key that is not meant to reach everything may well be refused.
        let mut finding = if section.key_kind.sees_every_row() {
            let mut finding = Finding::warning(Exam::Write, words);
            finding.next = Some("grant insert to the role".to_owned());
            finding
        } else {
            Finding::ok(Exam::Write, words)
        };
        finding.note(format!("no right: {}", refused.join(", ")));
        finding
    };
    finding.note("what policies of row-level security refuse is not judged");
    finding.fact("refused", refused);
    finding
}

/// Adds no rows to a table, which changes nothing and is refused as any write.
async fn test(
    finding: &mut Finding,
    visit: &mut Visit<'_>,
    (project, seen): (&Project, &RestDetails),
    limits: Limits,
) {
    let Some(table) = table(seen) else {
        finding.note("not tried: there is no table of ours to write to");
        return;
    };
    let began = Instant::now();
    let tried = match timeout_at(limits.answers(), write(visit, project, table)).await {
        Ok(tried) => tried,
        Err(_) => {
            Err(timeout_error(ACTION, limits.timeout()).with_details("the write was not answered"))
        }
    };
    finding.fact("writeTest", tried.is_ok());
    match tried {
        Ok(()) => went_through(finding, table, began.elapsed()),
        Err(error) => {
            let judged = std::mem::replace(&mut finding.summary, cause_words(&error));
            if finding.status != FindingStatus::Skipped {
                finding.note(judged);
            }
            finding.note(format!(
                "tried: an insert of no rows into {table} was refused"
            ));
            finding.status = FindingStatus::Warning;
            finding.next = None;
            *finding = finding.clone().because(error);
        }
    }
}

fn went_through(finding: &mut Finding, table: &str, took: Duration) {
    let words = format!("an insert of no rows into {table} was taken");
    if finding.status == FindingStatus::Skipped {
        finding.status = FindingStatus::Ok;
        finding.summary = format!("a write is taken ({words})");
    } else {
        finding.note(format!("tried: {words}"));
    }
    finding.note("what policies and the disk make of a row is not seen by this");
    finding.fact("writeTestMs", took);
}

async fn write(visit: &mut Visit<'_>, project: &Project, table: &str) -> DbResult<()> {
    let name = TableName::of(table, ACTION)?;
    let target = project.target(&name, "columns=id");
    let answer = visit.post(&target, NO_ROWS).await?;
    answer.written(ACTION, project).map(drop)
}

/// A table of ours that is there: the one that was asked, or the first other.
fn table(seen: &RestDetails) -> Option<&str> {
    let is_there =
        |sight: TableSight| sight.is_present() == Some(true) && sight != TableSight::OtherColumns;
    let asked = Some(seen.table.as_str())
        .filter(|name| is_there(seen.seen) && REQUIRED_TABLES.contains(name));
    let mut others = seen.tables.iter().filter(|table| is_there(table.seen));
    asked.or_else(|| others.next().map(|table| table.name.as_str()))
}
