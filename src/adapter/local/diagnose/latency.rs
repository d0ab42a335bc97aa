//! Some bare round trips on one session. Knows nothing of what else is asked.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::{
    adapter::{
        DbResult,
        local::{
            details::{RoundTrip, round_trip},
            diagnose::examine::Limits,
            phase_clock::{PhaseClock, timeout_error},
            session::Session,
        },
    },
    domain::{Action, Exam, Finding, HealthPolicy, Layer},
};

/// Round trips at most, the login's own included.
const TRIPS: usize = 6;

/// Clocks that differ by more than this make times of different machines hard to compare.
const SKEWED_MS: f64 = 2_000.0;

/// Asks until there are enough answers or the time is over. One that stays out
/// is the end, unless others came before it.
pub(super) async fn look(
    session: &mut Session,
    first: RoundTrip,
    policy: &HealthPolicy,
    limits: Limits,
) -> DbResult<Finding> {
    let began = Instant::now();
    let mut times = vec![first.latency];
    let clock = PhaseClock::start(Action::HealthCheck, limits.timeout());
    while times.len() < TRIPS {
        match timeout_at(limits.last(), round_trip(session, &clock)).await {
            Ok(trip) => times.push(trip?.latency),
            Err(elapsed) if times.len() == 1 && began.elapsed() >= limits.timeout() / 4 => {
                return Err(timeout_error(Action::HealthCheck, limits.timeout())
                    .at_layer(Layer::Statement)
                    .with_details("a statement was not answered")
                    .with_source(elapsed));
            }
            Err(_) => break,
        }
    }
    Ok(told(times, first.clock_skew_ms, policy))
}

fn told(mut times: Vec<Duration>, skew_ms: f64, policy: &HealthPolicy) -> Finding {
    times.sort();
    let (min, max) = (times[0], times[times.len() - 1]);
    let median = times[times.len() / 2];
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let words = format!(
        "{} round trips: min {:.2}, median {:.2}, max {:.2} ms",
        times.len(),
        ms(min),
        ms(median),
        ms(max)
    );
    let mut finding = Finding::ok(Exam::Latency, words).taking(median);
    if median > policy.slow_threshold {
        let words = format!(
            "slow: {:.1} ms, above {:.0} ms",
            ms(median),
            ms(policy.slow_threshold)
        );
        finding.warn(&words);
        finding.next = Some(
            "look at the network, and at the server's load; or raise slow_threshold".to_owned(),
        );
    }
    finding.fact("minMs", min);
    finding.fact("medianMs", median);
    finding.fact("maxMs", max);
    finding.fact("clockSkewMs", skew_ms);
    if skew_ms.abs() > SKEWED_MS {
        finding.note(format!(
            "the server's clock and this machine's differ by {:.0} ms",
            skew_ms.abs()
        ));
    }
    finding
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::FindingStatus;

    #[track_caller]
    fn check(times: &[u64], status: FindingStatus, words: &str) {
        let policy = HealthPolicy {
            slow_threshold: Duration::from_millis(200),
            expects_writes: true,
            requires_schema: true,
        };
        let times = times.iter().map(|ms| Duration::from_millis(*ms)).collect();
        let finding = told(times, 0.0, &policy);
        assert_eq!((finding.status, finding.summary.as_str()), (status, words));
    }

    #[test]
    fn the_median_decides_what_is_slow() {
        check(
            &[900, 1, 2],
            FindingStatus::Ok,
            "3 round trips: min 1.00, median 2.00, max 900.00 ms",
        );
        check(
            &[900, 800, 2],
            FindingStatus::Warning,
            "slow: 800.0 ms, above 200 ms",
        );
    }
}
