//! Which mode, and why, as a sentence. Knows nothing of how a mode's address
//! is made complete.

use std::collections::BTreeSet;

use crate::{
    config::{
        Complaint, Complaints, Fallback, Origin, choice, file, libpq, origin::Sourced, profile,
        rehearsal, sources::Sources, values::Values,
    },
    domain::{Mode, Scenario},
};

/// What makes a database known, for texts.
const WHAT_TO_SET: &str = "set DATABASE_URL (or PGHOST or PGSERVICE) or SUPABASE_URL and \
     SUPABASE_ANON_KEY, or give a postgres:// URL";

/// What nobody may overlook in mock mode.
const NOTHING_PERSISTS: &str = "Nothing is persisted in mock mode.";

/// The mode in force.
pub(crate) struct ChosenMode {
    pub(crate) mode: Mode,
    /// "Mode chosen because …".
    pub(crate) reason: String,
    /// Nothing was configured.
    pub(crate) is_fallback: bool,
    /// What must stay on the screen.
    pub(crate) warning: Option<String>,
}

/// What a mode is chosen by.
#[derive(Clone, Copy)]
pub(crate) struct Means<'a> {
    /// What is set.
    pub(crate) values: &'a Values,
    /// Where it was read from.
    pub(crate) sources: &'a Sources<'a>,
    /// The profiles that the file has, whichever is in use.
    pub(crate) profiles: &'a BTreeSet<String>,
    /// The profile in use names a project, and no database beside it.
    pub(crate) is_lone_project: bool,
}

/// Takes the mode that is set; else supabase, local or mock, by what else is
/// set. `None` when that cannot be told, which was then complained about.
pub(crate) fn choose(
    means: &Means<'_>,
    fallback: Fallback,
    complaints: &mut Complaints,
) -> Option<ChosenMode> {
    let values = means.values;
    if let Some(scenario) = rehearsal::flagged(values) {
        complaints.keep(rehearsal::flag_fits(values));
        return Some(rehearsed(scenario, means));
    }
    if let Some(mode) = &values.mode {
        complaints.keep(argument_fits(values, mode));
        return Some(given(mode));
    }
    let decides = [
        "mode",
        "profile",
        "supabase_url",
        "supabase_key",
        "database_url",
    ];
    if decides.iter().any(|key| complaints.concern(key)) || file::is_unknown(complaints) {
        return None;
    }
    if let Some(chosen) = by_values(means) {
        return Some(chosen);
    }
    let partial = partial_supabase(values);
    let what_to_set = what_to_set(means);
    match fallback {
        Fallback::Mock => Some(ChosenMode {
            mode: Mode::Mock,
            reason: format!("Mode chosen because no database is configured{partial}."),
            is_fallback: true,
            warning: Some(format!(
                "{NOTHING_PERSISTS} To watch a database, {what_to_set}."
            )),
        }),
        Fallback::Refuse => {
            let problem = format!(
                "is required, since no database is configured{partial}: {what_to_set}, or choose \
                 --mode mock"
            );
            complaints.push(Complaint::new("mode", problem, Origin::Default));
            None
        }
    }
}

/// What somebody should do who means a database.
fn what_to_set(means: &Means<'_>) -> String {
    if means.profiles.is_empty() || means.values.profile.is_some() {
        return WHAT_TO_SET.to_owned();
    }
    format!(
        "choose a profile with --profile ({}), or {WHAT_TO_SET}",
        profile::listed(means.profiles)
    )
}

/// The flag `--scenario` is a wish for mock mode.
fn rehearsed(scenario: Scenario, means: &Means<'_>) -> ChosenMode {
    let is_known =
        means.values.database_url.is_some() || libpq::address_variable(means.sources.env).is_some();
    let set = if is_known {
        String::new()
    } else {
        format!(" and {WHAT_TO_SET}")
    };
    let flag = rehearsal::FLAG;
    ChosenMode {
        mode: Mode::Mock,
        reason: format!("Mode chosen because {flag} {scenario} is given."),
        is_fallback: false,
        warning: Some(format!(
            "{NOTHING_PERSISTS} To watch a database, leave {flag} out{set}."
        )),
    }
}

fn given(mode: &Sourced<Mode>) -> ChosenMode {
    let reason = if choice::is_chosen(mode) {
        "Mode chosen by you.".to_owned()
    } else {
        let place = mode.origin.in_sentence();
        format!("Mode chosen because mode = {} {place}.", mode.value)
    };
    ChosenMode {
        mode: mode.value,
        reason,
        is_fallback: false,
        warning: (mode.value == Mode::Mock).then(|| {
            format!(
                "{NOTHING_PERSISTS} To watch a database, choose --mode local and {WHAT_TO_SET}."
            )
        }),
    }
}

fn by_values(means: &Means<'_>) -> Option<ChosenMode> {
    let Means {
        values, sources, ..
    } = *means;
    let plain = |mode, reason| ChosenMode {
        mode,
        reason,
        is_fallback: false,
        warning: None,
    };
    let partial = partial_supabase(values);
    if let Some(url) = values.database_url.as_ref().filter(|url| is_argument(url)) {
        let reason = format!(
            "Mode chosen because a database URL is given as {}.",
            url.origin
        );
        return Some(plain(Mode::Local, reason));
    }
    if let (Some(url), Some(key)) = (&values.supabase_url, &values.supabase_key) {
        let reason = format!(
            "Mode chosen because supabase_url ({}) and supabase_key ({}) are set.",
            url.origin, key.origin
        );
        return Some(plain(Mode::Supabase, reason));
    }
    if let Some(url) = values
        .supabase_url
        .as_ref()
        .filter(|_| means.is_lone_project)
    {
        let reason = format!("Mode chosen because supabase_url ({}) is set.", url.origin);
        return Some(plain(Mode::Supabase, reason));
    }
    if let Some(url) = &values.database_url {
        let reason = format!(
            "Mode chosen because database_url is set ({}){partial}.",
            url.origin
        );
        return Some(plain(Mode::Local, reason));
    }
    let variable = libpq::address_variable(sources.env)?;
    let reason = format!("Mode chosen because {variable} is set{partial}.");
    Some(plain(Mode::Local, reason))
}

/// Half of supabase's two values is no choice of it, but must be said.
fn partial_supabase(values: &Values) -> &'static str {
    match (&values.supabase_url, &values.supabase_key) {
        (Some(_), None) => " (supabase_url is set, but not supabase_key)",
        (None, Some(_)) => " (supabase_key is set, but not supabase_url)",
        (Some(_), Some(_)) | (None, None) => "",
    }
}

/// A URL as argument can only be watched in local mode.
fn argument_fits(values: &Values, mode: &Sourced<Mode>) -> Result<(), Complaint> {
    if mode.value == Mode::Local || !values.database_url.as_ref().is_some_and(is_argument) {
        return Ok(());
    }
    let problem = "does not go with a URL as argument, which is watched in local mode; \
                   add --mode local or leave the URL out";
    let complaint = Complaint::new("mode", problem, mode.origin.clone());
    Err(complaint.with_value(mode.value.as_str()))
}

fn is_argument<T>(url: &Sourced<T>) -> bool {
    url.origin == Origin::Argument
}
