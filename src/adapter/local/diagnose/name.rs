//! The host name: each address family by itself, with its own time and error.
//! Knows nothing of whether an address answers.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use dns_lookup::{AddrFamily, AddrInfoHints, LookupError, LookupErrorKind, SockType, getaddrinfo};
use tokio::{
    task::spawn_blocking,
    time::{Instant, timeout_at},
};

use crate::{
    config::Endpoint,
    domain::{Action, DbError, ErrorKind, Exam, Finding, clean},
};

/// The name's addresses, and what is told of them.
pub(in crate::adapter) struct Looked {
    pub(in crate::adapter) finding: Finding,
    pub(in crate::adapter) addresses: Vec<SocketAddr>,
}

/// What one address family gave.
struct Family {
    record: &'static str,
    took: Duration,
    answer: Answer,
}

enum Answer {
    Addresses(Vec<IpAddr>),
    /// The name has no address of this family, or is unknown.
    None(String),
    /// Nobody could say: the name server does not answer, or the system failed.
    Unsure(String),
}

/// Looks the name up, both families at the same time.
pub(in crate::adapter) async fn look(endpoint: &Endpoint, until: Instant) -> Looked {
    let (host, hostaddr, port) = match endpoint {
        Endpoint::Unix { .. } => return nothing("a Unix socket has no host name", None),
        Endpoint::Tcp {
            host,
            hostaddr,
            port,
        } => (host, *hostaddr, *port),
    };
    if let Some(address) = hostaddr {
        let words = format!("hostaddr {address}: the name is not looked up");
        return nothing(&words, Some(SocketAddr::new(address, port)));
    }
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = literal.parse() {
        let words = format!("{address} is an address: nothing to look up");
        return nothing(&words, Some(SocketAddr::new(address, port)));
    }
    let families = tokio::join!(
        family(host, AddrFamily::Inet, until),
        family(host, AddrFamily::Inet6, until),
    );
    told(host, port, &[families.0, families.1])
}

fn nothing(words: &str, address: Option<SocketAddr>) -> Looked {
    Looked {
        finding: Finding::ok(Exam::HostName, words).taking(Duration::ZERO),
        addresses: address.into_iter().collect(),
    }
}

/// The system's resolver cannot be interrupted: it is left behind at the deadline.
async fn family(host: &str, family: AddrFamily, until: Instant) -> Family {
    let record = match family {
        AddrFamily::Inet6 => "AAAA",
        AddrFamily::Inet | AddrFamily::Unix => "A",
    };
    let began = Instant::now();
    let name = host.to_owned();
    let asking = spawn_blocking(move || resolve(&name, family));
    let answer = match timeout_at(until, asking).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(broken)) => Answer::Unsure(format!("the look-up failed: {broken}")),
        Err(_) => Answer::Unsure("no answer in time".to_owned()),
    };
    Family {
        record,
        took: began.elapsed(),
        answer,
    }
}

fn resolve(host: &str, family: AddrFamily) -> Answer {
    let hints = AddrInfoHints {
        address: family.into(),
        socktype: SockType::Stream.into(),
        ..AddrInfoHints::default()
    };
    match getaddrinfo(Some(host), None, Some(hints)) {
        Ok(found) => {
            let found = found.filter_map(Result::ok);
            let mut addresses: Vec<_> = found.map(|found| found.sockaddr.ip()).collect();
            addresses.dedup();
            if addresses.is_empty() {
                return Answer::None("no address".to_owned());
            }
            Answer::Addresses(addresses)
        }
        Err(error) => refused(error),
    }
}

fn refused(error: LookupError) -> Answer {
    match error.kind() {
        LookupErrorKind::NoName | LookupErrorKind::NoData => Answer::None("no address".to_owned()),
        LookupErrorKind::Again => Answer::Unsure("the name server does not answer".to_owned()),
        _ => {
            let error: std::io::Error = error.into();
            Answer::Unsure(clean(&error.to_string()).into_owned())
        }
    }
}

fn told(host: &str, port: u16, families: &[Family]) -> Looked {
    let addresses: Vec<_> = families.iter().flat_map(Family::addresses).collect();
    let unsure = families
        .iter()
        .any(|family| matches!(family.answer, Answer::Unsure(_)));
    let host = clean(host);
    let mut finding = if addresses.is_empty() {
        let words: Vec<_> = families.iter().map(Family::words).collect();
        let error = DbError::new(Action::HealthCheck, ErrorKind::HostNotFound);
        Finding::failed(Exam::HostName, error.with_details(&words.join("; ")))
    } else {
        let texts: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        let words = format!("{host} is {}", texts.join(", "));
        if unsure {
            Finding::warning(Exam::HostName, words)
        } else {
            Finding::ok(Exam::HostName, words)
        }
    };
    for family in families {
        finding.note(family.words());
        finding.fact(family.fact_name(), family.addresses_text());
        finding.fact(family.time_name(), family.took);
    }
    if unsure {
        finding.next = Some("look at the name servers in /etc/resolv.conf".to_owned());
    }
    let slowest = families.iter().map(|family| family.took).max();
    finding.took = slowest;
    Looked {
        finding,
        addresses: addresses
            .into_iter()
            .map(|address| SocketAddr::new(address, port))
            .collect(),
    }
}

// === impl Family ===

impl Family {
    fn addresses(&self) -> Vec<IpAddr> {
        match &self.answer {
            Answer::Addresses(addresses) => addresses.clone(),
            Answer::None(_) | Answer::Unsure(_) => Vec::new(),
        }
    }

    fn addresses_text(&self) -> Vec<String> {
        self.addresses().iter().map(ToString::to_string).collect()
    }

    fn words(&self) -> String {
        let found = match &self.answer {
            Answer::Addresses(_) => self.addresses_text().join(", "),
            Answer::None(why) | Answer::Unsure(why) => why.clone(),
        };
        format!("{}: {found} ({} ms)", self.record, self.took.as_millis())
    }

    fn fact_name(&self) -> &'static str {
        match self.record {
            "AAAA" => "aaaa",
            _ => "a",
        }
    }

    fn time_name(&self) -> &'static str {
        match self.record {
            "AAAA" => "aaaaMs",
            _ => "aMs",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::FindingStatus;

    fn of(record: &'static str, answer: Answer) -> Family {
        Family {
            record,
            took: Duration::from_millis(3),
            answer,
        }
    }

    #[track_caller]
    fn check(a: Answer, aaaa: Answer, status: FindingStatus, addresses: usize) {
        let looked = told("db", 5432, &[of("A", a), of("AAAA", aaaa)]);
        assert_eq!(looked.finding.status, status, "{:?}", looked.finding);
        assert_eq!(looked.addresses.len(), addresses);
    }

    #[test]
    fn one_family_is_enough_and_a_silent_name_server_is_told() {
        let one = || Answer::Addresses(vec!["10.0.0.1".parse().unwrap()]);
        let none = || Answer::None("no address".to_owned());
        let unsure = || Answer::Unsure("no answer in time".to_owned());
        check(one(), none(), FindingStatus::Ok, 1);
        check(one(), unsure(), FindingStatus::Warning, 1);
        check(none(), none(), FindingStatus::Failed, 0);
        check(unsure(), unsure(), FindingStatus::Failed, 0);
    }

    #[tokio::test]
    async fn literals_and_sockets_are_not_looked_up() {
        let until = Instant::now() + Duration::from_secs(5);
        let unix = Endpoint::Unix {
            folder: "/tmp".into(),
            port: 5432,
        };
        assert!(look(&unix, until).await.addresses.is_empty());
        let literal = Endpoint::Tcp {
            host: "[::1]".to_owned(),
            hostaddr: None,
            port: 5433,
        };
        let looked = look(&literal, until).await;
        assert_eq!(looked.addresses, ["[::1]:5433".parse().unwrap()]);
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_found() {
        let until = Instant::now() + Duration::from_secs(5);
        let endpoint = Endpoint::Tcp {
            host: "localhost".to_owned(),
            hostaddr: None,
            port: 1,
        };
        let looked = look(&endpoint, until).await;
        assert_eq!(
            looked.finding.status,
            FindingStatus::Ok,
            "{:?}",
            looked.finding
        );
        assert!(
            looked
                .addresses
                .iter()
                .all(|address| address.ip().is_loopback())
        );
    }
}
