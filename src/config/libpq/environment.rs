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

/// Fills what is still open.
pub(super) fn fill(params: &mut Params, env: &dyn Env, complaints: &mut Complaints) {
    for (param, _, variable) in TABLE {
        if param == Param::Service {
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
