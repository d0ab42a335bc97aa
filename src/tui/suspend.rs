//! Stopping for the shell (Ctrl-Z, `kill -TSTP`) and going on again, with the
//! terminal given back meanwhile. Knows nothing of what is drawn.

use std::{io, time::Duration};

use rustix::process::{Signal, getpgrp, getpid, getsid, kill_current_process_group, kill_process};
use tokio::time::timeout;

use crate::tui::{TuiError, signals::JobSignals, terminal};

/// Our own signals reach us at once; if one does not, life goes on without it.
const DELIVERY: Duration = Duration::from_millis(500);

/// Who wants the program to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// The user, by a key: the whole job stops, as it would without raw mode.
    ByKey,
    /// Somebody who sent SIGTSTP to this process.
    BySignal,
}

/// What became of the wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Suspended {
    /// It was stopped, and goes on.
    Resumed,
    /// No shell is there that could let it go on, so it was not stopped. The
    /// system ignores SIGTSTP in that case too.
    Refused,
}

/// Gives the terminal back, stops, and takes the terminal again once somebody
/// lets the process go on. The terminal is taken, and the reader of keys is gone.
pub(super) async fn suspend(signals: &mut JobSignals, asked: Asked) -> Result<Suspended, TuiError> {
    if has_no_shell().map_err(TuiError::Signals)? {
        return Ok(Suspended::Refused);
    }
    terminal::give_back();
    tracing::info!("suspended");
    if asked == Asked::ByKey {
        // The others of the job (`cargo run`, a script) stop with us, else the
        // shell would go on waiting for them. Our own copy is taken out.
        kill_current_process_group(Signal::TSTP).map_err(failed)?;
        timeout(DELIVERY, signals.stop.recv()).await.ok();
    }
    kill_process(getpid(), Signal::STOP).map_err(failed)?;
    // The process stands still here, all of it, until SIGCONT arrives.
    timeout(DELIVERY, signals.go_on.recv()).await.ok();
    tracing::info!("resumed");
    // In the background (`bg`) the system stops us again at this point, until `fg`.
    terminal::take()?;
    Ok(Suspended::Resumed)
}

/// True in the process group that leads the session: a shell with job control
/// would have put us into a group of our own.
fn has_no_shell() -> io::Result<bool> {
    Ok(getsid(None)? == getpgrp())
}

fn failed(error: rustix::io::Errno) -> TuiError {
    TuiError::Signals(error.into())
}
