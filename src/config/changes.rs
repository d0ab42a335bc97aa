//! How one configuration differs from another, ready to be shown, and whether a
//! connection outlives the difference. Knows nothing of connections themselves.

use crate::{
    config::{AdapterSection, Loaded, Row},
    domain::{ConfigChange, DatabaseConfigDraft, Taking},
};

/// The keys that a running connection follows.
const LIVE: [&str; 7] = [
    "health_check_interval",
    "max_retries",
    "retry_delay",
    "heartbeat_interval",
    "slow_threshold",
    "auto_migrate",
    "environment",
];

/// What the keys of the screen begin with: it is made once.
const OF_THE_SCREEN: &str = "tui.";

/// What a secret is shown as.
const STARS: &str = "*****";

/// What a secret is shown as that is another one now.
const OTHER_STARS: &str = "***** (changed)";

/// Every key whose value differs, in the order of the table.
#[must_use]
pub fn changes(old: &Loaded, new: &Loaded) -> Vec<ConfigChange> {
    let needs_connection = !serves(old, new);
    let taking = |key: &str| {
        if key.starts_with(OF_THE_SCREEN) {
            Taking::NextStart
        } else if LIVE.contains(&key) || !needs_connection {
            Taking::Running
        } else {
            Taking::NewConnection
        }
    };
    differing(old, new)
        .into_iter()
        .map(|(key, old, new)| ConfigChange {
            key,
            old,
            new,
            taking: taking(key),
        })
        .collect()
}

/// Whether a connection made for the old configuration does what the new one
/// says: nothing differs that only a new connection can follow.
#[must_use]
pub fn serves(old: &Loaded, new: &Loaded) -> bool {
    if old.config.adapter == new.config.adapter {
        return true;
    }
    // An adapter has values of its own that only serve whoever calls it, such
    // as the retries of a call.
    let may_stay = |key: &str| LIVE.contains(&key) || key.starts_with(OF_THE_SCREEN);
    let differing = differing(old, new);
    !differing.is_empty() && differing.iter().all(|(key, ..)| may_stay(key))
}

/// A key with its old and its new value.
type Differing = (&'static str, Option<String>, Option<String>);

fn differing(old: &Loaded, new: &Loaded) -> Vec<Differing> {
    let mut found = rows(&old.settings, &new.settings);
    let is_told = |found: &[Differing], key| found.iter().any(|(told, ..)| *told == key);
    for key in secrets(old, new) {
        if !is_told(&found, key) {
            found.push((key, Some(STARS.to_owned()), Some(OTHER_STARS.to_owned())));
        }
    }
    // Another mode or URL has another host and so on: it is said already.
    if !is_told(&found, "mode") && !is_told(&found, "database_url") {
        found.append(&mut rows(&old.connection, &new.connection));
    }
    if !is_told(&found, "database_url") && has_other_password(old, new) {
        let stars = (Some(STARS.to_owned()), Some(OTHER_STARS.to_owned()));
        found.push(("password", stars.0, stars.1));
    }
    found
}

fn rows(old: &[Row], new: &[Row]) -> Vec<Differing> {
    let of = |rows: &[Row], key| {
        let row = rows.iter().find(|row| row.key == key)?;
        let value = row.value.clone()?;
        Some(
            row.unit
                .filter(|unit| *unit == "ms")
                .map_or_else(|| value.clone(), |unit| format!("{value} {unit}")),
        )
    };
    let mut keys: Vec<_> = old.iter().chain(new).map(|row| row.key).collect();
    let mut seen = std::collections::BTreeSet::new();
    keys.retain(|key| seen.insert(*key));
    let values = keys
        .into_iter()
        .map(|key| (key, of(old, key), of(new, key)));
    values.filter(|(_, old, new)| old != new).collect()
}

/// The keys of secrets that differ, however alike they are shown.
fn secrets(old: &Loaded, new: &Loaded) -> Vec<&'static str> {
    let of = |loaded: &Loaded| -> DatabaseConfigDraft { loaded.config.database.fields().clone() };
    let (old, new) = (of(old), of(new));
    let mut keys = Vec::new();
    if old.supabase_key != new.supabase_key {
        keys.push("supabase_key");
    }
    if old.database_url != new.database_url {
        keys.push("database_url");
    }
    keys
}

/// Whether the password differs, which may come from a file of its own.
fn has_other_password(old: &Loaded, new: &Loaded) -> bool {
    let (AdapterSection::Local(old), AdapterSection::Local(new)) =
        (&old.config.adapter, &new.config.adapter)
    else {
        return false;
    };
    old.password != new.password
}
