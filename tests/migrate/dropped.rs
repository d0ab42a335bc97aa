//! A table that is dropped behind a complete ledger is named by everybody, and
//! the printed SQL makes it anew.

use serde_json::json;

use crate::{
    bed::{check_told, run, sql_as_role},
    support::cluster::{Cluster, ROLE},
};

const WORDS: &str = "0009_command_queues is in the ledger, but its table command_queues is missing";

/// Pastes the SQL of these files.
#[track_caller]
fn restore(cluster: &Cluster, files: &[&str]) {
    let script = run(cluster, &[&["print"], files].concat());
    assert_eq!(script.code, 0, "{script:?}");
    sql_as_role(cluster, &script.stdout);
}

#[test]
fn it_is_named_with_the_way_back() {
    let cluster = Cluster::start();
    assert_eq!(run(&cluster, &["up"]).code, 0);
    let before = cluster.schema_dump(&[]);
    sql_as_role(&cluster, "DROP TABLE command_queues");
    let next = "'dbvitals migrate print 0009'";
    for (command, code) in [("status", 0), ("plan", 1), ("up", 1), ("adopt", 1)] {
        let told = run(&cluster, &[command]);
        assert_eq!(told.code, code, "{told:?}");
        assert!(told.said().contains(WORDS), "{told:?}");
        assert!(told.said().contains(next), "{told:?}");
    }
    let json = run(&cluster, &["status", "--json"]).json();
    assert_eq!(json["refusal"]["kind"], "tablesMissing", "{json:#}");
    assert_eq!(json["refusal"]["migration"], "0009_command_queues");
    assert_eq!(json["upToDate"], false);
    check_told(
        &cluster,
        "degraded",
        &["schema: incomplete 8/9", &format!("schema: {WORDS}")],
        &json!({ "ledger": "ours", "applied": 10, "pending": null, "problem": WORDS }),
    );
    restore(&cluster, &["0009"]);
    assert_eq!(cluster.schema_dump(&[]), before);
    assert_eq!(run(&cluster, &["up"]).code, 0);
}

#[test]
fn every_table_can_be_made_anew_from_what_is_printed() {
    let cluster = Cluster::start();
    assert_eq!(run(&cluster, &["up"]).code, 0);
    let before = cluster.schema_dump(&[]);
    let tables = dbvitals::domain::REQUIRED_TABLES.join(", ");
    sql_as_role(&cluster, &format!("DROP TABLE {tables} CASCADE"));
    let status = run(&cluster, &["status"]);
    let words = "0001_agents is in the ledger, but its table agents is missing, and 8 tables more";
    assert!(status.stdout.contains(words), "{status:?}");
    // Types and the function of the triggers are there yet.
    let files = [
        "1",
        "0002",
        "0003_terminal_outputs",
        "4",
        "5",
        "6",
        "7",
        "8",
        "9",
    ];
    restore(&cluster, &files);
    assert_eq!(cluster.schema_dump(&[]), before);
}

#[test]
fn where_supabases_roles_are_their_rights_come_back_with_their_file() {
    let cluster = Cluster::start();
    cluster.sql("CREATE ROLE anon; CREATE ROLE authenticated; CREATE ROLE service_role BYPASSRLS;");
    assert_eq!(run(&cluster, &["up"]).code, 0);
    let before = cluster.schema_dump(&[]);
    sql_as_role(&cluster, "DROP TABLE command_queues");
    restore(&cluster, &["9", "10"]);
    assert_eq!(cluster.schema_dump(&[]), before);
}

#[test]
fn a_file_that_there_is_not_is_not_printed() {
    let cluster = Cluster::start();
    let none = run(&cluster, &["print", "0011"]);
    assert_eq!((none.code, none.stdout.as_str()), (3, ""), "{none:?}");
    let sqlite = run(&cluster, &["print", "--dialect", "sqlite", "10"]);
    assert_eq!((sqlite.code, sqlite.stdout.as_str()), (3, ""), "{sqlite:?}");
    let json = run(&cluster, &["print", "--json", "0003"]).json();
    assert_eq!(json["files"][0]["name"], "terminal_outputs", "{json:#}");
    assert_eq!(json["files"].as_array().unwrap().len(), 1);
}

#[test]
fn tables_that_may_be_hidden_are_not_called_missing() {
    let cluster = Cluster::start();
    assert_eq!(run(&cluster, &["up", "--set", "ledger_schema=ops"]).code, 0);
    cluster.sql(&format!(
        "ALTER SCHEMA public OWNER TO control; REVOKE ALL ON SCHEMA public FROM PUBLIC, {ROLE}"
    ));
    let status = run(
        &cluster,
        &["status", "--json", "--set", "ledger_schema=ops"],
    );
    let json = status.json();
    assert_ne!(json["refusal"]["kind"], "tablesMissing", "{json:#}");
}
