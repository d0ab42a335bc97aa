//! The same measurements of other programs that watch a PostgreSQL in a
//! terminal, where they are installed: for comparison, without a budget.

use std::{
    env, thread,
    time::{Duration, Instant},
};

use url::Url;

use crate::{
    cost::{cpu_seconds, peak_megabytes, thousands},
    report::Report,
    support::{
        cluster::{Cluster, StopMode},
        terminal::{Launch, Terminal},
    },
};

/// A program that was not at work by then is not measured.
const READY: Duration = Duration::from_secs(20);

/// Who has said nothing by then is taken to stay silent.
const PATIENCE: Duration = Duration::from_secs(30);

/// Words with which a program may say that something is wrong.
const ALARMS: [&str; 12] = [
    "lost",
    "closed",
    "terminat",
    "error",
    "fail",
    "refused",
    "timed out",
    "timeout",
    "reconnect",
    "disconnect",
    "offline",
    "suspect",
];

/// How a program is started; the address comes by libpq's variables.
struct Peer {
    program: &'static str,
    arguments: &'static [&'static str],
    /// A variable that must hold the address as a URL, too.
    variable: Option<&'static str>,
    /// Typed once this prompt is there.
    typed: Option<(&'static str, &'static str)>,
    /// Words that it shows when it is at work.
    ready: &'static str,
}

/// A question that a prompt asks again each second.
const REPEATED: &str = "select now() \\watch 1\r";

/// Each refreshes once a second, or as often as it does by itself.
const PEERS: &[Peer] = &[
    Peer {
        program: "pg_activity",
        arguments: &["--refresh", "1"],
        variable: None,
        typed: None,
        ready: "RUNNING QUERIES",
    },
    Peer {
        program: "pg_glimpse",
        arguments: &["--refresh", "1"],
        variable: None,
        typed: None,
        ready: "Server Stats",
    },
    Peer {
        program: "pgmon",
        arguments: &[],
        variable: Some("PGMON_DSN"),
        typed: None,
        ready: "Activity Summary",
    },
    Peer {
        program: "pgcli",
        arguments: &["--warn", "off"],
        variable: None,
        typed: Some(("app>", REPEATED)),
        ready: "SELECT 1",
    },
    Peer {
        program: "psql",
        arguments: &["-X"],
        variable: None,
        typed: Some(("app=>", REPEATED)),
        ready: "(1 row)",
    },
];

/// A line for each that is installed: screen, cost, and how soon it speaks.
pub(crate) fn compare(report: &mut Report) {
    report.note("others, in the same run: ready, idle minute, peak memory, fault until it says so");
    let ours = Peer {
        program: env!("CARGO_BIN_EXE_dbvitals"),
        arguments: &[],
        variable: None,
        typed: None,
        ready: "● connected",
    };
    line(report, "dbvitals", &ours);
    for peer in PEERS {
        if is_installed(peer.program) {
            line(report, peer.program, peer);
        } else {
            report.note(&format!("{:<12} is not installed", peer.program));
        }
    }
}

fn line(report: &mut Report, name: &str, peer: &Peer) {
    let words = match measure(peer) {
        Ok(words) => words,
        Err(screen) => {
            let last = screen.lines().rev().find(|line| !line.trim().is_empty());
            format!("never got to work: {}", last.unwrap_or("a blank screen"))
        }
    };
    report.note(&format!("{name:<12} {words}"));
}

/// What one program costs and how soon it tells of a stop and of a freeze.
fn measure(peer: &Peer) -> Result<String, String> {
    let mut cluster = Cluster::start();
    let start = Instant::now();
    let terminal = at_work(peer, &cluster)?;
    let ready = start.elapsed();
    thread::sleep(Duration::from_secs(5));
    let pid = terminal.pid();
    let (bytes, cpu) = (terminal.bytes_received(), cpu_seconds(pid));
    thread::sleep(Duration::from_mins(1));
    let kilobytes = thousands(terminal.bytes_received() - bytes);
    let cpu = cpu_seconds(pid) - cpu;
    let memory = peak_megabytes(pid);
    let stopped = told(&terminal, || cluster.stop(StopMode::Immediate));
    drop(terminal);
    cluster.start_again();
    let terminal = at_work(peer, &cluster)?;
    thread::sleep(Duration::from_secs(3));
    let frozen = told(&terminal, || cluster.freeze());
    cluster.thaw();
    Ok(format!(
        "{:>5} ms {kilobytes:>8.1} kB {cpu:>6.2} s CPU {memory:>6.1} MB   stop {stopped:<16} freeze {frozen}",
        ready.as_millis(),
    ))
}

fn at_work(peer: &Peer, cluster: &Cluster) -> Result<Terminal, String> {
    let url = Url::parse(&cluster.url()).expect("the cluster's address is a URL");
    let launch = Launch::new(peer.program)
        .env("HOME", env::temp_dir())
        .env("USER", "somebody")
        .env("PGHOST", cluster.host())
        .env("PGPORT", cluster.port().to_string())
        .env("PGUSER", url.username())
        .env("PGPASSWORD", cluster.password())
        .env("PGDATABASE", url.path().trim_start_matches('/'))
        .env("PAGER", "cat")
        .folder(env::temp_dir())
        .size(120, 40);
    let launch = match peer.variable {
        Some(name) => launch.env(name, cluster.url()),
        None => launch,
    };
    let arguments = peer.arguments.iter();
    let mut terminal = arguments
        .fold(launch, |launch, argument| launch.arg(*argument))
        .spawn();
    if let Some((prompt, words)) = peer.typed {
        terminal.wait_for(prompt, READY)?;
        terminal.send(words);
    }
    terminal.wait_for(peer.ready, READY)?;
    Ok(terminal)
}

/// How long until the screen has one more word of alarm than before.
fn told(terminal: &Terminal, fault: impl FnOnce()) -> String {
    let count = |screen: &str| -> usize {
        let text = screen.to_lowercase();
        ALARMS.iter().map(|word| text.matches(word).count()).sum()
    };
    let before = count(&terminal.screen_text());
    let start = Instant::now();
    fault();
    let seen = terminal.wait_until(PATIENCE, |screen| count(&screen.contents()) > before);
    match seen {
        Ok(_) => format!("{} ms", start.elapsed().as_millis()),
        Err(_) => format!("not in {} s", PATIENCE.as_secs()),
    }
}

fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
