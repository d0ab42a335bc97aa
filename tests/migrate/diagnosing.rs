//! A diagnosis says of the migrations what a health check says, in the same
//! words, and with the next step.

use crate::{
    bed::{check, dbvitals, finish, run, sql_as_role},
    support::cluster::Cluster,
};

/// Every reason of the check stands in the diagnosis, which is degraded at the
/// schema and has this next step.
#[track_caller]
fn check_agrees(cluster: &Cluster, reason: &str, next: &str) {
    let checked = check(cluster, &[]);
    let reasons = checked["details"]["reasons"].as_array().unwrap().iter();
    let reasons: Vec<_> = reasons.map(|it| it.as_str().unwrap().to_owned()).collect();
    assert!(
        reasons.contains(&format!("schema: {reason}")),
        "{reasons:?}"
    );
    let told = finish(&mut dbvitals(cluster, &["check"]));
    assert!(told.stdout.contains("next: 'dbvitals migrate "), "{told:?}");
    let told = finish(&mut dbvitals(cluster, &["diagnose", "--json"]));
    assert_eq!(told.code, 0, "{told:?}");
    let json = told.json();
    assert_eq!(json["health"], "degraded", "{json:#}");
    assert_eq!(json["layer"], "schema");
    for reason in reasons {
        let words = reason.strip_prefix("schema: ").unwrap();
        assert!(told.stdout.contains(words), "{words} is not in {json:#}");
    }
    let step = json["nextStep"].as_str().unwrap();
    assert!(step.contains(next), "{step}");
}

#[test]
fn what_is_wrong_with_the_migrations_is_no_secret_of_the_check() {
    let cluster = Cluster::start();
    assert_eq!(run(&cluster, &["up"]).code, 0);
    let check = |edit: &str, reason: &str, next: &str| {
        cluster.sql("CREATE TABLE kept AS SELECT * FROM schema_migrations");
        sql_as_role(&cluster, edit);
        check_agrees(&cluster, reason, next);
        cluster.sql(
            "DELETE FROM schema_migrations; INSERT INTO schema_migrations SELECT * FROM kept; \
             DROP TABLE kept",
        );
    };
    check(
        "DELETE FROM schema_migrations WHERE version = 10",
        "1 migration pending",
        "un 'dbvitals migrate up'",
    );
    check(
        "UPDATE schema_migrations SET checksum = 'x' WHERE version = 4",
        "0004_command_presets was applied with another content: its checksum differs",
        "put the row back as it was",
    );
    check(
        "DELETE FROM schema_migrations WHERE version = 5",
        "0005_trace_entries is not in the ledger, but the later 0006_investigation_reports is: \
         a row was removed, or files were applied out of order",
        "un 'dbvitals migrate adopt'",
    );
    check(
        "DROP TABLE command_queues",
        "0009_command_queues is in the ledger, but its table command_queues is missing",
        "'dbvitals migrate print 0009'",
    );
}
