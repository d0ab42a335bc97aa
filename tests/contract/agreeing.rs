//! A diagnosis of a project and a health check come to the same word for the
//! same reason, and a write is tried without leaving anything.

use dbvitals::{
    adapter::{Database, DatabaseAdapter, DiagnosisOptions, WriteTest},
    config::{AdapterSection, SupabaseSection},
    domain::{
        Diagnosis, ErrorKind, Evidence, Exam, Finding, FindingStatus, Health, HealthPolicy, Layer,
        Verdict,
    },
};
use tokio::sync::mpsc;

use crate::{
    bed::{database, local_section},
    project_bed::supabase_section,
    support::standin::{Fault, Key, Standin},
};

fn policy(requires_schema: bool) -> HealthPolicy {
    HealthPolicy {
        slow_threshold: std::time::Duration::from_mins(1),
        expects_writes: true,
        requires_schema,
    }
}

fn on(section: &SupabaseSection) -> Database {
    database(&AdapterSection::Supabase(Box::new(section.clone()))).0
}

async fn diagnose(section: &SupabaseSection, write_test: WriteTest) -> Diagnosis {
    let options = DiagnosisOptions {
        policy: policy(section.requires_schema),
        write_test,
    };
    on(section).diagnose(options, mpsc::channel(1).0).await
}

/// Both come to this word; what the check says is wrong is in the diagnosis.
#[track_caller]
fn agree(what: &str, verdict: &Verdict, diagnosis: &Diagnosis, health: Health) {
    assert_eq!(verdict.health, health, "{what}: {verdict:?}");
    let conclusion = &diagnosis.conclusion;
    assert_eq!(conclusion.health, health, "{what}: {diagnosis:?}");
    let told: Vec<_> = diagnosis.findings.iter().map(|it| &it.summary).collect();
    for reason in &verdict.reasons {
        let words = reason.to_string();
        let words = words
            .split_once(": ")
            .map_or(words.as_str(), |(_, rest)| rest);
        assert!(
            told.iter().any(|told| told.contains(words)),
            "{what}: {words} not in {told:?}"
        );
    }
}

async fn check(what: &str, section: &SupabaseSection, health: Health) {
    let database = on(section);
    let report = database.first_check().await;
    let status = database.connection_status().status();
    let evidence = Evidence::new(status, Some(&report.result));
    let verdict = Verdict::assess(&evidence, &policy(section.requires_schema));
    let diagnosis = diagnose(section, WriteTest::Judge).await;
    agree(what, &verdict, &diagnosis, health);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_diagnosis_and_a_check_come_to_the_same_word_with_every_key() {
    use Health::{Degraded, Healthy, Unhealthy};
    let standin = Standin::start();
    let cluster = standin.cluster();
    let with_direct = |key| SupabaseSection {
        direct: Some(Box::new(local_section(cluster))),
        ..supabase_section(&standin, key)
    };
    // Who sees every row is well from the beginning; the others as they are let.
    let both = async |what: &str, others: Health| {
        for key in Key::ALL {
            let sees_all = matches!(key, Key::Secret | Key::LegacyServiceRole);
            let health = if sees_all { Healthy } else { others };
            check(what, &supabase_section(&standin, key), health).await;
            check(what, &with_direct(key), health).await;
        }
    };
    both("no right", Degraded).await;
    cluster.sql(
        "insert into agents (name, type) values ('a', 'codex'); grant select on agents to anon",
    );
    standin.reload();
    both("rows hidden", Degraded).await;
    cluster.sql("create policy everybody on agents for select to anon using (true)");
    // What is asked is seen; other tables are denied, and told alone.
    both("one table seen", Healthy).await;
    let other_table = |table: &str, requires_schema| SupabaseSection {
        health_table: Some(table.to_owned()),
        requires_schema,
        ..supabase_section(&standin, Key::Publishable)
    };
    for requires_schema in [true, false] {
        check(
            "another table",
            &other_table("commands", requires_schema),
            Degraded,
        )
        .await;
        check(
            "no such table",
            &other_table("_health_check", requires_schema),
            Degraded,
        )
        .await;
    }
    standin.fault(&Fault::status(401));
    both_fail(&standin, Unhealthy).await;
}

async fn both_fail(standin: &Standin, health: Health) {
    for key in Key::ALL {
        check("refused", &supabase_section(standin, key), health).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_url_that_is_wrong_is_told_from_a_key_that_is() {
    let mut standin = Standin::start();
    let section = SupabaseSection {
        direct: Some(Box::new(local_section(standin.cluster()))),
        ..supabase_section(&standin, Key::Secret)
    };
    standin.cluster_mut().set_password("another");
    check("wrong password", &section, Health::Degraded).await;
    let read_only = SupabaseSection {
        read_only: true,
        ..section.clone()
    };
    check("wrong password, read-only", &read_only, Health::Degraded).await;
    let diagnosis = diagnose(&section, WriteTest::Judge).await;
    let conclusion = &diagnosis.conclusion;
    let error = conclusion.error.as_ref().expect("the cause is known");
    assert_eq!(error.kind(), ErrorKind::AuthFailed);
    assert_eq!(conclusion.layer, Some(Layer::Database));
    assert!(
        conclusion
            .verdict
            .contains("database_url does not work, the key does")
    );
    assert!(conclusion.next_step.starts_with("Mend database_url alone"));
    assert_eq!(finding(&diagnosis, Exam::Login).status, FindingStatus::Ok);
}

#[track_caller]
fn finding(diagnosis: &Diagnosis, exam: Exam) -> &Finding {
    let mut findings = diagnosis.findings.iter();
    findings
        .find(|it| it.exam == exam)
        .expect("it was examined")
}

/// The write is tried, with this status and this cause.
async fn tries(section: &SupabaseSection, status: FindingStatus, cause: Option<ErrorKind>) {
    let diagnosis = diagnose(section, WriteTest::Try).await;
    let write = finding(&diagnosis, Exam::Write);
    let found = write.error.as_ref().map(|error| error.kind());
    assert_eq!((write.status, found), (status, cause), "{write:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_is_tried_over_the_interface_and_leaves_nothing() {
    let standin = Standin::start();
    let cluster = standin.cluster();
    let counted = "select count(*) from agents";
    for key in [Key::Secret, Key::LegacyServiceRole] {
        tries(&supabase_section(&standin, key), FindingStatus::Ok, None).await;
        let with_direct = SupabaseSection {
            direct: Some(Box::new(local_section(cluster))),
            ..supabase_section(&standin, key)
        };
        tries(&with_direct, FindingStatus::Ok, None).await;
    }
    for key in [Key::Publishable, Key::LegacyAnon] {
        let denied = Some(ErrorKind::PermissionDenied);
        tries(
            &supabase_section(&standin, key),
            FindingStatus::Warning,
            denied,
        )
        .await;
    }
    let posts = standin.requests();
    let posts = posts.iter().filter(|request| request["method"] == "POST");
    assert_eq!(posts.count(), 6);
    assert_eq!(cluster.try_sql("app", counted).unwrap().trim(), "0");
    // Nobody asked for it: nothing is sent.
    standin.forget_requests();
    diagnose(&supabase_section(&standin, Key::Secret), WriteTest::Judge).await;
    let methods = standin.requests();
    assert!(
        methods.iter().all(|request| request["method"] == "GET"),
        "{methods:?}"
    );
    cluster.sql("alter role service_role set default_transaction_read_only = on");
    cluster.sql("alter role authenticator set default_transaction_read_only = on");
    cluster.terminate_backends("");
    standin.reload();
    let read_only = Some(ErrorKind::ReadOnly);
    let section = supabase_section(&standin, Key::Secret);
    tries(&section, FindingStatus::Warning, read_only).await;
}
