//! All of libpq's sources into one complete description of a connection.
//! Knows nothing of our own keys.

use std::time::Duration;

use super::{
    compose::compose,
    defaults, endpoint,
    environment::{self, Reach},
    params::{self, Param, Params},
    passfile::{self, Login},
    service, tls,
    url::parse_url,
};
use crate::{
    config::{
        Complaint, Complaints, Endpoint, Env, Origin, SslMode, TlsSection, loaded::Row,
        origin::Sourced, shown::shown,
    },
    domain::{Secret, TransportSecurity, clean},
};

/// The name that the server shows for us, unless another is set.
const APPLICATION_NAME: &str = "dbvitals";

/// A connection with nothing left open.
pub(crate) struct Resolved {
    pub(crate) endpoint: Endpoint,
    /// The endpoint as it is shown.
    pub(crate) address: String,
    pub(crate) security: TransportSecurity,
    pub(crate) user: String,
    pub(crate) password: Option<Secret>,
    pub(crate) database: String,
    pub(crate) tls: TlsSection,
    pub(crate) options: Option<String>,
    pub(crate) application_name: String,
    /// Time that an attempt may take, where one was set.
    pub(crate) connect_timeout: Option<Sourced<Duration>>,
    /// The URL that says all this.
    pub(crate) url: Secret,
    /// Each part with its origin, as it may be shown.
    pub(crate) rows: Vec<Row>,
    pub(crate) warnings: Vec<String>,
}

/// Fills in libpq's order: URL, service file, environment, defaults. `None`
/// when something is wrong, which was then complained about.
pub(crate) fn resolve(
    url: Option<&Sourced<Secret>>,
    env: &dyn Env,
    complaints: &mut Complaints,
) -> Option<Resolved> {
    let before = complaints.len();
    let mut params = Params::default();
    if let Some(url) = url
        && let Ok(values) = parse_url(&url.value)
    {
        params.fill_all(values, &url.origin);
    }
    let reach = url.map_or(Reach::Whole, |url| Reach::of(&params, &url.origin));
    let mut warnings = environment::warnings(env);
    warnings.extend(reach.ignored(&params, env));
    complaints.keep(service::fill(&mut params, env, reach));
    environment::fill(&mut params, env, reach, complaints);
    let connect_timeout = connect_timeout(&params, complaints);
    let user = user(&mut params, env, complaints);
    params::refuse_credentials(&params, complaints);
    let endpoint = endpoint::endpoint(&params, complaints);
    let tls = tls::tls(&params, env, endpoint.as_ref(), complaints);
    if complaints.len() > before {
        return None;
    }
    let (user, endpoint) = (user?, endpoint?);
    let unnamed = Origin::Derived("same as the user");
    params.fill(Param::DbName, Secret::new(&*user), unnamed);
    let database = params.value(Param::DbName).unwrap_or(&user).to_owned();
    if params.get(Param::Password).is_none() {
        let login = Login {
            endpoint: &endpoint,
            database: &database,
            user: &user,
        };
        let found = passfile::look_up(&params, env, &login);
        if let Some((password, origin)) = found.password {
            params.fill(Param::Password, password, origin);
        }
        warnings.extend(found.warning);
    }
    let security = endpoint::security(&endpoint, tls.mode);
    let address = endpoint::address(&endpoint);
    warnings.extend(plain_text_warning(security, &clean(&address), tls.mode));
    Some(Resolved {
        security,
        user,
        password: params.value(Param::Password).map(Secret::new),
        database,
        options: params.value(Param::Options).map(ToOwned::to_owned),
        application_name: params
            .value(Param::ApplicationName)
            .unwrap_or(APPLICATION_NAME)
            .to_owned(),
        connect_timeout,
        url: compose(&written(&params, &endpoint)),
        rows: rows(&params, &endpoint, &tls),
        warnings,
        endpoint,
        address,
        tls,
    })
}

fn user(params: &mut Params, env: &dyn Env, complaints: &mut Complaints) -> Option<String> {
    if params.get(Param::User).is_none() {
        match defaults::user(env) {
            Ok((user, origin)) => params.fill(Param::User, Secret::new(user), origin),
            Err(error) => {
                let problem = format!(
                    "is required: name it in the URL or in PGUSER, since neither USER nor LOGNAME \
                     is set, nor does the system name the user: {error}"
                );
                complaints.push(Complaint::new("user", problem, Origin::Default));
            }
        }
    }
    params.value(Param::User).map(ToOwned::to_owned)
}

/// Whole seconds; as in libpq zero and less mean that there is no limit.
fn connect_timeout(params: &Params, complaints: &mut Complaints) -> Option<Sourced<Duration>> {
    let (text, origin) = params.get(Param::ConnectTimeout)?;
    match text.trim().parse::<i32>() {
        Ok(seconds) => {
            let seconds = u64::try_from(seconds).ok().filter(|seconds| *seconds > 0)?;
            Some(Sourced {
                value: Duration::from_secs(seconds),
                origin: origin.clone(),
            })
        }
        Err(error) => {
            let problem = format!("must be a whole number of seconds: {error}");
            let complaint = Complaint::new("connect_timeout", problem, origin.clone());
            complaints.push(complaint.with_value(text));
            None
        }
    }
}

/// Said while a password could be read on the way.
fn plain_text_warning(security: TransportSecurity, address: &str, mode: SslMode) -> Option<String> {
    let may = match security {
        TransportSecurity::ThisMachine
        | TransportSecurity::Verified
        | TransportSecurity::Encrypted => return None,
        TransportSecurity::Opportunistic => "may travel",
        TransportSecurity::Plain => "travel",
    };
    Some(format!(
        "password and data {may} in plain text to {address} (sslmode = {}); \
         set sslmode to verify-full, or at least to require",
        tls::mode_name(mode)
    ))
}

/// The parameters of the composed URL: what was set, and the endpoint in force.
fn written(params: &Params, endpoint: &Endpoint) -> Vec<(Param, Secret)> {
    let (host, port) = host_and_port(endpoint);
    let mut values = vec![
        (Param::Host, Secret::new(host)),
        (Param::Port, Secret::new(port.to_string())),
    ];
    // The service and the password file have given what they had to give.
    let others = [
        Param::HostAddr,
        Param::DbName,
        Param::User,
        Param::Password,
        Param::SslMode,
        Param::SslRootCert,
        Param::SslCert,
        Param::SslKey,
        Param::Options,
        Param::ApplicationName,
        Param::ConnectTimeout,
    ];
    for param in others {
        if let Some(value) = params.value(param) {
            values.push((param, Secret::new(value)));
        }
    }
    values
}

fn host_and_port(endpoint: &Endpoint) -> (String, u16) {
    match endpoint {
        Endpoint::Tcp { host, port, .. } => (host.clone(), *port),
        Endpoint::Unix { folder, port } => (folder.display().to_string(), *port),
    }
}

fn rows(params: &Params, endpoint: &Endpoint, tls: &TlsSection) -> Vec<Row> {
    let (host, port) = host_and_port(endpoint);
    let mode = tls::mode_name(tls.mode).to_owned();
    let mode_origin = match endpoint {
        Endpoint::Unix { .. } => Origin::Derived("a Unix socket has no TLS"),
        Endpoint::Tcp { .. } => params.origin(Param::SslMode),
    };
    let name = params.value(Param::ApplicationName);
    let name = name.unwrap_or(APPLICATION_NAME).to_owned();
    let stars = || Secret::default().to_string();
    let value = |param: Param| params.value(param).map(|value| shown(value).into_owned());
    let row =
        |param: Param, value: Option<String>| Row::new(param.name(), value, &params.origin(param));
    vec![
        row(Param::Host, Some(clean(&host).into_owned())),
        row(Param::HostAddr, value(Param::HostAddr)),
        row(Param::Port, Some(port.to_string())),
        row(Param::DbName, value(Param::DbName)),
        row(Param::User, value(Param::User)),
        row(
            Param::Password,
            params.value(Param::Password).map(|_| stars()),
        ),
        Row::new(Param::SslMode.name(), Some(mode), &mode_origin),
        row(Param::SslRootCert, value(Param::SslRootCert)),
        row(Param::SslCert, value(Param::SslCert)),
        row(Param::SslKey, value(Param::SslKey)),
        row(Param::Options, value(Param::Options)),
        row(Param::ApplicationName, Some(clean(&name).into_owned())),
        row(Param::ConnectTimeout, value(Param::ConnectTimeout)),
    ]
}
