//! The required tables: which there are, and how far the role sees into each.
//! Knows nothing of writing.

use tokio::time::timeout_at;

use crate::{
    adapter::{
        DiagnosisOptions,
        local::Limits,
        supabase::{
            diagnose::Subject,
            direct,
            look::{ask, sight, table},
            project::Project,
            visit::Visit,
        },
    },
    domain::{
        Action, DbError, DegradedReason, ErrorKind, Exam, Finding, HealthPolicy, REQUIRED_TABLES,
        RestDetails, SeenTable, TableSight,
    },
};

const ACTION: Action = Action::HealthCheck;

/// Looks at all of them that are watched, beside the one that was asked and how
/// that was seen.
pub(super) async fn see(
    visit: &mut Visit<'_>,
    subject: Subject<'_>,
    (seen, options): (TableSight, DiagnosisOptions),
    limits: Limits,
) -> RestDetails {
    let project = subject.project;
    let key = project.section().key_kind;
    let asked = table(project);
    let mut details = RestDetails {
        key,
        role_is_from: key.role_is_from().to_owned(),
        service: None,
        table: asked.to_owned(),
        seen: reveal(subject, asked, seen, limits).await,
        tables: Vec::new(),
        direct_fault: None,
    };
    if !options.policy.requires_schema {
        return details;
    }
    for name in REQUIRED_TABLES {
        let seen = if name == asked {
            details.seen
        } else {
            let seen = one(visit, project, name, limits).await;
            reveal(subject, name, seen, limits).await
        };
        details.tables.push(SeenTable {
            name: name.to_owned(),
            seen,
        });
    }
    details
}

async fn one(visit: &mut Visit<'_>, project: &Project, name: &str, limits: Limits) -> TableSight {
    let asking = ask(visit, project, name, || {});
    let seen = match timeout_at(limits.answers(), asking).await {
        Ok(Ok(answer)) => sight(answer, ACTION, project),
        Ok(Err(error)) => Err(error),
        Err(_) => Ok(TableSight::Unknown),
    };
    seen.unwrap_or(TableSight::Unknown)
}

/// Where no row was shown, the database itself can tell whether there are any.
async fn reveal(subject: Subject<'_>, name: &str, seen: TableSight, limits: Limits) -> TableSight {
    let Some(direct) = subject.direct.filter(|_| seen == TableSight::EmptyOrHidden) else {
        return seen;
    };
    let revealed = timeout_at(limits.answers(), direct::reveal(direct, name)).await;
    match revealed {
        Ok(Ok(revealed)) => revealed,
        Ok(Err(_)) | Err(_) => seen,
    }
}

fn of(seen: &RestDetails, sight: TableSight) -> Vec<String> {
    let tables = seen.tables.iter().filter(|table| table.seen == sight);
    tables.map(|table| table.name.clone()).collect()
}

/// What the role may read, and what row-level security leaves of it. As in a
/// health check the table that was asked decides; the others are told.
pub(super) fn permission(
    project: &Project,
    seen: &RestDetails,
    reasons: &[DegradedReason],
) -> Finding {
    let role = project.section().role.as_deref().unwrap_or("the role");
    let mut finding = judged(role, seen, reasons);
    for words in seen.table_words() {
        finding.note(words);
    }
    finding.fact("denied", of(seen, TableSight::Denied));
    finding.fact("hidden", of(seen, TableSight::Hidden));
    finding.fact("emptyOrHidden", of(seen, TableSight::EmptyOrHidden));
    finding
}

fn judged(role: &str, seen: &RestDetails, reasons: &[DegradedReason]) -> Finding {
    let reason = reasons.iter().find(|reason| {
        matches!(
            reason,
            DegradedReason::NotPermitted { .. } | DegradedReason::RowsHidden { .. }
        )
    });
    let Some(reason) = reason else {
        return unhindered(role, seen);
    };
    let words = reason.to_string();
    let words = words.strip_prefix("permission: ").unwrap_or(&words);
    let mut finding = Finding::warning(Exam::Permission, words);
    let next = match seen.seen {
        TableSight::Denied => {
            let error = DbError::new(ACTION, ErrorKind::PermissionDenied);
            finding = finding.because(error);
            "grant select to the role and add a policy, or use a key of a role that may"
        }
        TableSight::Hidden => "add a policy for the role, or use another key",
        TableSight::EmptyOrHidden
        | TableSight::Rows
        | TableSight::Empty
        | TableSight::OtherColumns
        | TableSight::Missing
        | TableSight::Unknown => {
            "look with the secret key or with database_url: only they can tell"
        }
    };
    finding.next = Some(next.to_owned());
    finding
}

fn unhindered(role: &str, seen: &RestDetails) -> Finding {
    if !seen.asked_database() {
        let words = format!("not known: there is no {} to read", seen.table);
        return Finding::skipped(Exam::Permission, words);
    }
    if seen.seen == TableSight::OtherColumns {
        let words = format!("not known: {} has other columns than ours", seen.table);
        return Finding::skipped(Exam::Permission, words);
    }
    let is_less = |seen: TableSight| {
        matches!(
            seen,
            TableSight::Denied | TableSight::Hidden | TableSight::EmptyOrHidden
        )
    };
    let less = seen.tables.iter().filter(|table| is_less(table.seen));
    let words = match (less.count(), seen.tables.len()) {
        (0, 0) => format!("{role} may read {}", seen.table),
        (0, _) => format!("{role} may read what is there"),
        (less, of) => format!(
            "{role} may read {}; {less} of the {of} tables show it no row",
            seen.table
        ),
    };
    Finding::ok(Exam::Permission, words)
}

/// Which of the required tables there are.
pub(super) fn schema(seen: &RestDetails, policy: &HealthPolicy) -> Finding {
    if !policy.requires_schema {
        return Finding::skipped(Exam::Schema, "not watched (require_schema = false)");
    }
    let required = REQUIRED_TABLES.len();
    let missing = of(seen, TableSight::Missing);
    let unknown = of(seen, TableSight::Unknown);
    let others = of(seen, TableSight::OtherColumns);
    let present = required - missing.len() - unknown.len() - others.len();
    let mut finding = match (missing.len() + others.len(), present) {
        (0, _) => Finding::ok(Exam::Schema, format!("{present} of {required} tables")),
        (_, 0) if unknown.is_empty() => {
            Finding::warning(Exam::Schema, format!("not initialised 0/{required}"))
        }
        _ => Finding::warning(Exam::Schema, format!("incomplete {present}/{required}")),
    };
    if !others.is_empty() {
        let error = DbError::new(ACTION, ErrorKind::SchemaMismatch);
        finding = finding.because(error);
        finding.note(format!("other columns than ours: {}", others.join(", ")));
        finding.next =
            Some("let another database hold our tables, or set require_schema = false".to_owned());
    }
    if !missing.is_empty() {
        let error = DbError::new(ACTION, ErrorKind::SchemaMissing);
        finding = finding.because(error);
        finding.note(format!("missing: {}", missing.join(", ")));
        finding.note("the interface shows the schemas alone that its settings expose");
        finding.next = Some(
            "run the migrations with database_url, or paste what 'dbvitals migrate print' \
             prints into the SQL editor"
                .to_owned(),
        );
    }
    if !unknown.is_empty() {
        finding.note(format!("not known in time: {}", unknown.join(", ")));
    }
    finding.fact("missingTables", missing);
    finding.fact("otherTables", others);
    finding
}
