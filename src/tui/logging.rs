//! From `tracing` to the log pane. Decides which lines are collected, and
//! tells the loop that there are new ones; knows nothing of drawing.

use std::{
    fmt::{self, Write},
    sync::atomic::{AtomicU64, Ordering},
};

use tokio::sync::Notify;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
};
use tracing_subscriber::{
    Layer, filter::Targets, layer::Context, layer::SubscriberExt, registry::LookupSpan,
};

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
    tui_logger::set_buffer_depth(KEPT);
    let subscriber = collect(tracing_subscriber::registry());
    tracing::subscriber::set_global_default(subscriber).map_err(TuiError::Logging)
}

fn collect<S>(registry: S) -> impl Subscriber + Send + Sync
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    let ours = Targets::new().with_target(env!("CARGO_CRATE_NAME"), LevelFilter::DEBUG);
    registry.with(Collector.with_filter(ours))
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

/// Hands each line to `tui-logger`, counts it and wakes the loop.
///
/// `tui-logger`'s own layer puts the fields before the message, and works with
/// a thread that wakes every 10 ms.
struct Collector;

impl<S: Subscriber> Layer<S> for Collector {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = LogLine::default();
        event.record(&mut line);
        let metadata = event.metadata();
        tui_logger::Drain::new().log(
            &log::Record::builder()
                .args(format_args!("{}{}", line.message, line.fields))
                .level(level(*metadata.level()))
                .target(metadata.target())
                .build(),
        );
        LINES.fetch_add(1, Ordering::Relaxed);
        LOGGED.notify_one();
    }
}

fn level(level: Level) -> log::Level {
    match level {
        Level::ERROR => log::Level::Error,
        Level::WARN => log::Level::Warn,
        Level::INFO => log::Level::Info,
        Level::DEBUG => log::Level::Debug,
        Level::TRACE => log::Level::Trace,
    }
}

/// One line: the message, then the values as `key=value`.
#[derive(Default)]
struct LogLine {
    message: String,
    fields: String,
}

impl LogLine {
    fn add(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let written = if field.name() == "message" {
            self.message.write_fmt(value)
        } else {
            write!(self.fields, " {}={value}", field.name())
        };
        // Writing to a string fails only when the value's own `Display` does.
        if written.is_err() {
            self.fields.push_str(" (a value could not be shown)");
        }
    }
}

impl Visit for LogLine {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format_args!("{value:?}"));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.add(field, format_args!("{value}"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ratatui::{Terminal, backend::TestBackend};
    use tui_logger::TuiWidgetState;

    use super::*;
    use crate::tui::{data::Data, fixtures, panes, view::Pane};

    /// The only test that logs: the lines are shared by the whole process.
    #[tokio::test]
    async fn our_lines_reach_the_pane_and_those_of_drivers_do_not() {
        let subscriber = collect(tracing_subscriber::registry());
        tracing::subscriber::with_default(subscriber, || {
            let attempt = 3;
            let error = std::io::Error::other("no \u{1b}[31m answer");
            tracing::warn!(
                target: "dbvitals::backend::supervisor",
                attempt,
                error = &error as &dyn std::error::Error,
                "check failed"
            );
            tracing::warn!(target: "sqlx::pool", "postgres://app:hunter2@db/app");
        });
        logged().await;
        take_in();
        let data = Data::new(Arc::new(fixtures::blank()), fixtures::moment());
        let mut view = fixtures::view(fixtures::PLAIN);
        view.log = TuiWidgetState::new();
        view.focus(Pane::Log);
        let mut terminal = Terminal::new(TestBackend::new(80, 6)).unwrap();
        terminal
            .draw(|frame| panes::log::render(frame, frame.area(), &data, &mut view))
            .unwrap();
        let shown = terminal.backend().to_string();
        let line = "WARN  backend: check failed attempt=3 error=no <1B>[31m answer";
        assert!(shown.contains(line), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
