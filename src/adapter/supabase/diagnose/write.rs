//! Whether the role may write, as far as that can be known without writing.
//! Knows nothing of reading.

use tokio::time::timeout_at;

use crate::{
    adapter::{
        DiagnosisOptions, WriteTest,
        local::Limits,
        supabase::{diagnose::Subject, direct},
    },
    domain::{DbError, Exam, Finding, SeenTable, TableSight},
};

/// Judges it from the rights that the database tells, where it can be asked.
pub(super) async fn judge(
    subject: Subject<'_>,
    options: DiagnosisOptions,
    tables: Option<&[SeenTable]>,
    limits: Limits,
) -> Finding {
    if !options.policy.expects_writes {
        return Finding::ok(Exam::Write, "switched off by read_only");
    }
    let mut finding = rights(subject, tables, limits).await;
    if options.write_test == WriteTest::Try {
        finding.note("not tried: over REST nothing that is written can be taken back");
    }
    finding
}

async fn rights(subject: Subject<'_>, tables: Option<&[SeenTable]>, limits: Limits) -> Finding {
    let unknown = |why: &str| Finding::skipped(Exam::Write, format!("not known: {why}"));
    let Some(tables) = tables else {
        return unknown("no tables are required");
    };
    let (Some(role), Some(direct)) = (subject.project.section().role.as_deref(), subject.direct)
    else {
        return unknown("a write over REST tells it, or database_url");
    };
    let there = tables
        .iter()
        .filter(|table| table.seen.is_present() == Some(true));
    let mut refused = Vec::new();
    for table in there.filter(|table| table.seen != TableSight::Unknown) {
        let asking = direct::may_insert(direct, role, &table.name);
        match timeout_at(limits.last(), asking).await {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => refused.push(table.name.clone()),
            Ok(Err(error)) => return unknown(&cause(&error)),
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
        let mut finding = Finding::warning(Exam::Write, words);
        finding.next = Some("grant insert to the role, or use another key".to_owned());
        finding.note(format!("no right: {}", refused.join(", ")));
        finding
    };
    finding.note("what policies of row-level security refuse is not judged");
    finding.fact("refused", refused);
    finding
}

fn cause(error: &DbError) -> String {
    crate::domain::cause_words(error)
}
