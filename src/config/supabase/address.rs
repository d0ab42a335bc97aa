//! From `supabase_url` to where requests go, and to what is shown of it.

use std::net::IpAddr;

use url::{Host, Url};

use crate::domain::TransportSecurity;

/// Where the interface lies below a project's address.
const REST: &str = "/rest/v1";

/// The port of a stack that the Supabase CLI starts on one's own machine.
const STACK_PORT: u16 = 54_321;

/// The domain of hosted projects, below which each has its own name.
pub(super) const HOSTED: &str = ".supabase.co";

/// A project's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// Without a slash at the end.
    pub(super) base: String,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) is_encrypted: bool,
    pub(super) security: TransportSecurity,
    /// The name of a hosted project.
    pub(super) project: Option<String>,
    pub(super) is_local_stack: bool,
}

/// Reads an address that was checked to be a web address without credentials.
///
/// # Errors
/// What is wrong with it, as the end of a sentence.
pub(super) fn read(text: &str) -> Result<Address, &'static str> {
    let not_one = "must be an http:// or https:// URL without user or password";
    let Ok(url) = Url::parse(text) else {
        return Err(not_one);
    };
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must be the project's address alone, without ? and #");
    }
    let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
        return Err(not_one);
    };
    let is_near = match host {
        Host::Domain(name) => name.eq_ignore_ascii_case("localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let is_encrypted = url.scheme() == "https";
    let base = url.as_str().trim_end_matches('/');
    let base = base.strip_suffix(REST).unwrap_or(base);
    let name = match host {
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(address) => IpAddr::V4(address).to_string(),
        Host::Ipv6(address) => IpAddr::V6(address).to_string(),
    };
    Ok(Address {
        base: base.trim_end_matches('/').to_owned(),
        port,
        is_encrypted,
        security: match (is_near, is_encrypted) {
            (true, _) => TransportSecurity::ThisMachine,
            (false, true) => TransportSecurity::Verified,
            (false, false) => TransportSecurity::Plain,
        },
        project: name
            .strip_suffix(HOSTED)
            .filter(|project| !project.contains('.'))
            .map(ToOwned::to_owned),
        is_local_stack: is_near && port == STACK_PORT,
        host: name,
    })
}

/// A project under the one name that it has, however its address is written.
pub(crate) fn name(text: &str) -> Option<String> {
    let base = read(text).ok()?.base;
    Some(base.split_once("://")?.1.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, base: &str, security: TransportSecurity) -> Address {
        let address = read(text).expect("it is an address");
        assert_eq!((address.base.as_str(), address.security), (base, security));
        address
    }

    #[test]
    fn an_address_ends_where_the_interface_begins() {
        let hosted = "https://abc.supabase.co";
        for text in [
            hosted,
            "https://abc.supabase.co/",
            "https://abc.supabase.co/rest/v1",
            "https://ABC.supabase.co:443/rest/v1/",
        ] {
            let address = check(text, hosted, TransportSecurity::Verified);
            assert_eq!(address.project.as_deref(), Some("abc"));
            assert_eq!((address.port, address.is_local_stack), (443, false));
        }
        let own = check(
            "http://db.example/supabase/",
            "http://db.example/supabase",
            TransportSecurity::Plain,
        );
        assert_eq!((own.project, own.port), (None, 80));
    }

    #[test]
    fn a_stack_on_this_machine_is_known_by_its_port() {
        for text in ["http://localhost:54321", "http://127.0.0.1:54321/"] {
            let base = text.trim_end_matches('/');
            let address = check(text, base, TransportSecurity::ThisMachine);
            assert!(address.is_local_stack);
        }
        let other = "http://[::1]:54322";
        let address = check(other, other, TransportSecurity::ThisMachine);
        assert!(!address.is_local_stack && address.host == "::1");
    }

    #[test]
    fn an_address_with_more_than_that_is_refused() {
        for text in ["https://x.supabase.co?apikey=k", "https://x#y", "x"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
