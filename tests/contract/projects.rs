//! What only a project over REST can show: how far a role sees, which tables
//! are there, what is told of what is in the way, and what it cannot do.

use std::{sync::Arc, time::Duration};

use dbvitals::{
    adapter::{
        CellForm, Database, DatabaseAdapter, DbResult, HealthReport, MigrateOptions, RunAccess,
        RunOrder,
    },
    config::{AdapterSection, SupabaseSection},
    domain::{
        Action, ErrorKind, HealthDetails, HealthPolicy, KeyKind, Layer, REQUIRED_TABLES,
        TableSight, Verdict,
    },
};
use serde_json::{Value, json};

use crate::{
    bed::{self, PATIENT, database, local_section},
    project_bed::supabase_section,
    support::standin::{Fault, Key, Standin},
};

const POLICY: HealthPolicy = HealthPolicy {
    slow_threshold: Duration::from_mins(1),
    expects_writes: true,
    requires_schema: true,
};

fn on(section: SupabaseSection) -> Database {
    database(&AdapterSection::Supabase(Box::new(section))).0
}

/// The first check's details, and why it is not healthier.
async fn check(section: SupabaseSection) -> (HealthDetails, Vec<String>) {
    let database = on(section);
    told(&database, &database.first_check().await)
}

#[track_caller]
fn told(database: &Database, report: &HealthReport) -> (HealthDetails, Vec<String>) {
    assert!(report.error.is_none(), "{:?}", report.error);
    let status = database.connection_status().status();
    let evidence = dbvitals::domain::Evidence::new(status, Some(&report.result));
    let verdict = Verdict::assess(&evidence, &POLICY);
    let reasons = verdict.reasons.iter().map(ToString::to_string).collect();
    (report.result.details().unwrap().clone(), reasons)
}

#[track_caller]
fn check_sight(found: &(HealthDetails, Vec<String>), seen: TableSight, reasons: &[&str]) {
    let rest = found.0.rest.as_ref().expect("it was over REST");
    assert_eq!((rest.seen, rest.table.as_str()), (seen, "agents"));
    assert_eq!(found.1, reasons);
}

/// With the way to the database itself.
fn with_direct(standin: &Standin, key: Key) -> SupabaseSection {
    SupabaseSection {
        direct: Some(Box::new(local_section(standin.cluster()))),
        ..supabase_section(standin, key)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_role_is_not_shown_is_told_from_what_is_not_there() {
    let standin = Standin::start();
    let cluster = standin.cluster();
    for key in [Key::Publishable, Key::LegacyAnon] {
        let denied = check(supabase_section(&standin, key)).await;
        let words = "permission: anon may not read agents";
        check_sight(&denied, TableSight::Denied, &[words]);
        assert_eq!(denied.0.role.as_deref(), Some("anon"));
        assert_eq!(denied.0.missing_tables, Some(vec![]));
    }
    for key in [Key::Secret, Key::LegacyServiceRole] {
        let empty = check(supabase_section(&standin, key)).await;
        check_sight(&empty, TableSight::Empty, &[]);
    }
    cluster.sql("grant select on agents to anon");
    standin.reload();
    let unsure = check(supabase_section(&standin, Key::Publishable)).await;
    let words = "row-level security: anon sees no row of agents; it is empty, or they are hidden";
    check_sight(&unsure, TableSight::EmptyOrHidden, &[words]);
    // The database itself knows.
    let empty = check(with_direct(&standin, Key::Publishable)).await;
    check_sight(&empty, TableSight::Empty, &[]);
    cluster.sql("insert into agents (name, type) values ('a', 'codex')");
    let hidden = check(with_direct(&standin, Key::Publishable)).await;
    let words = "row-level security: it hides the rows of agents from anon";
    check_sight(&hidden, TableSight::Hidden, &[words]);
    cluster.sql("create policy everybody on agents for select to anon using (true)");
    let rows = check(supabase_section(&standin, Key::Publishable)).await;
    check_sight(&rows, TableSight::Rows, &[]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_tables_are_told_and_their_coming_is_seen_by_few_requests() {
    let standin = Standin::builder().without_migrations().start();
    let database = on(supabase_section(&standin, Key::Secret));
    standin.forget_requests();
    let (details, reasons) = told(&database, &database.first_check().await);
    assert_eq!(reasons, ["schema: not initialised 0/9"]);
    let missing = REQUIRED_TABLES.map(str::to_owned).to_vec();
    assert_eq!(details.missing_tables, Some(missing));
    assert_eq!(standin.requests().len(), REQUIRED_TABLES.len());
    // A look costs no more than three requests while nothing changes.
    for _ in 0..3 {
        standin.forget_requests();
        let (_, reasons) = told(&database, &database.health_check().await);
        assert_eq!(reasons, ["schema: not initialised 0/9"]);
        assert!(standin.requests().len() <= 3);
    }
    standin.cluster().paste_migrations();
    standin.reload();
    let (details, reasons) = told(&database, &database.health_check().await);
    assert_eq!(reasons, [""; 0]);
    assert_eq!(details.missing_tables, Some(vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_table_that_is_asked_can_be_another_one() {
    let standin = Standin::start();
    let with_table = |table: &str| SupabaseSection {
        health_table: Some(table.to_owned()),
        requires_schema: false,
        ..supabase_section(&standin, Key::Publishable)
    };
    let (details, reasons) = check(with_table("_health_check")).await;
    assert_eq!(reasons, ["health_table: _health_check does not exist"]);
    assert!(!details.rest.unwrap().asked_database());
    let sql = "create table _health_check (one int); insert into _health_check values (1); \
        grant select on _health_check to anon";
    standin.cluster().sql(sql);
    standin.reload();
    let (details, reasons) = check(with_table("_health_check")).await;
    assert_eq!(reasons, [""; 0]);
    assert_eq!(details.missing_tables, None);
    let rest = details.rest.unwrap();
    assert_eq!(
        (rest.key, rest.seen),
        (KeyKind::Publishable, TableSight::Rows)
    );
}

#[track_caller]
fn fails(report: &HealthReport, kind: ErrorKind, layer: Layer) {
    let error = report.error.as_ref().expect("the check fails");
    assert_eq!((error.kind(), error.layer()), (kind, layer), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_the_way_is_told_by_its_layer() {
    let mut standin = Standin::start();
    let section = SupabaseSection {
        timeout: Duration::from_millis(500),
        ..supabase_section(&standin, Key::Secret)
    };
    let database = on(section.clone());
    assert!(database.first_check().await.error.is_none());
    standin.freeze();
    // Nobody has taken the key yet: no answer came.
    let frozen = database.health_check().await;
    let timeout = ErrorKind::Timeout { after_ms: 500 };
    fails(&frozen, timeout, Layer::Login);
    let row = json!({"name": "n", "type": "codex"});
    // Of several that hang the client is made anew, and works at once again.
    for _ in 0..3 {
        let hanging = on(section.clone());
        drop(hanging.connect().await);
        let late = database.insert::<Value, _>("nowhere", &row).await;
        assert!(late.is_err());
    }
    standin.thaw();
    database.connect().await.unwrap();
    let refused = database
        .insert::<Value, _>("nowhere", &row)
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::SchemaMissing);
    standin.stop();
    let closed = database.health_check().await;
    fails(&closed, ErrorKind::ConnectionRefused, Layer::Tcp);
    assert_eq!(
        closed.error.unwrap().hint(),
        "check supabase_url: nothing listens there"
    );
    standin.start_again();
    let cut = Fault::status(429).header("retry-after", "1").times(1);
    standin.fault(&cut);
    let patient = on(SupabaseSection {
        max_retries: 1,
        timeout: PATIENT,
        ..section
    });
    let began = std::time::Instant::now();
    patient.connect().await.expect("the second try succeeds");
    assert!(began.elapsed() >= Duration::from_secs(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_behind_the_interface_is_told_as_such() {
    let mut standin = Standin::start();
    let database = on(supabase_section(&standin, Key::Secret));
    assert!(database.first_check().await.error.is_none());
    let immediate = crate::support::cluster::StopMode::Immediate;
    standin.cluster_mut().stop(immediate);
    let away = database.health_check().await;
    fails(&away, ErrorKind::Unavailable, Layer::Database);
    assert!(away.error.unwrap().is_transient());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_a_database_can_do_is_refused_in_clear_words() {
    let standin = Standin::start();
    let database = on(supabase_section(&standin, Key::Secret));
    database.connect().await.unwrap();
    let order = RunOrder {
        sql: "select 1",
        access: RunAccess::Full,
        form: CellForm::Text,
        limit: None,
        timeout: None,
        notices: None,
    };
    let (pieces, _taken) = tokio::sync::mpsc::channel(1);
    let options = MigrateOptions::default();
    let errors = [
        database.query::<Value>("select 1", &[]).await.err(),
        database
            .transaction(|_| Box::pin(async { Ok(()) }))
            .await
            .err(),
        database
            .run(order, pieces, std::future::pending())
            .await
            .err(),
        database.migration_state().await.err(),
        database.migrate(options, Arc::new(|_| {})).await.err(),
        database.adopt(options).await.err(),
    ];
    for error in errors {
        let error = error.expect("it cannot be done");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let words = "not supported in supabase mode without database_url";
        assert_eq!(error.details(), Some(words));
        assert!(error.message().ends_with(words), "{}", error.message());
        assert!(error.hint().contains("migrate print"), "{}", error.hint());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_database_url_migrations_are_applied_over_it() {
    let standin = Standin::builder().without_migrations().start();
    let database = on(with_direct(&standin, Key::Secret));
    let (_, reasons) = told(&database, &database.first_check().await);
    assert_eq!(reasons, ["schema: not initialised 0/9"]);
    let report = database
        .migrate(MigrateOptions::default(), Arc::new(|_| {}))
        .await
        .unwrap();
    assert_eq!(report.applied.len(), 10);
    standin.reload();
    let (details, reasons) = told(&database, &database.health_check().await);
    assert_eq!((details.missing_tables, reasons), (Some(vec![]), vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_url_that_does_not_work_is_told_until_it_does() {
    let mut standin = Standin::start();
    let mut section = with_direct(&standin, Key::Secret);
    let password = standin.cluster().password().to_owned();
    standin.cluster_mut().set_password("another");
    let database = on(section.clone());
    let words = "details could not be read: database_url: AuthFailed";
    let (_, reasons) = told(&database, &database.first_check().await);
    assert_eq!(reasons, [words]);
    let (_, reasons) = told(&database, &database.health_check().await);
    assert_eq!(reasons, [words]);
    standin.cluster_mut().set_password(&password);
    let (_, reasons) = told(&database, &database.health_check().await);
    assert_eq!(reasons, [""; 0]);
    section.direct = None;
    assert_eq!(check(section).await.1, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_is_read_whole_in_every_mode() {
    check_reading(&bed::mock(PATIENT).await.adapter, None).await;
    check_reading(&bed::local(PATIENT).await.adapter, None).await;
    let standin = Standin::start();
    let database = on(with_direct(&standin, Key::Secret));
    database.connect().await.unwrap();
    check_reading(&database, Some(&standin)).await;
}

/// More rows than an answer of the interface may have.
async fn check_reading(database: &Database, standin: Option<&Standin>) {
    const ROWS: usize = 2_500;
    let sql = "with recursive numbers (n) as \
        (select 1 union all select n + 1 from numbers where n < 2500) \
        insert into command_presets (name, command) select 'preset ' || n, 'c' from numbers";
    database.query::<Value>(sql, &[]).await.unwrap();
    if let Some(standin) = standin {
        standin.forget_requests();
    }
    let mut ids = Vec::new();
    let read = database.read_table("command_presets", |row: Value| {
        ids.push(row["id"].as_str().expect("an id").to_owned());
        Ok(())
    });
    assert_eq!(read.await.unwrap(), ROWS as u64);
    assert!(ids.is_sorted() && ids.windows(2).all(|two| two[0] != two[1]));
    if let Some(standin) = standin {
        let requests = standin.requests();
        assert_eq!(requests.len(), 4, "three pages and the end");
        let targets = requests
            .iter()
            .map(|request| request["target"].as_str().unwrap());
        for target in targets {
            assert!(
                target.len() < 200 && target.contains("limit=1000"),
                "{target}"
            );
        }
    }
    // Who has enough ends it.
    let mut taken = 0;
    let enough = || dbvitals::domain::DbError::new(Action::Query, ErrorKind::Cancelled);
    let stopped: DbResult<u64> = database
        .read_table("command_presets", |_: Value| {
            taken += 1;
            if taken < 3 { Ok(()) } else { Err(enough()) }
        })
        .await;
    assert_eq!(
        (stopped.unwrap_err().kind(), taken),
        (ErrorKind::Cancelled, 3)
    );
    let missing = database.read_table("nowhere", |_: Value| Ok(())).await;
    assert_eq!(missing.unwrap_err().kind(), ErrorKind::SchemaMissing);
    check_upsert(database).await;
}

/// A row that is put twice is there once.
async fn check_upsert(database: &Database) {
    let id = "01234567-89ab-4cde-8f01-23456789abcd";
    let first = json!({"id": id, "name": "a", "type": "codex", "version": "1"});
    let row: Value = database.upsert("agents", &first).await.unwrap();
    assert_eq!(
        (&row["name"], &row["status"]),
        (&json!("a"), &json!("disconnected"))
    );
    let second = json!({"id": id, "name": "b", "type": "codex"});
    for _ in 0..2 {
        let row: Value = database.upsert("agents", &second).await.unwrap();
        assert_eq!((&row["name"], &row["version"]), (&json!("b"), &json!("1")));
    }
    let other = json!({"id": "11111111-89ab-4cde-8f01-23456789abcd", "name": "b", "type": "codex"});
    let taken = database.upsert::<Value, _>("agents", &other).await;
    assert_eq!(taken.unwrap_err().kind(), ErrorKind::ConstraintViolation);
    let nameless = database
        .upsert::<Value, _>("agents", &json!({"name": "c"}))
        .await;
    assert_eq!(nameless.unwrap_err().kind(), ErrorKind::InvalidData);
    let mut rows = 0;
    let counted = database.read_table("agents", |_: Value| {
        rows += 1;
        Ok(())
    });
    assert_eq!(counted.await.unwrap(), 1);
    assert_eq!(rows, 1);
}
