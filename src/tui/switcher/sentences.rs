//! The fixed sentences of the list. Knows no styles.

pub(super) const ASKED: &str = "reading the configuration…";
pub(super) const NOT_LISTED: &str = "there is no list yet";
pub(super) const NOTHING_LISTED: &str = "the configuration cannot be read";
pub(super) const NOT_VALID: &str = "not possible: its settings are not valid, see above";
pub(super) const VALID: &str = "valid";
pub(super) const INVALID: &str = "INVALID";
pub(super) const IN_USE: &str = "in use";
pub(super) const IN_USE_OTHERWISE: &str = "in use, with other settings";
pub(super) const IN_USE_ALREADY: &str = "in use already; r reconnects";
pub(super) const ENTER_SWITCHES: &str =
    "Enter switches: this connection ends, and a new one begins; Esc leaves it";
pub(super) const ENTER_REHEARSES: &str =
    "Enter begins it, on a new connection to a new database; Esc leaves it";
pub(super) const ENTER_BEGINS_ANEW: &str =
    "in use: Enter begins it anew, on a new connection; Esc leaves it";
pub(super) const SWITCHES_OTHERWISE: &str =
    "in use, with other settings: Enter begins anew with these; Esc leaves it";
pub(super) const NO_PROFILE: &str = "(no profile)";
pub(super) const PRODUCTION_ASKS: &str = "every write there asks for the target's name";
pub(super) const MIGRATES_THERE: &str =
    "auto_migrate is set: pending migrations are applied there as soon as it is connected";

/// Why a row cannot be chosen.
pub(super) fn invalid_for(name: &str, count: usize) -> String {
    match count {
        1 => format!("{name} is not possible, for this reason:"),
        _ => format!("{name} is not possible, for {count} reasons:"),
    }
}

/// How many rows there is no room for; nothing where all are seen.
pub(super) fn hidden(above: usize, below: usize) -> String {
    match (above, below) {
        (0, 0) => String::new(),
        (0, below) => format!("{below} more below"),
        (above, 0) => format!("{above} more above"),
        (above, below) => format!("{above} more above, {below} below"),
    }
}

/// How many there are that have no row, and how such a one is chosen.
pub(super) fn unlisted(count: usize) -> String {
    let (one, verb) = match count {
        1 => ("profile", "is"),
        _ => ("profiles", "are"),
    };
    format!("{count} more {one} {verb} not listed: start with --profile NAME")
}

/// What would be rehearsed.
pub(super) fn rehearses(summary: &str) -> String {
    format!("rehearses: {summary}")
}
