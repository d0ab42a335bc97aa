//! From host, address and port to the endpoint, and how safe the way there
//! is. Knows nothing of where the parameters came from.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};

use super::{
    defaults,
    params::{Param, Params},
};
use crate::{
    config::{Complaint, Complaints, Endpoint, SslMode},
    domain::TransportSecurity,
};

/// The endpoint that the parameters name; complains about each that is wrong.
pub(super) fn endpoint(params: &Params, complaints: &mut Complaints) -> Option<Endpoint> {
    let port = complaints.keep(port(params));
    let hostaddr = complaints.keep(hostaddr(params));
    let host = complaints.keep(host(params));
    let (port, hostaddr, host) = (port?, hostaddr?, host?);
    Some(match (host, hostaddr) {
        (host, Some(address)) => Endpoint::Tcp {
            host: host.map_or_else(|| address.to_string(), ToOwned::to_owned),
            hostaddr: Some(address),
            port,
        },
        (Some(host), None) if host.starts_with('/') => Endpoint::Unix {
            folder: PathBuf::from(host),
            port,
        },
        (Some(host), None) => Endpoint::Tcp {
            host: host.to_owned(),
            hostaddr: None,
            port,
        },
        (None, None) => Endpoint::Unix {
            folder: defaults::socket_folder(Path::exists),
            port,
        },
    })
}

/// The address as it is shown: `host:port`, or the path of the socket. Where the
/// host's name is not asked for, the address that is used stands behind it.
pub(super) fn address(endpoint: &Endpoint) -> String {
    match endpoint {
        Endpoint::Tcp {
            host,
            hostaddr,
            port,
        } => {
            let other = hostaddr.map(|address| address.to_string());
            let other = other.filter(|address| address != host);
            let other = other.map_or(String::new(), |address| format!(" ({address})"));
            if host.contains(':') {
                format!("[{host}]{other}:{port}")
            } else {
                format!("{host}{other}:{port}")
            }
        }
        Endpoint::Unix { folder, port } => {
            let socket = folder.join(format!(".s.PGSQL.{port}"));
            socket.display().to_string()
        }
    }
}

/// What protects the way to the endpoint.
pub(super) fn security(endpoint: &Endpoint, mode: SslMode) -> TransportSecurity {
    if endpoint.is_on_this_machine() {
        return TransportSecurity::ThisMachine;
    }
    match mode {
        SslMode::Disable => TransportSecurity::Plain,
        SslMode::Prefer => TransportSecurity::Opportunistic,
        SslMode::Require | SslMode::VerifyCa => TransportSecurity::Encrypted,
        SslMode::VerifyFull => TransportSecurity::Verified,
    }
}

fn host(params: &Params) -> Result<Option<&str>, Complaint> {
    let Some((host, origin)) = params.get(Param::Host) else {
        return Ok(None);
    };
    let problem = if host.contains(',') {
        "names several hosts; only one can be watched"
    } else if host.starts_with('@') {
        "names a socket in the abstract namespace, which is not supported"
    } else {
        return Ok(Some(host));
    };
    Err(Complaint::new("host", problem, origin.clone()).with_value(host))
}

fn hostaddr(params: &Params) -> Result<Option<IpAddr>, Complaint> {
    let Some((text, origin)) = params.get(Param::HostAddr) else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|error| {
        let problem = format!("must be one IP address: {error}");
        Complaint::new("hostaddr", problem, origin.clone()).with_value(text)
    })
}

fn port(params: &Params) -> Result<u16, Complaint> {
    let Some((text, origin)) = params.get(Param::Port) else {
        return Ok(defaults::PORT);
    };
    let port = text.trim().parse().ok().filter(|port| *port > 0);
    port.ok_or_else(|| {
        let problem = format!("must be one port between 1 and {}", u16::MAX);
        Complaint::new("port", problem, origin.clone()).with_value(text)
    })
}
