//! How long a rehearsed answer takes: a time that every answer needs, and a
//! jitter that most need little of. The same at the same moment.

use std::time::Duration;

/// The time of a round trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RoundTrip {
    /// Every answer needs so much.
    pub latency: Duration,
    /// Up to so much is added; half of the answers get an eighth of it or less,
    /// as in a network with some traffic.
    pub jitter: Duration,
}

impl RoundTrip {
    /// The round trip that begins so long after the beginning: a pure function
    /// of both, so that a rehearsal can be repeated.
    #[must_use]
    pub fn at(&self, seed: u64, elapsed: Duration) -> Duration {
        let share = share(seed, elapsed);
        self.latency + self.jitter.mul_f64(share * share * share)
    }
}

/// A number from 0 up to 1 that looks drawn by chance.
#[expect(
    clippy::cast_precision_loss,
    reason = "of 64 bits the upper 53 are kept"
)]
fn share(seed: u64, elapsed: Duration) -> f64 {
    // Moments closer than a microsecond are one.
    let micros = elapsed.as_secs().wrapping_mul(1_000_000) + u64::from(elapsed.subsec_micros());
    (mix(seed ^ mix(micros)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// The output function of the generator `SplitMix64` (Steele, Lea, Flood 2014).
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TRIP: RoundTrip = RoundTrip {
        latency: Duration::from_millis(3),
        jitter: Duration::from_millis(8),
    };

    proptest! {
        #[test]
        fn a_round_trip_keeps_its_bounds_and_is_the_same_again(
            seed: u64, micros in 0u64..1 << 50, latency in 0u64..10_000, jitter in 0u64..10_000,
        ) {
            let trip = RoundTrip {
                latency: Duration::from_micros(latency),
                jitter: Duration::from_micros(jitter),
            };
            let elapsed = Duration::from_micros(micros);
            let took = trip.at(seed, elapsed);
            prop_assert!(trip.latency <= took && took <= trip.latency + trip.jitter);
            prop_assert_eq!(took, trip.at(seed, elapsed));
        }
    }

    #[test]
    fn it_moves_like_a_networks() {
        let mut trips: Vec<_> = (0..1_000)
            .map(|second| TRIP.at(7, Duration::from_secs(second)))
            .collect();
        trips.sort_unstable();
        let ms = |place: usize| trips[place].as_secs_f64() * 1_000.0;
        assert!((3.5..4.5).contains(&ms(500)), "median {}", ms(500));
        assert!(ms(990) > 10.0, "99th percentile {}", ms(990));
        trips.dedup();
        assert!(trips.len() > 990, "only {} are different", trips.len());
    }

    #[test]
    fn another_seed_is_another_rehearsal() {
        let same = (0..100)
            .map(Duration::from_secs)
            .filter(|at| TRIP.at(1, *at) == TRIP.at(2, *at));
        assert_eq!(same.count(), 0);
    }
}
