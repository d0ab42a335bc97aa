//! "Did you mean": the known name that is nearest to a mistyped one. Knows
//! nothing of what the names stand for.

/// Edits that still count as a slip of the finger.
const NEAR: usize = 2;

/// Bytes by which near names may differ: each edit is one character, of four
/// bytes at most.
const LONGER: usize = NEAR * 4;

/// `, did you mean NAME?`, or nothing when no known name is near.
///
/// A name that was written without its table (`theme` for `tui.theme`) is
/// near too.
pub(crate) fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let leaf = |candidate: &str| {
        candidate
            .rsplit_once('.')
            .is_some_and(|(_, leaf)| leaf == name)
    };
    known
        .into_iter()
        .filter_map(|candidate| {
            if leaf(candidate) {
                return Some((0, candidate));
            }
            // Of very different lengths they cannot be near, and measuring a
            // very long name would take very long.
            (name.len().abs_diff(candidate.len()) <= LONGER)
                .then(|| (strsim::damerau_levenshtein(name, candidate), candidate))
        })
        .filter(|(distance, _)| *distance <= NEAR)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| format!(", did you mean {candidate}?"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: &str) {
        let known = ["pool_size", "mode", "tui.theme", "tui.ascii"];
        assert_eq!(did_you_mean(name, known), expected);
    }

    #[test]
    fn only_near_names_are_suggested() {
        check("pool_sise", ", did you mean pool_size?");
        check("pol_szie", ", did you mean pool_size?");
        check("theme", ", did you mean tui.theme?");
        check("mdoe", ", did you mean mode?");
        check("password", "");
    }
}
