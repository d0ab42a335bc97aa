//! `dbvitals diagnose` as a user runs it: the real program against real servers
//! in every state, judged by the layer that it names, by words, code and time.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a program that does not behave must fail the test"
)]

mod support;

use std::{
    process::{Command, Output},
    time::{Duration, Instant},
};

use serde_json::Value;
use support::{
    cluster::{Cluster, DATABASE, ROLE, StopMode},
    process::wait_until,
};
use tokio_postgres::{Client, Config, NoTls};

/// The deadline that the diagnoses here are given.
const TIMEOUT: Duration = Duration::from_secs(1);

/// How long one may take at most: twice its deadline, and the start of the program.
const LONGEST: Duration = Duration::from_millis(2_250);

/// A finished run.
struct Run {
    output: Output,
    took: Duration,
}

/// Runs the program with these arguments and variables, and no others of ours.
fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mut command = Command::new(env!("CARGO_BIN_EXE_dbvitals"));
    command
        .args(arguments)
        .env_clear()
        .env("USER", "somebody")
        .env("HOME", folder.path())
        .env(
            "DBVITALS_HEALTH_CHECK_TIMEOUT",
            TIMEOUT.as_millis().to_string(),
        )
        .envs(variables.iter().copied())
        .current_dir(folder.path());
    let start = Instant::now();
    let output = command.output().expect("the program can be started");
    Run {
        output,
        took: start.elapsed(),
    }
}

impl Run {
    fn code(&self) -> i32 {
        self.output
            .status
            .code()
            .expect("the program exits by itself")
    }

    /// Everything that was printed.
    fn printed(&self) -> String {
        let out = String::from_utf8_lossy(&self.output.stdout);
        format!("{out}{}", String::from_utf8_lossy(&self.output.stderr))
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_slice(&self.output.stdout)
            .unwrap_or_else(|error| panic!("{error} in: {}", self.printed()))
    }
}

/// What is wrong, as a diagnosis and a check must both say.
struct Broken<'a> {
    layer: &'a str,
    kind: &'a str,
    exit: i32,
    /// What the verdict or a note must hold.
    words: &'a str,
}

/// A diagnosis names this layer and kind, as a check does, and its cause in
/// words; it comes in time and keeps the password.
#[track_caller]
fn check(url: &str, expected: &Broken<'_>) -> Value {
    let run = run(&["diagnose", "--json"], &[("DATABASE_URL", url)]);
    let printed = run.printed();
    assert!(run.took <= LONGEST, "{:?}: {printed}", run.took);
    assert_eq!(run.code(), expected.exit, "{printed}");
    let json = run.json();
    assert_eq!(json["layer"], expected.layer, "{printed}");
    assert_eq!(json["error"]["kind"], expected.kind, "{printed}");
    assert!(printed.contains(expected.words), "{printed}");
    assert!(!printed.contains(support::cluster::PASSWORD), "{printed}");
    for sentence in ["verdict", "nextStep"] {
        let text = json[sentence].as_str().unwrap();
        assert!(text.ends_with('.') && text.len() > 10, "{text}");
    }
    check_agrees(url, expected, &json);
    json
}

/// A health check says the same of the same server.
#[track_caller]
fn check_agrees(url: &str, expected: &Broken<'_>, diagnosis: &Value) {
    let run = run(&["check", "--json"], &[("DATABASE_URL", url)]);
    assert_eq!(run.code(), expected.exit, "{}", run.printed());
    let checked = run.json();
    assert_eq!(checked["health"], diagnosis["health"]);
    let told = [&checked["error"], &diagnosis["error"]];
    if !told[0].is_null() {
        for field in ["kind", "code", "layer", "message", "hint", "details"] {
            assert_eq!(told[0][field], told[1][field], "{field}");
        }
    }
}

/// One step of a diagnosis.
#[track_caller]
fn step<'j>(json: &'j Value, name: &str) -> &'j Value {
    let steps = json["steps"].as_array().unwrap();
    let found = steps.iter().find(|step| step["step"] == name);
    found.unwrap_or_else(|| panic!("no step {name} in {json:#}"))
}

/// The statements' counters of the database, once they have been reported.
fn counters(cluster: &Cluster) -> String {
    let words = format!(
        "select tup_inserted, tup_updated, tup_deleted from pg_stat_database \
         where datname = '{DATABASE}'"
    );
    cluster.sql(&words)
}

#[test]
fn a_server_that_is_well_is_only_missing_the_tables_and_nothing_is_written() {
    let cluster = Cluster::start();
    // What the session that asks reads for itself is counted too: it must be done.
    counters(&cluster);
    let before = counters(&cluster);
    let json = check(
        &cluster.url(),
        &Broken {
            layer: "schema",
            kind: "SchemaMissing",
            exit: 0,
            words: "not initialised 0/9",
        },
    );
    // A session that has ended has reported what it did.
    assert!(wait_until(Duration::from_secs(10), || cluster.sessions() == 0));
    assert_eq!(counters(&cluster), before);
    let steps = json["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 14);
    for exam in steps.iter().filter(|step| step["step"] != "schema") {
        assert_eq!(exam["status"], "ok", "{exam:#}");
    }
    let login = step(&json, "login");
    assert_eq!(login["facts"]["role"], ROLE);
    let slots = step(&json, "slots");
    assert_eq!(slots["facts"]["max"], 30);
    assert!(slots["notes"][0].as_str().unwrap().contains("dbvitals as"));
}

#[test]
fn words_fit_eighty_columns_and_end_in_verdict_and_next_step() {
    let cluster = Cluster::start();
    let run = run(&["diagnose"], &[("DATABASE_URL", &cluster.url())]);
    let printed = run.printed();
    assert_eq!(run.code(), 0, "{printed}");
    assert!(
        printed.lines().all(|line| line.chars().count() <= 80),
        "{printed}"
    );
    assert!(!printed.contains('\u{1b}'), "no colours without a terminal");
    let lines: Vec<_> = printed.lines().collect();
    let word = |beginning| lines.iter().any(|line: &&str| line.starts_with(beginning));
    assert!(
        word("✔ ok      tcp") && word("▲ warning schema"),
        "{printed}"
    );
    assert!(word("verdict: Usable, but degraded at schema"), "{printed}");
    assert!(lines[lines.len() - 1].starts_with("next: "), "{printed}");
}

#[test]
fn a_stopped_server_breaks_at_tcp() {
    let mut cluster = Cluster::start();
    let url = cluster.url();
    cluster.stop(StopMode::Fast);
    check(
        &url,
        &Broken {
            layer: "tcp",
            kind: "ConnectionRefused",
            exit: 2,
            words: "refused",
        },
    );
}

#[test]
fn a_frozen_server_is_told_of_in_twice_the_timeout() {
    let mut cluster = Cluster::start();
    cluster.freeze();
    let json = check(
        &cluster.url(),
        &Broken {
            layer: "login",
            kind: "Timeout",
            exit: 2,
            words: "the connection was accepted, and nothing was answered",
        },
    );
    assert_eq!(step(&json, "tcp")["status"], "ok");
    cluster.thaw();
}

#[test]
fn refused_logins_are_told_apart() {
    let cluster = Cluster::start();
    let wrong = |secret: &str| cluster.url_with_password(secret);
    let json = check(
        &wrong("not-it"),
        &Broken {
            layer: "login",
            kind: "AuthFailed",
            exit: 1,
            words: "the server asks for: scram-sha-256 password",
        },
    );
    assert_eq!(step(&json, "login")["facts"]["refusedBy"], "authentication");
    assert_eq!(step(&json, "tls")["status"], "ok");
    cluster.sql(&format!("alter role {ROLE} nologin"));
    let json = check(
        &cluster.url(),
        &Broken {
            layer: "login",
            kind: "LoginRefused",
            exit: 1,
            words: "NOLOGIN",
        },
    );
    assert_eq!(step(&json, "login")["facts"]["refusedBy"], "role");
    cluster.sql(&format!("alter role {ROLE} login connection limit 0"));
    let json = check(
        &cluster.url(),
        &Broken {
            layer: "login",
            kind: "TooManyConnections",
            exit: 1,
            words: "the role has as many connections as it may",
        },
    );
    let next = json["nextStep"].as_str().unwrap();
    assert!(next.contains("connection limit"), "{next}");
    cluster.sql(&format!("alter role {ROLE} connection limit -1"));
    cluster.put_first_in_hba("host all all 127.0.0.1/32 reject");
    let json = check(
        &cluster.url(),
        &Broken {
            layer: "login",
            kind: "LoginRefused",
            exit: 1,
            words: "pg_hba.conf",
        },
    );
    assert_eq!(step(&json, "login")["facts"]["refusedBy"], "pg_hba.conf");
}

#[test]
fn used_up_slots_and_a_missing_database_are_named() {
    let mut cluster = Cluster::builder().max_connections(8).start();
    let url = cluster.url();
    let slots = cluster.fill_slots();
    let json = check(
        &url,
        &Broken {
            layer: "login",
            kind: "TooManyConnections",
            exit: 1,
            words: "reserved for superusers",
        },
    );
    assert_eq!(step(&json, "slots")["status"], "skipped");
    slots.release(&cluster);
    cluster.rename_database("elsewhere");
    let json = check(
        &url,
        &Broken {
            layer: "database",
            kind: "DatabaseMissing",
            exit: 1,
            words: "does not exist",
        },
    );
    assert_eq!(step(&json, "login")["status"], "ok");
}

#[test]
fn without_tls_the_modes_that_would_get_in_are_named() {
    let cluster = Cluster::start();
    let url = format!("{}?sslmode=require", cluster.url());
    let json = check(
        &url,
        &Broken {
            layer: "tls",
            kind: "TlsRefused",
            exit: 1,
            words: "sslmode=prefer or disable would get in, in plain text",
        },
    );
    let facts = &step(&json, "tls")["facts"];
    assert_eq!(facts["wouldPrefer"], "plain text");
    assert!(
        facts["wouldVerifyFull"]
            .as_str()
            .unwrap()
            .starts_with("fails")
    );
}

#[test]
fn an_unknown_authority_is_told_with_the_certificate_and_the_modes_that_pass() {
    let cluster = Cluster::builder().tls("localhost").start();
    let stranger = cluster.stranger_ca_path();
    let url = format!(
        "{}?sslmode=verify-full&sslrootcert={}",
        cluster.url(),
        stranger.display()
    );
    let json = check(
        &url,
        &Broken {
            layer: "tls",
            kind: "TlsCertificate",
            exit: 1,
            words: "prefer (TLS, unverified) would pass",
        },
    );
    let facts = &step(&json, "tls")["facts"];
    assert!(
        facts["issuer"]
            .as_str()
            .unwrap()
            .contains("dbvitals test authority")
    );
    assert_eq!(facts["protocol"], "TLSv1_3");
    assert_eq!(facts["wouldDisable"], "plain text");
}

#[test]
fn a_refusal_of_plain_text_alone_names_the_mode_that_gets_in() {
    let cluster = Cluster::builder().tls("localhost").start();
    cluster.put_first_in_hba("hostnossl all all 127.0.0.1/32 reject");
    let url = format!("{}?sslmode=disable", cluster.url());
    check(
        &url,
        &Broken {
            layer: "login",
            kind: "LoginRefused",
            exit: 1,
            words: "Set sslmode=require: over TLS pg_hba.conf takes this client.",
        },
    );
}

#[test]
fn tables_outside_the_search_path_are_found_there() {
    let cluster = Cluster::start();
    cluster.sql(&format!(
        "create schema aside authorization {ROLE}; create table aside.agents (id int)"
    ));
    check(
        &cluster.url(),
        &Broken {
            layer: "schema",
            kind: "SchemaMissing",
            exit: 0,
            words: "Add schema aside to the search_path",
        },
    );
}

#[test]
fn a_read_only_server_and_missing_rights_are_degraded_with_their_layer() {
    let cluster = Cluster::start();
    let lenient = |cluster: &Cluster| {
        let url = cluster.url();
        let variables = [
            ("DATABASE_URL", url.as_str()),
            ("DBVITALS_REQUIRE_SCHEMA", "false"),
        ];
        run(&["diagnose", "--json"], &variables)
    };
    cluster.set("default_transaction_read_only", "on");
    let json = lenient(&cluster).json();
    assert_eq!(
        (&json["layer"], &json["error"]["kind"]),
        (&"database".into(), &"ReadOnly".into())
    );
    assert_eq!(step(&json, "permission")["status"], "skipped");
    cluster.set("default_transaction_read_only", "off");
    assert_eq!(lenient(&cluster).json()["health"], "healthy");
    let url = cluster.url();
    cluster.sql("create table public.agents (id int); grant select on public.agents to public");
    let run = run(&["diagnose", "--json"], &[("DATABASE_URL", &url)]);
    let json = run.json();
    assert_eq!(json["layer"], "permission", "{json:#}");
    assert_eq!(json["error"]["kind"], "PermissionDenied");
    let next = json["nextStep"].as_str().unwrap();
    assert!(next.contains("INSERT on agents"), "{next}");
}

#[test]
fn a_write_is_tried_only_when_wished_and_leaves_nothing() {
    let cluster = Cluster::start();
    let url = cluster.url();
    let variables = [("DATABASE_URL", url.as_str())];
    let before = counters(&cluster);
    let json = run(&["diagnose", "--json", "--write-test"], &variables).json();
    // The counters count what is rolled back, too: they would tell of any write.
    assert!(wait_until(Duration::from_secs(10), || counters(&cluster) != before));
    assert_eq!(step(&json, "write")["facts"]["writeTest"], true, "{json:#}");
    assert_eq!(
        cluster.sql("select count(*) from pg_largeobject_metadata"),
        "0"
    );
    let refused = run(&["diagnose", "--write-test", "--read-only"], &variables);
    assert_eq!(refused.code(), 3, "{}", refused.printed());
    assert!(
        refused.printed().contains("read_only"),
        "{}",
        refused.printed()
    );
}

/// A session of the ordinary role.
async fn session(cluster: &Cluster, name: &str) -> Client {
    let mut config = Config::new();
    config
        .host("127.0.0.1")
        .port(cluster.port())
        .user(ROLE)
        .password(cluster.password())
        .dbname(DATABASE)
        .application_name(name);
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_whom_is_told() {
    let cluster = Cluster::start();
    cluster.sql(&format!(
        "create table public.wanted (id int); alter table public.wanted owner to {ROLE}"
    ));
    let holder = session(&cluster, "the holder").await;
    holder
        .batch_execute("begin; lock table public.wanted")
        .await
        .unwrap();
    let waiter = session(&cluster, "the waiter").await;
    let waiting = tokio::spawn(async move { waiter.batch_execute("table public.wanted").await });
    let waits = || cluster.sql("select count(*) from pg_locks where not granted") == "1";
    assert!(wait_until(Duration::from_secs(10), waits));
    let url = cluster.url();
    let json = run(&["diagnose", "--json"], &[("DATABASE_URL", &url)]).json();
    let blocking = step(&json, "blocking");
    assert_eq!(blocking["facts"]["waiting"], 1, "{blocking:#}");
    let note = blocking["notes"][0].as_str().unwrap();
    assert!(
        note.contains("the waiter") && note.contains("the holder"),
        "{note}"
    );
    let slots = step(&json, "slots")["notes"].to_string();
    assert!(slots.contains("idle in a transaction"), "{slots}");
    holder.batch_execute("rollback").await.unwrap();
    waiting.await.unwrap().unwrap();
}

#[test]
fn mock_mode_says_what_it_can() {
    let run = run(&["diagnose", "--mode", "mock", "--json"], &[]);
    assert_eq!(run.code(), 0, "{}", run.printed());
    let json = run.json();
    assert_eq!(json["health"], "healthy");
    assert_eq!(step(&json, "tcp")["status"], "skipped");
    assert_eq!(step(&json, "database")["status"], "ok");
}
