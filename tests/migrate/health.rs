//! What a health check tells of the migrations, and what that costs.

use serde_json::{Value, json};

use crate::{
    bed::{check, check_told, dbvitals, finish, run, sql_as_role},
    support::cluster::{Cluster, ROLE},
};

#[test]
fn applied_pending_and_missing_are_told() {
    let cluster = Cluster::start();
    check_told(
        &cluster,
        "degraded",
        &["schema: not initialised 0/9"],
        &json!({ "ledger": "absent", "applied": 0, "pending": 10, "problem": null }),
    );
    assert_eq!(run(&cluster, &["up"]).code, 0);
    let all = json!({ "ledger": "ours", "applied": 10, "pending": 0, "problem": null });
    check_told(&cluster, "healthy", &[], &all);

    sql_as_role(&cluster, "DELETE FROM schema_migrations WHERE version = 10");
    check_told(
        &cluster,
        "degraded",
        &["schema: 1 migration pending"],
        &json!({ "ledger": "ours", "applied": 9, "pending": 1, "problem": null }),
    );
    // Who expects no tables has nothing to migrate.
    let lenient = check(&cluster, &["--set", "require_schema=false"]);
    assert_eq!(lenient["health"], "healthy");
    assert_eq!(lenient["details"]["migrations"], Value::Null);

    sql_as_role(
        &cluster,
        "UPDATE schema_migrations SET checksum = 'x' WHERE version = 4",
    );
    let words = "0004_command_presets was applied with another content: its checksum differs";
    check_told(
        &cluster,
        "degraded",
        &[&format!("schema: {words}")],
        &json!({ "ledger": "ours", "applied": 9, "pending": null, "problem": words }),
    );
}

#[test]
fn tables_of_another_origin_are_healthy_and_their_ledger_is_told() {
    let cluster = Cluster::start();
    assert_eq!(run(&cluster, &["up"]).code, 0);
    sql_as_role(&cluster, "DROP TABLE schema_migrations");
    let told = check(&cluster, &[]);
    assert_eq!(told["health"], "healthy", "{told:#}");
    assert_eq!(told["details"]["migrations"]["ledger"], "absent");
    sql_as_role(
        &cluster,
        "CREATE TABLE schema_migrations (version varchar PRIMARY KEY)",
    );
    let told = check(&cluster, &[]);
    assert_eq!(told["health"], "healthy", "{told:#}");
    assert_eq!(told["details"]["migrations"]["ledger"], "foreign");
}

#[test]
fn a_ledger_that_may_not_be_read_is_unread_and_not_pending() {
    let cluster = Cluster::start();
    assert_eq!(run(&cluster, &["up"]).code, 0);
    let check_unread = |why: &str| {
        let told = check(&cluster, &[]);
        let words = format!("migrations: public.schema_migrations: {why}");
        assert_eq!(told["details"]["unread"], json!([words]), "{told:#}");
        assert_eq!(told["details"]["migrations"], Value::Null);
        assert_eq!(told["health"], "healthy");
        let told = finish(&mut dbvitals(&cluster, &["check"]));
        let words = format!("migrations unread: public.schema_migrations: {why}");
        assert!(told.stdout.contains(&words), "{told:?}");
    };
    cluster.sql(&format!(
        "ALTER TABLE schema_migrations OWNER TO control; REVOKE ALL ON schema_migrations FROM {ROLE}"
    ));
    check_unread("no SELECT");
    cluster.sql(&format!(
        "GRANT SELECT ON schema_migrations TO {ROLE}; \
         ALTER TABLE schema_migrations ENABLE ROW LEVEL SECURITY"
    ));
    check_unread("row-level security");
}

#[test]
fn it_costs_one_statement_more_and_only_where_a_ledger_of_ours_is() {
    let cluster = Cluster::builder().setting("log_statement", "all").start();
    let statements = || {
        let before = cluster.log().matches("@app/dbvitals LOG:  execute").count();
        check(&cluster, &[]);
        cluster.log().matches("@app/dbvitals LOG:  execute").count() - before
    };
    let without = statements();
    assert!(without > 3, "{without}: they are counted");
    sql_as_role(
        &cluster,
        "CREATE TABLE schema_migrations (version varchar PRIMARY KEY)",
    );
    assert_eq!(statements(), without, "another tool's is not read");
    sql_as_role(&cluster, "DROP TABLE schema_migrations");
    assert_eq!(run(&cluster, &["up"]).code, 0);
    assert_eq!(statements(), without + 1);
}
