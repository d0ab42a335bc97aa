//! The start and the end of the screen, and what interrupts it: signals, and
//! stopping for the shell. Knows neither what is shown nor what keys mean.

use crossterm::event::EventStream;
use ratatui::Terminal;

use crate::{
    backend::Handle,
    config::TuiSection,
    tui::{
        TuiError,
        clock::Clock,
        event_loop::{Loop, Pause},
        signals::{Ends, JobSignals, TerminalEnd},
        suspend::{Asked, Suspended, suspend},
        synchronized::Synchronized,
        terminal::{self, TerminalGuard},
        text,
        view::View,
        watchdog::Watchdog,
    },
};

/// Shows the dashboard until the user quits, until SIGTERM, SIGHUP, SIGINT or
/// SIGQUIT arrives, or until the terminal is gone. The terminal is restored
/// before it returns. Ctrl-Z and SIGTSTP stop the process with the terminal
/// restored; SIGCONT draws everything anew.
///
/// From here on those signals no longer end the process by themselves: the
/// first ends the screen, a second one (while it ends, or after it has ended)
/// ends the process at once. So does the first, within a second, when the
/// terminal takes no output any more and the screen cannot end.
///
/// # Errors
/// [`TuiError`] when the terminal cannot be used (any more).
pub async fn run(handle: Handle, section: TuiSection) -> Result<(), TuiError> {
    let clock = Clock::of(handle.clock());
    let mut looped = Loop::new(handle, View::new(section), clock);
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
                Ok(Pause::Quit) => break Ok(()),
                Err(error) => break Err(error),
            },
            end = ends.next() => {
                tracing::info!(?end, "told to end");
                break Ok(());
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
    ended
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
