//! Signals, and questions about processes. It must not know what the
//! processes do.

use std::{
    fs,
    path::Path,
    process::{Child, Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

pub(crate) use rustix::process::Signal;
use rustix::process::{Pid, kill_process};

/// Sends a signal. A process that is gone already is no error.
pub(crate) fn signal(pid: u32, signal: Signal) {
    let id = Pid::from_raw(pid.try_into().expect("a process id fits an i32")).expect("not zero");
    match kill_process(id, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => {}
        Err(error) => panic!("cannot send {signal:?} to process {pid}: {error}"),
    }
}

/// Whether the process runs or is stopped; one that only waits for its parent
/// to read its exit code is gone.
pub(crate) fn is_alive(pid: u32) -> bool {
    !matches!(state_of(pid), None | Some('Z' | 'X'))
}

/// Whether the process is stopped by a signal, or gone.
pub(crate) fn is_halted(pid: u32) -> bool {
    matches!(state_of(pid), None | Some('T' | 't' | 'Z' | 'X'))
}

/// The direct children of a process.
pub(crate) fn children_of(parent: u32) -> Vec<u32> {
    table()
        .iter()
        .filter(|row| row.parent == parent)
        .map(|row| row.pid)
        .collect()
}

/// Asks again and again until the condition holds. False when the time is over first.
pub(crate) fn wait_until(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    loop {
        if condition() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Waits for the end of a child, at most for the given time.
pub(crate) fn wait_exit(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let mut status = None;
    wait_until(limit, || {
        status = child.try_wait().expect("a child of ours can be waited for");
        status.is_some()
    });
    status
}

/// There on Linux; other systems have `ps` only.
const PROC: &str = "/proc/self/stat";

struct Row {
    pid: u32,
    parent: u32,
    state: char,
}

fn state_of(pid: u32) -> Option<char> {
    if Path::new(PROC).exists() {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        return row_of_stat(&stat).map(|row| row.state);
    }
    let row = table().into_iter().find(|row| row.pid == pid)?;
    Some(row.state)
}

/// All processes, from `/proc` where there is one, else from `ps`.
fn table() -> Vec<Row> {
    if Path::new(PROC).exists() {
        return fs::read_dir("/proc")
            .expect("/proc can be listed")
            .filter_map(|entry| {
                // A process may end between listing and reading: it is not there then.
                let stat = fs::read_to_string(entry.ok()?.path().join("stat")).ok()?;
                row_of_stat(&stat)
            })
            .collect();
    }
    let output = Command::new("ps")
        .args(["-A", "-o", "pid=,ppid=,stat="])
        .output()
        .expect("`ps` runs where there is no /proc");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(row_of_ps)
        .collect()
}

/// `PID (NAME) STATE PARENT …`, where the name may hold anything.
fn row_of_stat(stat: &str) -> Option<Row> {
    let (pid, rest) = stat.split_once(" (")?;
    let (_, rest) = rest.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    Some(Row {
        state: fields.next()?.chars().next()?,
        parent: fields.next()?.parse().ok()?,
        pid: pid.parse().ok()?,
    })
}

fn row_of_ps(line: &str) -> Option<Row> {
    let mut fields = line.split_whitespace();
    Some(Row {
        pid: fields.next()?.parse().ok()?,
        parent: fields.next()?.parse().ok()?,
        state: fields.next()?.chars().next()?,
    })
}
