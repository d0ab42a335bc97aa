//! The printed SQL: it needs no database, and makes one that our own runs take over.

use std::process::Command;

use crate::{
    bed::{Run, finish, run, sql_as_role},
    support::cluster::Cluster,
};

/// `dbvitals migrate print` where nothing is configured.
fn print(arguments: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dbvitals"));
    command
        .args(["migrate", "print"])
        .args(arguments)
        .env_clear()
        .env("USER", "somebody")
        .env("HOME", "/nonexistent")
        .current_dir(std::env::temp_dir());
    finish(&mut command)
}

#[test]
fn the_printed_sql_is_taken_over_by_our_own_runs() {
    for (arguments, ledger) in [
        (&[][..], "public"),
        (&["--set", "ledger_schema=ops"][..], "ops"),
    ] {
        let cluster = Cluster::start();
        let script = print(arguments);
        assert_eq!(script.code, 0, "{script:?}");
        sql_as_role(&cluster, &script.stdout);
        let rows = cluster.sql(&format!("SELECT count(*) FROM {ledger}.schema_migrations"));
        assert_eq!(rows, "10");
        let status = run(&cluster, &[&["status", "--json"], arguments].concat());
        assert_eq!(status.json()["upToDate"], true, "{status:?}");
        let up = run(&cluster, &[&["up"], arguments].concat());
        assert!(
            up.code == 0 && up.stdout.contains("nothing to apply"),
            "{up:?}"
        );
        // A second paste changes nothing.
        let before = cluster.schema_dump(&[]);
        let again = cluster.try_sql("app", &script.stdout);
        assert!(again.unwrap_err().contains("already exists"));
        assert_eq!(cluster.schema_dump(&[]), before);
    }
}

#[test]
fn it_is_printed_whatever_else_is_configured() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dbvitals"));
    command
        .args(["migrate", "print", "--json"])
        .env_clear()
        .env("USER", "somebody")
        .env("SUPABASE_URL", "https://abcdefghijklmnopqrst.supabase.co")
        .env("SUPABASE_ANON_KEY", "a-key")
        .current_dir(std::env::temp_dir());
    let printed = finish(&mut command);
    assert_eq!(printed.code, 0, "{printed:?}");
    let json = printed.json();
    assert_eq!(json["files"].as_array().unwrap().len(), 10);
    assert_eq!(json["files"][8]["name"], "command_queues");
    let sqlite = print(&["--dialect", "sqlite"]);
    assert!(
        sqlite.stdout.contains("checksum blob not null"),
        "{sqlite:?}"
    );
    let wrong = print(&["--set", "ledger_schema=Not Plain"]);
    assert_eq!((wrong.code, wrong.stdout.as_str()), (3, ""));
    assert!(wrong.stderr.contains("ledger_schema"), "{wrong:?}");
}
