//! What a server remarks while a statement runs.

use std::io::{BufRead, BufReader};

use crate::{
    bed::{LIMIT, Run, on, run, start},
    support::{
        cluster::Cluster,
        process::{Signal, signal, wait_exit},
    },
};

const REMARKS: &str = "do $$ begin raise notice 'hello %', 7; \
    raise warning 'careful' using detail = 'a detail', hint = 'a hint'; end $$";

/// As many notices as the last argument says.
fn flood(count: u32) -> String {
    format!("do $$ begin for i in 1..{count} loop raise notice 'note %', i; end loop; end $$")
}

#[test]
fn notices_and_warnings_are_told() {
    let cluster = Cluster::start();
    for format in ["table", "csv"] {
        let run = on(&cluster, &["--format", format, REMARKS]).succeeds();
        let expected = "NOTICE: hello 7\nWARNING: careful\n  detail: a detail\n  hint: a hint\n";
        assert!(run.err.starts_with(expected), "{run:?}");
        assert!(run.out.is_empty(), "{run:?}");
    }
    let run = on(&cluster, &["--json", REMARKS]).succeeds();
    assert!(run.err.is_empty(), "{run:?}");
    let notices = &run.json()["notices"];
    assert_eq!(
        *notices,
        serde_json::json!([
            {"severity": "NOTICE", "code": "00000", "message": "hello 7",
                "detail": null, "hint": null},
            {"severity": "WARNING", "code": "01000", "message": "careful",
                "detail": "a detail", "hint": "a hint"},
        ])
    );
    assert_eq!(run.json()["moreNotices"], 0);
    let silent = on(&cluster, &["--json", "select 1"]).json();
    assert_eq!(silent["notices"], serde_json::json!([]));
}

#[test]
fn a_notice_is_told_while_its_statement_runs() {
    let cluster = Cluster::start();
    let sql = "do $$ begin raise notice 'begun'; perform pg_sleep(600); end $$";
    let mut child = start(&cluster, &["--timeout", "600", sql]);
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    err.read_line(&mut line).unwrap();
    assert_eq!(line, "NOTICE: begun\n");
    assert!(child.try_wait().unwrap().is_none(), "it still runs");
    signal(child.id(), Signal::INT);
    wait_exit(&mut child, LIMIT).expect("it ends");
}

#[test]
fn a_flood_of_notices_is_bounded_and_the_rest_is_counted() {
    let cluster = Cluster::start();
    let json = on(&cluster, &["--json", "--timeout", "30", &flood(50_000)]).json();
    let kept = json["notices"].as_array().unwrap().len();
    let more = json["moreNotices"].as_u64().unwrap();
    assert!((1..=1_000).contains(&kept), "{kept}");
    assert_eq!(u64::try_from(kept).unwrap() + more, 50_000);
    let run = on(&cluster, &["--timeout", "30", &flood(50_000)]).succeeds();
    let told = run.err.lines().filter(|it| it.starts_with("NOTICE: note "));
    let told = u64::try_from(told.count()).unwrap();
    assert!(told >= 1, "{told}");
    let left_out =
        |it: &str| -> Option<u64> { it.strip_suffix(" more notices were left out")?.parse().ok() };
    let more = run.err.lines().find_map(left_out).unwrap_or(0);
    assert_eq!(told + more, 50_000, "{more} left out");
}

#[test]
fn no_amount_of_notices_ends_the_session() {
    let cluster = Cluster::start();
    let sql = "do $$ begin for i in 1..300 loop raise notice '%', repeat('x', 1000000); \
        end loop; end $$";
    let run = on(&cluster, &["--json", "--timeout", "100", sql]).succeeds();
    let json = run.json();
    let kept = json["notices"].as_array().unwrap().len();
    let more = json["moreNotices"].as_u64().unwrap();
    assert_eq!(u64::try_from(kept).unwrap() + more, 300);
}

#[test]
fn nothing_in_a_notice_is_executed() {
    let cluster = Cluster::start();
    let sql = "do $$ begin raise notice E'a\\x1b[2Jb'; end $$";
    let run = on(&cluster, &[sql]).succeeds();
    assert!(run.err.starts_with("NOTICE: a<1B>[2Jb\n"), "{run:?}");
    let run = on(&cluster, &["--json", sql]).succeeds();
    assert!(!run.out.contains('\u{1b}'), "{run:?}");
}

#[test]
fn a_notice_stands_before_the_failure_that_follows_it() {
    let cluster = Cluster::start();
    let sql = "do $$ begin raise notice 'first'; perform 1 / 0; end $$";
    let run = on(&cluster, &[sql]).fails(1, "dbvitals: division by zero");
    assert!(run.err.starts_with("NOTICE: first\n"), "{run:?}");
    let json = on(&cluster, &["--json", sql]).json();
    assert_eq!(json["notices"][0]["message"], "first");
}

fn production(cluster: &Cluster, arguments: &[&str]) -> Run {
    run(
        arguments,
        &[
            ("DATABASE_URL", &cluster.url()),
            ("DBVITALS_ENVIRONMENT", "production"),
        ],
    )
}

#[test]
fn what_ran_to_learn_whether_it_writes_tells_no_notice_of_its_own() {
    let cluster = Cluster::start();
    let once = production(&cluster, &[REMARKS]).succeeds();
    assert_eq!(once.err.matches("NOTICE: hello 7").count(), 1, "{once:?}");
    let sql = "do $$ begin raise notice 'try'; create table t (a int); end $$";
    let refused = production(&cluster, &[sql]).fails(3, "nothing was written");
    assert!(!refused.err.contains("try"), "{refused:?}");
}
