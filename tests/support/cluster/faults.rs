//! Faults of the whole server: killed, frozen, in recovery. It must not know
//! how they look from outside.

use std::{fs, process::Command, time::Duration};

use super::{Cluster, StopMode};
use crate::support::process::{self, Signal, wait_until};

/// Longer than any process takes to follow a signal.
const LIMIT: Duration = Duration::from_secs(20);

impl Cluster {
    /// Kills the postmaster (SIGKILL), and waits until its children have
    /// noticed and ended, so that [`Cluster::start_again`] works.
    pub(crate) fn kill_postmaster(&mut self) {
        let mut postmaster = self.take_postmaster();
        let children = process::children_of(postmaster.id());
        process::signal(postmaster.id(), Signal::KILL);
        // Frozen children cannot notice anything.
        for pid in self.frozen.drain(..) {
            process::signal(pid, Signal::KILL);
        }
        postmaster.wait().expect("a child can be waited for");
        let gone = wait_until(LIMIT, || {
            children.iter().all(|child| !process::is_alive(*child))
        });
        assert!(gone, "children of a killed postmaster live on");
        self.clear_away_remains();
    }

    /// Removes what a killed postmaster leaves: its file and its marker
    /// segment of shared memory.
    fn clear_away_remains(&self) {
        let path = self.data().join("postmaster.pid");
        let text = fs::read_to_string(&path).expect("a killed postmaster leaves its file");
        let segment = text
            .lines()
            .nth(6)
            .and_then(|keys| keys.split_whitespace().nth(1));
        if let Some(id) = segment {
            // Where `ipcrm` is absent a segment of 56 bytes stays until the machine restarts.
            let _ = Command::new("ipcrm").args(["-m", id]).output();
        }
        fs::remove_file(path).expect("the postmaster's file can be removed");
    }

    /// Stops the server's processes where they are (SIGSTOP): the system
    /// still accepts connections, and nobody answers.
    pub(crate) fn freeze(&mut self) {
        let postmaster = self.pid();
        self.halt(postmaster);
        // The postmaster is halted, so no child is added behind our back.
        for child in process::children_of(postmaster) {
            self.halt(child);
        }
    }

    /// Whether its processes were stopped where they are.
    pub(crate) fn is_frozen(&self) -> bool {
        !self.frozen.is_empty()
    }

    fn halt(&mut self, pid: u32) {
        self.frozen.push(pid);
        // The watchdog must know whom to wake.
        let list: Vec<String> = self.frozen.iter().map(u32::to_string).collect();
        fs::write(self.frozen_list(), list.join(" ")).expect("the list can be written");
        process::signal(pid, Signal::STOP);
        let halted = wait_until(LIMIT, || process::is_halted(pid));
        assert!(halted, "process {pid} does not stop");
    }

    /// Lets a frozen server go on. One that is not frozen stays as it is.
    pub(crate) fn thaw(&mut self) {
        if self.frozen.is_empty() {
            return;
        }
        for pid in self.frozen.drain(..) {
            process::signal(pid, Signal::CONT);
        }
        fs::remove_file(self.frozen_list()).expect("the list can be removed");
    }

    fn frozen_list(&self) -> std::path::PathBuf {
        self.parts.folder.path().join("frozen")
    }

    /// Starts the server, or starts it anew, as a standby that has nothing to
    /// follow and lets nobody in: every login meets 57P03 until
    /// [`Cluster::stop`] and [`Cluster::start_again`].
    pub(crate) fn start_in_recovery(&mut self) {
        if self.is_started() {
            self.stop(StopMode::Fast);
        }
        let signal = self.data().join("standby.signal");
        fs::write(&signal, "").expect("standby.signal can be written");
        self.parts.account.own(&signal);
        self.set_in_file("hot_standby", "off");
        self.launch("standby");
    }

    /// Starts the server, or starts it anew, and keeps it at the beginning of
    /// its recovery: it starts up until [`Cluster::let_start`].
    pub(crate) fn hold_start(&mut self) {
        if self.is_started() {
            self.stop(StopMode::Fast);
        }
        let signal = self.data().join("recovery.signal");
        fs::write(&signal, "").expect("recovery.signal can be written");
        self.parts.account.own(&signal);
        fs::write(self.gate(), "").expect("the gate can be written");
        let wait = format!(
            "while [ -e {} ]; do sleep 0.02; done; false",
            self.gate().display()
        );
        self.set_in_file("restore_command", &wait);
        self.launch("starting");
    }

    /// Lets a server that was held start up; it lets people in when this returns.
    pub(crate) fn let_start(&mut self) {
        fs::remove_file(self.gate()).expect("the gate can be removed");
        self.wait_until_ready();
    }

    fn gate(&self) -> std::path::PathBuf {
        self.parts.folder.path().join("gate")
    }

    /// Kills (SIGKILL) the server process of one session of this application,
    /// upon which the server ends all others and starts anew by itself.
    pub(crate) fn kill_backend(&self, application_name: &str) {
        let name = application_name.replace('\'', "''");
        let rows = self.sql(&format!(
            "SELECT pid FROM pg_stat_activity WHERE application_name = '{name}' LIMIT 1"
        ));
        let pid = rows.parse().expect("such a session is there");
        process::signal(pid, Signal::KILL);
    }

    /// Adds a setting to the server's own file; it counts from the next start on.
    fn set_in_file(&self, name: &str, value: &str) {
        let path = self.data().join("postgresql.conf");
        let text = fs::read_to_string(&path).expect("postgresql.conf can be read");
        fs::write(&path, format!("{text}{name} = '{value}'\n"))
            .expect("postgresql.conf can be written");
    }
}
