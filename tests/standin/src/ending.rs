//! When to end. It must not know what has to be ended.

use std::{io::Read, thread, time::Duration};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
    time::sleep,
};

/// How long answers that have begun may take after the wish to end.
const GRACE: Duration = Duration::from_secs(1);

/// Tells when the wish to end has come.
#[derive(Debug, Clone)]
pub(crate) struct Ending {
    told: watch::Receiver<bool>,
}

/// Watches for signals, and for the end of standard input: whoever started us
/// holds its other end, and lets it go by vanishing, too.
pub(crate) fn watch() -> Ending {
    let (tell, told) = watch::channel(false);
    let by_input = tell.clone();
    // A thread of its own: nothing waits for it when the program ends.
    thread::spawn(move || {
        let mut input = std::io::stdin();
        while matches!(input.read(&mut [0; 64]), Ok(1..)) {}
        by_input.send_replace(true);
    });
    tokio::spawn(async move {
        let (mut term, mut int) = match (
            signal(SignalKind::terminate()),
            signal(SignalKind::interrupt()),
        ) {
            (Ok(term), Ok(int)) => (term, int),
            (Err(error), _) | (_, Err(error)) => {
                eprintln!("signals cannot be heard: {error}");
                return;
            }
        };
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        tell.send_replace(true);
    });
    Ending { told }
}

impl Ending {
    /// Returns when the wish has come.
    pub(crate) async fn asked(mut self) {
        // Without anybody who could tell there is nothing to wait for, either.
        drop(self.told.wait_for(|asked| *asked).await);
    }

    /// Returns when the wish has come and its time is over.
    pub(crate) async fn overdue(self) {
        self.asked().await;
        sleep(GRACE).await;
    }
}
