//! Runs a statement and prints what comes, while signals are heard and the
//! reader may leave. Knows nothing of who may write.

use std::{future::pending, io, pin::pin, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use crate::{
    adapter::{Database, DbResult, Ran, RunOrder, notice_feed},
    cli::{
        printer,
        signals::Signals,
        sql::{
            notices::Notices,
            output::{Output, Printing},
            summary::{Asked, Reader},
            writer::Writer,
        },
    },
    domain::{Action, DbError, ErrorKind},
};

/// Pieces of a result that may wait to be written.
const PIECES: usize = 256;

/// How long the last lines may take after a signal.
const LAST_LINES: Duration = Duration::from_millis(100);

/// Asks the database and prints the answers.
pub(super) struct Asker {
    database: Database,
    lines: mpsc::Sender<String>,
    /// Taken when nothing can be printed any more.
    reader: Option<printer::Ended>,
    printed: io::Result<()>,
    /// What goes to standard error meanwhile.
    aside: mpsc::Sender<String>,
    aside_ended: printer::Ended,
    signals: Signals,
}

/// A statement that has ended, and what of its result was not printed yet.
pub(super) struct Attempt {
    pub(super) result: DbResult<Ran>,
    pub(super) writer: Writer,
    pub(super) output: Output,
    pub(super) notices: Notices,
    pub(super) asked: Asked,
}

/// Where a result and the server's remarks go.
pub(super) struct Sinks {
    pub(super) writer: Writer,
    pub(super) printing: Printing,
    pub(super) notices: Notices,
}

impl Asker {
    pub(super) fn new(database: Database) -> io::Result<Self> {
        let signals = Signals::listen()?;
        let (lines, reader) = printer::start()?;
        let (aside, aside_ended) = printer::start_aside()?;
        Ok(Self {
            database,
            lines,
            reader: Some(reader),
            printed: Ok(()),
            aside,
            aside_ended,
            signals,
        })
    }

    /// Runs the statement. The first signal cancels it, a second one leaves it.
    pub(super) async fn attempt(&mut self, order: RunOrder<'_>, sinks: Sinks) -> Attempt {
        let Sinks {
            mut writer,
            printing,
            mut notices,
        } = sinks;
        let mut output = Output::new(printing);
        let (heard, mut remarks) = notice_feed();
        let order = RunOrder {
            notices: Some(&heard),
            ..order
        };
        let (pieces_in, mut pieces) = mpsc::channel(PIECES);
        let (stop, stopped) = oneshot::channel();
        let stopped = async {
            if stopped.await.is_err() {
                pending::<()>().await;
            }
        };
        let mut stop = Some(stop);
        let mut run = pin!(self.database.run(order, pieces_in, stopped));
        let (mut result, mut is_open, mut asked) = (None, true, Asked::Nothing);
        while result.is_none() || (is_open && asked == Asked::Nothing) {
            let can_print = self.reader.is_some();
            tokio::select! {
                biased;
                () = self.signals.next() => {
                    asked = Asked::ToStop;
                    match stop.take() {
                        // The statement may have ended meanwhile.
                        Some(stop) => drop(stop.send(())),
                        None => break,
                    }
                }
                printed = gone(&mut self.reader), if can_print => {
                    self.printed = printed;
                    self.reader = None;
                    pieces.close();
                }
                permit = self.lines.reserve(), if can_print && output.is_due() => {
                    give(permit, &mut output);
                }
                piece = pieces.recv(), if is_open && !(can_print && output.is_due()) => {
                    match piece {
                        Some(piece) => writer.piece(piece, &mut output.text),
                        None => is_open = false,
                    }
                    if self.reader.is_none() {
                        output.text.clear();
                    }
                }
                // Before the end: what the server remarked, it remarked before that.
                Some(notice) = remarks.next(), if !notices.words.is_due() => notices.take(notice),
                permit = self.aside.reserve(), if notices.words.is_due() => {
                    give(permit, &mut notices.words);
                }
                done = &mut run, if result.is_none() => result = Some(done),
                permit = self.aside.reserve(), if notices.words.is_ready() => {
                    give(permit, &mut notices.words);
                }
                permit = self.lines.reserve(), if can_print && output.is_ready() => {
                    give(permit, &mut output);
                }
            }
        }
        while let Some(notice) = remarks.try_next() {
            notices.take(notice);
        }
        notices.miss(remarks.missed());
        let left = || Err(DbError::new(Action::Query, ErrorKind::Cancelled));
        Attempt {
            result: result.unwrap_or_else(left),
            writer,
            output,
            notices,
            asked,
        }
    }

    /// Whether somebody still reads what is printed.
    pub(super) fn reader(&self) -> Reader {
        if self.reader.is_some() {
            Reader::Reads
        } else {
            Reader::Gone
        }
    }

    /// Waits for what is asked of a person; `None` when a signal came first.
    pub(super) async fn unless_stopped<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.signals.next() => None,
            done = work => Some(done),
        }
    }

    /// Prints what is left, and waits until it is printed or nobody reads it.
    pub(super) async fn finish(self, mut output: Output, asked: Asked) -> io::Result<()> {
        let Self {
            lines,
            mut reader,
            printed,
            aside,
            aside_ended,
            mut signals,
            ..
        } = self;
        drop(aside);
        let rest = async {
            if reader.is_none() {
                return printed;
            }
            if let Some(text) = output.take() {
                // Fails when nobody reads, which is told below.
                lines.send(text).await.ok();
            }
            drop(lines);
            gone(&mut reader).await
        };
        let printing = async {
            // Nothing is to be done where standard error cannot be written to.
            let (printed, _) = tokio::join!(rest, aside_ended);
            printed
        };
        if asked == Asked::ToStop {
            return timeout(LAST_LINES, printing).await.unwrap_or(Ok(()));
        }
        tokio::select! {
            biased;
            () = signals.next() => Ok(()),
            printed = printing => printed,
        }
    }
}

/// Gives what is to be printed to the printer; without one nobody reads it.
fn give(permit: Result<mpsc::Permit<'_, String>, mpsc::error::SendError<()>>, output: &mut Output) {
    let text = output.take();
    if let (Ok(permit), Some(text)) = (permit, text) {
        permit.send(text);
    }
}

async fn gone(reader: &mut Option<printer::Ended>) -> io::Result<()> {
    match reader {
        Some(reader) => reader.await,
        None => pending().await,
    }
}
