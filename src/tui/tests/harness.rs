//! Drives the real loop: snapshots, events and keys in, frames out.

use std::{
    convert::Infallible,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use crossterm::event::{Event as TerminalEvent, KeyCode, KeyEvent, KeyModifiers};
use futures::{StreamExt, channel::mpsc};
use ratatui::{
    Terminal,
    backend::{Backend, ClearType, TestBackend, WindowSize},
    buffer::{Buffer, Cell},
    layout::{Position, Rect, Size},
};
use tokio::task::JoinHandle;

use crate::{
    backend::{self, Outlet},
    config::TuiSection,
    domain::{Event, Snapshot},
    tui::{
        TuiError,
        event_loop::{Loop, Pause},
        fixtures,
    },
};

/// A running screen, and every end of it that a test wants to hold.
pub(super) struct Screen {
    /// The backend's end; taken away, the backend has ended.
    pub(super) outlet: Option<Outlet>,
    keys: mpsc::UnboundedSender<io::Result<TerminalEvent>>,
    shown: Arc<Shown>,
    looped: JoinHandle<Result<Pause, TuiError>>,
}

/// What has been drawn.
#[derive(Default)]
struct Shown {
    frames: AtomicUsize,
    /// Cells that the last frame wrote.
    cells: AtomicUsize,
    last: Mutex<Option<Buffer>>,
}

impl Screen {
    /// Starts the loop. Needs a `LocalSet` around it.
    pub(super) fn start(size: (u16, u16), first: Snapshot, section: TuiSection) -> Self {
        let (handle, outlet) = backend::channels(Arc::new(first), backend::Clock::system());
        let shown = Arc::new(Shown::default());
        let screen = Recorder {
            inner: TestBackend::new(size.0, size.1),
            shown: Arc::clone(&shown),
        };
        let (keys, pressed) = mpsc::unbounded();
        let mut looped = Loop::new(handle, fixtures::view(section), fixtures::clock());
        let looped = tokio::task::spawn_local(async move {
            let mut terminal = Terminal::new(screen).expect("memory can be drawn to");
            looped.drive(&mut terminal, pressed.fuse()).await
        });
        Self {
            outlet: Some(outlet),
            keys,
            shown,
            looped,
        }
    }

    /// Presses a key.
    pub(super) fn press(&self, code: KeyCode) {
        self.press_with(code, KeyModifiers::NONE);
    }

    /// Presses a key with others held.
    pub(super) fn press_with(&self, code: KeyCode, held: KeyModifiers) {
        let event = KeyEvent::new(code, held);
        self.keys
            .unbounded_send(Ok(TerminalEvent::Key(event)))
            .unwrap();
    }

    /// Presses the keys of these characters.
    pub(super) fn type_in(&self, keys: &str) {
        for key in keys.chars() {
            self.press(KeyCode::Char(key));
        }
    }

    /// Tells that the terminal has a new size, whether it is one or not.
    pub(super) fn resized(&self) {
        let Rect { width, height, .. } = self.cells().area;
        self.keys
            .unbounded_send(Ok(TerminalEvent::Resize(width, height)))
            .unwrap();
    }

    /// How many cells the last frame wrote.
    pub(super) fn written(&self) -> usize {
        self.shown.cells.load(Ordering::SeqCst)
    }

    /// Publishes an event.
    pub(super) fn tell(&self, event: Event) {
        let outlet = self.outlet.as_ref().unwrap();
        outlet.events.send(event).unwrap();
    }

    /// Publishes a snapshot.
    pub(super) fn publish(&self, snapshot: Snapshot) {
        let outlet = self.outlet.as_ref().unwrap();
        outlet.snapshots.send_replace(Arc::new(snapshot));
    }

    /// Frames drawn so far, those without any change too.
    pub(super) fn frames(&self) -> usize {
        self.shown.frames.load(Ordering::SeqCst)
    }

    /// The last frame's cells.
    pub(super) fn cells(&self) -> Buffer {
        let last = self.shown.last.lock().unwrap();
        last.clone().expect("a frame was drawn")
    }

    /// The last frame as text, without the blanks at the right.
    pub(super) fn picture(&self) -> String {
        text(&self.cells())
    }

    /// Waits until the loop has nothing left to do but to wait for the clock.
    ///
    /// Tokio's clock is paused: it moves on only when every task is idle, so
    /// the end of a sleep of one frame's time proves that all was drawn.
    pub(super) async fn settle(&self) {
        tokio::time::sleep(std::time::Duration::from_millis(40)).await;
    }

    /// True once the loop has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.looped.is_finished()
    }

    /// Ends the terminal, and gives back how the loop ended.
    pub(super) async fn hang_up(self) -> Result<Pause, TuiError> {
        self.keys.close_channel();
        self.looped.await.unwrap()
    }
}

/// Runs a test on paused time, with room for the loop beside it.
pub(super) fn on_paused_time<F: Future<Output = ()>>(test: impl FnOnce() -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async { test().await });
}

/// The buffer as text, without the blanks at the right.
pub(super) fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width).max(1);
    let rows = buffer.content().chunks(width);
    rows.map(|row| {
        let mut line: String = row.iter().map(Cell::symbol).collect();
        line.truncate(line.trim_end().len());
        line + "\n"
    })
    .collect()
}

/// A terminal in memory that counts frames and keeps the last one.
struct Recorder {
    inner: TestBackend,
    shown: Arc<Shown>,
}

impl Backend for Recorder {
    type Error = Infallible;

    fn draw<'a, I>(&mut self, content: I) -> Result<(), Infallible>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut cells = 0;
        self.inner.draw(content.inspect(|_| cells += 1))?;
        self.shown.cells.store(cells, Ordering::SeqCst);
        self.shown.frames.fetch_add(1, Ordering::SeqCst);
        *self.shown.last.lock().unwrap() = Some(self.inner.buffer().clone());
        Ok(())
    }

    fn hide_cursor(&mut self) -> Result<(), Infallible> {
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> Result<(), Infallible> {
        self.inner.show_cursor()
    }

    fn get_cursor_position(&mut self) -> Result<Position, Infallible> {
        self.inner.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), Infallible> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> Result<(), Infallible> {
        self.inner.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> Result<(), Infallible> {
        self.inner.clear_region(clear_type)
    }

    fn size(&self) -> Result<Size, Infallible> {
        self.inner.size()
    }

    fn window_size(&mut self) -> Result<WindowSize, Infallible> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Backend::flush(&mut self.inner)
    }
}
