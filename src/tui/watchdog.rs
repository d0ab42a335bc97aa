//! Sees to it that the program ends when it must, also when the screen cannot:
//! a terminal that takes nothing any more blocks whoever writes to it. Runs
//! beside the screen and knows nothing of what is drawn.

use std::{io::stdout, process, time::Duration};

use rustix::{
    process::{Signal, getpid, kill_process},
    termios::{QueueSelector, tcflush},
};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep},
};

use crate::tui::{
    signals::{End, Ends, end_by},
    terminal,
};

/// A screen that can end has ended after this time.
const PATIENCE: Duration = Duration::from_millis(300);

/// Wishes within this time after the first belong to it: what ends a session
/// sends several signals at once, and nobody presses Ctrl-C twice so fast.
const TOGETHER: Duration = Duration::from_millis(50);

/// What waits for the terminal is thrown away this often before the process
/// ends. All in all that leaves a busy machine time within the second.
const FLUSHES: u32 = 40;

/// Time between two of these.
const FLUSH_EVERY: Duration = Duration::from_millis(10);

/// A terminal that takes anything takes what restores it within this time.
const RESTORING: Duration = Duration::from_millis(50);

/// Exit code after a key asked for the end and the terminal did not let it be.
const FAILED: i32 = 1;

/// How far the screen is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Showing,
    Ending,
    GivenBack,
}

/// Told how far the screen is; dropped, the terminal has been given back.
pub(super) struct Watchdog {
    phase: watch::Sender<Phase>,
    /// Lives on after the screen, for the second Ctrl-C of somebody in a hurry.
    _task: JoinHandle<()>,
}

impl Watchdog {
    /// Watches from now on.
    pub(super) fn start(ends: Ends) -> Self {
        let (phase, seen) = watch::channel(Phase::Showing);
        let task = tokio::spawn(watch_over(ends, seen));
        Self { phase, _task: task }
    }

    /// The screen begins to end.
    pub(super) fn ending(&self) {
        self.phase.send_replace(Phase::Ending);
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.phase.send_replace(Phase::GivenBack);
    }
}

/// The first wish to end is for the screen, which hears it too. When it has
/// not given the terminal back in time, or at a second wish, the process ends.
async fn watch_over(mut ends: Ends, mut phase: watch::Receiver<Phase>) {
    let first = tokio::select! {
        // A wish that the screen has followed already is not taken for a second one.
        biased;
        end = ends.next() => Some(end),
        _ = phase.wait_for(|phase| *phase != Phase::Showing) => None,
    };
    let heard = Instant::now();
    let given_back = async {
        // An error means that the screen, which held the other end, is gone.
        phase
            .wait_for(|phase| *phase == Phase::GivenBack)
            .await
            .ok();
    };
    tokio::select! {
        // After a pause of the whole machine all three may be true at once.
        biased;
        () = given_back => {}
        end = insisted(&mut ends, heard) => restore_and_die(Some(end)),
        () = unblock() => restore_and_die(first),
    }
    let end = insisted(&mut ends, heard).await;
    die(Some(end));
}

/// Waits for somebody who insists, after a wish that was heard then. That the terminal goes is told twice, by
/// SIGHUP and by itself, and the latter over and over.
async fn insisted(ends: &mut Ends, heard: Instant) -> End {
    loop {
        match ends.next().await {
            End::Asked(Signal::HUP) | End::TerminalGone => sleep(PATIENCE).await,
            End::Asked(_) if heard.elapsed() < TOGETHER => {}
            end @ End::Asked(_) => return end,
        }
    }
}

/// Waits, then throws away what the terminal does not take, again and again,
/// so that a screen that is blocked in writing can get to its end.
async fn unblock() {
    sleep(PATIENCE).await;
    for _ in 0..FLUSHES {
        tcflush(stdout(), QueueSelector::OFlush).ok();
        // The writer sleeps until somebody reads, or until a signal wakes it:
        // one that means nothing but a look at the terminal's size.
        kill_process(getpid(), Signal::WINCH).ok();
        sleep(FLUSH_EVERY).await;
    }
}

/// Ends the process although the screen has not given the terminal back: what
/// can be done for it within a moment is done first.
fn restore_and_die(end: Option<End>) -> ! {
    terminal::try_to_leave(RESTORING);
    die(end)
}

/// Ends the process here and now, by the signal that asked for it.
fn die(end: Option<End>) -> ! {
    terminal::leave_raw_mode();
    match end {
        Some(End::Asked(signal)) => end_by(signal),
        Some(End::TerminalGone) | None => process::exit(FAILED),
    }
}
