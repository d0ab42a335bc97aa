//! libpq's environment variables. Knows nothing of our own variables.

use super::params::{Param, Params, TABLE};
use crate::config::{Complaint, Complaints, Env, Origin, environment};

/// Variables that are enough to say which server is meant.
const ADDRESS: [&str; 3] = ["PGHOST", "PGHOSTADDR", "PGSERVICE"];

/// Variables of libpq that change what a connection is and that we do not
/// follow; that one is set must be said.
const NOT_FOLLOWED: [&str; 10] = [
    "PGREQUIREAUTH",
    "PGCHANNELBINDING",
    "PGSSLCRL",
    "PGSSLCRLDIR",
    "PGSSLNEGOTIATION",
    "PGSSLMINPROTOCOLVERSION",
    "PGSSLMAXPROTOCOLVERSION",
    "PGGSSENCMODE",
    "PGREQUIRESSL",
    "PGTARGETSESSIONATTRS",
];

/// The first variable that says which server is meant.
pub(crate) fn address_variable(env: &dyn Env) -> Option<&'static str> {
    ADDRESS
        .into_iter()
        .find(|name| env.get(name).is_some_and(|value| !value.is_empty()))
}

/// What leads to another database than the one that an address names.
const LEADING: [Param; 5] = [
    Param::Service,
    Param::Host,
    Param::HostAddr,
    Param::Port,
    Param::DbName,
];

/// How far the environment completes an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// In all that is open, as libpq does it.
    Whole,
    /// In all but where the database is.
    NotThePlace,
}

impl Reach {
    /// Of an address with these parameters and this origin. A profile that names
    /// its host means this host: the same file leads to the same place in every
    /// shell.
    pub(super) fn of(params: &Params, origin: &Origin) -> Self {
        let is_of_a_profile = matches!(
            origin,
            Origin::File {
                profile: Some(_),
                ..
            }
        );
        let is_named = [Param::Host, Param::HostAddr]
            .into_iter()
            .any(|param| params.get(param).is_some());
        if is_of_a_profile && is_named {
            Self::NotThePlace
        } else {
            Self::Whole
        }
    }

    /// The variables that are set and are not followed, in words.
    pub(super) fn ignored(self, params: &Params, env: &dyn Env) -> Vec<String> {
        let is_ignored = |param: Param| {
            self == Self::NotThePlace && LEADING.contains(&param) && params.get(param).is_none()
        };
        // Beside an address a host is but a name.
        let names_host = |param| param == Param::Host && params.get(Param::HostAddr).is_some();
        TABLE
            .into_iter()
            .filter(|(param, ..)| is_ignored(*param) && !names_host(*param))
            .filter(|(.., name)| env.get(name).is_some_and(|value| !value.is_empty()))
            .map(|(.., name)| {
                format!(
                    "{name} is set and is not followed: the profile's database_url names its host"
                )
            })
            .collect()
    }
}

/// Fills what is still open.
pub(super) fn fill(params: &mut Params, env: &dyn Env, reach: Reach, complaints: &mut Complaints) {
    for (param, _, variable) in TABLE {
        let is_out_of_reach = reach == Reach::NotThePlace && LEADING.contains(&param);
        if param == Param::Service || is_out_of_reach {
            continue;
        }
        let origin = Origin::Environment(variable.to_owned());
        match environment::text(env, variable) {
            Ok(Some(value)) => params.fill(param, value, origin),
            Ok(None) => {}
            Err(problem) => complaints.push(Complaint::new(param.name(), problem, origin)),
        }
    }
}

/// Says which variables are set in vain.
pub(super) fn warnings(env: &dyn Env) -> Vec<String> {
    NOT_FOLLOWED
        .into_iter()
        .filter(|name| env.get(name).is_some_and(|value| !value.is_empty()))
        .map(|name| format!("{name} is set and is not followed"))
        .collect()
}
