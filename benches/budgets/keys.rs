//! How soon each key of the key list is answered while the server hangs.

use std::time::{Duration, Instant};

use crate::{
    bed::{LIMIT, connected, must},
    report::Report,
    support::{cluster::Cluster, terminal::Terminal},
};

/// A key, and what the screen shows, or does not show any more, once it is answered.
#[derive(Debug, Clone, Copy)]
struct Press {
    key: &'static str,
    answer: Answer,
}

#[derive(Debug, Clone, Copy)]
enum Answer {
    /// These words appear.
    Shows(&'static str),
    /// These words vanish.
    Hides(&'static str),
    /// The row of these words changes: which row is selected stands there.
    Moves(&'static str),
}

use Answer::{Hides, Moves, Shows};

/// A line of the help, and of nothing else.
const HELP: &str = "open and close this help";

/// The title row of the pane in which rows are selected.
const PANE: &str = "3 Health checks";

/// Every key of the list in an order in which each changes the screen. `q` is
/// pressed last, Ctrl-C where another program ends.
const PRESSES: &[Press] = &[
    press("?", Shows(HELP)),
    press("\x1b", Hides(HELP)),
    press("?", Shows(HELP)),
    press("?", Hides(HELP)),
    press("2", Shows("┏ 2 Latency")),
    press("3", Shows("┏ 3 Health")),
    press("4", Shows("┏ 4 Operations")),
    press("5", Shows("┏ 5 Errors")),
    press("6", Shows("┏ 6 Log")),
    press("1", Shows("┏ 1 Connection")),
    press("\t", Shows("┏ 2 Latency")),
    press("\x1b[Z", Shows("┏ 1 Connection")),
    press("\x1b[C", Shows("┏ 2 Latency")),
    press("\x1b[D", Shows("┏ 1 Connection")),
    press("l", Shows("┏ 2 Latency")),
    press("h", Shows("┏ 1 Connection")),
    press("z", Hides("2 Latency")),
    press("z", Shows("2 Latency")),
    press("3", Shows("┏ 3 Health")),
    press("j", Moves(PANE)),
    press("k", Moves(PANE)),
    press("\x1b[B", Moves(PANE)),
    press("\x1b[A", Moves(PANE)),
    press("\x1b[6~", Moves(PANE)),
    press("\x1b[5~", Moves(PANE)),
    press("G", Moves(PANE)),
    press("g", Moves(PANE)),
    press("\r", Shows("conn. id")),
    press("\x1b", Hides("conn. id")),
    press("f", Shows("FROZEN since")),
    press("f", Hides("FROZEN since")),
    press("\x1a", Shows("not suspended")),
    // The log would hold these words, too.
    press("1", Shows("┏ 1 Connection")),
    press("z", Hides("6 Log")),
    press("D", Shows("┏ Diagnosis")),
    press("\x1b", Hides("┏ Diagnosis")),
    press("M", Shows("┏ Migrations")),
    press("\x1b", Hides("┏ Migrations")),
    press("m", Shows("┏ Mode")),
    press("\x1b", Hides("┏ Mode")),
    press("p", Shows("┏ Profile")),
    press("\x1b", Hides("┏ Profile")),
    press("R", Shows("┏ Configuration")),
    press("\x1b", Hides("┏ Configuration")),
    press("c", Shows("check now: ")),
    press("r", Shows("reconnect: ")),
    press("d", Shows("disconnect: ")),
];

const fn press(key: &'static str, answer: Answer) -> Press {
    Press { key, answer }
}

/// Presses each key and waits until the screen has answered it.
pub(crate) fn while_frozen(report: &mut Report) {
    let mut cluster = Cluster::start();
    let mut terminal = connected(&cluster.url());
    // Some rows to select from.
    for checks in 2..=4 {
        terminal.send("c");
        let count = format!("1 of {checks}");
        must(terminal.wait_until(LIMIT, |screen| {
            let title = row(&screen.contents(), PANE);
            title.is_some_and(|title| title.contains(&count))
        }));
    }
    cluster.freeze();
    must(terminal.wait_for("suspect", LIMIT));
    let times: Vec<_> = PRESSES
        .iter()
        .map(|press| answered(&mut terminal, *press))
        .collect();
    report.times(
        "frozen server: a key is answered",
        &times,
        Duration::from_millis(100),
    );
    ends(report, "q", terminal);
    let terminal = connected_while(&mut cluster);
    ends(report, "\x03", terminal);
    cluster.thaw();
}

/// Another dashboard, connected before the server froze anew.
fn connected_while(cluster: &mut Cluster) -> Terminal {
    cluster.thaw();
    let terminal = connected(&cluster.url());
    cluster.freeze();
    must(terminal.wait_for("suspect", LIMIT));
    terminal
}

fn ends(report: &mut Report, key: &str, mut terminal: Terminal) {
    let name = if key == "q" { "q" } else { "Ctrl-C" };
    let start = Instant::now();
    terminal.send(key);
    let ended = terminal.wait_exit(LIMIT);
    let time = start.elapsed();
    let is_good = ended.is_some_and(|status| status.success());
    report.count(
        &format!("frozen server: {name} ends with 0"),
        usize::from(is_good),
        1,
    );
    report.times(
        &format!("frozen server: {name} ends"),
        &[time],
        Duration::from_millis(200),
    );
}

fn answered(terminal: &mut Terminal, press: Press) -> Duration {
    let screen = terminal.screen_text();
    let is_there = |words| screen.contains(words);
    // What holds already would be no answer.
    let before = match press.answer {
        Shows(words) => {
            assert!(!is_there(words), "{press:?} on\n{screen}");
            None
        }
        Hides(words) => {
            assert!(is_there(words), "{press:?} on\n{screen}");
            None
        }
        Moves(words) => row(&screen, words),
    };
    let start = Instant::now();
    terminal.send(press.key);
    must(terminal.wait_until(LIMIT, |screen| {
        let screen = screen.contents();
        match press.answer {
            Shows(words) => screen.contains(words),
            Hides(words) => !screen.contains(words),
            Moves(words) => row(&screen, words) != before,
        }
    }));
    start.elapsed()
}

/// The first row of the screen that holds the words.
fn row(screen: &str, words: &str) -> Option<String> {
    let found = screen.lines().find(|line| line.contains(words));
    found.map(str::to_owned)
}
