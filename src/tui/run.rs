//! The loop: waits for keys, news and due frames, never for the database.
//! Decides nothing about what is shown.

use std::{error::Error, sync::Arc, time::Duration};

use chrono::Timelike;
use crossterm::event::{Event as TerminalEvent, EventStream};
use futures::{Stream, StreamExt};
use ratatui::{Terminal, backend::Backend};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{
        broadcast::{self, error::RecvError, error::TryRecvError},
        watch,
    },
    time::{Instant, sleep_until},
};

use crate::{
    backend::Handle,
    config::TuiSection,
    domain::{Event, Snapshot},
    tui::{
        TuiError,
        action::Effect,
        clock::Clock,
        data::{Change, Data},
        frame_gate::FrameGate,
        keys, logging, screen,
        synchronized::Synchronized,
        terminal::TerminalGuard,
        update::update,
        view::View,
    },
};

/// Events taken at one go before keys are looked at again.
const BURST: usize = 1_024;

/// Shows the dashboard until the user quits, or until SIGTERM, SIGHUP or
/// SIGINT arrives. The terminal is restored before it returns.
///
/// # Errors
/// [`TuiError`] when the terminal cannot be used (any more).
pub async fn run(handle: Handle, section: TuiSection) -> Result<(), TuiError> {
    let mut looped = Loop::new(handle, View::new(section), Clock::system());
    let told_to_end = told_to_end()?;
    let _guard = TerminalGuard::enter()?;
    let mut terminal = Terminal::new(Synchronized::stdout()).map_err(TuiError::Setup)?;
    tokio::select! {
        ended = looped.drive(&mut terminal, EventStream::new()) => ended,
        () = told_to_end => Ok(()),
    }
}

/// Comes back when the process is asked to end. When the terminal is gone
/// (SIGHUP), reading keys would spin for ever, so nothing is read any more.
fn told_to_end() -> Result<impl Future<Output = ()>, TuiError> {
    let listen = |kind| signal(kind).map_err(TuiError::Signals);
    let mut hangup = listen(SignalKind::hangup())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    Ok(async move {
        let name = tokio::select! {
            _ = hangup.recv() => "SIGHUP",
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!(signal = name, "told to end");
    })
}

/// All that the loop owns, apart from the terminal.
pub(super) struct Loop {
    handle: Handle,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    events: broadcast::Receiver<Event>,
    clock: Clock,
    data: Data,
    view: View,
    gate: FrameGate,
}

/// What woke the loop.
enum Wake {
    Frame,
    Terminal(Option<std::io::Result<TerminalEvent>>),
    Snapshot(Publisher),
    Event(Result<Event, RecvError>),
    Logged,
    Second,
}

/// Whether anybody is left who publishes snapshots.
#[derive(Clone, Copy)]
enum Publisher {
    Alive,
    Ended,
}

impl Publisher {
    /// Waiting for the next snapshot fails for one reason only: nobody is left.
    fn of(changed: &Result<(), watch::error::RecvError>) -> Self {
        if changed.is_ok() {
            Self::Alive
        } else {
            Self::Ended
        }
    }
}

/// Whether the loop goes on.
enum Flow {
    GoOn,
    End,
}

impl Loop {
    /// A loop that has yet to draw its first frame. It hears every event from now on.
    pub(super) fn new(handle: Handle, view: View, clock: Clock) -> Self {
        let mut snapshots = handle.snapshots();
        let first = Arc::clone(&snapshots.borrow_and_update());
        let mut gate = FrameGate::default();
        gate.mark();
        Self {
            events: handle.events(),
            data: Data::new(first, clock.moment()),
            handle,
            snapshots,
            clock,
            view,
            gate,
        }
    }

    /// Runs until the user quits or the terminal fails.
    pub(super) async fn drive<B, S>(
        &mut self,
        terminal: &mut Terminal<B>,
        mut keys: S,
    ) -> Result<(), TuiError>
    where
        B: Backend<Error: Error + Send + Sync + 'static>,
        S: Stream<Item = std::io::Result<TerminalEvent>> + Unpin,
    {
        loop {
            match self.next(&mut keys).await {
                Wake::Frame => self.draw(terminal)?,
                Wake::Terminal(None) => return Err(TuiError::InputEnded),
                Wake::Terminal(Some(event)) => {
                    if let Flow::End = self.react(&event.map_err(TuiError::Input)?) {
                        return Ok(());
                    }
                }
                Wake::Snapshot(publisher) => self.take_snapshot(publisher),
                Wake::Event(event) => self.take_events(event),
                Wake::Logged | Wake::Second => self.gate.mark(),
            }
        }
    }

    /// Waits for whatever comes first. A due frame goes before all else, so
    /// that no flood can keep the screen from being drawn.
    async fn next<S>(&mut self, keys: &mut S) -> Wake
    where
        S: Stream<Item = std::io::Result<TerminalEvent>> + Unpin,
    {
        let now = Instant::now();
        let due = self.gate.due(now.into_std());
        let frame = due.map_or(now, Instant::from_std);
        let second = now + self.until_next_second();
        tokio::select! {
            biased;
            () = sleep_until(frame), if due.is_some() => Wake::Frame,
            event = keys.next() => Wake::Terminal(event),
            changed = self.snapshots.changed(), if self.data.ended.is_none() => Wake::Snapshot(Publisher::of(&changed)),
            event = self.events.recv() => Wake::Event(event),
            () = logging::logged() => Wake::Logged,
            () = sleep_until(second), if self.data.is_ticking() => Wake::Second,
        }
    }

    /// Aligned to whole seconds, all ages and countdowns change in one frame.
    fn until_next_second(&self) -> Duration {
        let ms = (self.clock.now)().nanosecond() / 1_000_000;
        Duration::from_millis(u64::from(1_000 - ms.min(999)))
    }

    fn draw<B>(&mut self, terminal: &mut Terminal<B>) -> Result<(), TuiError>
    where
        B: Backend<Error: Error + Send + Sync + 'static>,
    {
        logging::take_in();
        self.data.advance(self.clock.moment());
        let (data, view) = (&self.data, &mut self.view);
        terminal
            .draw(|frame| screen::render(frame, frame.area(), data, view))
            .map_err(|error| TuiError::Draw(Box::new(error)))?;
        self.gate.drawn(Instant::now().into_std());
        Ok(())
    }

    fn react(&mut self, event: &TerminalEvent) -> Flow {
        let key = match event {
            TerminalEvent::Key(key) => key,
            TerminalEvent::Resize(..) => {
                self.gate.mark();
                return Flow::GoOn;
            }
            // Neither mouse nor focus nor paste was asked for.
            TerminalEvent::FocusGained
            | TerminalEvent::FocusLost
            | TerminalEvent::Mouse(_)
            | TerminalEvent::Paste(_) => return Flow::GoOn,
        };
        let Some(action) = keys::lookup(key, self.view.place()) else {
            return Flow::GoOn;
        };
        self.gate.mark();
        match update(&self.data, &mut self.view, action) {
            Some(Effect::Quit) => return Flow::End,
            Some(Effect::Send(command)) => {
                if let Err(why) = self.handle.send(command) {
                    self.data.moment = self.clock.moment();
                    self.data.note_refusal(command, why);
                }
            }
            None => {}
        }
        Flow::GoOn
    }

    fn take_snapshot(&mut self, publisher: Publisher) {
        self.gate.mark();
        // The newest is taken in any case: the last one before the end too.
        self.data.snapshot = Arc::clone(&self.snapshots.borrow_and_update());
        if let Publisher::Ended = publisher {
            self.data.ended = Some((self.clock.now)());
        }
    }

    /// Takes the event, and those that wait behind it.
    fn take_events(&mut self, first: Result<Event, RecvError>) {
        self.data.moment = self.clock.moment();
        match first {
            Ok(event) => self.take_event(&event),
            Err(RecvError::Lagged(missed)) => self.note_missed(missed),
            // Our own handle keeps the channel open.
            Err(RecvError::Closed) => return,
        }
        for _ in 0..BURST {
            match self.events.try_recv() {
                Ok(event) => self.take_event(&event),
                Err(TryRecvError::Lagged(missed)) => self.note_missed(missed),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    fn take_event(&mut self, event: &Event) {
        if self.data.absorb(event) == Change::Seen {
            self.gate.mark();
        }
    }

    fn note_missed(&mut self, missed: u64) {
        self.data.missed = self.data.missed.saturating_add(missed);
        self.gate.mark();
    }
}
