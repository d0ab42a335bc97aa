//! A small bar that shows how much of something is used. Knows two numbers.

use crate::tui::glyphs::Glyphs;

/// `used` of `max` as a bar of `width` columns. What is used shows at least
/// one full column, and only a full bar means that all is used.
pub(in crate::tui) fn meter(used: u64, max: u64, width: u64, glyphs: &Glyphs) -> String {
    let full = match (used, max) {
        (0, _) => 0,
        (_, 0) => width,
        (used, max) if used >= max => width,
        (used, max) => {
            let share = u128::from(used) * u128::from(width) / u128::from(max);
            u64::try_from(share)
                .unwrap_or(width)
                .clamp(1, width.saturating_sub(1).max(1))
        }
    };
    (0..width)
        .map(|at| {
            if at < full {
                glyphs.meter_full
            } else {
                glyphs.meter_empty
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::glyphs::ASCII;

    #[test]
    fn a_bar_is_full_only_when_all_is_used() {
        assert_eq!(meter(0, 100, 4, &ASCII), "....");
        assert_eq!(meter(1, 100, 4, &ASCII), "#...");
        assert_eq!(meter(99, 100, 4, &ASCII), "###.");
        assert_eq!(meter(100, 100, 4, &ASCII), "####");
        assert_eq!(meter(5, 0, 4, &ASCII), "####");
        assert_eq!(meter(u64::MAX - 1, u64::MAX, 4, &ASCII), "###.");
    }
}
