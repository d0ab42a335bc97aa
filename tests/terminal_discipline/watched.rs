//! A process that is watched through a handle of the kernel's, which can mean
//! no other process later on. Knows nothing of what it runs.

use std::{
    fs,
    os::fd::OwnedFd,
    path::Path,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};

/// A process, also after its end.
#[derive(Debug)]
pub(crate) struct Watched {
    pid: u32,
    handle: OwnedFd,
}

impl Watched {
    /// Watches a process that lives.
    #[track_caller]
    pub(crate) fn new(pid: u32) -> Self {
        let id = Pid::from_raw(pid.cast_signed()).expect("a process id is not zero");
        let handle = pidfd_open(id, PidfdFlags::empty())
            .unwrap_or_else(|error| panic!("process {pid} cannot be watched: {error}"));
        Self { pid, handle }
    }

    /// All processes of a session.
    pub(crate) fn session_of(leader: u32) -> Vec<Self> {
        fs::read_dir("/proc")
            .expect("/proc can be listed")
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter(|pid| Stat::of(*pid).is_some_and(|stat| stat.session == leader))
            .map(Self::new)
            .collect()
    }

    /// Sends a signal. A process that is gone already is no error.
    pub(crate) fn signal(&self, signal: Signal) {
        match pidfd_send_signal(&self.handle, signal) {
            Ok(()) | Err(Errno::SRCH) => {}
            Err(error) => panic!("{signal:?} cannot be sent to {}: {error}", self.pid),
        }
    }

    /// Waits for its end. The kernel is asked once more when the time is over,
    /// so that a test that was held up itself does not take it for alive.
    pub(crate) fn has_ended_within(&self, limit: Duration) -> bool {
        let end = Instant::now() + limit;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let left = Timespec::try_from(left).expect("limits are short");
            let mut watched = [PollFd::new(&self.handle, PollFlags::IN)];
            match poll(&mut watched, Some(&left)) {
                Ok(ready) => return ready > 0,
                Err(Errno::INTR) => {}
                Err(error) => panic!("the end of {} cannot be seen: {error}", self.pid),
            }
        }
    }

    /// Whether all its threads stand still by a signal.
    pub(crate) fn is_halted(&self) -> bool {
        let Ok(threads) = fs::read_dir(format!("/proc/{}/task", self.pid)) else {
            return false;
        };
        threads.map_while(Result::ok).all(|thread| {
            let stat = Stat::read(&thread.path().join("stat"));
            stat.is_some_and(|stat| stat.state == 'T')
        })
    }

    /// Whether its first thread sleeps in the middle of writing to standard
    /// output: its first argument is then that descriptor.
    pub(crate) fn is_held_up_in_writing(&self) -> bool {
        let pid = self.pid;
        let call = fs::read_to_string(format!("/proc/{pid}/task/{pid}/syscall"));
        call.is_ok_and(|call| call.split(' ').nth(1) == Some("0x1"))
    }

    /// Computing time that it has used, in the kernel's ticks.
    pub(crate) fn ticks(&self) -> u64 {
        Stat::of(self.pid).expect("it lives").ticks
    }
}

/// What the tests need of a process's or a thread's `stat`.
struct Stat {
    state: char,
    session: u32,
    ticks: u64,
}

impl Stat {
    fn of(pid: u32) -> Option<Self> {
        Self::read(&Path::new("/proc").join(pid.to_string()).join("stat"))
    }

    /// `PID (NAME) STATE PARENT GROUP SESSION …`, where the name may hold anything.
    fn read(path: &Path) -> Option<Self> {
        let stat = fs::read_to_string(path).ok()?;
        let (_, rest) = stat.rsplit_once(") ")?;
        let fields: Vec<_> = rest.split(' ').collect();
        let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
        Some(Self {
            state: fields.first()?.chars().next()?,
            session: number(3)?.try_into().ok()?,
            ticks: number(11)? + number(12)?,
        })
    }
}
