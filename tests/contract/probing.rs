//! What attempts and health checks look like from the server's side.

use std::time::Duration;

use dbvitals::{
    adapter::DatabaseAdapter,
    config::Endpoint,
    domain::{
        ConnectionStatus, Evidence, Health, HealthDetails, HealthPolicy, LampState, Lamps,
        REQUIRED_TABLES, Secret, Verdict,
    },
};

use serde_json::Value;

use crate::{
    bed::{local_section, on},
    support::{
        cluster::{Cluster, DATABASE, ROLE, StopMode},
        process::wait_until,
    },
};

const LIMIT: Duration = Duration::from_secs(20);

/// How many connections the server's log knows of under our name.
fn logins(cluster: &Cluster) -> usize {
    let authorized = "connection authorized";
    cluster
        .log()
        .lines()
        .filter(|line| line.contains(authorized) && line.contains("dbvitals-contract"))
        .count()
}

fn received(cluster: &Cluster) -> usize {
    cluster.log().matches("connection received").count()
}

async fn details(cluster: &Cluster) -> HealthDetails {
    let report = on(local_section(cluster)).health_check().await;
    assert!(report.error.is_none(), "{:?}", report.error);
    report.result.details().expect("details").clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_and_its_check_are_one_connection() {
    let cluster = Cluster::start();
    let before = received(&cluster);
    let database = on(local_section(&cluster));
    let report = database.first_check().await;
    assert!(report.error.is_none() && database.is_connected());
    cluster.wait_for_log("disconnection: session time", LIMIT);
    assert_eq!(received(&cluster) - before, 1);
    assert_eq!(logins(&cluster), 1);
    database.health_check().await;
    assert!(wait_until(LIMIT, || cluster.sessions() == 0));
    assert_eq!(logins(&cluster), 2, "later checks log in afresh");
    let log = cluster.log();
    assert!(!log.contains("unexpected EOF"), "it says farewell: {log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_does_not_linger() {
    let cluster = Cluster::start();
    let database = on(local_section(&cluster));
    database.attempt().await.unwrap();
    let is_gone = async {
        while cluster.sessions() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LIMIT, is_gone)
        .await
        .expect("it ends by itself");
    assert!(!cluster.log().contains("unexpected EOF"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disconnecting_ends_every_session() {
    let cluster = Cluster::start();
    let database = on(local_section(&cluster));
    database.connect().await.unwrap();
    database.query::<Value>("select 1 as n", &[]).await.unwrap();
    assert!(cluster.sessions() > 0);
    database.disconnect().await.unwrap();
    assert!(wait_until(LIMIT, || cluster.sessions() == 0));
    assert!(!cluster.log().contains("unexpected EOF"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_learns_what_the_role_may_see() {
    let cluster = Cluster::builder().max_connections(17).start();
    let found = details(&cluster).await;
    let version = cluster.sql("show server_version");
    let version = version.split(' ').next().unwrap();
    assert_eq!(found.server_version.as_deref(), Some(version));
    assert_eq!(found.role.as_deref(), Some(ROLE));
    assert_eq!(found.database.as_deref(), Some(DATABASE));
    assert_eq!(found.max_connections, Some(17));
    assert_eq!(found.active_connections, Some(1));
    assert_eq!(found.slot_holders[0].name, "dbvitals-contract");
    assert_eq!(found.slot_holders[0].connections, 1);
    assert_eq!(
        (found.in_recovery, found.read_only),
        (Some(false), Some(false))
    );
    assert_eq!(found.tls.as_deref(), Some("off"));
    let skew = found.clock_skew_ms.expect("a skew");
    assert!(
        skew.abs() < 1000.0,
        "both clocks are this machine's: {skew}"
    );
    assert!(found.pool.is_none(), "there is no pool before a connect");
    let identity = "select system_identifier || '/' || \
        (select oid from pg_database where datname = current_database()) from pg_control_system()";
    assert_eq!(found.fingerprint, Some(cluster.sql(identity)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_names_the_missing_tables() {
    let cluster = Cluster::start();
    let missing = details(&cluster).await.missing_tables;
    assert_eq!(missing, Some(REQUIRED_TABLES.map(str::to_owned).to_vec()));
    cluster.sql(
        "create table agents (id int); create schema other; create table other.commands (id int)",
    );
    let missing = details(&cluster).await.missing_tables.unwrap();
    assert_eq!(missing, REQUIRED_TABLES[1..], "only the search path counts");
    let mut section = local_section(&cluster);
    section.requires_schema = false;
    let report = on(section).health_check().await;
    assert_eq!(report.result.details().unwrap().missing_tables, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_detail_that_may_not_be_seen_is_absent() {
    let cluster = Cluster::start();
    cluster.sql(
        "revoke execute on function pg_control_system() from public; \
         revoke execute on function pg_database_size(name) from public",
    );
    let found = details(&cluster).await;
    assert_eq!((found.fingerprint, found.database_size_bytes), (None, None));
    assert_eq!(found.role.as_deref(), Some(ROLE));
    cluster.sql("revoke select on pg_stat_activity from public");
    let found = details(&cluster).await;
    assert_eq!(found.active_connections, None);
    assert_eq!(
        found.role.as_deref(),
        Some(ROLE),
        "one right hides one thing"
    );
    assert_eq!(
        found.unread,
        ["sessions", "system identifier", "database size"]
            .map(|what| format!("{what}: PermissionDenied 42501"))
    );
    assert_eq!(
        found.phases.named().map(|(_, time)| time.is_some()),
        [true; 5]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_that_cannot_be_seen_are_not_called_missing() {
    let cluster = Cluster::start();
    cluster.sql("create schema closed; create table closed.agents (id int)");
    cluster.sql(&format!(
        "alter database {DATABASE} set search_path = '$user', \"closed\", public"
    ));
    let found = details(&cluster).await;
    assert_eq!(found.missing_tables, None);
    assert_eq!(found.unread, ["schema closed: no USAGE"]);
    cluster.sql("drop table closed.agents");
    let found = details(&cluster).await;
    assert_eq!(
        found.missing_tables.map(|missing| missing.len()),
        Some(REQUIRED_TABLES.len()),
        "nothing is there to be hidden"
    );
    cluster.sql("revoke select on pg_class from public");
    let report = on(local_section(&cluster)).health_check().await;
    let evidence = Evidence::new(ConnectionStatus::Connected, Some(&report.result));
    let policy = HealthPolicy {
        slow_threshold: LIMIT,
        expects_writes: true,
        requires_schema: true,
    };
    let verdict = Verdict::assess(&evidence, &policy);
    assert_eq!(verdict.health, Health::Degraded);
    let words: Vec<_> = verdict.reasons.iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        ["details could not be read: tables: PermissionDenied 42501"]
    );
    let lamps = Lamps::after_success(report.result.details().unwrap(), &policy);
    assert_eq!(lamps.schema.state, LampState::Unknown);
    assert_eq!(lamps.writable.state, LampState::Good);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_size_that_takes_long_to_find_fails_no_check() {
    let cluster = Cluster::start();
    cluster.sql(
        "alter function pg_catalog.pg_database_size(name) rename to true_database_size; \
         create function pg_catalog.pg_database_size(name) returns bigint \
         language sql volatile strict as 'select 1 from pg_catalog.pg_sleep(60)'",
    );
    let mut section = local_section(&cluster);
    // The size is silent, and the rest is going to be answered.
    section.timeout = Duration::from_secs(2);
    let report = on(section).health_check().await;
    assert!(report.error.is_none(), "{:?}", report.error);
    let found = report.result.details().unwrap();
    assert_eq!(found.database_size_bytes, None);
    assert!(found.unread[0].starts_with("database size: "), "{found:?}");
    assert_eq!(found.read_only, Some(false), "the rest is known");
    assert!(
        wait_until(LIMIT, || cluster.sessions() == 0),
        "the server gives it up, too"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_only_is_the_servers_word_not_ours() {
    let cluster = Cluster::start();
    let mut section = local_section(&cluster);
    section.read_only = true;
    let report = on(section.clone()).health_check().await;
    assert_eq!(report.result.details().unwrap().read_only, Some(false));
    cluster.set("default_transaction_read_only", "on");
    let report = on(section).health_check().await;
    assert_eq!(report.result.details().unwrap().read_only, Some(true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_works_as_well() {
    let cluster = Cluster::start();
    let mut section = local_section(&cluster);
    section.endpoint = Endpoint::Unix {
        folder: cluster.socket_folder().to_owned(),
        port: cluster.port(),
    };
    let database = on(section);
    database.connect().await.unwrap();
    let report = database.health_check().await;
    let details = report.result.details().unwrap();
    assert_eq!(details.phases.dns, Some(Duration::ZERO));
    assert_eq!(details.phases.tls, Some(Duration::ZERO));
    assert_eq!(details.tls.as_deref(), Some("off"));
    database.query::<Value>("select 1 as n", &[]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_with_several_addresses_works() {
    let cluster = Cluster::start();
    let mut section = local_section(&cluster);
    section.endpoint = Endpoint::Tcp {
        host: "localhost".into(),
        hostaddr: None,
        port: cluster.port(),
    };
    let report = on(section).health_check().await;
    assert!(report.error.is_none(), "{:?}", report.error);
    assert!(report.result.details().unwrap().phases.dns.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_that_is_refused_is_noted_and_one_that_nobody_answers_is_a_loss() {
    let mut cluster = Cluster::start();
    let database = on(local_section(&cluster));
    database.attempt().await.unwrap();
    database.query::<Value>("select 1 as n", &[]).await.unwrap();
    let old = cluster.password().to_owned();
    cluster.set_password("another");
    assert!(database.health_check().await.error.is_some());
    let connection = database.connection_status();
    assert_eq!(connection.status(), ConnectionStatus::Connected);
    assert_eq!(connection.error_count(), 1);
    let rows = database.query::<Value>("select 1 as n", &[]).await;
    assert_eq!(rows.unwrap().len(), 1, "an open session serves on");
    cluster.set_password(&old);
    cluster.stop(StopMode::Fast);
    assert!(database.health_check().await.error.is_some());
    assert_eq!(
        database.connection_status().status(),
        ConnectionStatus::Error
    );
    cluster.start_again();
    database.attempt().await.unwrap();
    assert!(database.is_connected());
    let mut wrong = local_section(&cluster);
    wrong.password = Some(Secret::new("wrong"));
    assert!(on(wrong).attempt().await.is_err());
}
