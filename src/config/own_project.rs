//! A profile that names a project: it takes no database from elsewhere, since
//! nobody has said that the two belong together.

use crate::config::{
    Origin,
    assign::{Entry, RawValue},
    file_layer::FileLayer,
};

/// Whether this profile sets `supabase_url`.
pub(crate) fn is_named(file: &FileLayer, profile: Option<&str>) -> bool {
    profile.is_some_and(|profile| sets(file, profile, "supabase_url"))
}

/// The same, and no `database_url`.
pub(crate) fn is_alone(file: &FileLayer, profile: Option<&str>) -> bool {
    let has_database = profile.is_some_and(|profile| sets(file, profile, "database_url"));
    is_named(file, profile) && !has_database
}

/// Whether an entry would give it a database that was set for everybody. What
/// the command line gives is meant for it.
pub(crate) fn is_foreign(entry: &Entry) -> bool {
    let is_for_all = match &entry.origin {
        Origin::File { profile, .. } => profile.is_none(),
        Origin::Environment(_) => true,
        Origin::Default
        | Origin::Flag(_)
        | Origin::Argument
        | Origin::Service { .. }
        | Origin::PassFile { .. }
        | Origin::Derived(_) => false,
    };
    is_for_all && entry.spec.name == "database_url"
}

fn sets(file: &FileLayer, profile: &str, key: &str) -> bool {
    let mut entries = file.entries.iter();
    entries.any(|entry| entry.spec.name == key && is_of(entry, profile) && !is_empty(&entry.raw))
}

fn is_of(entry: &Entry, name: &str) -> bool {
    match &entry.origin {
        Origin::File {
            profile: Some(profile),
            ..
        } => **profile == *name,
        _ => false,
    }
}

/// An empty text empties a place, so it names nothing.
fn is_empty(raw: &RawValue) -> bool {
    match raw {
        RawValue::String(text) | RawValue::Untyped(text) => text.is_empty(),
        RawValue::Integer(_) | RawValue::Bool(_) | RawValue::List(_) | RawValue::Other(_) => false,
    }
}
