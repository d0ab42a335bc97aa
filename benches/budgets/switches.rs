//! Two hundred switches between the three modes and two profiles, one of which
//! hangs: how soon each is on the screen, and whether anything is left of them.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    time::{Duration, Instant},
};

use crate::{
    bed::{CONNECTED, LIMIT, must},
    report::Report,
    rounds::{Going, places},
    support::{
        cluster::Cluster,
        process::wait_until,
        standin::{Key, Standin},
        terminal::Launch,
    },
};

/// Switches in all.
const SWITCHES: usize = 200;

/// From this one on the process has its full size.
const WARM: usize = 50;

/// What must be as it was before.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Left {
    /// Sessions of the server that lives, and of the one that hangs.
    sessions: (usize, usize),
    /// Connections to the project, as the kernel lists them.
    requests: usize,
    /// Sessions of ours behind the project.
    direct: usize,
    files: usize,
    threads: usize,
}

/// Measures them.
pub(crate) fn two_hundred(report: &mut Report) {
    let (live, mut hangs) = (Cluster::start(), Cluster::start());
    let standin = Standin::start();
    let shown = format!("{}:{}", standin.host(), standin.port());
    let url = standin.url();
    let project = (url.as_str(), standin.key(Key::Secret), shown.as_str());
    let places = places(&live, &hangs, Some(project));
    let home = tempfile::tempdir().expect("a folder can be made");
    let file = home.path().join("config.toml");
    fs::write(&file, &places.file).expect("a file can be written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("the file is ours");
    let terminal = Launch::new(env!("CARGO_BIN_EXE_dbvitals"))
        .env("USER", "somebody")
        .env("HOME", home.path())
        .folder(home.path())
        .size(120, 40)
        .arg("--profile")
        .arg("live")
        .spawn();
    must(terminal.wait_for(CONNECTED, LIMIT));
    let mut going = Going::begin(terminal, places);
    // The guard's session, beside which no other one stands for long.
    lasting(|| live.sessions(), 1);
    let look = |going: &Going, hanging: &Cluster| Left {
        sessions: (live.sessions(), hanging.sessions()),
        requests: connections_to(standin.port()),
        direct: sessions_of_ours(standin.cluster()),
        files: going.descriptors(),
        threads: going.threads(),
    };
    let before = look(&going, &hangs);
    hangs.freeze();
    going.switch(WARM);
    let warm = going.resident_megabytes();
    going.switch(SWITCHES - WARM);
    let grown = going.resident_megabytes() - warm;
    going.go_home();
    hangs.thaw();
    let is_as_before = || {
        let now = look(&going, &hangs);
        // A thread for blocking work that is idle may have ended meanwhile.
        now.threads <= before.threads
            && Left {
                threads: before.threads,
                ..now
            } == before
    };
    lasting(|| usize::from(is_as_before()), 1);
    let after = look(&going, &hangs);
    report.times(
        "200 switches: the new target is on the screen",
        going.times(),
        Duration::from_millis(100),
    );
    report.number(
        "200 switches: memory grown since the 50th",
        grown,
        2.0,
        "MB",
    );
    report.note(&format!("before {before:?}, after {after:?}"));
    report.count(
        "200 switches: sessions, connections, files, threads as before",
        usize::from(is_as_before()),
        1,
    );
}

/// A count once it is as wished, or as it is when the time is over.
fn lasting(count: impl Fn() -> usize, wished: usize) -> usize {
    let start = Instant::now();
    wait_until(LIMIT, || count() == wished || start.elapsed() > LIMIT / 2);
    count()
}

/// Sessions of ours on the server.
fn sessions_of_ours(cluster: &Cluster) -> usize {
    let sql = "select count(*) from pg_stat_activity where application_name like 'dbvitals%'";
    let counted = cluster.try_sql("postgres", sql).unwrap_or_default();
    counted.trim().parse().unwrap_or(usize::MAX)
}

/// The ends of connections to a port of this machine that nobody has closed yet.
fn connections_to(port: u16) -> usize {
    /// As the kernel names them: established, and closed by the other side alone.
    const OPEN: [&str; 2] = ["01", "08"];
    let table = fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    let suffix = format!(":{port:04X}");
    let is_open = |line: &&str| {
        let mut fields = line.split_whitespace().skip(2);
        let to = fields.next().is_some_and(|to| to.ends_with(&suffix));
        to && fields.next().is_some_and(|state| OPEN.contains(&state))
    };
    table.lines().filter(is_open).count()
}
