//! libpq's parameters and their values. Knows nothing of where values are read.

use std::collections::BTreeMap;

use crate::{
    config::{Complaint, Complaints, Origin, origin::Sourced, shown::may_hold_credentials},
    domain::Secret,
};

/// A parameter that we understand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Param {
    Host,
    HostAddr,
    Port,
    DbName,
    User,
    Password,
    PassFile,
    SslMode,
    SslRootCert,
    SslCert,
    SslKey,
    Options,
    ApplicationName,
    ConnectTimeout,
    Service,
}

/// Parameter, libpq's name for it, and its environment variable.
pub(super) const TABLE: [(Param, &str, &str); 15] = [
    (Param::Host, "host", "PGHOST"),
    (Param::HostAddr, "hostaddr", "PGHOSTADDR"),
    (Param::Port, "port", "PGPORT"),
    (Param::DbName, "dbname", "PGDATABASE"),
    (Param::User, "user", "PGUSER"),
    (Param::Password, "password", "PGPASSWORD"),
    (Param::PassFile, "passfile", "PGPASSFILE"),
    (Param::SslMode, "sslmode", "PGSSLMODE"),
    (Param::SslRootCert, "sslrootcert", "PGSSLROOTCERT"),
    (Param::SslCert, "sslcert", "PGSSLCERT"),
    (Param::SslKey, "sslkey", "PGSSLKEY"),
    (Param::Options, "options", "PGOPTIONS"),
    (Param::ApplicationName, "application_name", "PGAPPNAME"),
    (
        Param::ConnectTimeout,
        "connect_timeout",
        "PGCONNECT_TIMEOUT",
    ),
    (Param::Service, "service", "PGSERVICE"),
];

/// The values of some parameters. Every value is wrapped, so that no way of
/// printing them shows the password.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params(BTreeMap<Param, Sourced<Secret>>);

impl Param {
    /// libpq's name for it.
    pub(crate) fn name(self) -> &'static str {
        TABLE
            .iter()
            .find(|(param, ..)| *param == self)
            .map_or("", |(_, name, _)| name)
    }

    /// The parameter of this name.
    pub(crate) fn find(name: &str) -> Option<Self> {
        TABLE
            .iter()
            .find(|(_, known, _)| *known == name)
            .map(|(param, ..)| *param)
    }
}

/// Complains about every value that will be shown and may hold credentials: a
/// connection URL in PGHOST would else stand on the screen, and one in
/// PGAPPNAME in the server's list of sessions.
pub(super) fn refuse_credentials(params: &Params, complaints: &mut Complaints) {
    // Of these two only the effect is shown.
    let is_shown = |param: &Param| !matches!(param, Param::Password | Param::PassFile);
    for (param, found) in params.0.iter().filter(|(param, _)| is_shown(param)) {
        if may_hold_credentials(found.value.expose()) {
            let problem = "looks like a URL or a key, or holds a password; a connection URL belongs into \
                           DATABASE_URL, a password into PGPASSWORD or ~/.pgpass";
            let complaint = Complaint::new(param.name(), problem, found.origin.clone());
            complaints.push(complaint.with_value(found.value.expose()));
        }
    }
}

impl Params {
    /// Sets what is still open; an empty value sets nothing.
    pub(crate) fn fill(&mut self, param: Param, value: Secret, origin: Origin) {
        if !value.is_empty() {
            self.0.entry(param).or_insert(Sourced { value, origin });
        }
    }

    /// Fills what is still open from values that all have one origin.
    pub(crate) fn fill_all(&mut self, values: Vec<(Param, Secret)>, origin: &Origin) {
        for (param, value) in values {
            self.fill(param, value, origin.clone());
        }
    }

    /// The value and its origin.
    pub(crate) fn get(&self, param: Param) -> Option<(&str, &Origin)> {
        let found = self.0.get(&param)?;
        Some((found.value.expose(), &found.origin))
    }

    /// The value alone.
    pub(crate) fn value(&self, param: Param) -> Option<&str> {
        self.get(param).map(|(value, _)| value)
    }

    /// The origin; `default` where nothing was set.
    pub(crate) fn origin(&self, param: Param) -> Origin {
        self.get(param)
            .map_or(Origin::Default, |(_, origin)| origin.clone())
    }
}
