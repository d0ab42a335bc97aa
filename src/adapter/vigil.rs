//! When a heartbeat is due, late and unanswered, the same for every mode.
//! Knows nothing of how a heartbeat is sent.

use std::{
    convert::Infallible,
    future::{Future, pending},
    time::Duration,
};

use tokio::{
    sync::mpsc::{Sender, error::TrySendError},
    time::{Instant, Interval, MissedTickBehavior, interval, sleep},
};

use crate::{
    adapter::{Beat, DbResult, GuardSettings, local::timeout_error},
    domain::{Action, DbError, Layer},
};

/// While an answer is awaited, one looks at the clock this often.
const LOOK: Duration = Duration::from_millis(500);

/// A timer that comes later than this came to a program that was stopped or
/// got no processor.
const AWAY: Duration = Duration::from_secs(1);

/// A connection that can be asked for a sign of life.
pub(super) trait Pulse: Send {
    /// Sends one heartbeat and waits for its answer. An error is the end.
    fn beat(&mut self) -> impl Future<Output = DbResult<()>> + Send;

    /// Waits for the connection's end and gives its cause. May be left and
    /// called again.
    fn end(&mut self) -> impl Future<Output = DbError> + Send;
}

/// Watches until the connection has ended or has left a heartbeat unanswered.
pub(super) async fn keep(
    mut pulse: impl Pulse,
    settings: GuardSettings,
    beats: Sender<Beat>,
) -> DbError {
    tokio::select! {
        biased;
        error = pulse.end() => return error,
        () = insist(&beats, Beat::Opened) => {}
    }
    let mut rhythm = settings.heartbeat.and_then(rhythm);
    let mut teller = Teller { beats, lost: 0 };
    loop {
        tokio::select! {
            biased;
            error = pulse.end() => return error,
            () = next(&mut rhythm) => {}
        }
        match one(&mut pulse, settings, &teller.beats).await {
            Ok(took) => teller.tell(Beat::Answered(took)),
            Err(error) => return error,
        }
    }
}

/// One heartbeat, from the sending to the answer.
async fn one(
    pulse: &mut impl Pulse,
    settings: GuardSettings,
    beats: &Sender<Beat>,
) -> DbResult<Duration> {
    let sent = Instant::now();
    let late = async {
        while_awake(settings.late_after).await;
        insist(beats, Beat::Late).await;
        pending::<Infallible>().await
    };
    tokio::select! {
        // The answer comes first: after a pause of our own process it may be
        // there already, beside a deadline that has passed as well.
        biased;
        answer = pulse.beat() => answer.map(|()| sent.elapsed()),
        () = while_awake(settings.timeout) => {
            Err(timeout_error(Action::HealthCheck, settings.timeout)
                .at_layer(Layer::Statement)
                .with_details("a heartbeat was not answered"))
        }
        never = late => match never {},
    }
}

/// Waits for so long a time in which this program runs. What it was away for is
/// left out, so that a silence is judged as soon as it has been heard long
/// enough, however often we are away; and after an absence there is a moment
/// for what waits in the socket.
async fn while_awake(time: Duration) {
    let mut left = time;
    while !left.is_zero() {
        let (step, began) = (left.min(LOOK), Instant::now());
        sleep(step).await;
        let took = began.elapsed();
        left = if took > step + AWAY {
            left.saturating_sub(step).max(AWAY.min(time))
        } else {
            left.saturating_sub(took)
        };
    }
}

/// `None` for a rhythm without time between two beats, which would be none.
fn rhythm(period: Duration) -> Option<Interval> {
    if period.is_zero() {
        return None;
    }
    let mut rhythm = interval(period);
    // After a late answer one heartbeat follows at once, to see whether it was
    // the last late one; those that were missed are not made up for.
    rhythm.set_missed_tick_behavior(MissedTickBehavior::Delay);
    Some(rhythm)
}

async fn next(rhythm: &mut Option<Interval>) {
    match rhythm {
        Some(rhythm) => {
            rhythm.tick().await;
        }
        None => pending().await,
    }
}

/// Waits for room. A reader that has gone needs to know nothing more.
async fn insist(beats: &Sender<Beat>, beat: Beat) {
    if let Err(refused) = beats.send(beat).await {
        tracing::debug!(beat = ?refused.0, "nobody listens to the heartbeats");
    }
}

/// Tells of answers without waiting, and counts those for which there was no room.
struct Teller {
    beats: Sender<Beat>,
    lost: u64,
}

impl Teller {
    fn tell(&mut self, beat: Beat) {
        match self.beats.try_send(beat) {
            Ok(()) => self.settle(),
            Err(TrySendError::Full(_)) => self.lost += 1,
            Err(TrySendError::Closed(beat)) => {
                tracing::debug!(?beat, "nobody listens to the heartbeats");
            }
        }
    }

    fn settle(&mut self) {
        if self.lost > 0 {
            let lost = std::mem::take(&mut self.lost);
            tracing::warn!(
                lost,
                "heartbeats were answered while nobody had time to listen"
            );
        }
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.settle();
    }
}

#[cfg(test)]
#[path = "vigil_tests.rs"]
mod tests;
