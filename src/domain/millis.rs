//! Durations as JSON numbers in milliseconds, with microsecond precision.
//!
//! The data model gives every duration as a number of milliseconds; inside the
//! program a duration is a [`Duration`].

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// The duration as fractional milliseconds, rounded to whole microseconds.
#[expect(
    clippy::cast_precision_loss,
    reason = "53 bits of microseconds are 285 years"
)]
pub(crate) fn as_ms(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}

pub(crate) fn serialize<S: Serializer>(value: &Duration, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_f64(as_ms(*value))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
    let ms = f64::deserialize(input)?;
    from_ms(ms).ok_or_else(|| D::Error::custom(format!("{ms} is not a duration in milliseconds")))
}

/// The duration of `ms` milliseconds, to the nearest microsecond; `None` for
/// what is negative, not a number or too large.
pub(crate) fn from_ms(ms: f64) -> Option<Duration> {
    let exact = Duration::try_from_secs_f64(ms / 1000.0).ok()?;
    let nearest = exact.checked_add(Duration::from_nanos(500))?;
    let micros = nearest.subsec_micros();
    Some(Duration::new(nearest.as_secs(), micros * 1_000))
}

/// The same for a duration that may be absent (`null`).
pub(crate) mod option {
    use super::{Deserialize, Deserializer, Duration, Error, Serializer, as_ms, from_ms};

    #[expect(
        clippy::ref_option,
        reason = "serde's `with` passes the field by reference"
    )]
    pub(crate) fn serialize<S: Serializer>(
        value: &Option<Duration>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(duration) => out.serialize_some(&as_ms(*duration)),
            None => out.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        input: D,
    ) -> Result<Option<Duration>, D::Error> {
        let Some(ms) = Option::<f64>::deserialize(input)? else {
            return Ok(None);
        };
        from_ms(ms)
            .map(Some)
            .ok_or_else(|| D::Error::custom(format!("{ms} is not a duration in milliseconds")))
    }
}
