//! `dbvitals watch`: what happens to the connection, a line each, until it is
//! told to end. The database's absence is no reason to end.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::broadcast::error::RecvError,
    time::timeout,
};

use crate::{
    backend::Handle,
    cli::{
        config::Format,
        exit::{Exit, Outcome},
        line_json::{Line, Samples, line_of, missed},
        printer,
    },
};

/// How long the last lines may take.
const LAST_LINES: Duration = Duration::from_millis(100);

/// How a watch is told.
#[derive(Debug, Clone, Copy)]
pub struct WatchOptions {
    /// Words or JSON, a line each.
    pub format: Format,
    /// Whether latency samples are told.
    pub samples: Samples,
}

/// Prints events until SIGINT, SIGTERM or SIGHUP comes, or until nobody reads.
///
/// Events that come faster than they can be printed are counted, and the
/// count is a line of its own.
pub async fn watch(handle: Handle, options: WatchOptions) -> Outcome {
    match follow(&handle, options).await {
        Ok(printed) => Exit::Done.printed(printed),
        Err(error) => Exit::NotAttempted.printed(Err(error)),
    }
}

/// The outer error is one of the beginning, the inner one of printing.
async fn follow(handle: &Handle, options: WatchOptions) -> io::Result<io::Result<()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let (lines, mut ended) = printer::start()?;
    let mut events = handle.events();
    let session = Arc::clone(&handle.snapshots().borrow().session);
    let told = |line: &Line| match options.format {
        Format::Json => line.json(&session.target),
        Format::Table => line.text(),
    };
    let mut next: Option<String> = None;
    loop {
        tokio::select! {
            biased;
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            _ = hangup.recv() => break,
            printed = &mut ended => return Ok(printed),
            // The reader may be slow; signals are heard all the same.
            permit = lines.reserve(), if next.is_some() => {
                if let (Ok(permit), Some(line)) = (permit, next.take()) {
                    permit.send(line);
                }
            }
            event = events.recv(), if next.is_none() => {
                let line = match event {
                    Ok(event) => line_of(&event, options.samples, session.written()),
                    Err(RecvError::Lagged(count)) => Some(missed(count, handle.clock().now().wall)),
                    // Our own handle keeps the channel open.
                    Err(RecvError::Closed) => break,
                };
                next = line.as_ref().map(told);
            }
        }
    }
    // What was handed over is printed, if somebody reads.
    drop(lines);
    Ok(timeout(LAST_LINES, ended).await.unwrap_or(Ok(())))
}
