//! Behind a pooler: what it is seen by, what works there, and what is refused
//! in words. The contract itself is kept there, too, see `contract`.

use std::{sync::Arc, time::Duration};

use dbvitals::{
    adapter::{Beat, Database, DatabaseAdapter, DbResult, GuardSettings, SqlValue},
    config::LocalSection,
    domain::{Action, DbError, ErrorKind, HealthDetails, Layer, PoolMode as Mode},
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::{
    bed::{local_section, on, section_at},
    support::{
        cluster::{Cluster, PASSWORD, PoolMode, Pooler},
        process::wait_until,
    },
};

/// Longer than anything takes that is going to happen.
const LIMIT: Duration = Duration::from_secs(20);

/// A server behind a pooler.
struct Pooled {
    pooler: Pooler,
    cluster: Cluster,
}

impl Pooled {
    /// Says so where it cannot be made.
    fn with(mode: PoolMode, lines: &[&str]) -> Option<Self> {
        if !Pooler::is_here() {
            return None;
        }
        let cluster = Cluster::start();
        cluster.make_tables();
        let pooler = cluster.pooler_with(mode, lines);
        Some(Self { pooler, cluster })
    }

    fn section(&self) -> LocalSection {
        section_at("127.0.0.1", self.pooler.port())
    }

    async fn connected(&self) -> Database {
        connected(self.section()).await
    }
}

async fn connected(section: LocalSection) -> Database {
    let database = on(section);
    database.connect().await.unwrap();
    database
}

async fn details(database: &Database) -> HealthDetails {
    let report = database.health_check().await;
    assert!(report.error.is_none(), "{:?}", report.error);
    report.result.details().unwrap().clone()
}

/// What the first look and every later one say of the pooler.
async fn check_mode(section: LocalSection, expected: Option<Mode>) {
    let database = connected(section).await;
    for _ in 0..3 {
        let pooler = details(&database).await.pooler;
        assert_eq!(pooler.map(|pooler| pooler.mode), expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_a_pooler_is_taken_for_none() {
    let cluster = Cluster::start();
    check_mode(local_section(&cluster), None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_is_known_by_its_sessions_in_each_mode() {
    let modes = [
        (PoolMode::Session, Mode::Session),
        (PoolMode::Transaction, Mode::Transaction),
        (PoolMode::Statement, Mode::Statement),
    ];
    // Options that are refused say no more than that somebody is there; what
    // is passed over in silence says nothing at all. Two sessions of the
    // server that are given out in turn are the ones most easily mistaken.
    let fair = [
        "server_round_robin = 1",
        "min_pool_size = 2",
        "ignore_startup_parameters = options",
    ];
    for (mode, seen) in modes {
        for lines in [&[][..], &fair[2..], &fair] {
            let Some(pooled) = Pooled::with(mode, lines) else {
                return;
            };
            check_mode(pooled.section(), Some(seen)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_without_a_second_session_is_known_and_its_mode_is_not() {
    let Some(pooled) = Pooled::with(PoolMode::Session, &["default_pool_size = 1"]) else {
        return;
    };
    check_mode(pooled.section(), Some(Mode::Unknown)).await;
}

/// What one caller does, with types that the driver has to look up.
async fn work(database: Arc<Database>, number: i64) -> DbResult<i64> {
    let name = format!("agent {number}");
    let agent: Value = database
        .insert("agents", &json!({"name": name, "type": "custom"}))
        .await?;
    let id = agent["id"].as_str().unwrap_or_default().to_owned();
    let sql = "select *, array[status] as list from agents where name = $1";
    let rows: Vec<Value> = database.query(sql, &[SqlValue::Text(name.clone())]).await?;
    let changed: Value = database
        .update("agents", &id, &json!({"metadata": {"number": number}}))
        .await?;
    let sum = database
        .transaction(move |client| {
            Box::pin(async move {
                let mut sum = 0;
                for _ in 0..3 {
                    let rows = client
                        .query(
                            "select *, 1 as one from agents where name = $1",
                            &[SqlValue::Text(name.clone())],
                        )
                        .await?;
                    sum += rows[0]["one"].as_i64().unwrap_or(0);
                }
                Ok(sum)
            })
        })
        .await?;
    database.delete("agents", &id).await?;
    assert_eq!(rows[0]["list"][0], agent["status"]);
    assert_eq!(changed["metadata"]["number"], number);
    Ok(sum)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_tasks_at_once_meet_no_failure() {
    let lines = ["default_pool_size = 7"];
    let Some(pooled) = Pooled::with(PoolMode::Transaction, &lines) else {
        return;
    };
    let mut section = pooled.section();
    section.pool_size = 50;
    let database = Arc::new(connected(section).await);
    for round in 0..4 {
        let tasks: Vec<_> = (0..50)
            .map(|number| tokio::spawn(work(Arc::clone(&database), round * 50 + number)))
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap().unwrap(), 3);
        }
    }
    // Nothing of ours is left in sessions that serve others.
    let left = "select name from pg_prepared_statements";
    for _ in 0..20 {
        let rows: Vec<Value> = database.query(left, &[]).await.unwrap();
        assert_eq!(rows, Vec::<Value>::new());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statement_outlives_its_caller_by_more_than_its_deadline() {
    for mode in [PoolMode::Session, PoolMode::Transaction] {
        let Some(pooled) = Pooled::with(mode, &[]) else {
            return;
        };
        let mut section = pooled.section();
        section.timeout = Duration::from_millis(800);
        let database = connected(section).await;
        let sleep = "select pg_sleep(60)";
        let error = database.query::<Value>(sleep, &[]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout { after_ms: 800 });
        let error = database
            .transaction(move |client| {
                Box::pin(async move { client.query(sleep, &[]).await.map(drop) })
            })
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout { after_ms: 800 });
        let asleep = "select count(*) from pg_stat_activity where query like '%pg_sleep(60)%' \
            and state = 'active' and pid <> pg_backend_pid()";
        let is_over = wait_until(LIMIT, || pooled.cluster.sql(asleep) == "0");
        assert!(is_over, "{mode:?}");
        // What was set for a transaction has ended with it.
        let rows: Vec<Value> = database.query("select 1 as n", &[]).await.unwrap();
        assert_eq!(rows, [json!({"n": 1})]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_ours_stays_set_for_others() {
    let Some(pooled) = Pooled::with(PoolMode::Transaction, &["default_pool_size = 1"]) else {
        return;
    };
    let ours = Arc::new(pooled.connected().await);
    work(Arc::clone(&ours), 1).await.unwrap();
    // Nor by the one that only watches, whose own session a server would end.
    let settings = GuardSettings {
        heartbeat: Some(Duration::from_millis(50)),
        late_after: LIMIT,
        timeout: LIMIT,
    };
    let (beats, mut heard) = mpsc::channel(8);
    let guarding = {
        let ours = Arc::clone(&ours);
        tokio::spawn(async move { ours.stand_guard(settings, beats).await })
    };
    assert_eq!(heard.recv().await, Some(Beat::Opened));
    assert!(matches!(heard.recv().await, Some(Beat::Answered(_))));
    guarding.abort();
    let other = connected(pooled.section()).await;
    let sql = "select name from pg_settings where source = 'session' and name not in \
        ('application_name', 'client_encoding', 'statement_timeout', \
         'idle_in_transaction_session_timeout')";
    let rows: Vec<Value> = other.query(sql, &[]).await.unwrap();
    assert_eq!(rows, Vec::<Value>::new());
}

/// What must not be done, and ways of a callback to do it.
const WRITE: &str = "create table m (id int)";
const WAYS: [&[&str]; 8] = [
    &[WRITE],
    &["commit", WRITE],
    &["rollback", WRITE],
    &["commit", "begin read write", WRITE],
    &["commit and chain", "set transaction read write", WRITE],
    &["set transaction read write", WRITE],
    &["commit", "start transaction read write", WRITE, "commit"],
    &["savepoint a", "select 1/0", "rollback to a", WRITE],
];

/// Nothing is written, whatever a caller tries.
async fn check_read_only(pooled: &Pooled) {
    let mut section = pooled.section();
    section.read_only = true;
    let database = connected(section).await;
    let rows: Vec<Value> = database.query("select 1 as n", &[]).await.unwrap();
    assert_eq!(rows, [json!({"n": 1})]);
    let tricks = [
        WRITE,
        "do $$ begin commit; set transaction read write; create table m (id int); end $$",
        "do $$ begin set default_transaction_read_only = off; commit; \
         create table m (id int); end $$",
    ];
    for trick in tricks {
        let error = database.query::<Value>(trick, &[]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ReadOnly, "{trick}: {error:?}");
    }
    for way in WAYS {
        let done = database
            .transaction(move |client| {
                Box::pin(async move {
                    for sql in way {
                        // A caller may go on after an error.
                        drop(client.query(sql, &[]).await);
                    }
                    Ok(())
                })
            })
            .await;
        // Who ended the transaction himself hears nothing of it at the end.
        drop(done);
        let count = "select count(*) from pg_tables where tablename = 'm'";
        assert_eq!(pooled.cluster.sql(count), "0", "{way:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_only_holds_behind_every_pooler() {
    for mode in [PoolMode::Session, PoolMode::Transaction] {
        // Refused, options hold nothing; passed over, they seem to.
        for lines in [&[][..], &["ignore_startup_parameters = options"]] {
            let Some(pooled) = Pooled::with(mode, lines) else {
                return;
            };
            check_read_only(&pooled).await;
        }
    }
}

#[track_caller]
fn check_refused(error: &DbError, words: &str) {
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
    assert!(error.details().unwrap().contains(words), "{error:?}");
    assert!(error.hint().contains("5432"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_needs_a_session_is_refused_with_the_reason() {
    let Some(pooled) = Pooled::with(PoolMode::Transaction, &[]) else {
        return;
    };
    let database = pooled.connected().await;
    let cases = [
        ("set work_mem = '1MB'", "a session's settings"),
        ("listen news", "notifications (LISTEN)"),
        ("prepare p as select 1", "prepared statements with a name"),
        ("create temp table t ()", "temporary tables"),
        ("vacuum agents", "it takes none"),
    ];
    for (sql, words) in cases {
        let error = database.query::<Value>(sql, &[]).await.unwrap_err();
        let words = words.trim_start_matches("it ");
        check_refused(&error, words);
    }
    let error = database
        .transaction(|client| {
            Box::pin(async move { client.query("set work_mem = '1MB'", &[]).await.map(drop) })
        })
        .await
        .unwrap_err();
    check_refused(&error, "a session's settings");
    // What lasts for a transaction is the caller's own affair.
    database
        .transaction(|client| {
            Box::pin(async move {
                client.query("set local work_mem = '1MB'", &[]).await?;
                client
                    .query("select pg_advisory_xact_lock(1)", &[])
                    .await
                    .map(drop)
            })
        })
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_session_mode_a_session_is_ones_own() {
    let Some(pooled) = Pooled::with(PoolMode::Session, &[]) else {
        return;
    };
    let database = Arc::new(pooled.connected().await);
    for sql in [
        "set work_mem = '1MB'",
        "listen news",
        "create temp table t ()",
    ] {
        database.query::<Value>(sql, &[]).await.unwrap();
    }
    let tasks: Vec<_> = (0..10)
        .map(|number| tokio::spawn(work(Arc::clone(&database), number)))
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap(), 3);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_statement_mode_rows_are_written_and_transactions_are_refused() {
    let Some(pooled) = Pooled::with(PoolMode::Statement, &[]) else {
        return;
    };
    let database = pooled.connected().await;
    let data = json!({"name": "one", "type": "custom"});
    let agent: Value = database.insert("agents", &data).await.unwrap();
    let id = agent["id"].as_str().unwrap();
    let data = json!({"name": "two"});
    database
        .update::<Value, _>("agents", id, &data)
        .await
        .unwrap();
    database.delete("agents", id).await.unwrap();
    let words = "statement mode, which takes no transactions";
    let error = database
        .query::<Value>("select 1 as n", &[])
        .await
        .unwrap_err();
    check_refused(&error, words);
    let error = database
        .transaction(|_| Box::pin(async { Ok(()) }))
        .await
        .unwrap_err();
    check_refused(&error, words);
    assert_eq!(error.action(), Action::Transaction);
    let error = database.migration_state().await.unwrap_err();
    check_refused(&error, words);
    let found = details(&database).await;
    assert_eq!(found.missing_tables, Some(vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_at_a_pooler_is_one() {
    let Some(pooled) = Pooled::with(PoolMode::Transaction, &["auth_type = scram-sha-256"]) else {
        return;
    };
    let mut section = pooled.section();
    section.password = Some(dbvitals::domain::Secret::new("another"));
    let error = on(section.clone()).connect().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.layer(), error.code()),
        (ErrorKind::AuthFailed, Layer::Login, Some("08P01"))
    );
    assert!(!error.is_transient());
    section.password = Some(dbvitals::domain::Secret::new(PASSWORD));
    check_mode(section, Some(Mode::Transaction)).await;
}
