//! Looks host names up, and keeps the look-ups that hang few: the system's
//! resolver cannot be interrupted, and each takes a thread. Knows no sockets.

use std::{
    collections::HashMap,
    io,
    net::IpAddr,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::future::select_all;
use tokio::{net::lookup_host, sync::watch, time::Instant};

/// Look-ups of one name that may be begun without waiting.
const FREE: usize = 2;

/// One that hangs may never return. After this long another is begun, and for
/// each more that hangs the wait doubles: an hour has a dozen of them.
const PATIENCE: Duration = Duration::from_secs(5);

/// There are no more than this, whatever the time.
const MOST: usize = 16;

/// All look-ups of this process.
static LOOKUPS: LazyLock<Lookups> = LazyLock::new(Lookups::default);

/// What the system's resolver says, shared by all who wait for it.
pub(in crate::adapter) type Answer = Result<Arc<[IpAddr]>, Arc<io::Error>>;

/// Look-ups that are under way, by their name.
#[derive(Debug, Clone, Default)]
struct Lookups(Arc<Mutex<HashMap<String, Vec<UnderWay>>>>);

#[derive(Debug, Clone)]
struct UnderWay {
    began: Instant,
    answer: watch::Receiver<Option<Answer>>,
}

/// A look-up, for whoever waits for it.
#[derive(Debug)]
pub(in crate::adapter) struct Lookup {
    awaited: Vec<watch::Receiver<Option<Answer>>>,
    is_new: bool,
}

/// Takes a look-up off the list, also when its runtime ends.
struct Ending {
    lookups: Lookups,
    host: String,
    answer: watch::Sender<Option<Answer>>,
}

/// Looks a name up, or joins those who do it already and do not get on.
pub(in crate::adapter) fn look_up(host: &str) -> Lookup {
    let name = host.to_owned();
    LOOKUPS.start(host, async move {
        let found = lookup_host((name, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    })
}

// === impl Lookup ===

impl Lookup {
    /// False when earlier ones hang, and no more are started.
    pub(super) fn is_new(&self) -> bool {
        self.is_new
    }

    /// The first answer of those that are awaited.
    pub(in crate::adapter) async fn answer(self) -> Answer {
        let awaited = self.awaited.into_iter().map(|mut answer| {
            Box::pin(async move {
                let came = answer.wait_for(Option::is_some).await;
                came.ok().and_then(|came| came.clone())
            })
        });
        let (first, _, _) = select_all(awaited).await;
        first.unwrap_or_else(|| Err(Arc::new(io::Error::other("the look-up was broken off"))))
    }
}

// === impl Lookups ===

impl Lookups {
    fn start(
        &self,
        host: &str,
        asking: impl Future<Output = io::Result<Vec<IpAddr>>> + Send + 'static,
    ) -> Lookup {
        let now = Instant::now();
        let (sender, answer) = watch::channel(None);
        {
            let mut all = self.all();
            let same = all.entry(host.to_owned()).or_default();
            if !has_room(same, now) {
                return Lookup {
                    awaited: same.iter().map(|one| one.answer.clone()).collect(),
                    is_new: false,
                };
            }
            same.push(UnderWay {
                began: now,
                answer: answer.clone(),
            });
        }
        let ending = Ending {
            lookups: self.clone(),
            host: host.to_owned(),
            answer: sender,
        };
        tokio::spawn(async move {
            let answer = asking.await.map(Arc::from).map_err(Arc::new);
            // Whoever waited may have gone.
            ending.answer.send_replace(Some(answer));
        });
        Lookup {
            awaited: vec![answer],
            is_new: true,
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Vec<UnderWay>>> {
        // The list is whole after every statement, so a panic elsewhere leaves it usable.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether another look-up of the name may be begun beside these, oldest first.
fn has_room(same: &[UnderWay], now: Instant) -> bool {
    let Some(newest) = same.last() else {
        return true;
    };
    let Some(hanging) = same.len().checked_sub(FREE) else {
        return true;
    };
    let doublings = u32::try_from(hanging.min(MOST)).unwrap_or(u32::MAX);
    same.len() < MOST && now.duration_since(newest.began) >= PATIENCE * 2_u32.pow(doublings)
}

impl Drop for Ending {
    fn drop(&mut self) {
        let own = self.answer.subscribe();
        let mut all = self.lookups.all();
        if let Some(same) = all.get_mut(&self.host) {
            same.retain(|one| !one.answer.same_channel(&own));
            if same.is_empty() {
                all.remove(&self.host);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use futures::FutureExt;
    use tokio::sync::oneshot;

    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn hang(lookups: &Lookups, host: &str) -> Lookup {
        lookups.start(host, pending())
    }

    fn under_way(lookups: &Lookups) -> usize {
        lookups.all().values().map(Vec::len).sum()
    }

    #[tokio::test(start_paused = true)]
    async fn names_that_hang_are_asked_for_twice_and_then_waited_for() {
        let lookups = Lookups::default();
        for n in 0..100 {
            assert_eq!(hang(&lookups, "a").is_new(), n < FREE);
        }
        assert!(hang(&lookups, "b").is_new(), "another name is not held up");
        assert_eq!(under_way(&lookups), FREE + 1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_longer_they_hang_the_rarer_another_is_begun() {
        let lookups = Lookups::default();
        let mut seen = Vec::new();
        for second in 0..3_600 {
            if hang(&lookups, "a").is_new() {
                seen.push(second);
            }
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(seen, [0, 1, 6, 16, 36, 76, 156, 316, 636, 1_276, 2_556]);
        for _ in 0..1_000 {
            hang(&lookups, "a");
            tokio::time::advance(Duration::from_hours(1_000)).await;
        }
        assert_eq!(under_way(&lookups), MOST);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_reaches_all_who_wait_and_the_next_asks_afresh() {
        let lookups = Lookups::default();
        hang(&lookups, "a");
        let (tell, told) = oneshot::channel();
        let first = lookups.start("a", async { Ok(told.await.unwrap()) });
        let second = hang(&lookups, "a");
        assert!(!second.is_new());
        tell.send(vec![HOME]).unwrap();
        for waiting in [first, second] {
            assert_eq!(*waiting.answer().await.unwrap(), [HOME]);
        }
        tokio::task::yield_now().await;
        let failing = lookups.start("a", async { Err(io::Error::other("no such name")) });
        assert!(failing.is_new());
        let error = failing.answer().await.unwrap_err();
        assert_eq!(error.to_string(), "no such name");
        assert!(hang(&lookups, "a").answer().now_or_never().is_none());
    }
}
