//! A connection URL into parameters. Knows nothing of defaults, and never
//! repeats a part of a URL that might be a password.

use std::ops::Range;

use percent_encoding::percent_decode_str;
use url::Url;

use super::params::{Param, TABLE};
use crate::{config::suggest::did_you_mean, domain::Secret};

/// Stands for a host that is left out: libpq allows `postgres://user@/db`, the
/// URL standard does not. No host can be written like this, since libpq
/// forbids `%00` everywhere.
const NO_HOST: &str = "%00";

/// The parameters that a URL names, in its order.
///
/// # Errors
/// Each thing that is wrong, in words, without any value.
pub(crate) fn parse_url(text: &Secret) -> Result<Vec<(Param, Secret)>, Vec<String>> {
    let text = text.expose().trim();
    let authority = authority(text)?;
    check_characters(text, &authority)?;
    let host_at = authority.start + user_info_len(&text[authority.clone()]);
    let host = &text[host_at..authority.end];
    let is_open = host.is_empty() || host.starts_with(':');
    let whole = format!(
        "{}{}{}",
        &text[..host_at],
        if is_open { NO_HOST } else { "" },
        &text[host_at..]
    );
    let url = Url::parse(&whole).map_err(|error| vec![not_a_url(error, text, &authority)])?;
    let (path, query) = path_and_query(&text[authority.end..]);
    let mut read = Reading::default();
    read.authority(&url, is_open);
    read.part(Param::DbName, path);
    read.query(query);
    if read.problems.is_empty() {
        Ok(read.values)
    } else {
        Err(read.problems)
    }
}

/// Scheme and host of a URL that is not understood, where they cannot be part
/// of a password: `mysql://*****@host`; stars for the host where it might be.
pub(super) fn outline(url: &Secret) -> Option<String> {
    let text = url.expose().trim();
    let (scheme, rest) = text.split_once("://")?;
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'+';
    if scheme.is_empty() || scheme.len() > 20 || !scheme.bytes().all(is_part) {
        return None;
    }
    let start = text.len() - rest.len();
    let range = start..start + rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = &text[range.clone()];
    let hidden = Secret::default();
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let is_plain = |host: &str| !host.is_empty() && host.bytes().all(is_host);
    let host = match authority.rsplit_once('@') {
        // Without user and password a colon may well stand before a password.
        None => authority,
        Some((_, host)) => host.split(':').next().unwrap_or(host),
    };
    let is_clear = is_plain(host) && check_characters(text, &range).is_ok();
    Some(match (is_clear, authority.contains('@')) {
        (false, _) => format!("{scheme}://{hidden}"),
        (true, true) => format!("{scheme}://{hidden}@{host}"),
        (true, false) => format!("{scheme}://{host}"),
    })
}

/// What the parser found wrong. A port is shown only after an `@`: without
/// one it may be a password that lost its host.
fn not_a_url(error: url::ParseError, text: &str, authority: &Range<usize>) -> String {
    if error != url::ParseError::InvalidPort {
        return format!("is not a URL that can be understood: {error}");
    }
    let port = text[authority.clone()]
        .rsplit_once('@')
        .and_then(|(_, host)| host.rsplit_once(':'))
        .map(|(_, port)| port)
        .filter(|port| port.len() <= 10 && port.bytes().all(|byte| byte.is_ascii_digit()));
    match port {
        Some(port) => format!(
            "has the port {port}, which is not between 1 and {}",
            u16::MAX
        ),
        None => format!("has a port that is no number between 1 and {}", u16::MAX),
    }
}

#[derive(Default)]
struct Reading {
    values: Vec<(Param, Secret)>,
    problems: Vec<String>,
}

impl Reading {
    fn authority(&mut self, url: &Url, is_open: bool) {
        self.part(Param::User, url.username());
        self.part(Param::Password, url.password().unwrap_or_default());
        if !is_open {
            let host = url.host_str().unwrap_or_default();
            let bare = host
                .strip_prefix('[')
                .and_then(|host| host.strip_suffix(']'));
            self.part(Param::Host, bare.unwrap_or(host));
        }
        if let Some(port) = url.port() {
            self.set(Param::Port, port.to_string());
        }
    }

    fn query(&mut self, query: &str) {
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let Some((name, value)) = pair.split_once('=') else {
                self.problems
                    .push("has a parameter without a value".to_owned());
                continue;
            };
            // libpq takes the word that JDBC uses.
            if (name, value) == ("ssl", "true") {
                self.set(Param::SslMode, "require".to_owned());
                continue;
            }
            match Param::find(name) {
                Some(param) => self.part(param, value),
                None => self.problems.push(unknown(name)),
            }
        }
    }

    fn part(&mut self, param: Param, encoded: &str) {
        match percent_decode_str(encoded).decode_utf8() {
            Ok(value) if value.contains('\0') => self
                .problems
                .push(format!("has a %00 in its {}", param.name())),
            Ok(value) => self.set(param, value.into_owned()),
            Err(_) => self
                .problems
                .push(format!("has a {} that is not UTF-8", param.name())),
        }
    }

    /// A parameter of the query overrides the part of the URL, as in libpq.
    fn set(&mut self, param: Param, value: String) {
        self.values.retain(|(known, _)| *known != param);
        if !value.is_empty() {
            self.values.push((param, Secret::new(value)));
        }
    }
}

/// Names the parameter, unless what stands there may be part of a password.
fn unknown(name: &str) -> String {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    if name.is_empty() || name.len() > 32 || !name.bytes().all(is_word) {
        return "has a parameter with a name that is no name".to_owned();
    }
    let hint = did_you_mean(name, TABLE.iter().map(|(_, name, _)| *name));
    format!("has the parameter {name}, which is not supported{hint}")
}

/// Where user, password, host and port stand.
fn authority(text: &str) -> Result<Range<usize>, Vec<String>> {
    let scheme = ["postgres://", "postgresql://"]
        .into_iter()
        .find(|scheme| text.starts_with(scheme))
        .ok_or_else(|| vec!["must begin with postgres:// or postgresql://".to_owned()])?;
    let start = scheme.len();
    let end = text[start..]
        .find(['/', '?', '#'])
        .map_or(text.len(), |at| start + at);
    Ok(start..end)
}

fn user_info_len(authority: &str) -> usize {
    authority.rfind('@').map_or(0, |at| at + 1)
}

/// Refuses what has two readings: an unencoded `#`, `/` or `?` in a password
/// would cut the URL short and show the password's end as a database name.
fn check_characters(text: &str, authority: &Range<usize>) -> Result<(), Vec<String>> {
    let rest = &text[authority.end..];
    let host = &text[authority.start + user_info_len(&text[authority.clone()])..authority.end];
    let (path, _) = path_and_query(rest);
    let problem = if rest.contains(['@', '#']) || path.contains('/') {
        "has an unencoded @, # or / after the host; in a password or name write %40, %23, %2F \
         (and %3F for ?)"
    } else if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        "has a space or control character; write %20 for a space"
    } else if !is_percent_encoded(text) {
        "has a % that is not followed by two hexadecimal digits; write %25 for %"
    } else if host.contains(',') {
        "names several hosts; only one can be watched"
    } else {
        return Ok(());
    };
    Err(vec![problem.to_owned()])
}

/// What follows the host, without its `/` and `?`. Taken from the text and not
/// from the parsed URL, which would read a database named `..` as a step up.
fn path_and_query(rest: &str) -> (&str, &str) {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    (path.strip_prefix('/').unwrap_or(path), query)
}

fn is_percent_encoded(text: &str) -> bool {
    text.split('%').skip(1).all(|after| {
        let mut digits = after.bytes();
        let mut is_hex = || digits.next().is_some_and(|byte| byte.is_ascii_hexdigit());
        is_hex() && is_hex()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: &[(&str, &str)]) {
        let mut found: Vec<_> = parse_url(&Secret::new(url))
            .unwrap()
            .into_iter()
            .map(|(param, value)| (param, value.expose().to_owned()))
            .collect();
        found.sort();
        let found: Vec<_> = found
            .iter()
            .map(|(param, value)| (param.name(), value.as_str()))
            .collect();
        assert_eq!(found, expected);
    }

    #[track_caller]
    fn check_refused(url: &str, problem: &str) {
        let problems = parse_url(&Secret::new(url)).unwrap_err().join("; ");
        assert!(problems.contains(problem), "{problems}");
        assert!(!problems.contains("Zq9"), "{problems}");
    }

    #[test]
    fn every_form_of_libpq_is_read() {
        check("postgresql://", &[]);
        check("postgresql://localhost", &[("host", "localhost")]);
        check(
            "postgres://u:p@h:5433/d",
            &[
                ("host", "h"),
                ("port", "5433"),
                ("dbname", "d"),
                ("user", "u"),
                ("password", "p"),
            ],
        );
        check("postgres:///d", &[("dbname", "d")]);
        check("postgres://u@/d", &[("dbname", "d"), ("user", "u")]);
        check("postgres://:5433", &[("port", "5433")]);
        check(
            "postgres://%2Fvar%2Frun%2Fpostgresql/d",
            &[("host", "/var/run/postgresql"), ("dbname", "d")],
        );
        check(
            "postgres:///d?host=/tmp&port=6000",
            &[("host", "/tmp"), ("port", "6000"), ("dbname", "d")],
        );
        check(
            "postgres://[::1]:5433/",
            &[("host", "::1"), ("port", "5433")],
        );
        check(
            "postgres://h/d?host=other&dbname=e",
            &[("host", "other"), ("dbname", "e")],
        );
        check(
            "postgres://h?ssl=true",
            &[("host", "h"), ("sslmode", "require")],
        );
        check(
            "postgres://h?options=-c%20work_mem%3D1MB&application_name=a+b",
            &[
                ("host", "h"),
                ("options", "-c work_mem=1MB"),
                ("application_name", "a+b"),
            ],
        );
        check(
            "postgres://u:p@ss%3A%2F@h",
            &[("host", "h"), ("user", "u"), ("password", "p@ss:/")],
        );
        check("postgres://u:@h", &[("host", "h"), ("user", "u")]);
    }

    #[test]
    fn what_is_not_understood_is_refused_without_its_values() {
        check_refused("mysql://u:Zq9@h", "must begin with");
        check_refused("host=h password=Zq9", "must begin with");
        check_refused("postgres://u:Zq9/x@h/d", "unencoded");
        check_refused("postgres://u:12#Zq9@h/d", "unencoded");
        check_refused("postgres://u:12?Zq9=1@h/d", "unencoded");
        check_refused("postgres://u:12/Zq9/d", "unencoded");
        check_refused("postgres://h:Zq9/d", "a port that is no number between");
        check_refused("postgres://u:99999/d", "a port that is no number between");
        check_refused("postgres://u:Zq9@h:x/d", "a port that is no number between");
        check_refused("postgres://u:Zq9@h:99999/d", "the port 99999, which is not");
        check_refused("postgres://u:Zq9%@h/d", "hexadecimal");
        check_refused("postgres://u:Zq9 @h/d", "space");
        check_refused("postgres://a,b/d", "several hosts");
        check_refused("postgres://a:1,b:2/d", "several hosts");
        check_refused("postgres://h/d?Zq9=1", "no name");
        check_refused("postgres://h/d?Zq9", "without a value");
        check_refused("postgres://h/d?sslmod=Zq9", "did you mean sslmode?");
        check_refused(
            "postgres://h/d?channel_binding=Zq9",
            "channel_binding, which is not",
        );
        check_refused("postgres://u:Zq9%00@h/d", "%00 in its password");
        check_refused("postgres://u:Zq9%FF@h/d", "password that is not UTF-8");
    }
}
