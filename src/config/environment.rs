//! Our environment variables as entries. Knows nothing of libpq's variables.

use std::path::PathBuf;

use crate::{
    config::{
        Complaint, Complaints, Env, Origin,
        assign::{Entry, RawValue},
        file::FILE_VARIABLE,
        keys::KEYS,
        suggest::did_you_mean,
    },
    domain::Secret,
};

/// What our own variables begin with.
const PREFIX: &str = "DBVITALS_";

/// Every variable that sets a key; of two for the same key `DBVITALS_KEY`
/// comes later and so holds. An unknown `DBVITALS_…` is a complaint.
pub(crate) fn read(env: &dyn Env, complaints: &mut Complaints) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut known = vec![FILE_VARIABLE.to_owned()];
    for spec in &KEYS {
        let ours = spec.variable();
        for name in spec.aliases.iter().copied().chain([ours.as_str()]) {
            let origin = Origin::Environment(name.to_owned());
            match text(env, name) {
                Ok(Some(value)) => entries.push(Entry {
                    spec,
                    raw: RawValue::Untyped(value),
                    origin,
                }),
                Ok(None) => {}
                Err(problem) => complaints.push(Complaint::new(spec.name, problem, origin)),
            }
        }
        known.push(ours);
    }
    let names = env.names();
    for name in names.iter().map(|name| name.to_string_lossy()) {
        if name.starts_with(PREFIX) && !known.iter().any(|known| *known == name) {
            let hint = did_you_mean(&name, known.iter().map(String::as_str));
            complaints.push(Complaint::new(
                &name,
                format!("unknown variable{hint}"),
                Origin::Environment(name.clone().into_owned()),
            ));
        }
    }
    entries
}

/// The text of a variable; an empty one counts as not set.
///
/// # Errors
/// In words, when it is not UTF-8.
pub(crate) fn text(env: &dyn Env, name: &str) -> Result<Option<Secret>, &'static str> {
    match env.get(name).filter(|value| !value.is_empty()) {
        None => Ok(None),
        Some(value) => match value.to_str() {
            Some(text) => Ok(Some(Secret::new(text))),
            None => Err("is not UTF-8"),
        },
    }
}

/// A variable that holds a path; an empty one counts as not set.
pub(crate) fn path(env: &dyn Env, name: &str) -> Option<PathBuf> {
    env.get(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

/// The home folder.
pub(crate) fn home(env: &dyn Env) -> Option<PathBuf> {
    path(env, "HOME")
}
