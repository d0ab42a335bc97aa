//! A production that a profile calls something else: whether it stays one. Knows
//! nothing of what a production asks for.

use std::net::IpAddr;

use crate::{
    config::{
        Complaints, Endpoint, Env, libpq, origin::Sourced, resolve::has_address, supabase,
        values::Values,
    },
    domain::{Mode, is_production},
};

/// What the sources say without the profile, where they speak of a production.
pub(crate) struct Production {
    label: Sourced<String>,
    places: Vec<Place>,
    names_own_database: bool,
}

/// A database, however it is reached and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Server {
        host: String,
        port: u16,
        database: String,
    },
    Project(String),
}

impl Production {
    /// What holds without the profile, and what the profile itself says.
    pub(crate) fn find(without: &Values, profile: &Values, env: &dyn Env) -> Option<Self> {
        let label = without.environment.as_ref();
        let label = label.filter(|label| is_production(&label.value))?;
        let is_toy = profile.mode.as_ref().map(|mode| mode.value) == Some(Mode::Mock);
        let has_address = profile.database_url.is_some() || profile.supabase_url.is_some();
        Some(Self {
            label: label.clone(),
            places: [project(without), server(without, env)].concat(),
            names_own_database: is_toy || has_address,
        })
    }

    /// Puts its label in force, unless another database is watched. A label alone
    /// makes nothing safe.
    pub(crate) fn keep(self, values: &mut Values, mode: Mode, env: &dyn Env) {
        let is_told = |label: &Sourced<String>| is_production(&label.value);
        if values.environment.as_ref().is_some_and(is_told) {
            return;
        }
        let is_same = || {
            let watched = places(values, mode, env);
            watched.iter().any(|place| self.places.contains(place))
        };
        if !self.names_own_database || is_same() {
            values.environment = Some(self.label);
        }
    }
}

/// What is watched, and what is written to.
fn places(values: &Values, mode: Mode, env: &dyn Env) -> Vec<Place> {
    match mode {
        Mode::Mock => Vec::new(),
        Mode::Local => server(values, env),
        Mode::Supabase if values.database_url.is_some() => {
            [project(values), server(values, env)].concat()
        }
        Mode::Supabase => project(values),
    }
}

fn project(values: &Values) -> Vec<Place> {
    let url = values.supabase_url.as_ref();
    let name = url.and_then(|url| supabase::name(&url.value));
    name.map(Place::Project).into_iter().collect()
}

/// The server under each of its names. What is wrong with the address is told
/// when it is put in force.
fn server(values: &Values, env: &dyn Env) -> Vec<Place> {
    if !has_address(values, env) {
        return Vec::new();
    }
    let mut told_later = Complaints::default();
    let found = libpq::resolve(values.database_url.as_ref(), env, &mut told_later);
    let Some(found) = found else {
        return Vec::new();
    };
    let (hosts, port) = match &found.endpoint {
        Endpoint::Unix { port, .. } => (vec![THIS_MACHINE.to_owned()], *port),
        Endpoint::Tcp {
            host,
            hostaddr,
            port,
        } => {
            let address = hostaddr.map(|address| address.to_string());
            let names = [Some(host.clone()), address].into_iter().flatten();
            (names.map(|name| host_name(&name)).collect(), *port)
        }
    };
    let place = |host| Place::Server {
        host,
        port,
        database: found.database.clone(),
    };
    hosts.into_iter().map(place).collect()
}

/// The many names of the machine itself are one.
const THIS_MACHINE: &str = "localhost";

fn host_name(host: &str) -> String {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let is_near = host.parse().is_ok_and(|it: IpAddr| it.is_loopback());
    if is_near {
        return THIS_MACHINE.to_owned();
    }
    host
}
