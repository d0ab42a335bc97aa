//! A configuration file with profiles, and the program that reads it.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, time::Duration};

use tempfile::TempDir;

use crate::support::{
    cluster::Cluster,
    process::wait_until,
    terminal::{Launch, Terminal},
};

/// Longer than anything here takes on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// At once, on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(2);

/// A folder with a configuration file that only its owner may read.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn with(text: &str) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        home.write(text);
        home
    }

    pub(crate) fn write(&self, text: &str) {
        fs::write(self.file(), text).unwrap();
        fs::set_permissions(self.file(), fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("config.toml")
    }

    /// The dashboard in this folder.
    pub(crate) fn launch(&self) -> Launch {
        Launch::new(env!("CARGO_BIN_EXE_dbvitals"))
            .env("USER", "somebody")
            .env("HOME", self.0.path())
            .folder(self.0.path())
            .size(120, 40)
    }
}

/// `host:port/database`, as the header names it.
pub(crate) fn name(cluster: &Cluster) -> String {
    format!("{}:{}/app", cluster.host(), cluster.port())
}

#[track_caller]
pub(crate) fn see(terminal: &Terminal, words: &str) {
    if let Err(screen) = terminal.wait_for(words, LIMIT) {
        panic!("'{words}' never came; the screen is:\n{screen}");
    }
}

/// Waits until the header says that it is connected to this target.
#[track_caller]
pub(crate) fn see_connected(terminal: &Terminal, target: &str) {
    let seen = terminal.wait_until(LIMIT, |screen| {
        let screen = screen.contents();
        let header = header(&screen);
        header.contains("● connected") && header.contains(target)
    });
    seen.unwrap_or_else(|screen| panic!("not connected to {target}:\n{screen}"));
}

/// Closes what lies over the panes, and waits until it is gone.
#[track_caller]
pub(crate) fn close(terminal: &mut Terminal) {
    terminal.send("\x1b");
    let closed = terminal.wait_until(LIMIT, |screen| {
        let screen = screen.contents();
        let titles = ["┏ Mode ", "┏ Profile ", "┏ Configuration "];
        !titles.iter().any(|title| screen.contains(title))
    });
    closed.unwrap_or_else(|screen| panic!("it stays:\n{screen}"));
}

/// The lines above the panes.
pub(crate) fn header(screen: &str) -> String {
    let is_pane = |line: &&str| line.starts_with(['┏', '┌', '+']);
    let lines = screen.lines().take_while(|line| !is_pane(line));
    lines.collect::<Vec<_>>().join("\n")
}

/// The end of the connection's id, as the connection pane shows it.
#[track_caller]
pub(crate) fn id(terminal: &Terminal) -> String {
    let is_tail = |word: &&str| word.len() == 12 && word.chars().all(|c| c.is_ascii_hexdigit());
    let mut found = None;
    wait_until(LIMIT, || {
        let screen = terminal.screen_text();
        found = screen.split_whitespace().find(is_tail).map(str::to_owned);
        found.is_some()
    });
    found.unwrap_or_else(|| panic!("no id on\n{}", terminal.screen_text()))
}

/// Waits until the server has no sessions but these.
#[track_caller]
pub(crate) fn sessions_become(cluster: &Cluster, count: usize) {
    let become_so = wait_until(LIMIT, || cluster.sessions() == count);
    assert!(become_so, "{} sessions, not {count}", cluster.sessions());
}

/// Opens the list of this key and goes to a row, counted from 0.
#[track_caller]
pub(crate) fn select(terminal: &mut Terminal, key: &str, row: usize) {
    terminal.send(key);
    see(terminal, "→ ");
    let title = if key == "m" {
        "┏ Mode"
    } else {
        "┏ Profile"
    };
    see(terminal, title);
    let listed = terminal.wait_until(LIMIT, |screen| {
        let screen = screen.contents();
        screen.contains("valid") || screen.contains("INVALID")
    });
    listed.unwrap_or_else(|screen| panic!("no list:\n{screen}"));
    terminal.send(&format!("g{}", "j".repeat(row)));
}
