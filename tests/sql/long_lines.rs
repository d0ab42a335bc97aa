//! Rows and headers that are longer than what is printed at once.

use std::{process::Child, sync::mpsc, thread};

use serde_json::Value;

use crate::{
    bed::{LIMIT, Run, command, run, start},
    support::{
        cluster::Cluster,
        process::{Signal, signal, wait_until},
    },
};

const FORMATS: [&str; 3] = ["table", "csv", "json"];

/// A row of forty thousand characters, and a sleep behind the first batch of rows.
const SLEEPER: &str = "select case n when 1 then repeat('x', 40000) \
    when 1004 then pg_sleep(600)::text end as a from generate_series(1, 1009) n";

/// Its end, however much it prints.
#[track_caller]
fn ended(child: Child) -> Run {
    let pid = child.id();
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(child.wait_with_output()));
    let Ok(output) = told.recv_timeout(LIMIT) else {
        signal(pid, Signal::KILL);
        panic!("it does not end");
    };
    Run::of(output.unwrap())
}

#[track_caller]
fn on(cluster: &Cluster, arguments: &[&str]) -> Run {
    ended(start(cluster, arguments))
}

#[test]
fn a_row_of_any_length_is_printed_in_every_form() {
    let cluster = Cluster::start();
    for length in [32_000, 40_000, 300_000, 3_000_000] {
        let sql = format!("select 1 as n, repeat('é', {length}) as a");
        let value = "é".repeat(length);
        for format in FORMATS {
            let run = on(&cluster, &["--format", format, &sql]).succeeds();
            match format {
                "json" => assert_eq!(run.json()["rows"][0][1], value),
                "csv" => assert_eq!(run.out, format!("n,a\n1,{value}\n")),
                _ => assert!(run.out.ends_with(&format!("\n1  {value}\n"))),
            }
        }
    }
    let sql = "select n, repeat('x', 40000) as a from generate_series(1, 90) n";
    let json = on(&cluster, &["--json", sql]).succeeds().json();
    assert_eq!(json["rows"].as_array().unwrap().len(), 90);
    assert_eq!(json["rows"][89][0], 90);
}

#[test]
fn a_header_of_any_length_is_printed_in_every_form() {
    let cluster = Cluster::start();
    let columns: Vec<_> = (0..1_200)
        .map(|n| format!("{n} as a_column_with_a_name_of_some_fifty_characters_{n:04}"))
        .collect();
    let sql = format!("select {} from generate_series(1, 2)", columns.join(", "));
    for format in FORMATS {
        let run = on(&cluster, &["--format", format, &sql]).succeeds();
        if format == "json" {
            assert_eq!(run.json()["rows"][1][1199], 1199);
            continue;
        }
        assert!(run.out.lines().next().unwrap().ends_with("characters_1199"));
        assert!(run.out.lines().last().unwrap().ends_with("1199"));
    }
}

#[test]
fn a_long_row_is_printed_in_every_mode() {
    let cluster = Cluster::start();
    cluster.sql("create table t (a text); grant all on t to public");
    let returning = "insert into t values (repeat('x', 50000)) returning a";
    let json = on(&cluster, &["--json", returning]).succeeds().json();
    assert_eq!(json["rows"][0][0].as_str().unwrap().len(), 50_000);
    assert_eq!(cluster.sql("select count(*) from t"), "1");
    let url = cluster.url();
    for variable in [
        ("DBVITALS_READ_ONLY", "true"),
        ("DBVITALS_ENVIRONMENT", "production"),
    ] {
        let variables = [("DATABASE_URL", url.as_str()), variable];
        for sql in ["select a from t", "select repeat('x', 2000000) as a"] {
            let child = command(&["--json", sql], &variables).spawn().unwrap();
            let json = ended(child).succeeds().json();
            assert!(json["rows"][0][0].as_str().unwrap().len() >= 50_000);
        }
    }
    let sql = "select printf('%.*c', 40000, 'x') as a";
    let child = command(&["--mode", "mock", "--json", sql], &[]).spawn();
    let json = ended(child.unwrap()).succeeds().json();
    assert_eq!(json["rows"][0][0].as_str().unwrap().len(), 40_000);
    let short = run(&["--mode", "mock", "--json", "select 1"], &[]).succeeds();
    assert_eq!(short.out.lines().count(), 3, "a row a line");
}

#[test]
fn a_deadline_is_kept_beside_long_rows() {
    let cluster = Cluster::start();
    for format in FORMATS {
        let run = on(
            &cluster,
            &[
                "--timeout",
                "1",
                "--limit",
                "0",
                "--format",
                format,
                SLEEPER,
            ],
        );
        assert_eq!(run.code, 1, "{format}: {}", run.err);
        if format == "json" {
            assert_ended_early(&run, "Timeout");
        } else {
            run.fails(1, "told to cancel the statement, and did");
        }
    }
}

#[test]
fn a_signal_is_heard_beside_long_rows() {
    let cluster = Cluster::start();
    for format in FORMATS {
        let child = start(
            &cluster,
            &[
                "--timeout",
                "600",
                "--limit",
                "0",
                "--format",
                format,
                SLEEPER,
            ],
        );
        let sleeps = wait_until(LIMIT, || {
            cluster.sql("select count(*) from pg_stat_activity where wait_event = 'PgSleep'") == "1"
        });
        assert!(sleeps, "the statement does not run");
        signal(child.id(), Signal::INT);
        let run = ended(child);
        assert_eq!(run.code, 1, "{format}: {}", run.err);
        if format == "json" {
            assert_ended_early(&run, "StatementCancelled");
        } else {
            run.fails(1, "told to cancel the statement, and did");
        }
    }
}

/// The object is whole, with the rows that came and the error.
#[track_caller]
fn assert_ended_early(run: &Run, kind: &str) {
    let json: Value = run.json();
    assert_eq!(json["error"]["kind"], kind);
    assert!(!json["rows"].as_array().unwrap().is_empty());
}
