//! Prints lines on a thread of its own, so that a reader who does not read
//! holds up nothing but the lines. Knows nothing of what they say.

use std::{
    io::{self, Write},
    os::fd::AsFd,
    thread,
};

use futures::{FutureExt, future::BoxFuture};
use tokio::{
    io::Interest,
    net::unix::pipe,
    sync::{mpsc, oneshot},
};

/// Lines that may wait for a slow reader.
const WAITING: usize = 64;

/// Ready when nothing can be printed any more: the reader is gone, or writing
/// failed, which is the error.
pub(super) type Ended = BoxFuture<'static, io::Result<()>>;

/// Starts the thread, which prints every line that is sent and ends when there
/// can be no more.
pub(super) fn start() -> io::Result<(mpsc::Sender<String>, Ended)> {
    let (lines, ended) = start_on("printer", io::stdout)?;
    let ended = async {
        tokio::select! {
            result = ended => result,
            () = reader_gone() => Ok(()),
        }
    };
    Ok((lines, ended.boxed()))
}

/// The same for lines on standard error, which others write to meanwhile.
pub(super) fn start_aside() -> io::Result<(mpsc::Sender<String>, Ended)> {
    start_on("aside", io::stderr)
}

fn start_on<W: Write>(
    name: &str,
    out: impl FnOnce() -> W + Send + 'static,
) -> io::Result<(mpsc::Sender<String>, Ended)> {
    let (lines, waiting) = mpsc::channel(WAITING);
    let (tell, ended) = oneshot::channel();
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            // Nobody waits for the end any more when this fails.
            tell.send(print_all(waiting, out())).ok();
        })?;
    let ended = async { ended.await.unwrap_or(Ok(())) };
    Ok((lines, ended.boxed()))
}

fn print_all(mut lines: mpsc::Receiver<String>, mut out: impl Write) -> io::Result<()> {
    while let Some(line) = lines.blocking_recv() {
        let printed = writeln!(out, "{line}").and_then(|()| out.flush());
        match printed {
            Ok(()) => {}
            // A reader that has gone is no failure of ours.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Waits until the reader of a pipe is gone; for ever where standard output is
/// no pipe, and what is written tells.
async fn reader_gone() {
    let told = match our_end() {
        Ok(end) => end.ready(Interest::ERROR).await.map(drop),
        Err(error) => Err(error),
    };
    if let Err(error) = told {
        tracing::debug!(%error, "the reader's end is noticed by writing only");
        std::future::pending::<()>().await;
    }
}

/// Another name for standard output, left as blocking as it is.
fn our_end() -> io::Result<pipe::Sender> {
    let end = io::stdout().as_fd().try_clone_to_owned()?;
    pipe::Sender::from_owned_fd_unchecked(end)
}
