//! From the sources to a configuration, or to everything that is wrong with
//! it. Knows the order of the layers, not what is in them.

use crate::config::{
    Choice, Complaint, Complaints, Fallback, Loaded, Origin, ProfileChoice, Row, Sources,
    assign::Entry,
    environment,
    file::{self, FileText},
    file_layer::{self, FileLayer},
    flag_layer, loaded, mode, own_project,
    production::Production,
    profile, rehearsal, resolve, rules,
    values::Values,
};

/// Reads flags over environment over profile over file over defaults, and
/// checks the whole.
///
/// # Errors
/// Every complaint, not only the first.
pub fn load(sources: &Sources<'_>, fallback: Fallback) -> Result<Loaded, Complaints> {
    load_chosen(sources, &Order::default(), fallback)
}

/// Which part of the sources is wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Order {
    /// What was chosen beside them.
    pub(crate) choice: Choice,
    /// What is read of the profiles that are not in use.
    pub(crate) idle: Idle,
}

/// What becomes of the profiles that are not in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Idle {
    /// A mistake in one would only wait for its day: it is complained about.
    #[default]
    Checked,
    /// They say nothing about the one that is wanted.
    LeftOut,
}

/// The same, with what was chosen beside the sources.
pub(crate) fn load_chosen(
    sources: &Sources<'_>,
    order: &Order,
    fallback: Fallback,
) -> Result<Loaded, Complaints> {
    let (gathered, mut complaints) = gather(sources, order);
    let Gathered {
        mut values,
        file_layer,
        profile,
        production,
        passed_over,
        text,
    } = gathered;
    let is_lone_project = own_project::is_alone(&file_layer, profile.as_deref());
    rehearsal::settle(&mut values, &mut complaints);
    let mut warnings = passed_over;
    if let Some(text) = &text {
        warnings.extend(file::warn_if_open(text, file_layer.holds_secret()));
    }
    check_rules(&values, &mut complaints);
    let means = mode::Means {
        values: &values,
        sources,
        profiles: &file_layer.profiles,
        is_lone_project,
    };
    let Some(chosen) = mode::choose(&means, fallback, &mut complaints) else {
        return Err(complaints);
    };
    if let Some(production) = production {
        production.keep(&mut values, chosen.mode, sources.env);
    }
    let parts = resolve::Parts {
        values,
        chosen,
        warnings,
        profile,
        is_lone_project,
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
    let (gathered, complaints) = gather(sources, &Order::default());
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
    let (gathered, _told_by_load) = gather(sources, &Order::default());
    loaded::rows(&gathered.values)
}

/// The profiles that the file holds.
///
/// # Errors
/// Why the file cannot be read.
pub(crate) fn profiles(sources: &Sources<'_>) -> Result<Vec<String>, Complaints> {
    let mut complaints = Complaints::default();
    let text = complaints.keep(file::read(sources)).flatten();
    let layer = text.map(|text| file_layer::parse(&text, &mut complaints));
    if file::is_unknown(&complaints) {
        return Err(complaints);
    }
    Ok(layer.unwrap_or_default().profiles.into_iter().collect())
}

/// The layers laid over each other.
struct Gathered {
    values: Values,
    file_layer: FileLayer,
    profile: Option<String>,
    /// What the profile must not make anything else.
    production: Option<Production>,
    /// What the profile names in vain.
    passed_over: Vec<String>,
    text: Option<FileText>,
}

/// Reads all sources; complains about each value by itself.
fn gather(sources: &Sources<'_>, order: &Order) -> (Gathered, Complaints) {
    let mut complaints = Complaints::default();
    let text = complaints.keep(file::read(sources)).flatten();
    let file_layer = text
        .as_ref()
        .map(|text| file_layer::parse(text, &mut complaints))
        .unwrap_or_default();
    let mut outside = environment::read(sources.env, &mut complaints);
    outside.extend(flag_layer::read(&sources.flags, &mut complaints));
    let outside: Vec<_> = outside.iter().collect();
    let mut stronger = outside.clone();
    stronger.retain(|entry| order.choice.leaves_in_force(entry, &file_layer));
    let profile = match &order.choice.profile {
        ProfileChoice::AsConfigured => profile::choose(&file_layer, &stronger, &mut complaints),
        ProfileChoice::Without => None,
        ProfileChoice::Named(name) => complaints.keep(profile::known(&file_layer, name)),
    };
    let (in_profile, at_top): (Vec<_>, Vec<_>) = file_layer
        .entries
        .iter()
        .partition(|entry| entry.is_in_profile());
    let (in_force, idle): (Vec<_>, Vec<_>) = in_profile
        .into_iter()
        .partition(|entry| profile::is_in_force(entry, profile.as_deref()));
    let own = laid(&[&in_force]);
    let production = profile.as_ref().and_then(|_| {
        let without = laid(&[&at_top, &outside]);
        Production::find(&without, &own, sources.env)
    });
    let mut values = Values::default();
    let is_project = own_project::is_named(&file_layer, profile.as_deref());
    let is_meant = |entry: &&Entry| !(is_project && own_project::is_foreign(entry));
    let [at_top, stronger]: [Vec<_>; 2] =
        [at_top, stronger].map(|layer| layer.into_iter().filter(is_meant).collect());
    lay(&at_top, &mut values, &mut complaints);
    lay(&in_force, &mut values, &mut complaints);
    match order.idle {
        Idle::Checked => lay(&idle, &mut Values::default(), &mut complaints),
        Idle::LeftOut => complaints.retain(|complaint| !is_idle(complaint, profile.as_deref())),
    }
    lay(&stronger, &mut values, &mut complaints);
    order.choice.lay(&file_layer, &mut values);
    let passed_over = profile
        .as_ref()
        .map(|name| profile::passed_over(name, &own, &values));
    let gathered = Gathered {
        values,
        file_layer,
        profile,
        production,
        passed_over: passed_over.unwrap_or_default(),
        text,
    };
    (gathered, complaints)
}

/// Whether a complaint is about a profile that is not in use.
fn is_idle(complaint: &Complaint, in_use: Option<&str>) -> bool {
    match &complaint.origin {
        Origin::File {
            profile: Some(own), ..
        } => Some(&**own) != in_use,
        _ => false,
    }
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

/// What these layers alone would give; what is wrong with them is told elsewhere.
fn laid(layers: &[&[&Entry]]) -> Values {
    let mut values = Values::default();
    for layer in layers {
        lay(layer, &mut values, &mut Complaints::default());
    }
    values
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
