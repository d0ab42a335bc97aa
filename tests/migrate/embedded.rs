//! The embedded database of mock mode: the same commands, in the memory of one
//! process.

use std::process::Command;

use crate::bed::{Run, finish};

/// `dbvitals migrate` in mock mode.
fn run(arguments: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dbvitals"));
    command
        .args(["migrate", "--mode", "mock"])
        .args(arguments)
        .env_clear()
        .env("USER", "somebody")
        .env("HOME", "/nonexistent")
        .current_dir(std::env::temp_dir());
    finish(&mut command)
}

const MISSING: [&str; 2] = ["--set", "mock.scenario=migrations"];

#[test]
fn it_opens_with_its_tables_and_their_ledger() {
    let status = run(&["status", "--json"]);
    assert_eq!(status.code, 0, "{status:?}");
    let json = status.json();
    assert_eq!(json["upToDate"], true, "{json:#}");
    assert_eq!(json["applied"].as_array().unwrap().len(), 9);
    assert_eq!(json["ledger"], "schema_migrations");
    let warnings = json["warnings"].to_string();
    assert!(warnings.contains("Nothing is persisted"), "{warnings}");
    let up = run(&["up"]);
    assert!(
        up.code == 0 && up.stdout.contains("nothing to apply"),
        "{up:?}"
    );
}

#[test]
fn a_rehearsed_database_lacks_some_and_takes_them() {
    let plan = run(&[&["plan"], &MISSING[..]].concat());
    assert_eq!(plan.code, 0, "{plan:?}");
    assert!(
        plan.stdout.contains("would apply 0009_command_queues"),
        "{plan:?}"
    );
    let up = run(&[&["up", "--json"], &MISSING[..]].concat());
    assert_eq!(up.code, 0, "{up:?}");
    let json = up.json();
    let versions: Vec<_> = json["applied"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["version"])
        .collect();
    assert_eq!(versions, [7, 8, 9], "{json:#}");
    let refused = run(&[&["up", "--read-only"], &MISSING[..]].concat());
    assert_eq!(refused.code, 3, "{refused:?}");
}

#[test]
fn there_is_nothing_that_others_could_have_made() {
    let adopt = run(&["adopt"]);
    assert_eq!(adopt.code, 1, "{adopt:?}");
    assert!(
        adopt.stderr.contains("holds nothing that others made"),
        "{adopt:?}"
    );
}
