//! Parameters into a connection URL, with or without the password. Knows
//! nothing of where the parameters came from.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    params::{Param, TABLE},
    url::{outline, parse_url},
};
use crate::{config::shown::shown, domain::Secret};

/// What is encoded: all but the characters that no URL gives a meaning.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The URL that names these parameters.
pub(super) fn compose(values: &[(Param, Secret)]) -> Secret {
    Secret::new(write(values, encode))
}

/// The URL as it may be shown: rewritten from its parts, the password as
/// stars; of one that is not understood no more than scheme and host.
pub(crate) fn redact(url: &Secret) -> String {
    let stars = Secret::default().to_string();
    match parse_url(url) {
        Ok(mut values) => {
            for (_, value) in &mut values {
                *value = Secret::new(shown(value.expose()));
            }
            write(&values, |_password| stars.clone())
        }
        Err(_) => outline(url).unwrap_or(stars),
    }
}

/// Whether a URL that is understood holds a password.
pub(crate) fn holds_password(url: &Secret) -> bool {
    parse_url(url).is_ok_and(|values| values.iter().any(|(param, _)| *param == Param::Password))
}

fn write(values: &[(Param, Secret)], password: impl Fn(&str) -> String) -> String {
    let get = |wanted: Param| {
        let mut found = values.iter().filter(|(param, _)| *param == wanted);
        found.next().map(|(_, value)| value.expose())
    };
    let mut url = "postgres://".to_owned();
    if let Some(user) = get(Param::User) {
        url.push_str(&encode(user));
    }
    if let Some(text) = get(Param::Password) {
        url.push(':');
        url.push_str(&password(text));
    }
    if url.len() > "postgres://".len() {
        url.push('@');
    }
    match get(Param::Host) {
        // An IPv6 address.
        Some(host) if host.contains(':') && !host.starts_with('/') => {
            url.extend(["[", host, "]"]);
        }
        Some(host) => url.push_str(&encode(host)),
        None => {}
    }
    if let Some(port) = get(Param::Port) {
        url.extend([":", port]);
    }
    if let Some(name) = get(Param::DbName) {
        url.push('/');
        url.push_str(&encode(name));
    }
    let mut separator = "?";
    for (param, name, _) in TABLE {
        let is_written = matches!(
            param,
            Param::Host | Param::Port | Param::DbName | Param::User | Param::Password
        );
        if let Some(value) = get(param).filter(|_| !is_written) {
            url.extend([separator, name, "=", &encode(value)]);
            separator = "&";
        }
    }
    url
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(url: &str, shown: &str) {
        assert_eq!(redact(&Secret::new(url)), shown);
    }

    #[test]
    fn a_password_is_shown_as_stars() {
        check("postgres://u:Zq9@h/d", "postgres://u:*****@h/d");
        check(
            "postgres://h/d?password=Zq9&user=u",
            "postgres://u:*****@h/d",
        );
        check(
            "postgresql://h:1/d?sslmode=require",
            "postgres://h:1/d?sslmode=require",
        );
        check("postgres://u:Zq9@[::1]/", "postgres://u:*****@[::1]");
        check("postgres://%2Ftmp/d", "postgres://%2Ftmp/d");
    }

    #[test]
    fn of_what_is_not_understood_scheme_and_host_are_shown_at_most() {
        check("postgres://u:Zq9/x@h", "postgres://*****");
        check("postgres://u:Zq9@h:99999/d", "postgres://*****@h");
        check("postgres://u:Zq9", "postgres://*****");
        check("postgres://h:Zq9/d", "postgres://*****");
        check("postgres://u:Zq9@h/d?sslmod=x", "postgres://*****@h");
        check("postgres://h/d?sslmod=Zq9", "postgres://h");
        check("mysql://u:Zq9@h/d", "mysql://*****@h");
        check("Zq9://u@h", "*****");
        check("host=h password=Zq9", "*****");
    }

    proptest! {
        #[test]
        fn a_composed_url_reads_back_as_it_was(
            user in "[^\\x00]{1,12}", password in "[^\\x00]{1,12}", name in "[^\\x00]{1,12}",
            host in prop_oneof!["[a-z][a-z0-9.-]{0,8}[a-z]", "/[a-z/ ,@]{1,10}", Just("::1".to_owned())],
            port in 1u16..,
        ) {
            let values: Vec<_> = [
                (Param::Host, host), (Param::Port, port.to_string()), (Param::DbName, name),
                (Param::User, user), (Param::Password, password),
            ].map(|(param, value)| (param, Secret::new(value))).to_vec();
            let mut back = parse_url(&compose(&values)).unwrap();
            back.sort_by_key(|(param, _)| *param);
            prop_assert_eq!(back, values);
        }
    }
}
