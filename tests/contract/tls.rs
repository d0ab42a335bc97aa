//! TLS as libpq does it, against servers with and without it.

use std::{fs::File, path::PathBuf, process::Command, time::Duration};

use dbvitals::{
    adapter::DatabaseAdapter,
    config::{ClientCertificate, Endpoint, LocalSection, RootCertificates, SslMode},
    domain::{ErrorKind, Layer},
};
use serde_json::Value;

use crate::{
    bed::{BRIEF, local_section, on, section_at},
    support::{
        cluster::Cluster,
        process::wait_exit,
        sockets::{Listener, Manner},
    },
};

/// The cluster under its certificate's name, whatever that name resolves to.
fn section(cluster: &Cluster, mode: SslMode, roots: RootCertificates) -> LocalSection {
    let mut section = local_section(cluster);
    section.endpoint = Endpoint::Tcp {
        host: cluster.host().to_owned(),
        hostaddr: Some("127.0.0.1".parse().unwrap()),
        port: cluster.port(),
    };
    section.tls.mode = mode;
    section.tls.roots = roots;
    section
}

/// Check and statement both get in over TLS, or both fail with this kind.
#[track_caller]
fn check(section: LocalSection, expected: Result<&str, ErrorKind>) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    let expected = expected.map(str::to_owned);
    async move {
        let database = on(section);
        let connected = database.attempt().await;
        let report = database.health_check().await;
        match expected {
            Err(kind) => {
                assert_eq!(connected.unwrap_err().kind(), kind, "{caller}");
                assert_eq!(report.error.unwrap().kind(), kind, "{caller}");
            }
            Ok(tls) => {
                connected.unwrap_or_else(|error| panic!("{error:?} at {caller}"));
                let details = report.result.details().unwrap().clone();
                let found = details.tls.unwrap();
                assert!(found.starts_with(&tls), "{found} at {caller}");
                let sql = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
                let rows: Vec<Value> = database.query(sql, &[]).await.unwrap();
                assert_eq!(
                    rows[0]["ssl"],
                    tls != "off",
                    "statements are as safe: {caller}"
                );
            }
        }
    }
}

fn file(path: PathBuf) -> RootCertificates {
    RootCertificates::File(path)
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_tls_is_demanded() {
    let cluster = Cluster::start();
    for mode in [SslMode::Require, SslMode::VerifyCa, SslMode::VerifyFull] {
        let section = section(&cluster, mode, RootCertificates::Unset);
        check(section, Err(ErrorKind::TlsRefused)).await;
    }
    for mode in [SslMode::Prefer, SslMode::Disable] {
        check(section(&cluster, mode, RootCertificates::Unset), Ok("off")).await;
    }
}

#[tokio::test]
async fn a_server_with_tls_is_reached_as_the_mode_says() {
    let cluster = Cluster::builder().tls("db.example").start();
    let unset = || RootCertificates::Unset;
    check(section(&cluster, SslMode::Disable, unset()), Ok("off")).await;
    check(section(&cluster, SslMode::Prefer, unset()), Ok("TLSv1.3 ")).await;
    check(section(&cluster, SslMode::Require, unset()), Ok("TLSv1.3 ")).await;
    let trusted = || file(cluster.ca_path());
    for mode in [SslMode::Require, SslMode::VerifyCa, SslMode::VerifyFull] {
        check(section(&cluster, mode, trusted()), Ok("TLSv1.3 ")).await;
    }
}

#[tokio::test]
async fn an_authority_that_is_not_believed_is_refused() {
    let cluster = Cluster::builder().tls("db.example").start();
    let stranger = || file(cluster.stranger_ca_path());
    let expected = Err(ErrorKind::TlsCertificate);
    for mode in [SslMode::Require, SslMode::VerifyCa, SslMode::VerifyFull] {
        check(section(&cluster, mode, stranger()), expected).await;
    }
    // The authority of a test is none of the system's.
    for roots in [RootCertificates::Unset, RootCertificates::System] {
        check(section(&cluster, SslMode::VerifyFull, roots), expected).await;
    }
}

#[tokio::test]
async fn only_verify_full_looks_at_the_name() {
    let cluster = Cluster::builder().tls("db.example").start();
    let elsewhere = |mode| {
        let mut section = section(&cluster, mode, file(cluster.ca_path()));
        section.endpoint = Endpoint::Tcp {
            host: "127.0.0.1".into(),
            hostaddr: None,
            port: cluster.port(),
        };
        section
    };
    check(elsewhere(SslMode::VerifyCa), Ok("TLSv1.3 ")).await;
    check(
        elsewhere(SslMode::VerifyFull),
        Err(ErrorKind::TlsCertificate),
    )
    .await;
}

#[tokio::test]
async fn prefer_falls_back_when_the_login_is_refused_over_tls() {
    let cluster = Cluster::builder().tls("db.example").start();
    cluster.put_first_in_hba("hostssl all all 127.0.0.1/32 reject");
    let unset = || RootCertificates::Unset;
    check(section(&cluster, SslMode::Prefer, unset()), Ok("off")).await;
    let demanded = section(&cluster, SslMode::Require, unset());
    check(demanded, Err(ErrorKind::LoginRefused)).await;
}

#[tokio::test]
async fn an_authority_file_that_cannot_be_used_is_named() {
    let cluster = Cluster::builder().tls("db.example").start();
    let folder = tempfile::tempdir().unwrap();
    let (missing, empty) = (
        folder.path().join("missing.pem"),
        folder.path().join("empty.pem"),
    );
    std::fs::write(&empty, "").unwrap();
    for path in [missing, empty] {
        let database = on(section(&cluster, SslMode::VerifyFull, file(path.clone())));
        let error = database.attempt().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TlsCertificate);
        let words = error.details().unwrap();
        assert!(words.contains(path.to_str().unwrap()), "{words}");
    }
}

/// What is no file may never end; what looks like one may hang in the system,
/// and the deadline holds all the same.
#[tokio::test(flavor = "current_thread")]
async fn a_pipe_is_no_authority() {
    let cluster = Cluster::builder().tls("db.example").start();
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.pem");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let mut section = section(&cluster, SslMode::VerifyFull, file(pipe.clone()));
    section.timeout = BRIEF;
    let error = on(section.clone()).attempt().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TlsCertificate);
    let words = error.details().unwrap();
    assert!(words.contains("not a regular file"), "{words}");
    section.tls.mode = SslMode::Require;
    section.tls.roots = RootCertificates::Unset;
    section.tls.client = Some(ClientCertificate {
        certificate: pipe.clone(),
        key: pipe,
    });
    let error = on(section).attempt().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.layer()),
        (ErrorKind::OwnSide, Layer::Tls)
    );
}

/// The real program, as the variable counts for a whole process. It must say
/// what hangs, and end although the file still hangs.
#[test]
fn a_system_authority_that_hangs_is_a_timeout() {
    let cluster = Cluster::builder().tls("localhost").start();
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.pem");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let output = folder.path().join("output");
    let url = format!("{}?sslmode=verify-full&sslrootcert=system", cluster.url());
    let mut program = Command::new(env!("CARGO_BIN_EXE_dbvitals"))
        .args(["check", "--json"])
        .env_clear()
        .env("HOME", folder.path())
        .env("DATABASE_URL", url)
        .env("SSL_CERT_FILE", &pipe)
        .env("DBVITALS_HEALTH_CHECK_TIMEOUT", "1000")
        .current_dir(folder.path())
        .stdout(File::create(&output).unwrap())
        .spawn()
        .unwrap();
    let Some(status) = wait_exit(&mut program, Duration::from_secs(20)) else {
        program.kill().unwrap();
        panic!("the program hangs");
    };
    let said: Value = serde_json::from_slice(&std::fs::read(output).unwrap()).unwrap();
    assert_eq!(said["error"]["kind"], "Timeout", "{said}");
    assert_eq!(said["details"]["phases"]["tls"], Value::Null);
    assert!(said["details"]["phases"]["tcp"].is_number(), "{said}");
    assert_eq!(status.code(), Some(2));
}

#[tokio::test]
async fn what_is_no_tls_server_is_told_apart_from_a_bad_certificate() {
    let listener = Listener::start(Manner::Garbage);
    let mut section = section_at("127.0.0.1", listener.port());
    section.tls.mode = SslMode::Require;
    check(section, Err(ErrorKind::ProtocolViolation)).await;
    let listener = Listener::start(Manner::Silent);
    let mut section = section_at("127.0.0.1", listener.port());
    section.tls.mode = SslMode::Require;
    section.timeout = BRIEF;
    check(section, Err(ErrorKind::Timeout { after_ms: 500 })).await;
}

#[tokio::test]
async fn our_own_certificate_that_cannot_be_read_is_our_own_fault() {
    let cluster = Cluster::builder().tls("db.example").start();
    let mut section = section(&cluster, SslMode::Require, RootCertificates::Unset);
    section.tls.client = Some(ClientCertificate {
        certificate: cluster.ca_path(),
        key: PathBuf::from("/nonexistent/client.key"),
    });
    let error = on(section).attempt().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.layer()),
        (ErrorKind::OwnSide, Layer::Tls)
    );
    assert!(
        error
            .details()
            .unwrap()
            .contains("sslkey /nonexistent/client.key")
    );
}
