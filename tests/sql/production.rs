//! A production environment: nothing is written before its target was named.

use std::time::Duration;

use crate::{
    bed::{LIMIT, Run, run},
    support::{
        cluster::Cluster,
        terminal::{Launch, Terminal},
    },
};

fn production(cluster: &Cluster, arguments: &[&str]) -> Run {
    run(
        arguments,
        &[
            ("DATABASE_URL", &cluster.url()),
            ("DBVITALS_ENVIRONMENT", "production"),
        ],
    )
}

fn table() -> Cluster {
    let cluster = Cluster::start();
    cluster.sql(
        "create table t (a int); grant all on t to public;
         create function note(n int) returns int language sql volatile
         as 'insert into t values (n) returning a'",
    );
    cluster
}

fn count(cluster: &Cluster) -> String {
    cluster.sql("select count(*) from t")
}

/// The object of what was not run: one line, as all that `sql` prints, with the
/// target where it was not run.
#[track_caller]
fn check_one_line(run: &Run, target: &str) {
    assert_eq!(run.out.lines().count(), 1, "{run:?}");
    let json = run.json();
    assert_eq!(
        (&json["mode"], &json["target"], &json["success"]),
        (&"local".into(), &target.into(), &false.into()),
    );
}

#[test]
fn without_a_terminal_the_name_is_a_flag() {
    let cluster = table();
    let target = format!("127.0.0.1:{}/app", cluster.port());
    let run = production(&cluster, &["select 1"]).succeeds();
    assert!(run.err.contains("in a read-only transaction"), "{run:?}");
    for sql in [
        "insert into t values (1)",
        "select note(1)",
        "select case when n = 900000 then note(1) else n end from generate_series(1, 900000) n",
        "do $$ begin insert into t values (1); commit; end $$",
        "vacuum t",
        "copy t to program 'true'",
    ] {
        let refused = production(&cluster, &["--limit", "0", "--timeout", "60", sql]);
        let refused = refused.fails(3, "nothing was written");
        assert!(
            refused.err.contains(&format!("--target {target}")),
            "{refused:?}"
        );
        assert_eq!(count(&cluster), "0", "{sql}");
    }
    let json = production(&cluster, &["--json", "insert into t values (1)"]);
    assert_eq!(
        (json.code, &json.json()["error"]["kind"]),
        (3, &"NotConfirmed".into())
    );
    check_one_line(&json, &target);
    let elsewhere = ["--json", "--target", "127.0.0.1:1/app", "select 1"];
    check_one_line(&production(&cluster, &elsewhere), &target);
    production(&cluster, &["--target", &target, "insert into t values (1)"]).succeeds();
    assert_eq!(count(&cluster), "1");
    production(&cluster, &["--target", &target, "vacuum t"]).succeeds();
}

#[test]
fn another_name_runs_nothing_anywhere() {
    let cluster = table();
    for environment in ["production", "staging"] {
        let refused = run(
            &["--target", "127.0.0.1:1/app", "insert into t values (1)"],
            &[
                ("DATABASE_URL", &cluster.url()),
                ("DBVITALS_ENVIRONMENT", environment),
            ],
        );
        refused.fails(3, "--target names another target");
    }
    assert_eq!(count(&cluster), "0");
}

#[test]
fn a_label_that_is_not_production_asks_nothing() {
    let cluster = table();
    let on = |label| {
        run(
            &["insert into t values (1)"],
            &[
                ("DATABASE_URL", &cluster.url()),
                ("DBVITALS_ENVIRONMENT", label),
            ],
        )
    };
    on("staging").succeeds();
    on("Production").fails(3, "nothing was written");
    assert_eq!(count(&cluster), "1");
}

/// Runs a statement that writes at a terminal, and types this when asked.
#[track_caller]
fn typed(cluster: &Cluster, answer: &str) -> (u32, String) {
    let mut terminal = launch(cluster, "insert into t values (1)");
    terminal
        .wait_for("to run it:", LIMIT)
        .unwrap_or_else(|screen| panic!("nothing was asked:\n{screen}"));
    assert_eq!(count(cluster), "0", "before the answer");
    terminal.send(answer);
    let status = terminal.wait_exit(LIMIT).expect("it ends");
    (status.exit_code(), terminal.screen_text())
}

fn launch(cluster: &Cluster, sql: &str) -> Terminal {
    Launch::new(env!("CARGO_BIN_EXE_dbvitals"))
        .arg("sql")
        .arg(sql)
        .env("DATABASE_URL", cluster.url())
        .env("DBVITALS_ENVIRONMENT", "production")
        .env("HOME", "/nonexistent")
        .folder(std::env::temp_dir())
        .size(100, 24)
        .spawn()
}

#[test]
fn at_a_terminal_the_name_is_typed() {
    let cluster = table();
    let name = format!("127.0.0.1:{}/app", cluster.port());
    let (code, screen) = typed(&cluster, "yes\r");
    assert_eq!((code, count(&cluster).as_str()), (3, "0"), "{screen}");
    assert!(
        screen.contains("the target's name was not typed"),
        "{screen}"
    );
    let (code, screen) = typed(&cluster, "\u{3}");
    assert_eq!((code, count(&cluster).as_str()), (3, "0"), "{screen}");
    let (code, screen) = typed(&cluster, &format!("{name}\r"));
    assert_eq!((code, count(&cluster).as_str()), (0, "1"), "{screen}");
    assert!(screen.contains("1 row affected"), "{screen}");
    let mut reading = launch(&cluster, "select a from t");
    let status = reading.wait_exit(LIMIT).expect("it asks nothing");
    assert_eq!(status.exit_code(), 0);
}

#[test]
fn a_connection_is_not_kept_while_somebody_thinks() {
    let cluster = table();
    let mut terminal = launch(&cluster, "insert into t values (1)");
    terminal.wait_for("to run it:", LIMIT).unwrap();
    let alone =
        crate::support::process::wait_until(Duration::from_secs(10), || cluster.sessions() == 0);
    assert!(alone, "{}", cluster.sessions());
    terminal.send("no\r");
    terminal.wait_exit(LIMIT).expect("it ends");
}
