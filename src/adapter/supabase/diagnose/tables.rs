//! The required tables: which there are, and how far the role sees into each.
//! Knows nothing of writing.

use tokio::time::timeout_at;

use crate::{
    adapter::{
        DiagnosisOptions,
        diagnosis::Findings,
        local::Limits,
        supabase::{
            diagnose::Subject,
            direct,
            look::{ask, sight},
            visit::Visit,
        },
    },
    domain::{
        Action, DbError, ErrorKind, Exam, Finding, REQUIRED_TABLES, RestDetails, SeenTable,
        TableSight,
    },
};

const ACTION: Action = Action::HealthCheck;

/// Looks at all of them and tells; gives what was seen, where it was.
pub(super) async fn look(
    visit: &mut Visit<'_>,
    subject: Subject<'_>,
    options: DiagnosisOptions,
    limits: Limits,
    findings: &Findings,
) -> Option<Vec<SeenTable>> {
    if !options.policy.requires_schema {
        let words = "not watched (require_schema = false)";
        findings.tell(Finding::skipped(Exam::Permission, words));
        findings.tell(Finding::skipped(Exam::Schema, words));
        return None;
    }
    let mut tables = Vec::new();
    for name in REQUIRED_TABLES {
        let asking = ask(visit, subject.project, name, || {});
        let seen = match timeout_at(limits.answers(), asking).await {
            Ok(Ok(answer)) => sight(answer, ACTION, subject.project),
            Ok(Err(error)) => Err(error),
            Err(_) => Ok(TableSight::Unknown),
        };
        let mut seen = seen.unwrap_or(TableSight::Unknown);
        if let Some(direct) = subject.direct
            && seen == TableSight::EmptyOrHidden
        {
            let asking = direct::reveal(direct, name);
            if let Ok(Ok(revealed)) = timeout_at(limits.answers(), asking).await {
                seen = revealed;
            }
        }
        tables.push(SeenTable {
            name: name.to_owned(),
            seen,
        });
    }
    let mut permission = permission(subject, &tables);
    let key = subject.project.section().key_kind;
    let rest = RestDetails {
        key,
        role_is_from: key.role_is_from().to_owned(),
        service: None,
        table: String::new(),
        seen: TableSight::Unknown,
        tables: tables.clone(),
    };
    for words in rest.table_words() {
        permission.note(words);
    }
    findings.tell(permission);
    findings.tell(schema(&tables));
    Some(tables)
}

fn of(tables: &[SeenTable], seen: TableSight) -> Vec<String> {
    let tables = tables.iter().filter(|table| table.seen == seen);
    tables.map(|table| table.name.clone()).collect()
}

/// What the role may read, and what row-level security leaves of it.
fn permission(subject: Subject<'_>, tables: &[SeenTable]) -> Finding {
    let role = subject.project.section().role.as_deref();
    let role = role.unwrap_or("the role");
    let denied = of(tables, TableSight::Denied);
    let hidden = of(tables, TableSight::Hidden);
    let unsure = of(tables, TableSight::EmptyOrHidden);
    let mut finding = if !denied.is_empty() {
        let words = format!("{role} may not read {} tables", denied.len());
        let error = DbError::new(ACTION, ErrorKind::PermissionDenied);
        Finding::warning(Exam::Permission, words).because(error)
    } else if !hidden.is_empty() {
        let words = format!(
            "row-level security hides the rows of {} tables from {role}",
            hidden.len()
        );
        let mut finding = Finding::warning(Exam::Permission, words);
        finding.next = Some("add a policy for the role, or use another key".to_owned());
        finding
    } else if !unsure.is_empty() {
        let words = format!(
            "{role} sees no row of {} tables: they are empty, or row-level security hides them",
            unsure.len()
        );
        let mut finding = Finding::warning(Exam::Permission, words);
        finding.next =
            Some("look with the secret key or with database_url: only they can tell".to_owned());
        finding
    } else {
        Finding::ok(Exam::Permission, format!("{role} may read what is there"))
    };
    if !denied.is_empty() {
        finding.next = Some(
            "grant select to the role and add a policy, or use a key of a role that may".to_owned(),
        );
    }
    finding.fact("denied", denied);
    finding.fact("hidden", hidden);
    finding.fact("emptyOrHidden", unsure);
    finding
}

fn schema(tables: &[SeenTable]) -> Finding {
    let required = REQUIRED_TABLES.len();
    let missing = of(tables, TableSight::Missing);
    let unknown = of(tables, TableSight::Unknown);
    let present = required - missing.len() - unknown.len();
    let mut finding = match (missing.len(), present) {
        (0, _) => Finding::ok(Exam::Schema, format!("{present} of {required} tables")),
        (_, 0) if unknown.is_empty() => {
            Finding::warning(Exam::Schema, format!("not initialised 0/{required}"))
        }
        _ => Finding::warning(Exam::Schema, format!("incomplete {present}/{required}")),
    };
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
    finding
}
