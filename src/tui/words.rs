//! Numbers, durations and sizes in words. Knows no styles and no screen; what
//! is a fixed sentence stands in `text`.

use std::time::Duration;

use chrono::{DateTime, Utc};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A latency with three significant digits at most: `0.42 ms`, `12.4 ms`, `1.24 s`.
pub(super) fn latency(duration: Duration) -> String {
    if duration >= Duration::from_secs(1) {
        return format!("{:.2} s", duration.as_secs_f64());
    }
    format!("{} ms", milliseconds(duration))
}

/// The same in milliseconds without unit, at most six columns up to 999 s.
pub(super) fn milliseconds(duration: Duration) -> String {
    let ms = duration.as_secs_f64() * 1000.0;
    if ms < 9.995 {
        format!("{ms:.2}")
    } else if ms < 99.95 {
        format!("{ms:.1}")
    } else {
        format!("{ms:.0}")
    }
}

/// A scale in its largest unit, without a fraction: `20 ms`, `5 s`.
pub(super) fn scale(duration: Duration) -> String {
    if duration >= Duration::from_secs(1) {
        return format!("{} s", duration.as_secs());
    }
    format!("{} ms", duration.as_millis())
}

/// How long ago `at` was; what lies ahead counts as now.
pub(super) fn age(now: DateTime<Utc>, at: DateTime<Utc>) -> String {
    span((now - at).to_std().unwrap_or(Duration::ZERO))
}

/// The same in whole minutes once there are some, for places where seconds
/// that change would only draw the eye: `42 s`, `2 min`, `3 h 12 min`.
pub(super) fn rough_age(now: DateTime<Utc>, at: DateTime<Utc>) -> String {
    let age = (now - at).to_std().unwrap_or(Duration::ZERO);
    match age.as_secs() / 60 {
        minutes @ 1..60 => format!("{minutes} min"),
        _ => span(age),
    }
}

/// A length of time in its two largest units: `42 s`, `2 min 04 s`, `3 h 12 min`.
pub(super) fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    if minutes == 0 {
        format!("{seconds} s")
    } else if hours == 0 {
        format!("{minutes} min {:02} s", seconds % 60)
    } else if days == 0 {
        format!("{hours} h {:02} min", minutes % 60)
    } else {
        format!("{days} d {} h", hours % 24)
    }
}

/// A length of time that is over, with tenths below a minute: `0.4 s`, `2 min 04 s`.
pub(super) fn length(duration: Duration) -> String {
    if duration < Duration::from_secs(59) {
        return format!("{:.1} s", duration.as_secs_f64());
    }
    span(duration)
}

/// The time that is left until `due`, in whole seconds, rounded up; `None` once it is due.
pub(super) fn left(now: DateTime<Utc>, due: DateTime<Utc>) -> Option<String> {
    let left = (due - now).to_std().ok().filter(|left| !left.is_zero())?;
    let whole = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    Some(span(Duration::from_secs(whole)))
}

/// A size in bytes with a binary unit.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub(super) fn bytes(size: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if size < 1024 {
        return format!("{size} B");
    }
    let mut value = size as f64 / 1024.0;
    let mut unit = UNITS[0];
    for next in &UNITS[1..] {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    if value < 10.0 {
        format!("{value:.1} {unit}")
    } else {
        format!("{value:.0} {unit}")
    }
}

/// The text cut to `width` columns; what was cut leaves `mark` at the end.
pub(super) fn cut(text: &str, width: usize, mark: char) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(mark.width().unwrap_or(0));
    let mut cut: String = text[..fitting(text, room)].to_owned();
    if width > 0 {
        cut.push(mark);
    }
    cut
}

/// The text in exactly `width` columns: cut, or filled with spaces.
pub(super) fn fit(text: &str, width: usize, mark: char) -> String {
    let mut fitted = cut(text, width, mark);
    let missing = width.saturating_sub(fitted.width());
    fitted.extend(std::iter::repeat_n(' ', missing));
    fitted
}

/// The text in lines of at most `width` columns, broken between words where
/// possible. A width of 0 is taken as 1; no text gives no lines.
pub(super) fn wrap(text: &str, width: usize) -> Vec<&str> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let mut rest = text.trim_end();
    while !rest.is_empty() {
        if rest.width() <= width {
            lines.push(rest);
            break;
        }
        let hard = fitting(rest, width).max(rest.chars().next().map_or(1, char::len_utf8));
        let at = match rest[..hard].rfind(' ') {
            _ if rest[hard..].starts_with(' ') => hard,
            Some(space) if space > 0 => space,
            _ => hard,
        };
        lines.push(rest[..at].trim_end());
        rest = rest[at..].trim_start();
    }
    lines
}

/// How many bytes of the text fit into `width` columns.
fn fitting(text: &str, width: usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > width {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_told_in_their_two_largest_units() {
        let told = |seconds| span(Duration::from_secs(seconds));
        assert_eq!(told(0), "0 s");
        assert_eq!(told(59), "59 s");
        assert_eq!(told(124), "2 min 04 s");
        assert_eq!(told(11_520), "3 h 12 min");
        assert_eq!(told(187_200), "2 d 4 h");
    }

    #[test]
    fn latencies_keep_three_digits() {
        let told = |micros| latency(Duration::from_micros(micros));
        assert_eq!(told(420), "0.42 ms");
        assert_eq!(told(9_996), "10.0 ms");
        assert_eq!(told(99_960), "100 ms");
        assert_eq!(told(1_240_000), "1.24 s");
    }

    #[test]
    fn a_countdown_rounds_up_and_ends() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(
            left(now, now + TimeDelta::milliseconds(2_001)).as_deref(),
            Some("3 s")
        );
        assert_eq!(left(now, now), None);
        assert_eq!(left(now, now - TimeDelta::seconds(1)), None);
        assert_eq!(age(now, now + TimeDelta::seconds(9)), "0 s");
    }

    #[test]
    fn a_rough_age_has_no_seconds_beside_minutes() {
        let now = DateTime::UNIX_EPOCH;
        let told = |seconds| rough_age(now, now - TimeDelta::seconds(seconds));
        let ages = [0, 59, 60, 179, 3_599, 3_600, 11_520].map(told);
        let words = [
            "0 s",
            "59 s",
            "1 min",
            "2 min",
            "59 min",
            "1 h 00 min",
            "3 h 12 min",
        ];
        assert_eq!(ages, words);
    }

    #[test]
    fn sizes_have_binary_units() {
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(52_428_800), "50 MiB");
        assert_eq!(bytes(u64::MAX), "16384 PiB");
    }

    #[test]
    fn cutting_counts_columns_not_characters() {
        assert_eq!(cut("漢字漢字", 5, '…'), "漢字…");
        assert_eq!(cut("abc", 3, '…'), "abc");
        assert_eq!(cut("abc", 0, '…'), "");
        assert_eq!(fit("漢", 4, '…'), "漢  ");
    }

    proptest! {
        #[test]
        fn wrapping_loses_no_word_and_keeps_the_width(text in "[ a-z漢é]{0,80}", width in 2usize..20) {
            let lines = wrap(&text, width);
            for line in &lines {
                prop_assert!(line.width() <= width, "{line:?}");
            }
            let kept: String = lines.concat().split_whitespace().collect();
            let whole: String = text.split_whitespace().collect();
            prop_assert_eq!(kept, whole);
        }
    }
}
