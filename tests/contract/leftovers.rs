//! What is left of connections to a project that were ended, or given up in the
//! middle of a request: nothing.

use std::{fs, time::Duration};

use dbvitals::{
    adapter::{DatabaseAdapter, GuardSettings},
    config::{AdapterSection, SupabaseSection},
};
use serde_json::Value;
use tokio::{runtime::Handle, sync::mpsc};

use crate::{
    bed::{database, local_section},
    project_bed::supabase_section,
    support::{
        process::wait_until,
        standin::{Fault, Key, Standin},
    },
};

/// Longer than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// Rounds of connecting and leaving.
const ROUNDS: usize = 50;

const GUARD: GuardSettings = GuardSettings {
    heartbeat: Some(Duration::from_millis(10)),
    late_after: Duration::from_secs(30),
    timeout: Duration::from_mins(1),
};

/// Ends of connections to this port that are ours to close.
fn connections_to(port: u16) -> usize {
    /// As the kernel names them: established, and closed by the other side alone.
    const OPEN: [&str; 2] = ["01", "08"];
    let table = fs::read_to_string("/proc/self/net/tcp").expect("the table can be read");
    let remote = format!("0100007F:{port:04X}");
    let fields = table.lines().map(|line| line.split_whitespace());
    fields
        .filter(|fields| {
            let mut fields = fields.clone().skip(2);
            fields.next() == Some(remote.as_str())
                && fields.next().is_some_and(|state| OPEN.contains(&state))
        })
        .count()
}

/// Connects, reads, is guarded for some heartbeats, and is ended.
async fn used(section: &AdapterSection) {
    let database = database(section).0;
    database.connect().await.expect("the project is there");
    let rows = database.read_table("agents", |_: Value| Ok(()));
    assert_eq!(rows.await.expect("the table is there"), 0);
    let (tell, mut beats) = mpsc::channel(8);
    let guard = async { database.stand_guard(GUARD, tell).await };
    let enough = async {
        for _ in 0..3 {
            beats.recv().await.expect("it beats");
        }
    };
    tokio::select! {
        error = guard => panic!("the guard ended: {error:?}"),
        () = enough => {}
    }
    database.disconnect().await.expect("it can be ended");
}

/// Is given up in the middle of its first request.
async fn left(section: &AdapterSection, standin: &Standin) {
    standin.fault(&Fault::delay(LIMIT * 2).times(1));
    standin.forget_requests();
    let database = database(section).0;
    let connecting = tokio::spawn(async move { database.connect().await });
    assert!(wait_until(LIMIT, || !standin.requests().is_empty()));
    connecting.abort();
    assert!(connecting.await.is_err_and(|end| end.is_cancelled()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_to_a_project_leave_nothing() {
    let standin = Standin::start();
    let alone = supabase_section(&standin, Key::Secret);
    let both = SupabaseSection {
        direct: Some(Box::new(local_section(standin.cluster()))),
        ..alone.clone()
    };
    let sections = [alone, both].map(|it| AdapterSection::Supabase(Box::new(it)));
    let ours = "select count(*) from pg_stat_activity where application_name like 'dbvitals%'";
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    for round in 0..ROUNDS {
        let section = &sections[usize::from(round % 10 == 0)];
        match round % 5 {
            4 => left(section, &standin).await,
            _ => used(section).await,
        }
        let closed = wait_until(LIMIT, || connections_to(standin.port()) == 0);
        assert!(closed, "connections are left after round {round}");
    }
    let ended = wait_until(LIMIT, || tasks() == before);
    assert!(ended, "{before} tasks before, {} after", tasks());
    let sessions = || {
        standin
            .cluster()
            .try_sql("postgres", ours)
            .expect("it answers")
    };
    let gone = wait_until(LIMIT, || sessions().trim() == "0");
    assert!(gone, "sessions are left: {}", sessions());
}
