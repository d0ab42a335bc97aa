//! From the sources to a configuration, or to everything that is wrong with
//! it. Knows the order of the layers, not what is in them.

use crate::config::{
    Complaints, Fallback, Loaded, Sources, assign::Entry, environment, file, file_layer,
    flag_layer, mode, profile, resolve, rules, unbuilt, values::Values,
};

/// Reads flags over environment over profile over file over defaults, and
/// checks the whole.
///
/// # Errors
/// Every complaint, not only the first.
pub fn load(sources: &Sources<'_>, fallback: Fallback) -> Result<Loaded, Complaints> {
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
    let mut values = Values::default();
    lay(&at_top, &mut values, &mut complaints);
    let (in_force, idle): (Vec<_>, Vec<_>) = in_profile
        .into_iter()
        .partition(|entry| profile::is_in_force(entry, profile.as_deref()));
    lay(&in_force, &mut values, &mut complaints);
    // A mistake in a profile that is not used now would only wait for its day.
    lay(&idle, &mut Values::default(), &mut complaints);
    lay(
        &stronger.iter().collect::<Vec<_>>(),
        &mut values,
        &mut complaints,
    );

    let mut warnings = Vec::new();
    if let Some(text) = &text {
        warnings.extend(file::warn_if_open(text, file_layer.holds_secret()));
    }
    let ruled = ["health_check_timeout", "health_check_interval"];
    if !ruled.iter().any(|key| complaints.concern(key)) {
        complaints.keep(rules::timeout_within_interval(&values));
    }
    if !complaints.concern("heartbeat_interval") {
        complaints.keep(rules::heartbeat_is_off_or_slow_enough(&values));
    }
    let means = mode::Means {
        values: &values,
        sources,
        profiles: &file_layer.profiles,
    };
    let chosen = mode::choose(&means, fallback, &mut complaints);
    if let Some(chosen) = &chosen {
        complaints.keep(unbuilt::supabase(chosen, &values));
    }
    let Some(chosen) = chosen else {
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

/// Lays entries over the values, the later over the earlier.
fn lay(entries: &[&Entry], values: &mut Values, complaints: &mut Complaints) {
    for entry in entries {
        complaints.keep(entry.assign(values));
    }
}
