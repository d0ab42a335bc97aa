//! The terminal is taken and given back, whatever happens: by the guard when
//! it is dropped, and by the panic hook. Knows nothing of what is drawn.

use std::{
    io::{self, Write, stdout},
    panic,
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use crossterm::{
    cursor, execute,
    style::{Attribute, SetAttribute},
    terminal::{
        EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
        enable_raw_mode,
    },
};

use crate::tui::TuiError;

/// True while the terminal is ours.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Keeps the terminal in raw mode on its alternate screen, until it is dropped.
///
/// No mouse is asked for and the terminal is asked nothing. Writing to a
/// terminal that takes nothing any more (a frozen SSH session) blocks the
/// drawing thread, and only that: the watch goes on, and what the screen
/// misses is counted. The watchdog ends even a blocked screen.
pub(super) struct TerminalGuard(());

impl TerminalGuard {
    /// Takes the terminal, and makes panics give it back first.
    pub(super) fn enter() -> Result<Self, TuiError> {
        install_hook();
        // Made first, so that half a taking is given back too.
        let guard = Self(());
        take()?;
        Ok(guard)
    }
}

/// Takes the terminal, or takes it anew, whatever was done to it since.
pub(super) fn take() -> Result<(), TuiError> {
    // Raw mode is entered anew only from outside of it.
    leave_raw_mode();
    enable_raw_mode().map_err(TuiError::Setup)?;
    TAKEN.store(true, Ordering::SeqCst);
    execute!(stdout(), EnterAlternateScreen, cursor::Hide).map_err(TuiError::Setup)
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back if it is ours. A second call does nothing.
pub(super) fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    // The terminal may be gone (a dropped SSH session): then there is nobody
    // left to tell, and nothing left to restore.
    if let Err(error) = leave(&mut stdout()) {
        tracing::warn!(%error, "the terminal's screen could not be restored");
    }
    leave_raw_mode();
}

/// Lets the terminal's keys mean again what they meant before. Writes nothing.
pub(super) fn leave_raw_mode() {
    if let Err(error) = disable_raw_mode() {
        tracing::warn!(%error, "the terminal's mode could not be restored");
    }
}

/// Leaves the screen beside a thread that may be blocked in writing to it, and
/// comes back after `limit` at the latest, whether the terminal took it or not.
pub(super) fn try_to_leave(limit: Duration) {
    let (tell, done) = mpsc::channel();
    let leaving = thread::Builder::new().spawn(move || {
        let mut words = Vec::new();
        // Past the lock of standard output, which the blocked thread holds.
        let left = leave(&mut words).map(|()| rustix::io::write(io::stdout(), &words));
        tell.send(left.is_ok()).ok();
    });
    if leaving.is_ok() {
        // Too late, or written: there is nobody to tell in either case.
        done.recv_timeout(limit).ok();
    }
}

/// A frame may have been cut off before, where it was held up: so it is ended,
/// and its colours with it.
fn leave(out: &mut impl Write) -> io::Result<()> {
    execute!(
        out,
        EndSynchronizedUpdate,
        SetAttribute(Attribute::Reset),
        LeaveAlternateScreen,
        cursor::Show
    )
}

/// A panic of the drawing thread ends the screen, so it gives the terminal
/// back before the message is printed. A panic elsewhere (a task of the
/// backend) does not: the screen lives on and says that the backend ended, and
/// printing would smear over it, so the panic goes to the log pane.
fn install_hook() {
    static ONCE: Once = Once::new();
    let drawing = thread::current().id();
    ONCE.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if TAKEN.load(Ordering::SeqCst) && thread::current().id() != drawing {
                let place = info.location().map(ToString::to_string);
                let words = info.payload_as_str().unwrap_or("no message");
                tracing::error!(place, words, "a task panicked");
                return;
            }
            give_back();
            print(info);
        }));
    });
}
