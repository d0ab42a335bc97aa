//! What a guard that is left leaves behind: nothing, also while the server
//! cannot take notice.

use std::{collections::HashSet, fs, time::Duration};

use tokio::runtime::Handle;

use crate::{
    bed::{BRISK, LIMIT, STILL, Watch, at, on, tls_section},
    support::{cluster::Cluster, process::wait_until},
};

/// How many sockets of this process lead to this port of 127.0.0.1. Only
/// these: other tests in this process have sockets, too.
fn sockets_to(port: u16) -> usize {
    let ours: HashSet<String> = fs::read_dir("/proc/self/fd")
        .expect("our files can be listed")
        .filter_map(|entry| {
            // One that was closed between listing and reading is none of ours.
            let link = fs::read_link(entry.ok()?.path()).ok()?;
            let inode = link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
            Some(inode.to_owned())
        })
        .collect();
    let table = fs::read_to_string("/proc/self/net/tcp").expect("the table can be read");
    let remote = format!("0100007F:{port:04X}");
    table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|fields| fields.get(2) == Some(&remote.as_str()))
        .filter(|fields| fields.get(9).is_some_and(|inode| ours.contains(*inode)))
        .count()
}

/// The socket of what was left is closed, as soon as the runtime has dropped it.
#[track_caller]
fn check_no_socket(port: u16) {
    let closed = wait_until(LIMIT, || sockets_to(port) == 0);
    assert!(closed, "{} sockets are left", sockets_to(port));
}

#[track_caller]
fn check_server_is_left(cluster: &Cluster) {
    let left = wait_until(LIMIT, || cluster.sessions() == 0);
    assert!(left, "{} sessions are left", cluster.sessions());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guard_left_while_the_server_is_frozen_leaves_nothing() {
    let mut cluster = Cluster::start();
    let tasks = Handle::current().metrics().num_alive_tasks();
    let mut watch = Watch::over(&at(cluster.port()), BRISK).await;
    assert_eq!(sockets_to(cluster.port()), 1);
    cluster.freeze();
    watch.late().await;
    watch.leave().await;
    check_no_socket(cluster.port());
    assert_eq!(Handle::current().metrics().num_alive_tasks(), tasks);
    cluster.thaw();
    check_server_is_left(&cluster);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guard_given_up_while_the_server_is_frozen_leaves_nothing() {
    let mut cluster = Cluster::start();
    let mut watch = Watch::over(&at(cluster.port()), BRISK).await;
    watch.answer().await;
    cluster.freeze();
    watch.ended().await;
    check_no_socket(cluster.port());
    cluster.thaw();
    check_server_is_left(&cluster);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guard_left_in_the_middle_of_its_login_leaves_nothing() {
    let mut cluster = Cluster::start();
    cluster.freeze();
    let watch = Watch::post(&at(cluster.port()), STILL);
    assert!(wait_until(LIMIT, || sockets_to(cluster.port()) == 1));
    watch.leave().await;
    check_no_socket(cluster.port());
    cluster.thaw();
    check_server_is_left(&cluster);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_knock_that_is_left_leaves_nothing() {
    let mut cluster = Cluster::start();
    cluster.freeze();
    let database = at(cluster.port());
    let knock = tokio::spawn(async move { database.knock(Duration::from_mins(1)).await });
    assert!(wait_until(LIMIT, || sockets_to(cluster.port()) == 1));
    knock.abort();
    assert!(knock.await.is_err_and(|left| left.is_cancelled()));
    check_no_socket(cluster.port());
    cluster.thaw();
    check_server_is_left(&cluster);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_guards_leave_everything_as_it_was() {
    let cluster = Cluster::builder()
        .tls("localhost")
        .max_connections(40)
        .start();
    // The arithmetic of a password is slow without optimisation.
    cluster.put_first_in_hba("host all vitals 127.0.0.1/32 trust");
    let plain = at(cluster.port());
    let protected = on(tls_section(&cluster));
    let tasks = Handle::current().metrics().num_alive_tasks();
    for cycle in 0..200 {
        let database = if cycle % 8 == 0 { &protected } else { &plain };
        let settings = if cycle % 2 == 0 { BRISK } else { STILL };
        Watch::over(database, settings).await.leave().await;
        let closed = wait_until(LIMIT, || sockets_to(cluster.port()) == 0);
        assert!(closed, "after cycle {cycle}");
    }
    assert_eq!(Handle::current().metrics().num_alive_tasks(), tasks);
    check_server_is_left(&cluster);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guard_that_owes_no_answer_says_farewell() {
    let cluster = Cluster::builder().tls("localhost").start();
    for database in [at(cluster.port()), on(tls_section(&cluster))] {
        for _ in 0..5 {
            Watch::over(&database, STILL).await.leave().await;
        }
    }
    check_server_is_left(&cluster);
    let log = cluster.log();
    assert!(!log.contains("could not"), "{log}");
}
