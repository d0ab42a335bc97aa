//! Clusters that are well: how they are reached and changed.

use std::{fs, time::Instant};

use crate::{
    LIMIT, code_of, login,
    support::cluster::{Cluster, PASSWORD},
};

#[tokio::test]
async fn the_role_gets_in_by_port_and_by_socket() {
    let cluster = Cluster::start();
    for url in [cluster.url(), cluster.socket_url()] {
        let client = login(&url).await.expect("the role gets in");
        let row = client
            .query_one(
                "SELECT current_user::text, current_database()::text, \
                 (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)",
                &[],
            )
            .await
            .expect("the server answers");
        assert_eq!(row.get::<_, String>(0), "vitals");
        assert_eq!(row.get::<_, String>(1), "app");
        assert!(!row.get::<_, bool>(2), "an ordinary role");
    }
    assert!(cluster.url().contains(PASSWORD));
    assert!(!cluster.url_without_password().contains(PASSWORD));
}

#[tokio::test]
async fn the_socket_path_is_short_and_the_locale_is_plain() {
    let cluster = Cluster::start();
    let socket = cluster
        .socket_folder()
        .join(format!(".s.PGSQL.{}", cluster.port()));
    assert!(socket.exists() && socket.as_os_str().len() < 100);
    assert_eq!(cluster.sql("SHOW server_encoding"), "UTF8");
    assert_eq!(cluster.sql("SHOW lc_messages"), "C");
    assert_eq!(cluster.sql("SHOW fsync"), "off");
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_a_changed_one_counts() {
    let mut cluster = Cluster::start();
    let old = cluster.url();
    cluster.set_password("another");
    assert_eq!(code_of(login(&old).await), "28P01");
    login(&cluster.url()).await.expect("the new one counts");
    assert_eq!(
        code_of(login(&cluster.url_with_password("wrong")).await),
        "28P01"
    );
}

#[tokio::test]
async fn a_line_in_pg_hba_turns_the_role_away() {
    let cluster = Cluster::start();
    cluster.put_first_in_hba("host all vitals all reject");
    assert_eq!(code_of(login(&cluster.url()).await), "28000");
}

#[tokio::test]
async fn a_renamed_database_is_missing_under_its_old_name() {
    let mut cluster = Cluster::start();
    let old = cluster.url();
    let held = login(&old).await.expect("the role gets in");
    cluster.rename_database("moved");
    assert_eq!(code_of(login(&old).await), "3D000");
    assert!(held.simple_query("SELECT 1").await.is_err(), "it was ended");
    login(&cluster.url()).await.expect("the new name counts");
}

#[tokio::test]
async fn sessions_are_seen_ended_and_logged() {
    let cluster = Cluster::start();
    let url = format!("{}?application_name=some_client", cluster.url());
    let client = login(&url).await.expect("the role gets in");
    assert_eq!(cluster.sessions(), 1);
    assert_eq!(cluster.terminate_backends("some_client"), 1);
    let ended = client.simple_query("SELECT 1").await;
    assert!(ended.is_err());
    cluster.wait_for_log("application_name=some_client", LIMIT);
    cluster.wait_for_log("disconnection: session time", LIMIT);
    assert!(!cluster.log().contains(PASSWORD));
}

#[test]
fn settings_count_from_the_start_or_at_once() {
    let cluster = Cluster::builder()
        .setting("work_mem", "5MB")
        .max_connections(7)
        .start();
    assert_eq!(cluster.sql("SHOW work_mem"), "5MB");
    assert_eq!(cluster.sql("SHOW max_connections"), "7");
    cluster.set("work_mem", "6MB");
    assert_eq!(cluster.sql("SHOW work_mem"), "6MB");
}

#[test]
fn a_failing_statement_tells_its_code() {
    let cluster = Cluster::start();
    let words = cluster.try_sql("app", "SELECT * FROM nowhere");
    let words = words.expect_err("there is no such table");
    assert!(words.contains("42P01"), "{words}");
}

#[test]
fn copies_share_an_identity_and_can_have_their_own() {
    const IDENTITY: &str = "SELECT system_identifier FROM pg_control_system()";
    let [one, other] = [Cluster::start(), Cluster::start()].map(|c| c.sql(IDENTITY));
    let own = Cluster::builder().own_identity().start().sql(IDENTITY);
    assert_eq!(one, other);
    assert_ne!(one, own);
}

#[test]
fn a_second_cluster_starts_quickly() {
    let _template_is_there = Cluster::start();
    let start = Instant::now();
    drop(Cluster::start());
    // A whole initdb takes longer than this on the machines that we know of;
    // the limit is generous, as other tests run at the same time.
    assert!(start.elapsed() < LIMIT, "{:?}", start.elapsed());
}

#[test]
fn a_server_with_tls_encrypts_and_shows_its_certificate() {
    let cluster = Cluster::builder().tls("localhost").start();
    assert_eq!(cluster.host(), "localhost");
    assert_eq!(cluster.sql("SHOW ssl"), "on");
    let mode = |ca: &std::path::Path| {
        cluster.psql_as_role(&format!(
            "host=localhost hostaddr=127.0.0.1 sslmode=verify-full sslrootcert={}",
            ca.display()
        ))
    };
    let answer = mode(&cluster.ca_path()).expect("its own authority is believed");
    assert_eq!(answer, "t");
    let refused = mode(&cluster.stranger_ca_path()).expect_err("a stranger signed nothing");
    assert!(refused.contains("certificate verify failed"), "{refused}");
    let text = fs::read_to_string(cluster.ca_path()).expect("the authority is a file");
    assert!(text.starts_with("-----BEGIN CERTIFICATE-----"));
}
