//! The same through a pooler, whose sessions are given to others.

use std::{str::FromStr, time::Duration};

use tokio::runtime::Runtime;
use tokio_postgres::{Config, NoTls, SimpleQueryMessage};

use crate::{
    bed::{LIMIT, run},
    support::{
        cluster::{Cluster, PoolMode, Pooler},
        process::wait_until,
    },
};

/// A server behind a pooler, and the address; says so where it cannot be made.
fn pooled(mode: PoolMode) -> Option<(Cluster, Pooler, String)> {
    if !Pooler::is_here() {
        return None;
    }
    let cluster = Cluster::start();
    let pooler = cluster.pooler(mode);
    let url = format!("postgres://vitals@127.0.0.1:{}/app", pooler.port());
    Some((cluster, pooler, url))
}

#[test]
fn a_statement_runs_through_a_transaction_pooler_again_and_again() {
    let Some((cluster, _pooler, url)) = pooled(PoolMode::Transaction) else {
        return;
    };
    cluster
        .sql("create type mood as enum ('ok'); create table t (a mood); grant all on t to public");
    let variables = [("DATABASE_URL", url.as_str())];
    for _ in 0..4 {
        run(&["insert into t values ('ok')"], &variables).succeeds();
        let json = run(&["--json", "select array_agg(a) as a from t"], &variables).succeeds();
        assert_eq!(json.json()["rows"][0][0][0], "ok");
    }
    assert_eq!(cluster.sql("select count(*) from t"), "4");
    // What takes no transaction around it is run without one.
    run(&["vacuum pg_catalog.pg_class"], &variables).succeeds();
}

#[test]
fn what_needs_a_session_is_refused_with_the_reason() {
    let Some((_cluster, _pooler, url)) = pooled(PoolMode::Transaction) else {
        return;
    };
    let variables = [("DATABASE_URL", url.as_str())];
    for (sql, words) in [
        ("listen news", "it needs notifications (LISTEN)"),
        ("set work_mem = '1MB'", "it needs a session's settings"),
    ] {
        run(&[sql], &variables).fails(1, words);
    }
}

#[test]
fn a_statement_leaves_a_shared_session_as_it_was() {
    let Some((cluster, pooler, url)) = pooled(PoolMode::Transaction) else {
        return;
    };
    cluster.sql("create table t (a int); grant all on t to public");
    let variables = [("DATABASE_URL", url.as_str())];
    for sql in [
        "select set_config('search_path', 'evil', false)",
        "do $$begin perform set_config('work_mem', '1MB', false); insert into t values (1); end$$",
        "do $$begin perform set_config('statement_timeout', '7s', false); end$$",
        "select set_config('lock_timeout', '3s', true)",
        "select set_config('role', 'vitals', false)",
        "declare c cursor with hold for select 1",
    ] {
        run(&[sql], &variables).succeeds();
    }
    assert_eq!(cluster.sql("select count(*) from t"), "1");
    let left = "select (select count(*) from pg_cursors where is_holdable) || ' ' || \
        (select coalesce(nullif(current_setting('role'), 'none'), '')) || \
        (select coalesce(string_agg(name, ' ' order by name), '') from pg_settings \
         where name in ('search_path', 'work_mem', 'statement_timeout', 'lock_timeout') \
         and source = 'session')";
    let config = Config::from_str(&url).expect("it is a URL");
    let rows = Runtime::new().expect("a runtime").block_on(async {
        let (client, connection) = config.connect(NoTls).await.expect("the pooler lets it in");
        let driving = tokio::spawn(connection);
        let rows = client.simple_query(left).await.expect("it answers");
        driving.abort();
        rows
    });
    let SimpleQueryMessage::Row(row) = &rows[1] else {
        panic!("{rows:?}");
    };
    assert_eq!(row.get(0), Some("0 "));
    drop(pooler);
}

#[test]
fn a_statement_pooler_is_named_as_the_reason() {
    let Some((_cluster, _pooler, url)) = pooled(PoolMode::Statement) else {
        return;
    };
    let variables = [("DATABASE_URL", url.as_str())];
    run(&["select 1"], &variables).fails(1, "statement mode, which takes no transactions");
}

#[test]
fn a_statement_behind_a_pooler_is_cancelled_at_its_deadline() {
    let Some((cluster, _pooler, url)) = pooled(PoolMode::Transaction) else {
        return;
    };
    let variables = [("DATABASE_URL", url.as_str())];
    let arguments = ["--timeout", "1", "select pg_sleep(60)"];
    run(&arguments, &variables).fails(1, "the server was told to cancel the statement, and did");
    let asleep = "select count(*) from pg_stat_activity where state = 'active' \
        and query like '%pg_sleep(60)%' and pid <> pg_backend_pid()";
    let limit = LIMIT.min(Duration::from_secs(5));
    assert!(wait_until(limit, || cluster.sql(asleep) == "0"));
}

#[test]
fn read_only_holds_behind_a_pooler() {
    for mode in [PoolMode::Session, PoolMode::Transaction] {
        let Some((cluster, _pooler, url)) = pooled(mode) else {
            return;
        };
        let variables = [
            ("DATABASE_URL", url.as_str()),
            ("DBVITALS_READ_ONLY", "true"),
        ];
        run(&["select 1"], &variables).succeeds();
        run(&["create table t ()"], &variables).fails(1, "ReadOnly");
        let tables = "select count(*) from pg_tables where schemaname = 'public'";
        assert_eq!(cluster.sql(tables), "0");
    }
}

#[test]
fn no_lock_for_migrations_stays_where_nothing_may_be_written() {
    let Some((cluster, _pooler, url)) = pooled(PoolMode::Transaction) else {
        return;
    };
    let variables = [
        ("DATABASE_URL", url.as_str()),
        ("DBVITALS_READ_ONLY", "true"),
    ];
    let key = i64::from_be_bytes(*b"dbvitals");
    let locks = "select count(*) from pg_locks where locktype = 'advisory'";
    run(&[&format!("select pg_advisory_lock({key})")], &variables).succeeds();
    assert_eq!(cluster.sql(locks), "0");
    let sql =
        format!("select pg_advisory_lock({key}), 1 / (n - 1) from generate_series(2, 1, -1) as n");
    run(&[&sql], &variables).fails(1, "22012");
    assert_eq!(cluster.sql(locks), "0");
}
