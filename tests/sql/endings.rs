//! Ends that come too soon: signals, deadlines, readers that leave.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use crate::{
    bed::{LIMIT, Run, command, on, start},
    support::{
        cluster::Cluster,
        process::{Signal, signal, wait_exit, wait_until},
    },
};

/// How many of our statements run at the server, without this question.
fn running(cluster: &Cluster) -> String {
    cluster.sql(
        "select count(*) from pg_stat_activity where application_name = 'dbvitals' \
         and state = 'active' and (query like '%fetch forward%' or query like '%pg_sleep%')",
    )
}

#[track_caller]
fn wait_until_it_runs(cluster: &Cluster) {
    let runs = wait_until(LIMIT, || running(cluster) != "0");
    assert!(runs, "the statement does not run");
}

#[track_caller]
fn ended(mut child: Child) -> Run {
    wait_exit(&mut child, LIMIT).expect("it ends");
    Run::of(child.wait_with_output().unwrap())
}

#[test]
fn an_interrupted_statement_is_cancelled_at_the_server() {
    let cluster = Cluster::start();
    cluster.sql("create table t (a int); grant all on t to public");
    for sql in [
        "select pg_sleep(600)",
        "do $$ begin insert into t values (1); perform pg_sleep(600); end $$",
    ] {
        let child = start(&cluster, &["--timeout", "600", sql]);
        wait_until_it_runs(&cluster);
        let began = Instant::now();
        signal(child.id(), Signal::INT);
        let run = ended(child).fails(1, "the server was told to cancel the statement, and did");
        assert!(run.err.contains("code 57014"), "{run:?}");
        assert!(
            began.elapsed() < Duration::from_secs(2),
            "{:?}",
            began.elapsed()
        );
        let is_over = wait_until(LIMIT, || running(&cluster) == "0");
        assert!(is_over, "it runs on");
    }
    assert_eq!(cluster.sql("select count(*) from t"), "0");
    let child = start(&cluster, &["--json", "select pg_sleep(600)"]);
    wait_until_it_runs(&cluster);
    signal(child.id(), Signal::TERM);
    let error = &ended(child).json()["error"];
    assert_eq!(
        (&error["code"], &error["interrupted"]),
        (&"57014".into(), &true.into())
    );
    assert_eq!(
        error["message"],
        "Interrupted: the server was told to cancel the statement, and did."
    );
}

#[test]
fn a_cancel_goes_over_tls_where_the_session_does() {
    let cluster = Cluster::builder().tls("localhost").start();
    cluster.put_first_in_hba("hostnossl all all all reject");
    let url = format!("{}?sslmode=require", cluster.url());
    let child = command(&["select pg_sleep(600)"], &[("DATABASE_URL", &url)])
        .spawn()
        .unwrap();
    wait_until_it_runs(&cluster);
    signal(child.id(), Signal::INT);
    ended(child).fails(1, "the server was told to cancel the statement, and did");
}

#[test]
fn a_statement_has_a_deadline_and_is_cancelled_at_it() {
    let cluster = Cluster::start();
    let began = Instant::now();
    let run = on(&cluster, &["--timeout", "0.5", "select pg_sleep(600)"]);
    let run = run.fails(1, "Database operation timed out after 500ms");
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
    assert!(
        run.err.contains("told to cancel the statement, and did"),
        "{run:?}"
    );
    assert!(
        run.err.contains("--timeout SECONDS gives it longer"),
        "{run:?}"
    );
    assert_eq!(running(&cluster), "0");
    let seconds = "select pg_sleep(1.5), current_setting('statement_timeout') as t";
    let variables = [
        ("DATABASE_URL", cluster.url()),
        ("DBVITALS_HEALTH_CHECK_TIMEOUT", "1000".into()),
    ];
    let variables = variables
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    crate::bed::run(&[seconds], &variables).fails(1, "timed out after 1000ms");
    let run = crate::bed::run(&["--timeout", "20", "--format", "csv", seconds], &variables);
    assert_eq!(run.succeeds().out, "pg_sleep,t\n\"\",21s\n");
}

#[test]
fn a_server_that_does_not_answer_is_left_and_that_is_said() {
    let mut cluster = Cluster::start();
    let child = start(&cluster, &["--timeout", "600", "select pg_sleep(600)"]);
    wait_until_it_runs(&cluster);
    cluster.freeze();
    let began = Instant::now();
    signal(child.id(), Signal::INT);
    let run = ended(child).fails(1, "what became of it is not known");
    assert!(began.elapsed() < Duration::from_secs(5), "{run:?}");
}

#[test]
fn a_second_signal_waits_for_nobody() {
    let mut cluster = Cluster::start();
    let child = start(&cluster, &["--timeout", "600", "select pg_sleep(600)"]);
    wait_until_it_runs(&cluster);
    cluster.freeze();
    signal(child.id(), Signal::INT);
    // Two of the same kind that come together count as one.
    signal(child.id(), Signal::TERM);
    let began = Instant::now();
    ended(child).fails(1, "Interrupted");
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let cluster = Cluster::start();
    for format in ["csv", "json", "table"] {
        let sql = "select generate_series(1, 100000000), repeat('x', 100)";
        let mut child = start(&cluster, &["--limit", "0", "--format", format, sql]);
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        drop(out);
        let run = ended(child).succeeds();
        assert!(!line.is_empty());
        assert!(
            run.err.is_empty() || run.err.starts_with("nobody reads any more"),
            "{run:?}"
        );
        let ended = wait_until(LIMIT, || running(&cluster) == "0");
        assert!(ended, "the server works for nobody");
    }
}

#[test]
fn a_write_is_carried_out_whoever_reads_its_result() {
    let cluster = Cluster::start();
    cluster.sql(
        "create table t (a int); grant all on t to public;
         create function note(n int) returns int language sql volatile
         as 'insert into t values (n) returning a'",
    );
    for sql in [
        "insert into t select generate_series(1, 20000) returning a, repeat('x', 100)",
        "select note(n), repeat('x', 100) from generate_series(1, 20000) n",
    ] {
        let mut child = start(&cluster, &["--format", "csv", "--timeout", "30", sql]);
        let mut out = child.stdout.take().unwrap();
        out.read_exact(&mut [0; 1]).unwrap();
        drop(out);
        ended(child).succeeds();
    }
    assert_eq!(cluster.sql("select count(*) from t"), "40000");
}

#[test]
fn a_disk_that_is_full_is_a_failure() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let cluster = Cluster::start();
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let child = command(&["select 1"], &[("DATABASE_URL", &cluster.url())])
        .stdout(Stdio::from(full))
        .spawn()
        .unwrap();
    ended(child).fails(1, "the result cannot be printed");
}

/// A hundred megabytes pass through some.
#[test]
#[cfg(target_os = "linux")]
fn a_result_of_any_size_takes_bounded_memory() {
    let cluster = Cluster::start();
    let sql = "select repeat('x', 1000) from generate_series(1, 100000)";
    let mut child = start(&cluster, &["--format", "csv", "--timeout", "100", sql]);
    let mut out = child.stdout.take().unwrap();
    let (mut read, mut peak, mut buffer) = (0, 0, vec![0; 1 << 20]);
    loop {
        let count = out.read(&mut buffer).unwrap();
        if count == 0 {
            break;
        }
        read += count;
        peak = peak.max(resident_kib(child.id()).unwrap_or(0));
    }
    ended(child).succeeds();
    assert!(read > 100_000_000, "{read}");
    assert!((1..64 << 10).contains(&peak), "{peak} KiB");
}

/// A value is there as it came, as it is read and as it is printed.
#[test]
#[cfg(target_os = "linux")]
fn one_large_value_takes_a_few_times_its_size() {
    let cluster = Cluster::start();
    for format in ["table", "csv", "json"] {
        let sql = "select repeat('x', 20000000) as a";
        let mut child = start(&cluster, &["--format", format, "--timeout", "100", sql]);
        let mut out = child.stdout.take().unwrap();
        let (mut read, mut peak, mut buffer) = (0, 0, vec![0; 1 << 20]);
        loop {
            let count = out.read(&mut buffer).unwrap();
            if count == 0 {
                break;
            }
            read += count;
            peak = peak.max(resident_kib(child.id()).unwrap_or(0));
        }
        ended(child).succeeds();
        assert!((20_000_000..20_010_000).contains(&read), "{format}: {read}");
        assert!((1..100 << 10).contains(&peak), "{format}: {peak} KiB");
    }
}

#[cfg(target_os = "linux")]
fn resident_kib(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
