//! The database itself beside a project: that it is asked with every look, on one
//! session, and what is told of it.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use dbvitals::{
    adapter::{Database, DatabaseAdapter, HealthReport, MigrateOptions},
    config::{AdapterSection, SupabaseSection},
    domain::{Evidence, HealthPolicy, Verdict},
};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    bed::{database, local_section, on},
    project_bed::supabase_section,
    support::{
        cluster::{Cluster, StopMode},
        process::wait_until,
        standin::{Key, Standin},
    },
};

/// Longer than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

const POLICY: HealthPolicy = HealthPolicy {
    slow_threshold: Duration::from_mins(1),
    expects_writes: true,
    requires_schema: true,
};

/// The sessions of whoever asks the database.
const ASKING: &str = "select string_agg(pid::text, ',') from pg_stat_activity \
    where application_name = 'dbvitals-contract'";

/// A project with its tables, and another database as the one behind it.
fn beside(standin: &Standin, other: &Cluster) -> SupabaseSection {
    SupabaseSection {
        direct: Some(Box::new(local_section(other))),
        ..supabase_section(standin, Key::Secret)
    }
}

fn project(section: SupabaseSection) -> Database {
    database(&AdapterSection::Supabase(Box::new(section))).0
}

/// The same with nothing expected of the schema.
fn without_schema(mut section: SupabaseSection) -> SupabaseSection {
    section.requires_schema = false;
    if let Some(direct) = &mut section.direct {
        direct.requires_schema = false;
    }
    section
}

/// Why it is not healthier.
#[track_caller]
fn reasons(database: &Database, report: &HealthReport) -> Vec<String> {
    assert!(report.error.is_none(), "{:?}", report.error);
    let status = database.connection_status().status();
    let verdict = Verdict::assess(&Evidence::new(status, Some(&report.result)), &POLICY);
    verdict.reasons.iter().map(ToString::to_string).collect()
}

/// The next look, and why it is not healthier.
async fn look(database: &Database) -> Vec<String> {
    reasons(database, &database.health_check().await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_dies_while_connected_is_told_until_it_is_back() {
    let standin = Standin::start();
    let mut other = Cluster::start();
    other.paste_migrations();
    let database = project(beside(&standin, &other));
    let first = database.first_check().await;
    assert_eq!(reasons(&database, &first), [""; 0]);
    assert_eq!(look(&database).await, [""; 0]);
    other.stop(StopMode::Immediate);
    for _ in 0..2 {
        let told = look(&database).await;
        assert_eq!(told.len(), 1, "{told:?}");
        let words = "database_url does not work, the key does: Cannot connect to database";
        assert!(told[0].starts_with(words), "{told:?}");
    }
    other.start_again();
    assert_eq!(look(&database).await, [""; 0]);
    assert_eq!(look(&database).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_silent_is_no_failure_of_the_look() {
    let standin = Standin::start();
    let mut other = Cluster::start();
    other.paste_migrations();
    let section = SupabaseSection {
        timeout: Duration::from_secs(2),
        ..beside(&standin, &other)
    };
    let database = project(section);
    let first = database.first_check().await;
    assert_eq!(reasons(&database, &first), [""; 0]);
    assert_eq!(look(&database).await, [""; 0]);
    other.freeze();
    let began = Instant::now();
    let told = look(&database).await;
    assert!(
        told[0].starts_with("database_url does not work"),
        "{told:?}"
    );
    assert!(began.elapsed() < Duration::from_secs(4));
    other.thaw();
    assert_eq!(look(&database).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_is_asked_on_one_session() {
    let standin = Standin::start();
    let other = Cluster::start();
    other.paste_migrations();
    let database = project(beside(&standin, &other));
    database.first_check().await;
    look(&database).await;
    let asking = other.sql(ASKING);
    assert!(asking.parse::<u32>().is_ok(), "one session: {asking}");
    for _ in 0..3 {
        look(&database).await;
        assert_eq!(other.sql(ASKING), asking);
    }
    // One that was ended is replaced at once.
    other.terminate_backends("dbvitals-contract");
    assert_eq!(look(&database).await, [""; 0]);
    let next = other.sql(ASKING);
    assert!(next.parse::<u32>().is_ok() && next != asking, "{next}");
    database.disconnect().await.unwrap();
    assert!(wait_until(LIMIT, || other.sql(ASKING).is_empty()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrations_are_judged_as_in_local_mode() {
    let standin = Standin::start();
    let other = Cluster::start();
    let database = project(beside(&standin, &other));
    let local = on(local_section(&other));
    for prepare in [
        "",
        "drop table if exists nothing",
        "delete from schema_migrations where version = 10",
        "update schema_migrations set name = 'another' where version = 1",
    ] {
        if prepare.starts_with("drop") {
            other.paste_migrations();
        }
        if !prepare.is_empty() {
            other.sql(prepare);
        }
        let judged = local.first_check().await;
        let expected = reasons(&local, &judged);
        let first = database.first_check().await;
        assert_eq!(reasons(&database, &first), expected, "{prepare}");
        assert_eq!(look(&database).await, expected, "{prepare}");
        assert_eq!(expected.is_empty(), prepare.starts_with("drop"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_pending_is_told_until_it_is_applied() {
    let standin = Standin::start();
    let other = Cluster::start();
    let section = beside(&standin, &other);
    let blind = project(without_schema(section.clone()));
    let first = blind.first_check().await;
    assert_eq!(reasons(&blind, &first), [""; 0]);
    assert_eq!(look(&blind).await, [""; 0]);
    let database = project(section);
    let first = database.first_check().await;
    assert_eq!(reasons(&database, &first), ["schema: not initialised 0/9"]);
    let applied = database
        .migrate(MigrateOptions::default(), Arc::new(|_| {}))
        .await
        .unwrap();
    assert_eq!(applied.applied.len(), 10);
    assert_eq!(look(&database).await, [""; 0]);
}

#[test]
fn what_is_applied_unasked_is_told_with_its_database() {
    let standin = Standin::builder().without_migrations().start();
    let other = Cluster::start();
    let home = TempDir::new().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_dbvitals"))
        .args(["watch", "--json", "--set", "auto_migrate=true"])
        .env_clear()
        .env("HOME", home.path())
        .env("USER", "tester")
        .env("SUPABASE_URL", standin.url())
        .env("SUPABASE_ANON_KEY", standin.key(Key::Secret))
        .env("DATABASE_URL", other.url())
        .current_dir(home.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let written = format!("{}:{}/app", other.host(), other.port());
    let mut is_told = false;
    for line in lines.map_while(Result::ok).take(200) {
        let line: Value = serde_json::from_str(&line).unwrap();
        if line["event"] == "migration" {
            assert_eq!(line["target"], written.as_str(), "{line}");
            is_told = line["step"] == "ended" && line["message"] == "10 applied";
        }
        if is_told {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(is_told);
}
