//! The loop: waits for keys, news and due frames, never for the database.
//! Decides nothing about what is shown.

use std::{error::Error, sync::Arc, time::Duration};

use chrono::Timelike;
use crossterm::event::{Event as TerminalEvent, KeyEvent};
use futures::{Stream, StreamExt};
use ratatui::{Terminal, backend::Backend};
use tokio::{
    sync::{
        broadcast::{self, error::RecvError, error::TryRecvError},
        watch,
    },
    time::{Instant, sleep_until},
};

use crate::{
    backend::Handle,
    domain::{Command, Durations, Event, Snapshot},
    tui::{
        TuiError,
        action::Effect,
        clock::Clock,
        data::{Change, Data},
        frame_gate::FrameGate,
        keys, logging, screen,
        update::{follow_up, update},
        view::View,
    },
};

/// Events taken at one go before keys are looked at again.
const BURST: usize = 1_024;

/// What has begun is shown after this time, if it has not ended by then: a
/// check that takes a moment would only flicker.
const BEGUN: Duration = Duration::from_millis(100);

/// All that the loop owns, apart from the terminal.
pub(super) struct Loop {
    handle: Handle,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    events: broadcast::Receiver<Event>,
    clock: Clock,
    data: Data,
    view: View,
    gate: FrameGate,
    frames: Durations,
    /// When ages and countdowns are drawn anew.
    second: Option<Instant>,
    /// The terminal may show something else than what was drawn last.
    is_stale: bool,
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

/// What the loop does after a key.
enum Flow {
    GoOn,
    Pause(Pause),
}

/// Why the loop came back, as wished by a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pause {
    Quit,
    Suspend,
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
            frames: Durations::new(),
            second: None,
            is_stale: false,
        }
    }

    /// How long the frames took, after the last of them.
    pub(super) fn into_frames(self) -> Durations {
        self.frames
    }

    /// Has everything drawn anew, not only what changes.
    pub(super) fn draw_anew(&mut self) {
        self.is_stale = true;
        self.gate.mark();
    }

    /// Says a sentence to the reader, as of now.
    pub(super) fn say(&mut self, words: &'static str) {
        self.data.advance(self.clock.moment());
        self.data.say(words);
    }

    /// Runs until the user wants to leave, or the terminal fails.
    pub(super) async fn drive<B, S>(
        &mut self,
        terminal: &mut Terminal<B>,
        mut keys: S,
    ) -> Result<Pause, TuiError>
    where
        B: Backend<Error: Error + Send + Sync + 'static>,
        S: Stream<Item = std::io::Result<TerminalEvent>> + Unpin,
    {
        loop {
            match self.next(&mut keys).await {
                Wake::Frame => self.draw(terminal)?,
                Wake::Terminal(None) => return Err(TuiError::InputEnded),
                Wake::Terminal(Some(event)) => {
                    if let Flow::Pause(why) = self.react(&event.map_err(TuiError::Input)?) {
                        return Ok(why);
                    }
                }
                Wake::Snapshot(publisher) => self.take_snapshot(publisher),
                Wake::Event(event) => self.take_events(event),
                Wake::Logged | Wake::Second => self.gate.mark(),
            }
        }
    }

    /// Waits for whatever comes first. A due frame goes before all else, then
    /// the second, so that no flood can keep the screen from being drawn.
    async fn next<S>(&mut self, keys: &mut S) -> Wake
    where
        S: Stream<Item = std::io::Result<TerminalEvent>> + Unpin,
    {
        let now = Instant::now();
        let due = self.gate.due(now.into_std());
        let frame = due.map_or(now, Instant::from_std);
        // Kept until it comes: news that come at the same moment, as heartbeats in
        // step with the second do, must not put it off for another one.
        let until = self.until_next_second();
        let second = *self.second.get_or_insert_with(|| now + until);
        tokio::select! {
            biased;
            () = sleep_until(frame), if due.is_some() => Wake::Frame,
            () = sleep_until(second), if self.data.is_ticking() => {
                self.second = None;
                Wake::Second
            }
            event = keys.next() => Wake::Terminal(event),
            changed = self.snapshots.changed(), if self.data.ended.is_none() => Wake::Snapshot(Publisher::of(&changed)),
            event = self.events.recv() => Wake::Event(event),
            () = logging::logged() => Wake::Logged,
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
        let begun = Instant::now();
        if self.data.frozen.is_none() {
            logging::take_in();
        }
        self.data.advance(self.clock.moment());
        let failed = |error: B::Error| TuiError::Draw(Box::new(error));
        if std::mem::take(&mut self.is_stale) {
            terminal.clear().map_err(failed)?;
        }
        let (data, view) = (&self.data, &mut self.view);
        terminal
            .draw(|frame| screen::render(frame, frame.area(), data, view))
            .map_err(failed)?;
        let done = Instant::now();
        self.frames.record(done - begun);
        self.gate.drawn(done.into_std());
        Ok(())
    }

    fn react(&mut self, event: &TerminalEvent) -> Flow {
        match event {
            TerminalEvent::Key(event) => {
                for key in keys::pressed(*event) {
                    if let Flow::Pause(why) = self.press(&key) {
                        return Flow::Pause(why);
                    }
                }
            }
            // Also when the size is the same again: while it was another one,
            // the terminal has cut off or moved what was on it.
            TerminalEvent::Resize(..) => self.draw_anew(),
            // Neither mouse nor focus nor paste was asked for.
            TerminalEvent::FocusGained
            | TerminalEvent::FocusLost
            | TerminalEvent::Mouse(_)
            | TerminalEvent::Paste(_) => {}
        }
        Flow::GoOn
    }

    fn press(&mut self, key: &KeyEvent) -> Flow {
        let Some(action) = keys::lookup(key, self.view.place()) else {
            return Flow::GoOn;
        };
        self.gate.mark();
        let cover = self.view.cover();
        let effect = update(&self.data, &mut self.view, action);
        if cover != self.view.cover() {
            self.data.dismiss();
        }
        match effect {
            Some(Effect::Quit) => return Flow::Pause(Pause::Quit),
            Some(Effect::Suspend) => return Flow::Pause(Pause::Suspend),
            Some(Effect::Freeze) => {
                self.data.advance(self.clock.moment());
                self.data.freeze();
            }
            Some(Effect::Thaw) => self.data.thaw(),
            Some(Effect::Send(command)) => self.send(command),
            Some(Effect::Say(words)) => self.say(words),
            None => {}
        }
        Flow::GoOn
    }

    fn send(&mut self, command: Command) {
        if let Err(why) = self.handle.send(command) {
            self.data.moment = self.clock.moment();
            self.data.note_refusal(command, why);
        }
    }

    fn take_snapshot(&mut self, publisher: Publisher) {
        // The newest is taken in any case: the last one before the end too.
        let newest = Arc::clone(&self.snapshots.borrow_and_update());
        self.data.moment = self.clock.moment();
        let change = self.data.renew(newest);
        self.note(change);
        if let Publisher::Ended = publisher {
            self.data.ended = Some((self.clock.now)());
            self.gate.mark();
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
        let change = self.data.absorb(event);
        self.note(change);
        if let Some(command) = follow_up(&self.data, &self.view, event) {
            self.send(command);
        }
    }

    fn note(&mut self, change: Change) {
        match change {
            Change::Another => {
                self.view.begin_anew();
                self.gate.mark();
            }
            Change::Seen => self.gate.mark(),
            Change::Soon => self.gate.mark_by(Instant::now().into_std() + BEGUN),
            // Without a frame each second it would never be seen.
            Change::Later if !self.data.is_ticking() => self.gate.mark(),
            Change::Later | Change::Unseen => {}
        }
    }

    fn note_missed(&mut self, missed: u64) {
        self.data.missed = self.data.missed.saturating_add(missed);
        self.gate.mark();
    }
}
