//! What a server answers to a statement: its limits, its rules and the
//! schema. The connection lives on.

use std::{sync::Arc, time::Duration};

use dbvitals::adapter::{DatabaseAdapter, DbResult, SqlValue};
use serde_json::{Value, json};
use tokio::sync::Barrier;

use crate::{
    expected::{Expected, Failure, Promise, Recovery, failure},
    instruments,
    library::Caller,
    row::Row,
    scene::{Bed, Scene},
    seen::Told,
    support::{cluster::Cluster, disk::SmallDisk},
};

const CANCELLED: Failure = failure("StatementCancelled", "statement");
const ROLLED_BACK: Failure = failure("TransactionRolledBack", "statement");
const MISSING: Failure = failure("SchemaMissing", "schema");

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = limits();
    rows.extend(rules());
    rows.extend(schema());
    rows
}

fn answered(failure: Failure) -> Expected {
    Expected::fails(failure)
        .then_well()
        .recovery(Recovery::ByItself(Promise::AtOnce))
}

fn limits() -> Vec<Row> {
    vec![
        Row::statement(
            "statement timeout of the server",
            |bed| {
                transaction(
                    bed,
                    "",
                    &[
                        "set local statement_timeout = '50ms'",
                        "select pg_sleep(60)",
                    ],
                )
            },
            answered(CANCELLED.code("57014")),
        ),
        Row::statement(
            "cancelled by somebody",
            |bed| {
                let mut scene = Scene::of(bed.cluster());
                let caller = Caller::of(&scene, bed);
                let mut told = caller.struck(&mut scene, |scene| {
                    // A session that has just ended may still be listed.
                    let sql = "select bool_or(pg_cancel_backend(pid)) from pg_stat_activity \
                               where application_name = 'caller' and state = 'active'";
                    assert_eq!(scene.cluster().sql(sql), "t");
                });
                caller.recovers(&mut told);
                told
            },
            answered(CANCELLED.code("57014")),
        ),
        Row::statement(
            "lock timeout",
            lock_timeout,
            answered(CANCELLED.code("55P03")),
        ),
        Row::statement(
            "killed while idle in a transaction",
            idle_in_transaction,
            answered(failure("ConnectionLost", "tcp").code("25P03")).within(Promise::Seconds(1)),
        ),
        Row::statement(
            "disk full",
            disk_full,
            answered(failure("DiskFull", "database").code("53100"))
                .within(Promise::Seconds(2))
                .diagnosed(|it| it.says(&["whether its disk has room is not seen from here"])),
        )
        .root("a small disk is mounted"),
    ]
}

fn rules() -> Vec<Row> {
    vec![
        Row::statement(
            "deadlock",
            deadlock,
            answered(ROLLED_BACK.code("40P01")).within(Promise::Seconds(2)),
        ),
        Row::statement(
            "serialization failure",
            serialization,
            answered(ROLLED_BACK.code("40001")).within(Promise::Seconds(2)),
        ),
        Row::statement(
            "rolled back by its own code",
            |bed| transaction(bed, TABLE, &["insert into t values ('a', 0)"]),
            answered(
                failure("ConstraintViolation", "statement")
                    .code("23514")
                    .says("t_n_check"),
            ),
        ),
        Row::statement(
            "unique constraint",
            |bed| {
                insert(
                    bed,
                    "insert into t values ('a', 1)",
                    "t",
                    &json!({"id": "a", "n": 2}),
                )
            },
            answered(
                failure("ConstraintViolation", "statement")
                    .code("23505")
                    .says("t_pkey"),
            ),
        ),
        Row::statement(
            "not-null constraint",
            |bed| insert(bed, "", "t", &json!({"id": "a"})),
            answered(
                failure("ConstraintViolation", "statement")
                    .code("23502")
                    .says("\"n\""),
            ),
        ),
        Row::statement(
            "read-only by default",
            |bed| {
                insert(
                    bed,
                    "alter database app set default_transaction_read_only = on",
                    "t",
                    &json!({"id": "a", "n": 2}),
                )
            },
            answered(failure("ReadOnly", "database").code("25006")),
        ),
    ]
}

/// A table for rows that need one.
const TABLE: &str = "create table t (id text primary key, n int not null check (n > 0)); \
                     grant all on t to vitals";

fn schema() -> Vec<Row> {
    vec![
        Row::statement(
            "table missing",
            |bed| query(bed, "", "select * from nowhere"),
            answered(MISSING.code("42P01").says("nowhere")),
        ),
        Row::statement(
            "table missing, by insert",
            |bed| insert(bed, "", "nowhere", &json!({"id": "a"})),
            // The adapter looked itself: no server gave a code.
            answered(MISSING.says("nowhere")),
        ),
        Row::statement(
            "column missing",
            |bed| query(bed, TABLE, "select colour from t"),
            answered(
                failure("SchemaMismatch", "schema")
                    .code("42703")
                    .says("colour"),
            ),
        ),
        Row::statement(
            "privilege missing",
            |bed| query(bed, "create table secret (n int)", "select * from secret"),
            answered(
                failure("PermissionDenied", "permission")
                    .code("42501")
                    .says("secret"),
            ),
        ),
        Row::statement(
            "schema not in the search path",
            |bed| {
                let made = "create schema away authorization vitals; create table away.far (n int)";
                query(bed, made, "select * from far")
            },
            answered(MISSING.code("42P01").says("far")),
        ),
    ]
}

/// The superuser prepares, and the caller asks.
fn query(bed: &Bed, prepared: &str, sql: &'static str) -> Told {
    asked(bed, prepared, |caller| {
        caller.fails(|database| async move { database.query::<Value>(sql, &[]).await })
    })
}

fn insert(bed: &Bed, prepared: &str, table: &'static str, row: &Value) -> Told {
    let row = row.clone();
    asked(bed, &format!("{TABLE}; {prepared}"), |caller| {
        caller.fails(|database| async move { database.insert::<Value, _>(table, &row).await })
    })
}

fn transaction(bed: &Bed, prepared: &str, statements: &'static [&'static str]) -> Told {
    asked(bed, prepared, |caller| {
        caller.fails(|database| in_transaction(database, statements))
    })
}

fn asked(bed: &Bed, prepared: &str, ask: impl FnOnce(&Caller) -> Told) -> Told {
    let mut scene = Scene::of(bed.cluster());
    if !prepared.is_empty() {
        scene.cluster().sql(prepared);
    }
    let caller = Caller::of(&scene, bed);
    let mut told = ask(&caller);
    caller.recovers(&mut told);
    told
}

async fn in_transaction(
    database: impl DatabaseAdapter,
    statements: &'static [&'static str],
) -> DbResult<()> {
    database
        .transaction(|client| {
            Box::pin(async move {
                for sql in statements {
                    client.query(sql, &[]).await?;
                }
                Ok(())
            })
        })
        .await
}

/// A session holds the table, another one waits for it.
fn lock_timeout(bed: &Bed) -> Told {
    asked(bed, TABLE, |caller| {
        caller.fails(|database| async move {
            let other = database.clone();
            database
                .transaction(move |client| {
                    Box::pin(async move {
                        client.query("lock table t", &[]).await?;
                        let waiting = &["set local lock_timeout = '50ms'", "select * from t"];
                        in_transaction(other, waiting).await
                    })
                })
                .await
        })
    })
}

/// The server ends the session while the callback does something else.
fn idle_in_transaction(bed: &Bed) -> Told {
    asked(bed, "", |caller| {
        caller.fails(|database| async move {
            let other = database.clone();
            database
                .transaction(move |client| {
                    Box::pin(async move {
                        let sql = "set idle_in_transaction_session_timeout = '100ms'";
                        client.query(sql, &[]).await?;
                        until_none_is_idle(&other).await?;
                        client.query("select 1 as n", &[]).await.map(drop)
                    })
                })
                .await
        })
    })
}

/// Waits until the server holds no session that is idle in a transaction.
async fn until_none_is_idle(database: &impl DatabaseAdapter) -> DbResult<()> {
    let sql = "select count(*) as n from pg_stat_activity where state = 'idle in transaction'";
    loop {
        let rows = database.query::<Value>(sql, &[]).await?;
        if rows[0]["n"] == 0 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn disk_full(bed: &Bed) -> Told {
    let disk = SmallDisk::of("2m");
    let path = disk.path();
    let mut scene = Scene::of(bed.cluster());
    scene.disk = Some(disk);
    let cluster = scene.cluster();
    cluster.make_tablespace("small", &path);
    cluster.sql("create table big (x text) tablespace small; grant all on big to vitals");
    let caller = Caller::of(&scene, bed);
    let sql = "insert into big select repeat(md5(n::text), 60) from generate_series(1, 20000) n";
    let mut told = caller.fails(|database| async move { database.query::<Value>(sql, &[]).await });
    told.said = instruments::run(&scene, bed);
    caller.recovers(&mut told);
    // The server must leave the disk before it is taken away.
    scene.cluster().sql("drop table big; drop tablespace small");
    told
}

/// Two transactions want the rows in opposite order.
fn deadlock(bed: &Bed) -> Told {
    let builder = Cluster::builder().setting("deadlock_timeout", "100ms");
    let mut scene = Scene::of(bed.trusting(builder));
    scene.cluster().sql(TABLE);
    scene
        .cluster()
        .sql("insert into t values ('a', 1), ('b', 1)");
    let caller = Caller::of(&scene, bed);
    let both = Arc::new(Barrier::new(2));
    let its = Arc::clone(&both);
    let mut told = caller.fails(|database| async move {
        let (one, other) = tokio::join!(
            two_updates(database.clone(), ["a", "b"], its),
            two_updates(database, ["b", "a"], both)
        );
        one.and(other)
    });
    caller.recovers(&mut told);
    told
}

async fn two_updates(
    database: impl DatabaseAdapter,
    ids: [&'static str; 2],
    both: Arc<Barrier>,
) -> DbResult<()> {
    database
        .transaction(move |client| {
            Box::pin(async move {
                let sql = "update t set n = 2 where id = $1";
                let id = |at: usize| [SqlValue::Text(ids[at].to_owned())];
                client.query(sql, &id(0)).await?;
                both.wait().await;
                client.query(sql, &id(1)).await.map(drop)
            })
        })
        .await
}

fn serialization(bed: &Bed) -> Told {
    let mut scene = Scene::of(bed.cluster());
    scene.cluster().sql(TABLE);
    scene.cluster().sql("insert into t values ('a', 1)");
    let caller = Caller::of(&scene, bed);
    let mut told = caller.fails(|database| async move {
        let other = database.clone();
        database
            .transaction(move |client| {
                Box::pin(async move {
                    let sql = "set transaction isolation level repeatable read";
                    client.query(sql, &[]).await?;
                    client.query("select n from t", &[]).await?;
                    let sql = "update t set n = 5 where id = 'a'";
                    other.query::<Value>(sql, &[]).await?;
                    client.query("update t set n = n + 1", &[]).await?;
                    Ok(())
                })
            })
            .await
    });
    caller.recovers(&mut told);
    told
}
