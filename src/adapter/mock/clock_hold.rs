//! Keeps paused time from moving on while the embedded database works: it works
//! on a thread that tokio's clock does not know. Exists in tests alone.

use std::sync::mpsc::{Sender, channel};

/// While it lives, paused time stands still.
#[derive(Debug)]
pub(super) struct ClockHold {
    _end: Sender<()>,
}

impl ClockHold {
    /// Stops the clock: tokio never moves it while a blocking task runs.
    pub(super) fn new() -> Self {
        let (end, ended) = channel();
        tokio::task::spawn_blocking(move || ended.recv().is_err());
        Self { _end: end }
    }
}
