//! What the system tells the process: to end, to stop, to go on, and that the
//! terminal is gone. Decides nothing about what follows from it.

use std::{io::stdin, process, thread};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
    process::Signal as Number,
};
use signal_hook::low_level::emulate_default_handler;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

use crate::tui::TuiError;

/// Why the program must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// A signal asks for it.
    Asked(Number),
    /// Nobody is at the other end of the terminal any more.
    TerminalGone,
}

/// Ends the process by a signal that it has taken, as if it had not: only so
/// whoever started it learns of it (a shell as 128 and the signal's number).
pub fn end_by(signal: Number) -> ! {
    // Comes back only when the signal cannot be sent, or is none that ends.
    emulate_default_handler(signal.as_raw()).ok();
    process::exit(128 + signal.as_raw())
}

/// Everything that must end the program.
pub(super) struct Ends {
    hangup: Signal,
    interrupt: Signal,
    quit: Signal,
    terminate: Signal,
    terminal: TerminalEnd,
}

/// Turns true when nobody is at the other end of the terminal any more.
#[derive(Clone)]
pub(super) struct TerminalEnd(watch::Receiver<bool>);

/// What shells use to stop a program and to let it go on.
pub(super) struct JobSignals {
    /// SIGTSTP.
    pub(super) stop: Signal,
    /// SIGCONT.
    pub(super) go_on: Signal,
}

// === impl Ends ===

impl Ends {
    /// Listens from now on; the signals no longer end the process by themselves.
    pub(super) fn listen(terminal: &TerminalEnd) -> Result<Self, TuiError> {
        Ok(Self {
            hangup: listen(Number::HUP)?,
            interrupt: listen(Number::INT)?,
            quit: listen(Number::QUIT)?,
            terminate: listen(Number::TERM)?,
            terminal: terminal.clone(),
        })
    }

    /// Waits for the next of them.
    pub(super) async fn next(&mut self) -> End {
        tokio::select! {
            // Of two that came together the politer one is the first.
            biased;
            _ = self.hangup.recv() => End::Asked(Number::HUP),
            _ = self.terminate.recv() => End::Asked(Number::TERM),
            _ = self.quit.recv() => End::Asked(Number::QUIT),
            _ = self.interrupt.recv() => End::Asked(Number::INT),
            () = self.terminal.gone() => End::TerminalGone,
        }
    }
}

// === impl JobSignals ===

impl JobSignals {
    /// Listens from now on; SIGTSTP no longer stops the process by itself.
    pub(super) fn listen() -> Result<Self, TuiError> {
        Ok(Self {
            stop: listen(Number::TSTP)?,
            go_on: listen(Number::CONT)?,
        })
    }
}

fn listen(number: Number) -> Result<Signal, TuiError> {
    signal(SignalKind::from_raw(number.as_raw())).map_err(TuiError::Signals)
}

// === impl TerminalEnd ===

impl TerminalEnd {
    /// Watches standard input from now on, until the process ends.
    ///
    /// The end of a terminal that is not our controlling one brings no SIGHUP,
    /// and the reader of keys would spin on it for ever.
    pub(super) fn watch() -> Result<Self, TuiError> {
        let (tell, seen) = watch::channel(false);
        // A thread that sleeps costs nothing; asking now and then would.
        thread::Builder::new()
            .name("terminal-end".into())
            .spawn(move || match wait_for_end() {
                Ok(()) => {
                    tell.send_replace(true);
                }
                Err(error) => tracing::warn!(%error, "the terminal's end cannot be watched"),
            })
            .map_err(TuiError::Signals)?;
        Ok(Self(seen))
    }

    async fn gone(&mut self) {
        if self.0.wait_for(|is_gone| *is_gone).await.is_err() {
            // Nobody watches it: then it is never told.
            std::future::pending::<()>().await;
        }
    }
}

/// Nothing is asked for, so only the end (or an error) is told.
fn wait_for_end() -> Result<(), Errno> {
    let stdin = stdin();
    loop {
        let mut watched = [PollFd::new(&stdin, PollFlags::empty())];
        match poll(&mut watched, None) {
            Ok(_) | Err(Errno::INTR) if watched[0].revents().is_empty() => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}
