//! How many frames are drawn: after changes only, and never more than 30 a second.

use std::time::Duration;

use super::harness::{Screen, on_paused_time};
use crate::{
    domain::{Event, Lane, LatencySample, SampleOutcome, Step},
    tui::fixtures::{self, PLAIN},
};

const SIZE: (u16, u16) = (120, 40);

#[test]
fn a_second_of_ten_thousand_events_gives_at_most_30_frames() {
    on_paused_time(|| async {
        let screen = Screen::start(SIZE, fixtures::healthy(), PLAIN);
        screen.settle().await;
        let before = screen.frames();
        for step in 0..1_000u64 {
            for part in 0..10 {
                let latency = Duration::from_micros(200 + (step * 37 + part) % 700);
                // Each of them is news: a failure after an answer, and the reverse.
                let outcome = match part % 2 {
                    0 => SampleOutcome::Failed(latency),
                    _ => SampleOutcome::Answered(latency),
                };
                screen.tell(Event::Sampled(LatencySample {
                    at: fixtures::now() + Duration::from_millis(step),
                    outcome,
                }));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let drawn = screen.frames() - before;
        assert!((25..=30).contains(&drawn), "{drawn} frames");
    });
}

#[test]
fn the_last_change_is_drawn_also_when_it_comes_right_after_a_frame() {
    on_paused_time(|| async {
        let screen = Screen::start(SIZE, fixtures::blank(), PLAIN);
        screen.settle().await;
        screen.type_in("?");
        tokio::time::sleep(Duration::from_millis(2)).await;
        screen.type_in("?3z");
        screen.settle().await;
        let picture = screen.picture();
        assert!(!picture.contains("Help"), "{picture}");
        assert!(!picture.contains("Latency"), "{picture}");
        assert!(picture.contains("3 Health checks"), "{picture}");
    });
}

#[test]
fn an_idle_minute_draws_nothing_when_nothing_depends_on_time() {
    on_paused_time(|| async {
        let screen = Screen::start(SIZE, fixtures::blank(), PLAIN);
        screen.settle().await;
        let before = screen.frames();
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert_eq!(screen.frames() - before, 0);
    });
}

#[test]
fn an_idle_minute_with_ages_and_countdowns_draws_once_a_second() {
    on_paused_time(|| async {
        let screen = Screen::start(SIZE, fixtures::healthy(), PLAIN);
        screen.settle().await;
        let before = screen.frames();
        tokio::time::sleep(Duration::from_mins(1)).await;
        let drawn = screen.frames() - before;
        assert!((59..=60).contains(&drawn), "{drawn} frames");
        let picture = screen.picture();
        assert!(picture.contains("good check 1 min 08 s ago"), "{picture}");
    });
}

#[test]
fn failures_that_go_on_cost_no_frame_of_their_own() {
    on_paused_time(|| async {
        let lost = fixtures::lost(fixtures::refused(), Lane::Slow);
        let screen = Screen::start(SIZE, lost, PLAIN);
        let fail = |second| {
            screen.tell(Event::Sampled(LatencySample {
                at: fixtures::now() + Duration::from_secs(second),
                outcome: SampleOutcome::Failed(Duration::ZERO),
            }));
        };
        fail(0);
        screen.settle().await;
        let before = screen.frames();
        for second in 1..=60 {
            tokio::time::sleep(Duration::from_millis(500)).await;
            fail(second);
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        let drawn = screen.frames() - before;
        assert!((58..=61).contains(&drawn), "{drawn} frames");
    });
}

#[test]
fn a_try_that_fails_at_once_is_one_frame_and_a_longer_one_is_seen() {
    on_paused_time(|| async {
        let lost = fixtures::lost(fixtures::refused(), Lane::Slow);
        let screen = Screen::start(SIZE, lost.clone(), PLAIN);
        screen.settle().await;
        let mut trying = lost.clone();
        let retried = trying.connection.apply(Step::Retry, fixtures::now());
        retried.unwrap();
        trying.busy_since = Some(fixtures::now());
        let before = screen.frames();
        screen.publish(trying.clone());
        tokio::time::sleep(Duration::from_millis(20)).await;
        let mut failed = lost;
        failed.connection.note_failure("again");
        screen.publish(failed);
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(screen.frames() - before, 1);
        assert!(!screen.picture().contains("trying"));
        screen.publish(trying);
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(screen.picture().contains("trying"), "{}", screen.picture());
    });
}

#[test]
fn heartbeats_and_news_that_change_nothing_cost_no_frame_of_their_own() {
    on_paused_time(|| async {
        let screen = Screen::start(SIZE, fixtures::healthy(), PLAIN);
        screen.settle().await;
        let before = screen.frames();
        let unchanged = fixtures::healthy();
        screen.publish(unchanged.clone());
        screen.settle().await;
        let after_first = screen.frames();
        for second in 1..=60u64 {
            tokio::time::sleep(Duration::from_millis(500)).await;
            screen.tell(Event::Sampled(LatencySample {
                at: fixtures::now() + Duration::from_secs(second),
                outcome: SampleOutcome::Answered(Duration::from_micros(300 + second * 7)),
            }));
            screen.publish(unchanged.clone());
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        let drawn = screen.frames() - after_first;
        assert!((58..=61).contains(&drawn), "{drawn} frames");
        assert!(after_first - before <= 1);
        let picture = screen.picture();
        assert!(
            picture.contains("last good answer 0 s ago in 0.72 ms"),
            "{picture}"
        );
    });
}

#[test]
fn heartbeats_in_step_with_the_second_do_not_hide_it() {
    on_paused_time(|| async {
        let screen = Screen::start(SIZE, fixtures::healthy(), PLAIN);
        screen.settle().await;
        let before = screen.frames();
        for second in 1..=30u64 {
            screen.tell(Event::Sampled(LatencySample {
                at: fixtures::now() + Duration::from_secs(second),
                outcome: SampleOutcome::Answered(Duration::from_micros(300)),
            }));
            // The loop finds the heartbeat and the second at once.
            tokio::time::advance(Duration::from_secs(1)).await;
            tokio::task::yield_now().await;
        }
        screen.settle().await;
        let drawn = screen.frames() - before;
        assert!((28..=32).contains(&drawn), "{drawn} frames");
        let picture = screen.picture();
        assert!(picture.contains("good check 38 s ago"), "{picture}");
    });
}
