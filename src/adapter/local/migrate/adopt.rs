//! Records what others have made as our files would. What our files would make
//! is found by letting them: in a schema of its own and a transaction that is
//! rolled back, so that one server tells both sides in its own words.

use std::time::Duration;

use crate::{
    adapter::{
        DbResult, MigrateOptions, MigrationSink,
        local::{
            migrate::{
                describe::describe,
                link::Link,
                lock::begin_locked,
                look::{LOOK_ONLY, Looked, look},
                up::{file_of, make_ledger, pin_schema, record, settle},
            },
            table::quoted,
            target::Target,
        },
        migrations::{MigrationDialect, refused},
    },
    domain::{
        Action, Adoption, Compared, DbError, ErrorKind, LedgerFault, MigrationName,
        MigrationRefusal, SchemaDescription, compare, recordable,
    },
};

/// Compares and records.
pub(in crate::adapter::local) async fn adopt(
    target: &Target,
    options: MigrateOptions,
) -> DbResult<Adoption> {
    if target.section().read_only {
        return Err(DbError::new(Action::Migrate, ErrorKind::ReadOnlyConfigured));
    }
    let mut link = Link::open(target).await?;
    let adoption = compare_and_record(&mut link, target, options).await;
    let adoption = settle(&mut link, adoption).await?;
    link.close().await;
    Ok(adoption)
}

async fn compare_and_record(
    link: &mut Link,
    target: &Target,
    options: MigrateOptions,
) -> DbResult<Adoption> {
    // Nobody is told who is waited for: the lock's deadline says it.
    let progress: MigrationSink = std::sync::Arc::new(|_| {});
    begin_locked(link, options, &progress).await?;
    let looked = look(link, target).await?;
    ensure_adoptable(&looked)?;
    let steps = scratch(link).await?;
    let actual = describe(link, &looked.state.schema).await?;
    ensure_in_place(&looked, &actual)?;
    let files = MigrationDialect::Postgres.files().iter();
    let files: Vec<_> = files.map(|file| file.migration.id.clone()).collect();
    let comparison = compare(&files, &steps, &actual);
    let open: Vec<_> = comparison
        .files
        .iter()
        .filter(|(name, _)| looked.state.pending.contains(name))
        .cloned()
        .collect();
    let recorded = recordable(&open);
    if recorded.is_empty() {
        link.roll_back().await;
    } else {
        looked.ensure_recordable()?;
        make_ledger(link, &looked).await?;
        for name in &recorded {
            record(link, &looked.ledger, file_of(name), Duration::ZERO).await?;
        }
        link.commit().await?;
    }
    let appliable = appliable(link, target).await?;
    let of = |wanted: Compared| {
        let names = open.iter().filter(|(_, how)| *how == wanted);
        names.map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    let is_open = |name: &MigrationName| open.iter().any(|(known, _)| known == name);
    let can_wait = |how: Compared| matches!(how, Compared::Matches | Compared::Nothing);
    let waiting = open
        .iter()
        .filter(|(name, how)| can_wait(*how) && !recorded.contains(name));
    Ok(Adoption {
        waiting: waiting.map(|(name, _)| name.clone()).collect(),
        absent: of(Compared::Absent),
        appliable,
        recorded_before: files
            .iter()
            .filter(|name| !is_open(name))
            .cloned()
            .collect(),
        differences: comparison
            .differences
            .into_iter()
            .filter(|difference| is_open(&difference.migration))
            .collect(),
        remarks: comparison.remarks,
        schema: looked.state.schema,
        ledger: looked.state.ledger,
        recorded,
    })
}

/// What a run would apply now.
async fn appliable(link: &mut Link, target: &Target) -> DbResult<Vec<MigrationName>> {
    link.begin(LOOK_ONLY).await?;
    let looked = look(link, target).await?;
    link.roll_back().await;
    Ok(looked.state.appliable().to_vec())
}

/// A gap is what adopting fills; another fault of the ledger must be mended first.
fn ensure_adoptable(looked: &Looked) -> DbResult<()> {
    match &looked.state.refusal {
        None
        | Some(
            MigrationRefusal::TablesWithoutLedger { .. }
            | MigrationRefusal::TableExists(_)
            | MigrationRefusal::OlderName(_)
            | MigrationRefusal::PoliciesExist(_)
            | MigrationRefusal::Ledger(LedgerFault::Gap { .. }),
        ) => looked.ensure_unhindered(),
        Some(
            refusal @ (MigrationRefusal::Ledger(_)
            | MigrationRefusal::TablesMissing { .. }
            | MigrationRefusal::ForeignLedger { .. }
            | MigrationRefusal::NoSchema { .. }),
        ) => Err(refused(refusal.clone())),
    }
}

/// Tables that are seen in another schema are not those that would be compared.
fn ensure_in_place(looked: &Looked, actual: &SchemaDescription) -> DbResult<()> {
    let state = &looked.state;
    match &state.refusal {
        Some(MigrationRefusal::TablesWithoutLedger { tables }) if actual.is_empty() => {
            let words = format!(
                "{} is in another schema of the search_path than {}, where new tables would go",
                tables.join(", "),
                state.schema
            );
            Err(DbError::new(Action::Migrate, ErrorKind::MigrationRefused)
                .with_details(&words)
                .with_hint("put the schema of the tables first in the search_path"))
        }
        _ => Ok(()),
    }
}

/// What a new schema holds after each of our files. Nothing of it stays.
async fn scratch(link: &mut Link) -> DbResult<Vec<SchemaDescription>> {
    let schema = format!("dbvitals_scratch_{:08x}", fastrand::u32(..));
    link.execute("savepoint scratch").await?;
    let create = format!("create schema {}", quoted(&schema));
    link.execute(&create).await.map_err(needs_a_schema)?;
    pin_schema(link, &schema).await?;
    let mut steps = Vec::new();
    for file in MigrationDialect::Postgres.files() {
        link.execute_long(file.sql).await?;
        steps.push(describe(link, &schema).await?);
    }
    link.execute("rollback to savepoint scratch").await?;
    Ok(steps)
}

fn needs_a_schema(error: DbError) -> DbError {
    if error.kind() != ErrorKind::PermissionDenied {
        return error;
    }
    error.with_hint(
        "grant CREATE on the database to this role: comparing makes a schema, and rolls it back",
    )
}
