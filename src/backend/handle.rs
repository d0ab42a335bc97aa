//! The backend as its readers see it: three channels, three meanings.

use std::{
    error::Error,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{broadcast, mpsc, watch};

use crate::{
    backend::clock::Clock,
    domain::{Command, Event, Snapshot},
};

/// Commands that may wait for the supervisor. More are refused as "busy".
const COMMANDS: usize = 16;

/// Events that a slow reader may lag behind before it misses some.
const EVENTS: usize = 1024;

/// A reader's end. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Handle {
    commands: mpsc::Sender<Command>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    events: broadcast::Sender<Event>,
    clock: Clock,
    /// For the first reader, so that it misses nothing of the start.
    from_start: Arc<Mutex<Option<broadcast::Receiver<Event>>>>,
}

/// The supervisor's end.
#[derive(Debug)]
pub struct Outlet {
    /// Wishes of the readers.
    pub commands: mpsc::Receiver<Command>,
    /// What is true now.
    pub snapshots: watch::Sender<Arc<Snapshot>>,
    /// What happened.
    pub events: broadcast::Sender<Event>,
}

/// A command that was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTaken {
    /// Too many commands wait already.
    Busy,
    /// The supervisor has ended.
    Gone,
}

/// Makes both ends.
#[must_use]
pub fn channels(first: Arc<Snapshot>, clock: Clock) -> (Handle, Outlet) {
    let (command_in, commands) = mpsc::channel(COMMANDS);
    let (snapshots, snapshot_out) = watch::channel(first);
    let (events, from_start) = broadcast::channel(EVENTS);
    let handle = Handle {
        commands: command_in,
        snapshots: snapshot_out,
        events: events.clone(),
        clock,
        from_start: Arc::new(Mutex::new(Some(from_start))),
    };
    (
        handle,
        Outlet {
            commands,
            snapshots,
            events,
        },
    )
}

impl Handle {
    /// Hands a command over without waiting.
    ///
    /// # Errors
    /// [`NotTaken`] when the supervisor is busy or gone.
    pub fn send(&self, command: Command) -> Result<(), NotTaken> {
        self.commands
            .try_send(command)
            .map_err(|refused| match refused {
                mpsc::error::TrySendError::Full(_) => NotTaken::Busy,
                mpsc::error::TrySendError::Closed(_) => NotTaken::Gone,
            })
    }

    /// What is true now, and a way to wait for the next.
    #[must_use]
    pub fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.clone()
    }

    /// The clock that all times in snapshots and events are told by. Ages and
    /// countdowns must be counted by it: the machine's own may step.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// What happens: for the first who asks from the start, for others from now on.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<Event> {
        let mut from_start = self
            .from_start
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        from_start.take().unwrap_or_else(|| self.events.subscribe())
    }
}

impl fmt::Display for NotTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy => "busy: too many commands wait already",
            Self::Gone => "the backend has ended",
        })
    }
}

impl Error for NotTaken {}
