//! The rhythm of a guard on paused time.

use std::collections::VecDeque;

use tokio::sync::mpsc::{Receiver, channel};

use super::*;
use crate::domain::ErrorKind;

const SECOND: Duration = Duration::from_secs(1);

const SETTINGS: GuardSettings = GuardSettings {
    heartbeat: Some(SECOND),
    late_after: SECOND,
    timeout: Duration::from_secs(5),
};

/// A connection that answers after these times, then never, and that ends.
struct Scripted {
    answers: VecDeque<Duration>,
    ends_at: Option<Instant>,
    sent: Sender<Instant>,
}

impl Pulse for Scripted {
    async fn beat(&mut self) -> DbResult<()> {
        self.sent.try_send(Instant::now()).unwrap();
        match self.answers.pop_front() {
            Some(time) => tokio::time::sleep(time).await,
            None => pending().await,
        }
        Ok(())
    }

    async fn end(&mut self) -> DbError {
        match self.ends_at {
            Some(time) => tokio::time::sleep_until(time).await,
            None => pending().await,
        }
        DbError::new(Action::HealthCheck, ErrorKind::ConnectionLost)
    }
}

/// What a guard told, and when; how it ended; when it sent.
struct Watched {
    told: Vec<(Beat, u128)>,
    kind: ErrorKind,
    ended: u128,
    sent: Vec<u128>,
}

async fn watch(answers: &[Duration], ends_at: Option<u64>, settings: GuardSettings) -> Watched {
    let start = Instant::now();
    let since = |time: Instant| (time - start).as_millis();
    let (sent_in, mut sent) = channel(64);
    let (beats, mut told_out) = channel(64);
    let pulse = Scripted {
        answers: answers.iter().copied().collect(),
        ends_at: ends_at.map(|ms| start + Duration::from_millis(ms)),
        sent: sent_in,
    };
    let guard = keep(pulse, settings, beats);
    let listener = async {
        let mut told = Vec::new();
        while let Some(beat) = told_out.recv().await {
            told.push((beat, since(Instant::now())));
        }
        told
    };
    let (error, told) = tokio::join!(
        async {
            let error = guard.await;
            (error.kind(), since(Instant::now()))
        },
        listener
    );
    Watched {
        told,
        kind: error.0,
        ended: error.1,
        sent: drain(&mut sent).into_iter().map(since).collect(),
    }
}

fn drain<T>(channel: &mut Receiver<T>) -> Vec<T> {
    let mut all = Vec::new();
    while let Ok(one) = channel.try_recv() {
        all.push(one);
    }
    all
}

fn ms(number: u64) -> Duration {
    Duration::from_millis(number)
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_without_answer_is_late_once_and_then_the_end() {
    let watched = watch(&[ms(2)], None, SETTINGS).await;
    assert_eq!(
        watched.told,
        [
            (Beat::Opened, 0),
            (Beat::Answered(ms(2)), 2),
            (Beat::Late, 2_000)
        ]
    );
    assert_eq!(watched.kind, ErrorKind::Timeout { after_ms: 5_000 });
    assert_eq!(watched.ended, 6_000, "five seconds after the second one");
}

#[tokio::test(start_paused = true)]
async fn our_own_absence_is_no_part_of_a_silence() {
    let away = async {
        tokio::time::sleep(ms(2_600)).await;
        tokio::time::advance(ms(60_000)).await;
    };
    let answers = [ms(2)];
    let (watched, ()) = tokio::join!(watch(&answers, None, SETTINGS), away);
    assert_eq!(watched.kind, ErrorKind::Timeout { after_ms: 5_000 });
    assert_eq!(
        watched.ended, 65_600,
        "of the five seconds two had passed before, to the last look"
    );
    // Absent again and again, it is still judged.
    let away = async {
        for _ in 0..100 {
            tokio::time::sleep(ms(1_600)).await;
            tokio::time::advance(ms(2_400)).await;
        }
    };
    let watched = watch(&answers, None, SETTINGS);
    tokio::pin!(watched, away);
    tokio::select! {
        watched = &mut watched => assert!(watched.ended <= 20_000, "{}", watched.ended),
        () = &mut away => panic!("nothing was judged"),
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_heartbeat_waits_for_the_answer_and_is_sent_at_once_when_overdue() {
    let watched = watch(&[ms(3_200), ms(1), ms(1)], None, SETTINGS).await;
    assert_eq!(watched.sent, [0, 3_200, 4_200, 5_200]);
    assert_eq!(
        watched.told[..4],
        [
            (Beat::Opened, 0),
            (Beat::Late, 1_000),
            (Beat::Answered(ms(3_200)), 3_200),
            (Beat::Answered(ms(1)), 3_201),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_at_the_deadline_is_an_answer() {
    let watched = watch(&[SETTINGS.timeout], None, SETTINGS).await;
    assert_eq!(
        watched.told[2],
        (Beat::Answered(SETTINGS.timeout), 5_000),
        "{:?}",
        watched.told
    );
}

#[tokio::test(start_paused = true)]
async fn without_heartbeats_the_end_is_noticed_all_the_same() {
    for heartbeat in [None, Some(Duration::ZERO)] {
        let settings = GuardSettings {
            heartbeat,
            ..SETTINGS
        };
        let watched = watch(&[], Some(86_400_123), settings).await;
        assert_eq!(watched.told, [(Beat::Opened, 0)]);
        assert_eq!(watched.sent, [0_u128; 0]);
        assert_eq!(watched.kind, ErrorKind::ConnectionLost);
        assert_eq!(watched.ended, 86_400_123);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_late_that_has_timed_out() {
    let settings = GuardSettings {
        timeout: ms(300),
        ..SETTINGS
    };
    let watched = watch(&[], None, settings).await;
    assert_eq!(watched.told, [(Beat::Opened, 0)]);
    assert_eq!(
        (watched.kind, watched.ended),
        (ErrorKind::Timeout { after_ms: 300 }, 300)
    );
}

#[tokio::test(start_paused = true)]
async fn a_reader_without_time_loses_answers_and_is_told_what_is_still_true() {
    let (sent_in, mut sent) = channel(64);
    let (beats, mut told) = channel(1);
    let pulse = Scripted {
        answers: VecDeque::from([ms(1), ms(1), ms(1)]),
        ends_at: None,
        sent: sent_in,
    };
    let guard = tokio::spawn(keep(pulse, SETTINGS, beats));
    // The fourth heartbeat, at 3 s, is late at 4 s and over at 8 s.
    tokio::time::sleep(ms(6_000)).await;
    assert_eq!(drain(&mut sent).len(), 4, "the guard waited for its reader");
    assert_eq!(told.recv().await, Some(Beat::Opened));
    assert_eq!(told.recv().await, Some(Beat::Late));
    let error = guard.await.unwrap();
    assert_eq!(error.kind(), ErrorKind::Timeout { after_ms: 5_000 });
    assert_eq!(told.recv().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_guard_stands_without_a_reader() {
    let (sent_in, mut sent) = channel(64);
    let (beats, told) = channel(1);
    drop(told);
    let pulse = Scripted {
        answers: VecDeque::from([ms(1), ms(1)]),
        ends_at: None,
        sent: sent_in,
    };
    let error = keep(pulse, SETTINGS, beats).await;
    assert_eq!(error.kind(), ErrorKind::Timeout { after_ms: 5_000 });
    assert_eq!(drain(&mut sent).len(), 3);
}
