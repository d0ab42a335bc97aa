//! Many switches by keys, between modes and two profiles of which one hangs, and
//! how long each took to be seen. Shared with the benchmarks.
#![allow(
    clippy::panic,
    dead_code,
    reason = "a program that does not behave must end this, and each user measures a part of it"
)]

use std::{
    fs,
    time::{Duration, Instant},
};

use crate::support::{cluster::Cluster, terminal::Terminal};

/// Longer than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(40);

/// The row of each mode in its list.
const SUPABASE: usize = 0;
const LOCAL: usize = 1;
const MOCK: usize = 2;

/// A row to choose, and what the header shows then.
#[derive(Debug, Clone)]
struct Place {
    key: &'static str,
    row: usize,
    target: String,
    is_hanging: bool,
}

/// The configuration file, and a way around through all that it has.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    pub(crate) file: String,
    round: Vec<Place>,
}

/// Two profiles, `live` and `hangs`, and the modes. `supabase`: a URL, a key and
/// what the header shows of them; without it that mode is not gone to.
pub(crate) fn places(
    live: &Cluster,
    hangs: &Cluster,
    supabase: Option<(&str, &str, &str)>,
) -> Places {
    let target = |cluster: &Cluster| format!("{}:{}/app", cluster.host(), cluster.port());
    let place = |key, row, target: String, is_hanging| Place {
        key,
        row,
        target,
        is_hanging,
    };
    let (there, nowhere) = (target(live), target(hangs));
    let memory = || place("m", MOCK, "in memory".to_owned(), false);
    // Rows of profiles: none, hangs, live.
    let mut round = vec![
        place("p", 2, there.clone(), false),
        memory(),
        place("m", LOCAL, there, false),
        place("p", 1, nowhere.clone(), true),
        memory(),
        place("m", LOCAL, nowhere, true),
    ];
    let mut project = String::new();
    if let Some((url, key, shown)) = supabase {
        project = format!("supabase_url = \"{url}\"\nsupabase_key = \"{key}\"\n");
        let project = |is_hanging| place("m", SUPABASE, shown.to_owned(), is_hanging);
        // Once beside a database that lives, and once beside one that hangs.
        round.push(project(true));
        round.insert(3, project(false));
    }
    let file = format!(
        "{project}[profiles.live]\nmode = \"local\"\ndatabase_url = \"{}\"\n\
         [profiles.hangs]\nmode = \"local\"\ndatabase_url = \"{}\"\n",
        live.url(),
        hangs.url()
    );
    Places { file, round }
}

/// A dashboard that is sent around. It begins in the first place of the round.
pub(crate) struct Going {
    terminal: Terminal,
    places: Places,
    /// Where in the round it is.
    at: usize,
    times: Vec<Duration>,
}

impl Going {
    pub(crate) fn begin(terminal: Terminal, places: Places) -> Self {
        Self {
            terminal,
            places,
            at: 0,
            times: Vec::new(),
        }
    }

    /// Switches so many times.
    pub(crate) fn switch(&mut self, count: usize) {
        for _ in 0..count {
            self.at = (self.at + 1) % self.places.round.len();
            let place = self.places.round[self.at].clone();
            let time = self.go_to(&place);
            self.times.push(time);
        }
    }

    /// Goes back to where it began, which is not measured.
    pub(crate) fn go_home(&mut self) {
        if self.at > 0 {
            self.at = 0;
            self.go_to(&self.places.round[0].clone());
        }
    }

    /// How long each switch took, from Enter to the header that names the target.
    pub(crate) fn times(&self) -> &[Duration] {
        &self.times
    }

    /// The present resident size of the program, in MB.
    pub(crate) fn resident_megabytes(&self) -> f64 {
        let file = format!("/proc/{}/status", self.terminal.pid());
        let status = fs::read_to_string(file).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|l| l.split_whitespace().next()?.parse::<f64>().ok());
        kilobytes.unwrap_or(f64::INFINITY) / 1_024.0
    }

    /// How many threads the program has.
    pub(crate) fn threads(&self) -> usize {
        let folder = format!("/proc/{}/task", self.terminal.pid());
        fs::read_dir(folder).map_or(0, Iterator::count)
    }

    /// How many files the program holds open.
    pub(crate) fn descriptors(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.terminal.pid());
        fs::read_dir(folder).map_or(0, Iterator::count)
    }

    fn go_to(&mut self, place: &Place) -> Duration {
        self.terminal.send(place.key);
        self.until("a list", |screen| screen.contains("valid  "));
        self.terminal.send(&format!("g{}", "j".repeat(place.row)));
        let wanted = format!("{} ", place.target);
        self.until("the row's details", |screen| {
            let details = screen.lines().skip_while(|line| !line.contains("→"));
            let arrow = details.count() > 0;
            arrow && below_list(screen).contains(&wanted.trim_end().to_owned())
        });
        let begun = Instant::now();
        self.terminal.send("\r");
        self.until(&place.target, |screen| {
            header(screen).contains(&place.target) && !screen.contains("Enter switches")
        });
        let took = begun.elapsed();
        if !place.is_hanging {
            self.until("a connection", |screen| {
                header(screen).contains("● connected")
            });
        }
        took
    }

    fn until(&self, what: &str, wished: impl Fn(&str) -> bool) {
        let seen = self
            .terminal
            .wait_until(LIMIT, |screen| wished(&screen.contents()));
        if let Err(screen) = seen {
            panic!("{what} never came; the screen is:\n{screen}");
        }
    }
}

/// The lines above the box or the panes.
fn header(screen: &str) -> String {
    let lines = screen.lines();
    let lines = lines.take_while(|line| !line.starts_with(['┏', '┌']));
    lines.collect::<Vec<_>>().join("\n")
}

/// What is said of the selected row: all behind the first empty line of the box.
fn below_list(screen: &str) -> String {
    let is_empty = |line: &&str| line.starts_with('┃') && line.trim_matches(['┃', ' ']).is_empty();
    let lines = screen.lines().skip_while(|line| !is_empty(line));
    lines.collect::<Vec<_>>().join("\n")
}
