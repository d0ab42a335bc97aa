//! A statement is carried out whole, however few of its rows are wanted; one that
//! only reads is not.

use std::io::Read;

use crate::{
    bed::{LIMIT, Run, on, run, start},
    support::{cluster::Cluster, process::wait_exit},
};

/// A function that leaves a line in the server's log: no transaction holds that
/// back, and none is told of it. The others call it where it is not seen.
const TRACES: &str = "create table t (a int); insert into t select generate_series(1, 5000);
    create function trace(int) returns int language plpgsql volatile
        as $$ begin raise log 'a trace'; return $1; end $$;
    create view traced as select trace(a) as a from t;
    create view around as select * from traced;
    create function \"Odd name\"(int) returns int language sql volatile as 'select trace($1)';
    create aggregate traces(int) (sfunc = traces_on, stype = int, initcond = '0');
    create table guarded (a int); insert into guarded select * from t;
    alter table guarded enable row level security;
    create policy p on guarded using (trace(a) > 0);
    create function \"same\"(int, int) returns bool language sql volatile
        as 'select trace($1) = $2';
    grant select on all tables in schema public to public;";

/// Rows without end, as far as a deadline goes.
const ENDLESS: &str = "from t as x, t as y, t as z, t as u";

fn cluster() -> Cluster {
    let cluster = Cluster::start();
    cluster.sql(
        "create function traces_on(int, int) returns int language plpgsql volatile
             as $$ begin raise log 'a trace'; return $2; end $$",
    );
    cluster.sql(TRACES);
    cluster
}

fn traces(cluster: &Cluster) -> usize {
    let log = cluster.log();
    log.lines()
        .filter(|it| it.contains("LOG:  a trace"))
        .count()
}

/// The statement leaves all its traces, though three of its rows are shown.
#[track_caller]
fn check_whole(cluster: &Cluster, sql: &str) {
    let before = traces(cluster);
    let run = on(cluster, &["--limit", "3", "--timeout", "20", sql]).succeeds();
    assert_eq!(run.out.lines().count(), 5, "{run:?}");
    assert!(run.err.starts_with("first 3 of 5,000 rows"), "{run:?}");
    assert_eq!(traces(cluster) - before, 5_000, "{sql}");
}

#[test]
fn what_has_effects_is_carried_out_whole() {
    let cluster = cluster();
    for sql in [
        "select trace(n) from generate_series(1, 5000) n",
        "select PUBLIC.Trace (a) from t",
        "select case when true then/**/\"trace\"(a) end from t",
        "select \"Odd name\"(a) from t",
        "select traces(a) over (rows current row) from t",
        "table guarded",
        "with w as materialized (select * from traced) select * from w",
    ] {
        check_whole(&cluster, sql);
    }
    check_whole(&cluster, "select U&\"\\0074race\"(a) from t");
    check_whole(&cluster, "select * from around");
    cluster.sql("create domain traced_int as int check (trace(value) > 0)");
    check_whole(&cluster, "select a::traced_int from t");
    cluster.sql("create operator === (leftarg = int, rightarg = int, function = \"same\")");
    check_whole(&cluster, "select a === 1 from t");
}

#[test]
fn what_has_effects_is_carried_out_whole_whoever_reads() {
    let cluster = cluster();
    let sql = "select trace(a), repeat('x', 1000) from t";
    let mut child = start(&cluster, &["--format", "csv", "--timeout", "20", sql]);
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut [0; 1]).unwrap();
    drop(out);
    wait_exit(&mut child, LIMIT).expect("it ends");
    Run::of(child.wait_with_output().unwrap()).succeeds();
    assert_eq!(traces(&cluster), 5_000);
    let url = cluster.url();
    let variables = [
        ("DATABASE_URL", url.as_str()),
        ("DBVITALS_READ_ONLY", "true"),
    ];
    run(&["--limit", "3", "select trace(a) from t"], &variables).succeeds();
    assert_eq!(traces(&cluster), 10_000);
}

#[test]
fn what_only_reads_ends_where_nobody_wants_more() {
    let cluster = cluster();
    cluster.sql(
        "create view numbers as select a, now() as seen from t; grant select on numbers to public",
    );
    for columns in [
        "x.a",
        "x.a, 'trace', lower(u.a::text), now()",
        "x.*, random(), clock_timestamp(), gen_random_uuid()",
    ] {
        let sql = format!("select {columns} {ENDLESS}").replace("'trace'", "'a tracer'");
        let run = on(&cluster, &["--limit", "3", "--timeout", "20", &sql]).succeeds();
        assert!(
            run.err.starts_with("first 3 rows; there are more"),
            "{run:?}"
        );
    }
    let sql = "select n.* from numbers as n, t as x, t as y, t as z";
    on(&cluster, &["--timeout", "20", sql]).succeeds();
}

#[test]
fn what_has_effects_and_comes_to_its_deadline_is_not_carried_out() {
    let cluster = cluster();
    cluster.sql(
        "create table made (a int); grant all on made to public;
         create function make(int) returns int language sql volatile
             as 'insert into made values ($1) returning a'",
    );
    let sql = format!("select make(x.a) {ENDLESS}");
    on(&cluster, &["--limit", "3", "--timeout", "1", &sql]).fails(1, "timed out after 1000ms");
    assert_eq!(cluster.sql("select count(*) from made"), "0");
}
