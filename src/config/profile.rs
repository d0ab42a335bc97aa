//! Which profile of the file is used. Knows nothing of what a profile sets.

use std::collections::BTreeSet;

use crate::config::{
    Complaint, Complaints, Origin, assign::Entry, file_layer::FileLayer, shown::shown,
    values::Values,
};

/// The profile that `--profile`, `DBVITALS_PROFILE` or the file's `profile`
/// names, in this order. An unknown one is a complaint that lists the known ones.
pub(crate) fn choose(
    file: &FileLayer,
    others: &[&Entry],
    complaints: &mut Complaints,
) -> Option<String> {
    let mut values = Values::default();
    let naming = file.entries.iter().chain(others.iter().copied());
    for entry in naming.filter(|entry| entry.spec.name == "profile") {
        // What is wrong with it is said when all entries are checked.
        let _checked_later = entry.assign(&mut values);
    }
    let chosen = values.profile?;
    if file.profiles.contains(&chosen.value) {
        return Some(chosen.value);
    }
    // A file that could not be read may well hold it.
    if !super::file::is_unknown(complaints) {
        let problem = if file.profiles.is_empty() {
            "is no profile: the configuration holds none".to_owned()
        } else {
            format!("is no profile; known are {}", listed(&file.profiles))
        };
        complaints.push(Complaint::new("profile", problem, chosen.origin).with_value(chosen.value));
    }
    None
}

/// A profile that was chosen by its name, which the file may have lost since.
pub(crate) fn known(file: &FileLayer, name: &str) -> Result<String, Complaint> {
    if file.profiles.contains(name) {
        return Ok(name.to_owned());
    }
    let problem = "is no profile of the configuration any more";
    let origin = Origin::Derived("chosen by you");
    Err(Complaint::new("profile", problem, origin).with_value(name))
}

/// Names that are listed at most.
const LISTED: usize = 20;

/// The names of profiles as a list for people; of very many the first.
pub(crate) fn listed(profiles: &BTreeSet<String>) -> String {
    let names: Vec<_> = profiles
        .iter()
        .take(LISTED)
        .map(|name| shown(name))
        .collect();
    match profiles.len() - names.len() {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

/// That a profile names a database and the environment another one, which is used.
pub(crate) fn passed_over(name: &str, own: &Values, in_force: &Values) -> Vec<String> {
    let pairs = [
        (
            "database_url",
            own.database_url.is_some(),
            in_force.database_url.as_ref().map(|url| &url.origin),
        ),
        (
            "supabase_url",
            own.supabase_url.is_some(),
            in_force.supabase_url.as_ref().map(|url| &url.origin),
        ),
    ];
    let told = pairs
        .into_iter()
        .filter_map(|(key, is_own, origin)| match origin {
            Some(origin @ Origin::Environment(_)) if is_own => Some((key, origin)),
            _ => None,
        });
    told.map(|(key, origin)| {
        format!(
            "profile {} names a {key} of its own, and {origin} is used in its place",
            shown(name)
        )
    })
    .collect()
}

/// Whether an entry holds when this profile is in use.
pub(crate) fn is_in_force(entry: &Entry, profile: Option<&str>) -> bool {
    match &entry.origin {
        Origin::File {
            profile: Some(own), ..
        } => Some(&**own) == profile,
        _ => true,
    }
}
