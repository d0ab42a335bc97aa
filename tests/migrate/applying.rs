//! An empty database gets its tables, once.

use dbvitals::{
    adapter::MigrateOptions,
    domain::{MigrationEvent, REQUIRED_TABLES},
};

use crate::{
    bed::{ledger, listener, on, section},
    support::cluster::Cluster,
};

#[tokio::test]
async fn an_empty_database_gets_its_tables_once() {
    let cluster = Cluster::start();
    let database = on(section(&cluster));
    let state = database.migration_state().await.unwrap();
    assert_eq!((state.applied.len(), state.pending.len()), (0, 10));
    assert_eq!(state.refusal, None);
    assert_eq!(state.ledger, "public.schema_migrations");

    let (progress, told) = listener();
    let report = database
        .migrate(MigrateOptions::default(), progress)
        .await
        .unwrap();
    let applied: Vec<_> = report
        .applied
        .iter()
        .map(|(name, _)| name.clone())
        .collect();
    assert_eq!(applied, state.pending);
    let events: Vec<_> = applied
        .iter()
        .zip(&report.applied)
        .flat_map(|(name, (_, took))| {
            [
                MigrationEvent::Started(name.clone()),
                MigrationEvent::Applied {
                    migration: name.clone(),
                    took: *took,
                },
            ]
        })
        .collect();
    assert_eq!(*told.lock().unwrap(), events);
    let tables = cluster.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'");
    assert_eq!(tables, (REQUIRED_TABLES.len() + 1).to_string());
    assert_eq!(ledger(&cluster).lines().count(), 10);

    let state = database.migration_state().await.unwrap();
    assert!(state.is_up_to_date(), "{state:?}");
    let (progress, told) = listener();
    let report = database
        .migrate(MigrateOptions::default(), progress)
        .await
        .unwrap();
    assert!(report.applied.is_empty() && report.applied_by_others.is_empty());
    assert!(told.lock().unwrap().is_empty());
}
