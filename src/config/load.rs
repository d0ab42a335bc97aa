//! From the sources to a configuration, or to everything that is wrong with
//! it. Knows the order of the layers, not what is in them.

use crate::config::{
    Complaints, Fallback, Loaded, Row, Sources,
    assign::Entry,
    environment,
    file::{self, FileText},
    file_layer::{self, FileLayer},
    flag_layer, loaded, mode, profile, rehearsal, resolve, rules,
    values::Values,
};

/// Reads flags over environment over profile over file over defaults, and
/// checks the whole.
///
/// # Errors
/// Every complaint, not only the first.
pub fn load(sources: &Sources<'_>, fallback: Fallback) -> Result<Loaded, Complaints> {
    let (gathered, mut complaints) = gather(sources);
    let Gathered {
        mut values,
        file_layer,
        profile,
        text,
    } = gathered;
    rehearsal::settle(&mut values, &mut complaints);
    let mut warnings = Vec::new();
    if let Some(text) = &text {
        warnings.extend(file::warn_if_open(text, file_layer.holds_secret()));
    }
    check_rules(&values, &mut complaints);
    let means = mode::Means {
        values: &values,
        sources,
        profiles: &file_layer.profiles,
    };
    let Some(chosen) = mode::choose(&means, fallback, &mut complaints) else {
        return Err(complaints);
    };
    let parts = resolve::Parts {
        values,
        chosen,
        warnings,
        profile,
        file: text.map(|text| text.path),
    };
    match resolve::resolve(parts, sources.env, &mut complaints) {
        Some(loaded) if complaints.is_empty() => Ok(loaded),
        _ => Err(complaints),
    }
}

/// The schema of the ledger in a configuration that need not be valid in any
/// other respect: SQL can be printed without a database.
///
/// # Errors
/// What is wrong with this key, and what leaves its value unknown.
pub fn ledger_schema(sources: &Sources<'_>) -> Result<Option<String>, Complaints> {
    let (gathered, complaints) = gather(sources);
    let decides = ["ledger_schema", "profile"];
    if decides.iter().any(|key| complaints.concern(key)) || file::is_unknown(&complaints) {
        return Err(complaints);
    }
    Ok(gathered.values.ledger_schema.map(|schema| schema.value))
}

/// Every key of a configuration that need not be valid: a value that is
/// refused leaves the next weaker one. What is wrong is told by [`load`].
#[must_use]
pub fn settings(sources: &Sources<'_>) -> Vec<Row> {
    let (gathered, _told_by_load) = gather(sources);
    loaded::rows(&gathered.values)
}

/// The layers laid over each other.
struct Gathered {
    values: Values,
    file_layer: FileLayer,
    profile: Option<String>,
    text: Option<FileText>,
}

/// Reads all sources; complains about each value by itself.
fn gather(sources: &Sources<'_>) -> (Gathered, Complaints) {
    let mut complaints = Complaints::default();
    let text = complaints.keep(file::read(sources)).flatten();
    let file_layer = text
        .as_ref()
        .map(|text| file_layer::parse(text, &mut complaints))
        .unwrap_or_default();
    let mut stronger = environment::read(sources.env, &mut complaints);
    stronger.extend(flag_layer::read(&sources.flags, &mut complaints));
    let profile = profile::choose(&file_layer, &stronger, &mut complaints);
    let (in_profile, at_top): (Vec<_>, Vec<_>) = file_layer
        .entries
        .iter()
        .partition(|entry| entry.is_in_profile());
    let (in_force, idle): (Vec<_>, Vec<_>) = in_profile
        .into_iter()
        .partition(|entry| profile::is_in_force(entry, profile.as_deref()));
    let stronger: Vec<_> = stronger.iter().collect();
    let mut values = Values::default();
    lay(&at_top, &mut values, &mut complaints);
    lay(&in_force, &mut values, &mut complaints);
    // A mistake in a profile that is not used now would only wait for its day.
    lay(&idle, &mut Values::default(), &mut complaints);
    lay(&stronger, &mut values, &mut complaints);
    let gathered = Gathered {
        values,
        file_layer,
        profile,
        text,
    };
    (gathered, complaints)
}

/// The rules between keys, where the keys themselves are in order.
fn check_rules(values: &Values, complaints: &mut Complaints) {
    let ruled = ["health_check_timeout", "health_check_interval"];
    if !ruled.iter().any(|key| complaints.concern(key)) {
        complaints.keep(rules::timeout_within_interval(values));
    }
    if !complaints.concern("heartbeat_interval") {
        complaints.keep(rules::heartbeat_is_off_or_slow_enough(values));
    }
}

/// Lays entries over the values, the later over the earlier.
fn lay(entries: &[&Entry], values: &mut Values, complaints: &mut Complaints) {
    for entry in entries {
        if let Err(faults) = entry.assign(values) {
            for fault in faults {
                complaints.push(fault);
            }
        }
    }
}
