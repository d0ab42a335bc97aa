//! From `tracing` to the log pane. Decides which lines are collected, and
//! tells the loop that there are new ones; knows nothing of drawing.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;
use tracing::{Event, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer, filter::Targets, layer::Context, layer::SubscriberExt, registry::LookupSpan,
};
use tui_logger::TuiTracingSubscriberLayer;

use crate::tui::TuiError;

/// Log lines that are kept. Older ones are dropped, and counted.
const KEPT: usize = 1_000;

/// Wakes the loop when a line was logged.
static LOGGED: Notify = Notify::const_new();

/// Lines that were logged so far.
static LINES: AtomicU64 = AtomicU64::new(0);

/// Collects what is logged from now on for the log pane.
///
/// Only our own lines are collected: those of the drivers may quote addresses
/// with credentials in them. No thread is started: the loop moves the lines
/// when it draws.
///
/// # Errors
/// [`TuiError::Logging`] when a collector is installed already.
pub fn install_logging() -> Result<(), TuiError> {
    tui_logger::set_default_level(tui_logger::LevelFilter::Debug);
    tui_logger::set_buffer_depth(KEPT);
    let subscriber = collect(tracing_subscriber::registry());
    tracing::subscriber::set_global_default(subscriber).map_err(TuiError::Logging)
}

fn collect<S>(registry: S) -> impl Subscriber + Send + Sync
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    let ours = Targets::new().with_target(env!("CARGO_CRATE_NAME"), LevelFilter::DEBUG);
    registry
        .with(TuiTracingSubscriberLayer.with_filter(ours.clone()))
        .with(Wake.with_filter(ours))
}

/// Comes back when something was logged since the last time.
pub(super) async fn logged() {
    LOGGED.notified().await;
}

/// Moves what was logged to where the log pane reads it.
pub(super) fn take_in() {
    tui_logger::move_events();
}

/// Lines that were logged and are no longer kept.
pub(super) fn dropped() -> u64 {
    LINES.load(Ordering::Relaxed).saturating_sub(KEPT as u64)
}

/// Counts lines and wakes the loop.
struct Wake;

impl<S: Subscriber> Layer<S> for Wake {
    fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
        LINES.fetch_add(1, Ordering::Relaxed);
        LOGGED.notify_one();
    }
}
