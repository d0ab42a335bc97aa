//! The start and the end of the screen, and what interrupts it: signals, and
//! stopping for the shell. Knows neither what is shown nor what keys mean.

use std::io;

use crossterm::event::EventStream;
use ratatui::Terminal;
use rustix::process::Signal;

use crate::{
    backend::Handle,
    config::TuiSection,
    domain::Durations,
    tui::{
        TuiError,
        clock::Clock,
        event_loop::{Loop, Pause},
        signals::{End, Ends, JobSignals, TerminalEnd},
        suspend::{Asked, Suspended, suspend},
        synchronized::Synchronized,
        terminal::{self, TerminalGuard},
        text,
        view::View,
        watchdog::Watchdog,
    },
};

/// File descriptors that the screen opens at most while it runs.
const NEEDED_FILES: usize = 12;

/// A screen that has ended, other than by a failure.
#[derive(Debug)]
pub struct Shown {
    /// Why it ended.
    pub ended: Ended,
    /// How long its frames took, from the state at hand to the last byte written.
    pub frames: Durations,
}

/// Why the screen ended, other than by a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// A key asked for it.
    ByKey,
    /// This signal asked for it.
    BySignal(Signal),
}

/// Shows the dashboard until the user quits, until SIGTERM, SIGHUP, SIGINT or
/// SIGQUIT arrives, or until the terminal is gone. The terminal is restored
/// before it returns, on every way: its own screen, the cursor, the meaning of
/// keys. Ctrl-Z and SIGTSTP stop the process with the terminal restored;
/// SIGCONT draws everything anew.
///
/// From here on those signals no longer end the process by themselves: the
/// first ends the screen, a second one (while it ends, or after it has ended)
/// ends the process at once, unless it comes together with the first. So does the first, within a second, when the
/// terminal takes no output any more and the screen cannot end.
///
/// What whoever started the process is to learn, and does when the caller
/// follows an [`Ended::BySignal`] with [`end_by`](crate::tui::end_by):
///
/// | end | exit code |
/// |---|---|
/// | `q`, Ctrl-C (a key in raw mode) | 0 |
/// | a signal, the first as well as a second one | none: that signal is the end, 128 + its number in a shell |
/// | the terminal is gone, or cannot be used | 1; or SIGHUP, when the system sends it first |
/// | a key, and the terminal takes no output any more | 1 |
/// | a panic of the drawing thread | 101, with its message on the terminal's own screen |
///
/// # Errors
/// [`TuiError`] when the terminal cannot be used (any more).
pub async fn run(handle: Handle, section: TuiSection) -> Result<Shown, TuiError> {
    let clock = Clock::of(handle.clock());
    let mut looped = Loop::new(handle, View::new(section), clock);
    spare_files()?;
    let terminal_end = TerminalEnd::watch()?;
    let mut ends = Ends::listen(&terminal_end)?;
    let mut job = JobSignals::listen()?;
    // Given back last to first: the screen, the terminal, then the watchdog knows.
    let watchdog = Watchdog::start(Ends::listen(&terminal_end)?);
    let _guard = TerminalGuard::enter()?;
    let mut terminal = Terminal::new(Synchronized::stdout()).map_err(TuiError::Setup)?;
    let ended = loop {
        let pause = tokio::select! {
            ended = looped.drive(&mut terminal, EventStream::new()) => match ended {
                Ok(Pause::Suspend) => Interruption::Suspend(Asked::ByKey),
                Ok(Pause::Quit) => break Ok(Ended::ByKey),
                Err(error) => break Err(error),
            },
            end = ends.next() => {
                tracing::info!(?end, "told to end");
                break match end {
                    End::Asked(signal) => Ok(Ended::BySignal(signal)),
                    End::TerminalGone => Err(TuiError::InputEnded),
                };
            }
            _ = job.stop.recv() => Interruption::Suspend(Asked::BySignal),
            _ = job.go_on.recv() => Interruption::WasStopped,
        };
        // The reader of keys is gone by now: it must not read for the shell.
        if let Err(error) = interrupt(&mut looped, pause, &mut job).await {
            break Err(error);
        }
    };
    watchdog.ending();
    let frames = looped.into_frames();
    tracing::debug!(?frames, "the screen ends");
    ended.map(|ended| Shown { ended, frames })
}

/// Checks that the reader of keys and the signals can open what they need,
/// before the terminal is taken: the reader would panic.
fn spare_files() -> Result<(), TuiError> {
    let copies = (0..NEEDED_FILES).map(|_| rustix::io::dup(io::stdin()));
    let copies: Result<Vec<_>, _> = copies.collect();
    copies
        .map(drop)
        .map_err(|error| TuiError::Setup(error.into()))
}

/// What interrupted the loop, which goes on afterwards.
#[derive(Debug, Clone, Copy)]
enum Interruption {
    Suspend(Asked),
    /// Somebody stopped the process without asking (SIGSTOP), and let it go on.
    WasStopped,
}

/// Carries out what interrupted the loop, and has everything drawn anew.
async fn interrupt(
    looped: &mut Loop,
    interruption: Interruption,
    job: &mut JobSignals,
) -> Result<(), TuiError> {
    looped.draw_anew();
    match interruption {
        Interruption::WasStopped => terminal::take(),
        Interruption::Suspend(asked) => {
            if suspend(job, asked).await? == Suspended::Refused {
                looped.say(text::CANNOT_SUSPEND);
            }
            Ok(())
        }
    }
}
